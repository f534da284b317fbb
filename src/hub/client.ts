import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { LIMITS } from "../common/limits.ts";
import {
  type JsonObject,
  type Outcome,
  encodeJson,
  errorOutcome,
  eventParts,
  objectOf,
  parseObject,
  readClientMessage,
  requestParts,
  responseParts,
  ownOutput,
} from "../dap/messages.ts";
import { BreakpointIds } from "./breakpointIds.ts";
import type { DapPort, IncomingMessage } from "../dap/port.ts";
import type { Access } from "../common/access.ts";
import { maskCapabilities } from "../dap/requests.ts";
import type { ClientConventions } from "./clientConventions.ts";
import type { Stop } from "./execution.ts";
import { IssuedHandles } from "./handles.ts";
import { Outbox } from "./outbox.ts";
import { type ClientCapabilities, understandsEvent } from "./clientCapabilities.ts";

/** Someone who takes part, in one or several sessions of a server. */
export interface Participant {
  readonly id: number;
  /** As others see them; unique within a server. */
  name: string;
  access: Access;
  /** For people: where they come from. */
  address: string;
  /** Over what they take part: our link, plain DAP, or as the one who debugs. */
  readonly kind: "host" | "guest" | "dap";
  /** What they run, as it named itself. */
  program: string | undefined;
  /** When they joined, and when they last asked or said something: milliseconds since 1970, for lists. */
  joinedAt: number;
  lastActiveAt: number;
  /** Proves to the other sessions of the server that a client is this participant's. Only they are told it. */
  readonly ticket: string;
  /** The host's own client (an editor that runs `debug-server adapter`): its disconnect ends the session. */
  readonly isHost: boolean;
  /** They have lost their connection, and may come back. */
  isAway: boolean;
}

/** Who has done something that the others are told of: a client, or the host's own window. */
export interface Actor {
  readonly participant: Participant;
}

/** A request of the host's own window on its way to the adapter (hostWindow.ts). */
export interface WindowRequest {
  readonly command: string;
  readonly args: JsonObject;
  /**
   * Of a list of breakpoints: whether it is all that the adapter is to have, the guests' included, because the window
   * holds those too. Otherwise what the guests want besides is sent after it.
   */
  readonly holdsAll?: boolean;
}

/** One request of a client, until it has been answered. */
export interface ClientRequest {
  readonly client: Client;
  readonly seq: number;
  readonly command: string;
  /** Of a client with view access, no more of them than it may send (viewAccess.ts). */
  args: JsonObject;
  /** The arguments for the adapter: as the client wrote them, or converted to the adapter's conventions. */
  rawArgs: Buffer | undefined;
  /** Of the message. */
  readonly bytes: number;
  /** False if the client had not yet received the present stop when it sent this; true where that is not known. */
  sawStop(): boolean;
  /** Asked in its name before it asks: the answer may be given to it once more. */
  readonly isPrefetch: boolean;
  /** Whether the client had been told of that breakpoint when it sent this; false where that is not known. */
  sawBreakpoint(name: string): boolean;
  /** The number by which the adapter knows it, once it alone was sent there for this client. */
  upstreamSeq?: number | undefined;
  /** Answers it; only the first answer is sent. */
  answer(outcome: Outcome): void;
  refuse(error: AppError): void;
}

/** One client of one session: its sequence numbers, what it was told, what waits for it. */
export class Client {
  /** Who it belongs to. Another one after a transfer, if it turned out to be theirs. */
  participant: Participant;
  /** The host's own, which came through no server: a ticket that it shows later changes nothing of that. */
  readonly isLocal: boolean;
  readonly handles = new IssuedHandles();
  /** Set by `initialize`. */
  capabilities: ClientCapabilities | undefined;
  conventions: ClientConventions | undefined;
  /** The arguments of its `launch` or `attach`. */
  startArgs: JsonObject | undefined;
  /** True once it gets events: the driver at once, the others after their snapshot. */
  live = false;
  /** The stops that it was told of and whose end it has not been told. */
  readonly toldStops = new Set<Stop>();
  /** The ids by which it knows breakpoints: entry → id. */
  readonly breakpointIds = new BreakpointIds();

  readonly #port: DapPort;
  readonly #outbox: Outbox;
  readonly #request = new Emitter<ClientRequest>();
  readonly #answered = new Emitter<ClientRequest>();
  readonly #gone = new Emitter<AppError | undefined>();
  /** A request to deal with, in the order in which they were sent. */
  readonly onRequest = this.#request.event;
  /** One of its requests has been answered. */
  readonly onAnswered = this.#answered.event;
  /** Fires once, when it left, vanished or was dropped. */
  readonly onGone = this.#gone.event;
  /** Not by number: a client may use one twice, and is owed two answers then. */
  readonly #underWay = new Set<ClientRequest>();
  #underWayBytes = 0;
  readonly #reverse = new Map<number, (outcome: Outcome) => void>();
  /** Reverse requests that are still owed an answer, also those that wait to be sent. */
  readonly #unanswered = new Set<(outcome: Outcome) => void>();
  #seq = 1;
  #sent = 0;
  #stopSentAt = 0;
  readonly #breakpointSentAt = new Map<string, number>();
  #isGone = false;

  constructor(port: DapPort, participant: Participant) {
    this.#port = port;
    this.participant = participant;
    this.isLocal = participant.isHost;
    this.#outbox = new Outbox(port, {
      onOverflow: () => this.drop(new AppError("busy", "The client was too slow to take what it was sent.")),
      encodeLoss: (lines) => this.#encodeEvent("output", lossBody(lines)),
    });
    port.onMessage((message) => this.#receive(message));
    port.onClose((reason) => {
      if (reason === undefined) this.#leave(undefined);
      else this.drop(reason);
    });
  }

  start(): void {
    this.#port.start();
  }

  get gone(): boolean {
    return this.#isGone;
  }

  get outboxBytes(): number {
    return this.#outbox.bytes;
  }

  /** What it has sent has caused costs besides those of reading it (common/fairShare.ts). */
  charge(cost: number): void {
    this.#port.charge?.(cost);
  }

  /** The request of that sequence number that is still under way. */
  underWay(seq: unknown): ClientRequest | undefined {
    return [...this.#underWay].find((request) => request.seq === seq);
  }

  /** Sends an event whose body is in the adapter's conventions, if this client understands it. */
  event(event: string, body?: Buffer, rest?: Buffer): void {
    if (this.capabilities !== undefined && understandsEvent(this.capabilities, event))
      this.pass(event, body, rest);
  }

  /** Sends it whatever the client has said of itself: to the client that drives, who gets all that the adapter says. */
  pass(event: string, body: Buffer | undefined, rest: Buffer | undefined): void {
    if (this.#isGone) return;
    let converted = body === undefined ? undefined : (this.conventions?.toClient(event, body) ?? body);
    if (event === "capabilities" && converted !== undefined)
      converted = this.#maskCapabilitiesEvent(converted);
    const outputLines = event === "output" ? 1 : undefined;
    const bytes = (converted?.length ?? 0) + (rest?.length ?? 0);
    this.#outbox.send({ encode: () => this.#encodeEvent(event, converted, rest), bytes, outputLines });
  }

  /** An event for which nothing is converted, with the body that is there when its turn comes, of about so many bytes. */
  eventLater(event: string, body: () => Buffer, bytes: number): void {
    const encode = () => this.#encodeEvent(event, body());
    this.#outbox.send({ encode, bytes, outputLines: undefined });
  }

  /** Sends a `breakpoint` event and remembers with which message it went, for `sawBreakpoint`. */
  breakpoint(name: string, body: Buffer): void {
    const converted = this.conventions?.toClient("breakpoint", body) ?? body;
    this.#outbox.send({
      encode: () => {
        const parts = this.#encodeEvent("breakpoint", converted);
        if (!this.#breakpointSentAt.has(name)) this.#breakpointSentAt.set(name, this.#sent);
        return parts;
      },
      bytes: converted.length,
      outputLines: undefined,
    });
  }

  /** Sends `stopped` and remembers with which message it went, for `sawStop`. */
  stopped(stop: Stop, body: Buffer, rest?: Buffer): void {
    // Until it is on its way the client cannot have seen it. The same stop told again changes nothing.
    const isNew = !this.toldStops.has(stop);
    if (isNew) this.#stopSentAt = Infinity;
    this.toldStops.add(stop);
    const converted = this.conventions?.toClient("stopped", body) ?? body;
    this.#outbox.send({
      encode: () => {
        const parts = this.#encodeEvent("stopped", converted, rest);
        if (isNew) this.#stopSentAt = this.#sent;
        return parts;
      },
      bytes: converted.length,
      outputLines: undefined,
    });
  }

  /** What it is sent from now on reaches it when that has happened. It must have a deadline. */
  hold(until: Promise<unknown>): void {
    this.#outbox.hold(until);
  }

  /** Sends a reverse request. `answer` is called exactly once, with an error if the client goes first. */
  request(
    command: string,
    args: Buffer | undefined,
    answer: (outcome: Outcome) => void,
    rest?: Buffer,
  ): void {
    this.requestLater(command, () => args, args?.length ?? 0, answer, rest);
  }

  /** The same, with the arguments that are there when its turn comes, of about so many bytes. */
  requestLater(
    command: string,
    args: () => Buffer | undefined,
    bytes: number,
    answer: (outcome: Outcome) => void,
    rest?: Buffer,
  ): void {
    if (this.#isGone) {
      answer(errorOutcome(new AppError("closed", "The client has left.")));
      return;
    }
    this.#unanswered.add(answer);
    this.#outbox.send({
      encode: () => {
        const seq = this.#nextSeq();
        this.#reverse.set(seq, answer);
        return requestParts(seq, command, args(), rest);
      },
      bytes,
      outputLines: undefined,
    });
  }

  /** Closes its connection after what was sent; the hub learns of it as of any other leaving. */
  close(): void {
    this.#port.close();
    this.#leave(undefined);
  }

  /** Tells it why and lets it go. */
  drop(reason: AppError): void {
    if (this.#isGone) return;
    const line = ownOutput("important", `Debug Server: ${reason.toLine()}`);
    this.#port.send(this.#encodeEvent("output", line));
    this.#port.send(this.#encodeEvent("terminated", undefined));
    this.#port.close();
    this.#leave(reason);
  }

  #receive({ body, seen, isPrefetch = false }: IncomingMessage): void {
    if (this.#isGone) return;
    const message = readClientMessage(body);
    if (message instanceof AppError) {
      this.drop(message);
      return;
    }
    if (message.type === "response") {
      const answer = this.#reverse.get(message.requestSeq);
      this.#reverse.delete(message.requestSeq);
      if (answer !== undefined && this.#unanswered.delete(answer)) answer(message.outcome);
      return;
    }
    this.participant.lastActiveAt = Date.now();
    const { seq, command } = message;
    const { rawArgs } = message;
    const converted = rawArgs && (this.conventions?.toAdapter(command, rawArgs) ?? rawArgs);
    const request: ClientRequest = {
      client: this,
      seq,
      command,
      args: converted === rawArgs ? message.args : parseObject(converted),
      rawArgs: converted,
      bytes: body.length,
      isPrefetch,
      sawStop: () => seen === undefined || seen >= this.#stopSentAt,
      sawBreakpoint: (name) => {
        const sentAt = this.#breakpointSentAt.get(name);
        return seen !== undefined && sentAt !== undefined && seen >= sentAt && this.breakpointIds.has(name);
      },
      answer: (outcome) => this.#answer(request, outcome),
      refuse: (error) => this.#answer(request, errorOutcome(error)),
    };
    if (this.#underWay.size >= LIMITS.requestsUnderWay && !this.isLocal) {
      this.drop(new AppError("busy", `More than ${LIMITS.requestsUnderWay} requests were under way.`));
      return;
    }
    this.#underWay.add(request);
    this.#underWayBytes += body.length;
    if (this.#underWayBytes > LIMITS.requestBytesUnderWay && !this.isLocal) {
      const most = LIMITS.requestBytesUnderWay;
      this.drop(
        new AppError("busy", `Requests of more than ${most} bytes were under way.`, {
          hint: "Wait for the answers to large requests.",
        }),
      );
      return;
    }
    this.#request.fire(request);
  }

  #answer(request: ClientRequest, outcome: Outcome): void {
    if (this.#isGone || !this.#underWay.delete(request)) return;
    this.#underWayBytes -= request.bytes;
    const { command } = request;
    const body =
      outcome.body === undefined ? undefined : this.#converted(command, outcome.success, outcome.body);
    this.#outbox.send({
      encode: () => responseParts(this.#nextSeq(), request.seq, command, { ...outcome, body }),
      bytes: body?.length ?? 0,
      outputLines: undefined,
    });
    this.charge(body?.length ?? 0);
    this.#answered.fire(request);
  }

  #converted(command: string, success: boolean, body: Buffer): Buffer {
    return success ? (this.conventions?.toClient(command, body) ?? body) : body;
  }

  #encodeEvent(event: string, body: Buffer | undefined, rest?: Buffer): Buffer[] {
    return eventParts(this.#nextSeq(), event, body, rest);
  }

  #nextSeq(): number {
    this.#sent++;
    return this.#seq++;
  }

  #maskCapabilitiesEvent(body: Buffer): Buffer {
    if (this.participant.access === "full") return body;
    const value = parseObject(body);
    const capabilities = objectOf(value.capabilities);
    return encodeJson({ ...value, capabilities: maskCapabilities(capabilities, this.participant.access) });
  }

  #leave(reason: AppError | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#underWay.clear();
    this.#outbox.close();
    const unanswered = [...this.#unanswered];
    this.#unanswered.clear();
    for (const answer of unanswered) answer(errorOutcome(new AppError("closed", "The client has left.")));
    this.#gone.fire(reason);
  }
}

function lossBody(lines: number): Buffer {
  return encodeJson({
    category: "important",
    output: `Debug Server: ${lines} messages of output were left out, because this client was too slow.\n`,
  });
}
