import { AppError } from "../../common/errors.ts";
import type { Disposable } from "../../common/disposable.ts";
import type { Logger } from "../../common/logger.ts";
import { encodeJson, objectOf, parseObject } from "../../dap/messages.ts";
import type { DapPort } from "../../dap/port.ts";
import { openAdapter } from "../../host/adapters.ts";
import type { Client, Participant } from "../../hub/client.ts";
import { Sessions } from "../../hub/sessions.ts";
import type { Serving } from "../host/serving.ts";
import type { Plan } from "./configuration.ts";
import { mapMessages } from "./mapMessages.ts";

type WrapPlan = Extract<Plan, { kind: "wrap" }>;

export interface WrapOptions {
  /** VS Code's id of the debug session. */
  readonly id: string;
  readonly name: string;
  readonly hostName: string;
  readonly cwd: string | undefined;
  readonly logger: Logger;
  readonly serving: Serving;
}

/**
 * A debug adapter that is wrapped (`request: "launch"`): this window is the host's own client of a hub, beside
 * the guests. When it leaves, the session ends.
 */
export class WrappedAdapter implements Disposable {
  readonly #sessions: Sessions;
  readonly #host: Participant;

  private constructor(sessions: Sessions, hostName: string) {
    this.#sessions = sessions;
    this.#host = sessions.admit({ name: hostName, address: "this window", access: "full", isHost: true });
  }

  /** Starts the adapter and its servers. Rejects with an AppError, having ended what it started. */
  static async start(plan: WrapPlan, options: WrapOptions): Promise<WrappedAdapter> {
    const { id, name, hostName, cwd, logger, serving } = options;
    const [command, ...args] = plan.command;
    const upstream = await openAdapter({ kind: "process", command, args }, { logger, cwd: plan.cwd ?? cwd });
    const sessions = new Sessions(upstream, { name, logger });
    const wrapped = new WrappedAdapter(sessions, hostName);
    const session = { id, name, type: typeOf(plan), sessions };
    serving.add(session);
    try {
      for (const address of plan.servers) await serving.start(session, address);
    } catch (thrown) {
      wrapped.dispose();
      throw thrown;
    }
    return wrapped;
  }

  /** Lets the window drive the adapter with the configuration that it is meant to get, or follow it into a child session. */
  drive(editor: DapPort, plan: Plan): void {
    if (plan.kind === "wrap") {
      const own = mapMessages(editor, (body) => inPlace(body, plan));
      this.#follow(own, this.#sessions.joinRoot(own, this.#host));
    } else if (plan.kind === "child") {
      const client = this.#sessions.join(plan.session, editor, this.#host);
      if (client === undefined) throw new AppError("closed", "This child session has ended already.");
      this.#follow(editor, client);
    }
  }

  dispose(): void {
    this.#sessions.end("The host has ended the session.");
  }

  #follow(editor: DapPort, client: Client): void {
    client.onGone(() => editor.close());
  }
}

/** The window's own requests of its start, as the adapter is to get them. */
function inPlace(body: Buffer, plan: WrapPlan): Buffer {
  const message = parseObject(body);
  const { type, command, arguments: args } = message;
  if (type !== "request") return body;
  if (command === "initialize")
    return encodeJson({
      ...message,
      arguments: { ...objectOf(args), adapterID: typeOf(plan) },
    });
  if (command !== "launch" && command !== "attach") return body;
  return encodeJson({ ...message, command: plan.request, arguments: plan.configuration });
}

function typeOf({ configuration, command }: WrapPlan): string {
  return typeof configuration.type === "string" ? configuration.type : command[0];
}
