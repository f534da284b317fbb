import { AppError } from "../common/errors.ts";
import type { TextEdit } from "../dap/edits.ts";
import { EVENTS } from "../dap/events.ts";
import { isObject, objectOf } from "../dap/messages.ts";
import type { ChildAllowance } from "./childAllowance.ts";
import { type Invitation, type OwnConfiguration, makeInvitation } from "./invitation.ts";
import { hostFailure } from "./hostFailure.ts";
import type { EditorMessage, HostMessage, MessageToEditor } from "./messages.ts";

type HostRequest = Extract<HostMessage, { type: "request" }>;
type HostEvent = Extract<HostMessage, { type: "event" }>;
type HostResponse = Extract<HostMessage, { type: "response" }>;

/**
 * What of a host's messages its guests' editors get: a closed list only, because a host may mean ill to its guests.
 * - answers to what was asked here, by the command that was asked; refusals as text (hostFailure.ts),
 * - events that DAP names; others make editors do what no specification says (`debugpyAttach`); of output no
 *   telemetry,
 * - of requests none but `startDebugging`, and that made anew (invitation.ts).
 */
export class HostMessages {
  readonly #children: ChildAllowance;
  /** The commands of requests that are not answered yet, by number. An editor may use one number twice. */
  readonly #asked = new Map<number, string[]>();
  readonly #own: { -readonly [K in keyof OwnConfiguration]?: OwnConfiguration[K] } = {};
  /** The host's numbers of `startDebugging` requests that the editor has not answered yet. */
  readonly #invited = new Set<number>();
  readonly #sessions = new Set<unknown>();

  constructor(children: ChildAllowance) {
    this.#children = children;
  }

  /** The editor asks the host. Returns what is changed in its request. */
  asking({ seq, command, args }: EditorMessage): TextEdit[] {
    if (seq === undefined || command === undefined) return [];
    this.asked(seq, command);
    if (command === "launch" || command === "attach") this.#own.start = objectOf(args?.value);
    if (command !== "initialize") return [];
    this.#own.initialize = objectOf(args?.value);
    // No terminal is opened for a host, so an adapter must not count on one.
    const terminal = args?.member("supportsRunInTerminalRequest");
    return terminal === undefined ? [] : [terminal.replacedBy(false)];
  }

  /** The host is asked, and may answer. */
  asked(seq: number, command: string): void {
    this.#asked.set(seq, [...(this.#asked.get(seq) ?? []), command]);
  }

  /** Undefined: no editor gets it. */
  event({ type, event, body, content }: HostEvent): MessageToEditor | undefined {
    if (!EVENTS.has(event) || isTelemetry(event, content)) return undefined;
    // Its body asks the editor to start the session once more: whether a guest does that is its own choice.
    return { type, event, body: event === "terminated" ? undefined : body };
  }

  /** Undefined: no editor gets it. An AppError: the host breaks the protocol. */
  response({ type, requestSeq, command, outcome }: HostResponse): MessageToEditor | AppError | undefined {
    const asked = this.#asked.get(requestSeq);
    if (asked === undefined) return undefined;
    const index = asked.indexOf(command);
    if (index < 0) return new AppError("protocol", `The host has answered "${asked[0]}" as another request.`);
    asked.splice(index, 1);
    if (asked.length === 0) this.#asked.delete(requestSeq);
    return { type, requestSeq, command, outcome: outcome.success ? outcome : hostFailure(outcome) };
  }

  /** The arguments of a request that the editor gets; an AppError: the host gets that. */
  request({ seq, command, args }: HostRequest): Invitation | AppError {
    if (command !== "startDebugging")
      return new AppError("notSupported", "A guest does nothing that its host asks for.");
    const invitation = makeInvitation(this.#own, args, this.#sessions.size + 1);
    if (invitation instanceof AppError) return invitation;
    const { debugServerSession } = invitation.configuration;
    if (this.#invited.has(seq) || this.#sessions.has(debugServerSession))
      return new AppError("badArguments", "The guest was invited to this child session before.");
    const refusal = this.#children.take();
    if (refusal !== undefined) return refusal;
    this.#invited.add(seq);
    this.#sessions.add(debugServerSession);
    return invitation;
  }

  /** The editor has answered that request. Returns whether the host still waits for it. */
  answered(seq: number): boolean {
    if (!this.#invited.delete(seq)) return false;
    this.#children.answered();
    return true;
  }

  /** Nothing is answered any more. */
  end(): void {
    for (const seq of [...this.#invited]) this.answered(seq);
  }
}

/** Output that an editor would send to others, unseen. */
function isTelemetry(event: string, content: unknown): boolean {
  return event === "output" && isObject(content) && content.category === "telemetry";
}
