import { AppError } from "../common/errors.ts";
import { Emitter, type Event } from "../common/event.ts";
import { LIMITS } from "../common/limits.ts";
import { JsonValue, applyEdits } from "../dap/edits.ts";
import { EVENTS } from "../dap/events.ts";
import {
  type JsonObject,
  encodeJson,
  errorOutcome,
  eventParts,
  isObject,
  parseObject,
  requestParts,
  responseParts,
} from "../dap/messages.ts";
import type { DapPort, IncomingMessage } from "../dap/port.ts";
import type { ChildAllowance } from "./childAllowance.ts";
import { type Invitation, type OwnConfiguration, makeInvitation } from "./invitation.ts";
import { hostFailure } from "./hostFailure.ts";
import { type HostMessage, readHostMessage } from "./readHostMessage.ts";

/** Requests of our own count from here, where no editor's do. */
const FIRST_SEQ = 2 ** 41;

type HostResponse = Extract<HostMessage, { type: "response" }>;
type HostEvent = Extract<HostMessage, { type: "event" }>;
type HostRequest = Extract<HostMessage, { type: "request" }>;

/**
 * Stands between a session of the link and whatever shows it, and lets pass of what the host sends a closed list only,
 * because a host may mean ill to its guests:
 * - answers to what was asked here, by the command that was asked; refusals as text (hostFailure.ts),
 * - events that DAP names; others make editors do what no specification says (`debugpyAttach`); of output no
 *   telemetry,
 * - of requests none but `startDebugging`, and that made anew (invitation.ts).
 * What is no DAP message ends this session, with a reason. The envelope of each message is written anew, so that every
 * editor's parser finds in it what was read here.
 */
export class HostMessages implements DapPort {
  readonly onDrain: Event<void>;
  readonly #port: DapPort;
  readonly #children: ChildAllowance;
  readonly #message = new Emitter<IncomingMessage>();
  readonly #close = new Emitter<AppError | undefined>();
  readonly onMessage = this.#message.event;
  readonly onClose = this.#close.event;
  /** The commands of requests that are not answered yet, by number. An editor may use one number twice. */
  readonly #asked = new Map<number, string[]>();
  readonly #own: { -readonly [K in keyof OwnConfiguration]?: OwnConfiguration[K] } = {};
  /** Numbers of `startDebugging` requests that the editor has not answered yet. */
  readonly #invited = new Set<number>();
  readonly #sessions = new Set<unknown>();
  #nextSeq = FIRST_SEQ;
  /** Answers of ours since the host stopped to read. */
  #unread = 0;
  /** Of each message that our reader holds: how many that it never sees came behind it. Undefined if it holds none back. */
  #held: { dropped: number }[] | undefined;
  #passedOn: () => void = () => {};
  #isOver = false;

  constructor(port: DapPort, children: ChildAllowance) {
    this.#port = port;
    this.#children = children;
    this.onDrain = port.onDrain;
    port.onDrain(() => (this.#unread = 0));
    port.onMessage(({ body }) => this.#fromHost(body));
    port.onClose((reason) => this.#end(reason));
  }

  start(): void {
    this.#port.start();
  }

  close(): void {
    this.#port.close();
  }

  holdBack(): () => void {
    this.#passedOn = this.#port.holdBack?.() ?? (() => {});
    const held: { dropped: number }[] = [];
    this.#held = held;
    return () => {
      const { dropped } = held.shift() ?? { dropped: 0 };
      for (let left = dropped; left >= 0; left--) this.#passedOn();
    };
  }

  /** From the guest's editor. */
  send(parts: readonly Uint8Array[]): boolean {
    const body = Buffer.concat(parts);
    const message = new JsonValue(body);
    if (message.member("type")?.string === "response") return this.#answered(message);
    const seq = message.member("seq")?.number;
    const command = message.member("command")?.string;
    if (seq === undefined || command === undefined) return this.#port.send([body]);
    this.#asked.set(seq, [...(this.#asked.get(seq) ?? []), command]);
    const args = message.member("arguments");
    if (command === "launch" || command === "attach") this.#own.start = objectOf(args);
    if (command !== "initialize") return this.#port.send([body]);
    this.#own.initialize = objectOf(args);
    // No terminal is opened for a host, so an adapter must not count on one.
    const terminal = args?.member("supportsRunInTerminalRequest");
    return this.#port.send(terminal === undefined ? [body] : applyEdits(body, [terminal.replacedBy(false)]));
  }

  #fromHost(body: Buffer): void {
    if (this.#isOver) return;
    const message = readHostMessage(body);
    if (message instanceof AppError) this.#fail(message);
    else if (message.type === "response") this.#response(message);
    else if (message.type === "request") this.#request(message);
    else if (!EVENTS.has(message.event) || isTelemetry(message)) this.#drop();
    // Its body asks the editor to start the session once more: whether a guest does that is its own choice.
    else if (message.event === "terminated") this.#deliver(eventParts(message.seq, message.event, undefined));
    else this.#deliver(eventParts(message.seq, message.event, message.body));
  }

  #response({ seq, requestSeq, command, outcome }: HostResponse): void {
    const asked = this.#asked.get(requestSeq);
    if (asked === undefined) {
      this.#drop();
      return;
    }
    const index = asked.indexOf(command);
    if (index < 0) {
      this.#fail(new AppError("protocol", `The host has answered "${asked[0]}" as another request.`));
      return;
    }
    asked.splice(index, 1);
    if (asked.length === 0) this.#asked.delete(requestSeq);
    this.#deliver(responseParts(seq, requestSeq, command, outcome.success ? outcome : hostFailure(outcome)));
  }

  #request(request: HostRequest): void {
    const args = request.command === "startDebugging" ? this.#invite(request) : notSupported();
    if (args instanceof AppError) {
      this.#drop();
      this.#refuse(request, args);
      return;
    }
    this.#deliver(requestParts(request.seq, request.command, encodeJson(args)));
  }

  #invite({ seq, args }: HostRequest): Invitation | AppError {
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

  /** The editor has answered `startDebugging`. Of its words the host needs to know only whether it follows. */
  #answered(message: JsonValue): boolean {
    const requestSeq = message.member("request_seq")?.number ?? -1;
    if (!this.#invited.delete(requestSeq)) return true;
    this.#children.answered();
    const success = message.member("success")?.value === true;
    const seq = message.member("seq")?.number ?? 0;
    return this.#port.send(responseParts(seq, requestSeq, "startDebugging", { success }));
  }

  #refuse({ seq, command }: HostRequest, reason: AppError): void {
    if (this.#port.send(responseParts(this.#nextSeq++, seq, command, errorOutcome(reason)))) return;
    this.#unread++;
    if (this.#unread > LIMITS.requestsUnderWay)
      this.#fail(new AppError("busy", "The host asks much, and does not read the answers."));
  }

  #deliver(parts: readonly Uint8Array[]): void {
    this.#held?.push({ dropped: 0 });
    this.#message.fire({ body: Buffer.concat(parts) });
  }

  /** A message that is not passed on: it counts as read when those before it do. */
  #drop(): void {
    const last = this.#held?.at(-1);
    if (last !== undefined) last.dropped++;
    else if (this.#held !== undefined) this.#passedOn();
  }

  #fail(reason: AppError): void {
    this.#port.close();
    this.#end(reason);
  }

  #end(reason: AppError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (let left = this.#invited.size; left > 0; left--) this.#children.answered();
    this.#invited.clear();
    this.#close.fire(reason);
  }
}

/** Output that an editor would send to others, unseen. */
function isTelemetry({ event, body }: HostEvent): boolean {
  return event === "output" && parseObject(body).category === "telemetry";
}

function notSupported(): AppError {
  return new AppError("notSupported", "A guest does nothing that its host asks for.");
}

function objectOf(args: JsonValue | undefined): JsonObject {
  const value = args?.value;
  return isObject(value) ? value : {};
}
