import { AppError } from "../common/errors.ts";
import { type JsonObject, type Outcome, encodeJson, failureText } from "../dap/messages.ts";
import type { Client, ClientRequest } from "./client.ts";

/** How a session is started if no client does it. */
export interface StartOptions {
  /** Starts the session without a client: DAP's `launch` or `attach` and its arguments. */
  readonly start?: {
    readonly request: "launch" | "attach";
    readonly configuration: JsonObject;
    readonly adapterID: string;
    /** What to say in `initialize` instead of what the hub says of itself: a child session's parent was told it. */
    readonly initialize?: JsonObject;
    /** The adapter refused. No client has asked, so none is told. */
    readonly onFailed?: (reason: AppError) => void;
  };
  /** Whether a session that was started so waits for the first client's `configurationDone`. */
  readonly holdForClient?: boolean;
  /** The participant whose local editor starts and configures the adapter: others wait for that. */
  readonly startedByEditor?: number;
  /** The host's own window starts and configures the adapter beside the hub (hostWindow.ts): no client ever does. */
  readonly startedByWindow?: boolean;
}

export function notStarted(client: Client): AppError {
  const { access } = client.participant;
  return new AppError("notAllowed", `Nobody has started a session here yet, and you may only ${access}.`, {
    hint: "Join again when somebody has.",
  });
}

/** The adapter has refused to start the session. */
export function startFailure(outcome: Outcome): AppError {
  return new AppError("adapterFailed", `The session could not be started: ${failureText(outcome)}`);
}

const OWN_KEYS = ["debugServerSession", "debugServerTicket", "debugServerDepth"];

/** Our own keys of a launch configuration are not the adapter's business. */
export function withoutOwnKeys({ args, rawArgs }: ClientRequest): Buffer | undefined {
  if (!OWN_KEYS.some((key) => key in args)) return rawArgs;
  return encodeJson(Object.fromEntries(Object.entries(args).filter(([key]) => !OWN_KEYS.includes(key))));
}
