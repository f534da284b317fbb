import type { AppError } from "../common/errors.ts";
import { Emitter, type Event } from "../common/event.ts";
import { ALTERING_EVENTS } from "../dap/events.ts";
import { readAdapterMessage } from "../dap/envelope.ts";
import {
  type JsonObject,
  encodeJson,
  isObject,
  objectOf,
  objects,
  parseObject,
  requestParts,
} from "../dap/messages.ts";
import type { DapPort, IncomingMessage } from "../dap/port.ts";
import type { PrefetchedAnswer } from "../link/push.ts";

/** As many frames as VS Code asks for in two requests, and other editors in one. */
const LEVELS = 20;
/** An adapter that needs longer is asked no more: the guest's editor asks the rest by itself. */
const DEADLINE_MS = 100;
/** What has been asked by then is waited for, or the guest would ask it again; but no longer than this. */
const PATIENCE_MS = 500;
/** Of one answer: no user asks for more than this without being shown that there is more. */
const ANSWER_BYTES = 64 * 1024;

/** What a message is stands within its first bytes. */
const HEAD_BYTES = 256;

/** The host's end of a stream whose guest takes prefetched answers (docs/PROTOCOL.md, feature `push`). */
export interface PrefetchingStream extends DapPort {
  push(answers: readonly PrefetchedAnswer[]): void;
}

export interface PrefetchOptions {
  /** Whether the guest is so far away that it is worth to ask on its behalf. */
  readonly isFar: () => boolean;
}

/** The answers to what an editor will ask at one stop, as far as they have come. */
interface Round {
  readonly answers: PrefetchedAnswer[];
  isLate: boolean;
  readonly timers: readonly NodeJS.Timeout[];
}

/**
 * Stands between the hub and a guest far away. At each stop it asks, in the guest's name, what the guest's editor is
 * going to ask one after the other, and sends the answers with it: one round trip instead of five. Behind each `stopped`
 * goes exactly one PUSH, be it an empty one, so that the guest knows how long to wait for it.
 */
export class PrefetchingPort implements DapPort {
  readonly onDrain: Event<void>;
  readonly onClose: Event<AppError | undefined>;
  readonly #port: PrefetchingStream;
  readonly #options: PrefetchOptions;
  readonly #message = new Emitter<IncomingMessage>();
  readonly onMessage = this.#message.event;
  /** What waits for an answer, by the sequence number: below 0, where no client's are. */
  readonly #asked = new Map<number, (response: Buffer) => void>();
  #lastSeq = 0;
  /** How many messages of the hub's have gone to the guest, and after how many of them each one was that we took. */
  #sent = 0;
  readonly #taken: number[] = [];
  #takenAndSeen = 0;
  #round: Round | undefined;

  constructor(port: PrefetchingStream, options: PrefetchOptions) {
    this.#port = port;
    this.#options = options;
    this.onDrain = port.onDrain;
    this.onClose = port.onClose;
    port.onMessage(({ body, seen }) => this.#message.fire({ body, seen: this.#ofHub(seen) }));
    port.onClose(() => this.#end());
  }

  start(): void {
    this.#port.start();
  }

  charge(cost: number): void {
    this.#port.charge?.(cost);
  }

  close(): void {
    this.#port.close();
    this.#end();
  }

  /** From the hub. */
  send(parts: readonly Uint8Array[]): boolean {
    const head = headOf(parts);
    if (this.#asked.size > 0 && head.includes('"request_seq":-') && this.#take(Buffer.concat(parts)))
      return true;
    const event = /"type":"event","event":"(\w+)"/.exec(head)?.[1];
    if (event !== undefined && ALTERING_EVENTS.has(event)) this.#finish([]);
    this.#sent++;
    const going = this.#port.send(parts);
    if (event === "stopped") this.#stopped(parseObject(Buffer.concat(parts)));
    return going;
  }

  /** How many of the hub's messages the guest had been given, those included that we took. */
  #ofHub(seen: number | undefined): number | undefined {
    if (seen === undefined) return undefined;
    while (this.#taken.length > 0 && Number(this.#taken[0]) <= seen) {
      this.#taken.shift();
      this.#takenAndSeen++;
    }
    return seen + this.#takenAndSeen;
  }

  #stopped({ body }: JsonObject): void {
    const { threadId, preserveFocusHint } = objectOf(body);
    if (typeof threadId !== "number" || preserveFocusHint === true || !this.#options.isFar()) {
      this.#port.push([]);
      return;
    }
    const deadline = setTimeout(() => (round.isLate = true), DEADLINE_MS);
    const patience = setTimeout(() => this.#finish(round.answers), PATIENCE_MS);
    const round: Round = { answers: [], isLate: false, timers: [deadline, patience] };
    this.#round = round;
    // Not while the hub is sending.
    queueMicrotask(() => void this.#collect(round, threadId));
  }

  async #collect(round: Round, threadId: number): Promise<void> {
    const threads = this.#ask(round, "threads");
    const { stackFrames } = await this.#ask(round, "stackTrace", { threadId, startFrame: 0, levels: LEVELS });
    const frame = shownFrame(objects(stackFrames));
    if (typeof frame?.id === "number") {
      const { scopes } = await this.#ask(round, "scopes", { frameId: frame.id });
      const scope = objects(scopes).find(({ expensive }) => expensive !== true);
      const variablesReference = scope?.variablesReference;
      if (typeof variablesReference === "number" && variablesReference > 0)
        await this.#ask(round, "variables", { variablesReference });
    }
    await threads;
    if (this.#round === round) this.#finish(round.answers);
  }

  /** Resolves with the body of the answer; with an empty one if there is none, or the round is over. */
  #ask(round: Round, command: string, args?: JsonObject): Promise<JsonObject> {
    if (this.#round !== round || round.isLate) return Promise.resolve({});
    const seq = --this.#lastSeq;
    const request = Buffer.concat(requestParts(seq, command, args && encodeJson(args)));
    return new Promise((resolve) => {
      this.#asked.set(seq, (response) => {
        const message = readAdapterMessage(response);
        if (message?.type !== "response" || !message.success || response.length > ANSWER_BYTES) {
          resolve({});
          return;
        }
        round.answers.push({ request, response });
        resolve(parseObject(message.body));
      });
      this.#message.fire({ body: request, isPrefetch: true });
    });
  }

  /** Takes an answer to a question of ours; false if it is the guest's. */
  #take(response: Buffer): boolean {
    const message = readAdapterMessage(response);
    if (message?.type !== "response") return false;
    const taken = this.#asked.get(message.requestSeq);
    this.#asked.delete(message.requestSeq);
    if (taken === undefined) return false;
    this.#taken.push(this.#sent);
    taken(response);
    return true;
  }

  #finish(answers: readonly PrefetchedAnswer[]): void {
    if (this.#round === undefined) return;
    this.#round.timers.forEach(clearTimeout);
    this.#round = undefined;
    this.#port.push(answers);
  }

  #end(): void {
    this.#round?.timers.forEach(clearTimeout);
    this.#round = undefined;
    this.#asked.clear();
  }
}

/** The beginning of a message, in which the hub writes what it is (dap/messages.ts). */
function headOf([first]: readonly Uint8Array[]): string {
  if (first === undefined) return "";
  return Buffer.from(first.buffer, first.byteOffset, Math.min(first.length, HEAD_BYTES)).toString("latin1");
}

/** The frame that an editor selects: the first that has a source and is not for show. */
function shownFrame(frames: readonly JsonObject[]): JsonObject | undefined {
  const isShown = ({ source, presentationHint }: JsonObject) =>
    isObject(source) &&
    source.presentationHint !== "deemphasize" &&
    presentationHint !== "label" &&
    presentationHint !== "subtle";
  return frames.find(isShown) ?? frames[0];
}
