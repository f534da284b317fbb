import type { AppError } from "../common/errors.ts";
import { Emitter, type Event } from "../common/event.ts";
import { ALTERING_EVENTS } from "../dap/events.ts";
import { JsonValue, applyEdits } from "../dap/edits.ts";
import {
  type JsonObject,
  encodeJson,
  isObject,
  objects,
  parseObject,
  responseParts,
} from "../dap/messages.ts";
import type { DapPort, IncomingMessage } from "../dap/port.ts";
import { REQUESTS } from "../dap/requests.ts";
import type { PrefetchedAnswer } from "../link/push.ts";
import { SequenceNumbers } from "./sequenceNumbers.ts";
import { asNumber, asText } from "../common/values.ts";

/** Prefetched answers are taken for true this long: an editor asks at once, and not all that alters values is told. */
const FRESH_MS = 2_000;
/** A host that has promised a PUSH and sends none is not waited for any longer. */
const PATIENCE_MS = 1_000;

/** The requests whose answers a host prefetches. */
const PREFETCHED: ReadonlySet<string> = new Set(["threads", "stackTrace", "scopes", "variables"]);

/** The guest's end of a stream whose host prefetches answers (docs/PROTOCOL.md, feature `push`). */
export interface PrefetchedStream extends DapPort {
  readonly onPush: Event<readonly PrefetchedAnswer[]>;
}

interface Question {
  readonly body: Buffer;
  readonly seq: number;
  readonly command: string;
  readonly args: JsonObject;
}

/** The frames of a thread from its top, as many as the host has asked for. */
interface Stack {
  readonly body: JsonObject;
  readonly frames: readonly JsonObject[];
  readonly isWhole: boolean;
  /** The parts that were asked for. */
  readonly given: Set<string>;
}

/**
 * Stands between a guest and a host far away, and answers from what the host has prefetched at a stop. A question that
 * comes while that is on its way waits for it. Each answer is given once: an editor that asks again wants it from the
 * adapter.
 */
export class PrefetchedAnswers implements DapPort {
  readonly onDrain: Event<void>;
  readonly onClose: Event<AppError | undefined>;
  readonly #port: PrefetchedStream;
  readonly #message = new Emitter<IncomingMessage>();
  readonly onMessage = this.#message.event;
  readonly #sequence = new SequenceNumbers();
  /** How many PUSHes are still to come for the stops that were told. */
  #awaited = 0;
  #patience: NodeJS.Timeout | undefined;
  #questions: Question[] = [];
  #answers = new Map<string, JsonObject>();
  #stacks = new Map<number, Stack>();
  /** The frame whose scopes and variables were prefetched. */
  #frameId: unknown;
  #freshUntil = 0;
  /** Whether each message that our reader holds is the host's; undefined if it holds none back. */
  #held: boolean[] | undefined;

  constructor(port: PrefetchedStream) {
    this.#port = port;
    this.onDrain = port.onDrain;
    this.onClose = port.onClose;
    port.onMessage(({ body }) => this.#fromHost(body));
    port.onPush((answers) => this.#onPush(answers));
    port.onClose(() => clearTimeout(this.#patience));
  }

  start(): void {
    this.#port.start();
  }

  close(): void {
    clearTimeout(this.#patience);
    this.#questions = [];
    this.#port.close();
  }

  holdBack(): () => void {
    const passedOn = this.#port.holdBack?.() ?? (() => {});
    const held: boolean[] = [];
    this.#held = held;
    // What we answered ourselves the host does not count.
    return () => {
      if (held.shift() === true) passedOn();
    };
  }

  /** From the guest's editor. */
  send(parts: readonly Uint8Array[]): boolean {
    const body = Buffer.concat(parts);
    const message = new JsonValue(body);
    if (message.member("type")?.string !== "request")
      return this.#port.send(applyEdits(body, this.#sequence.restore(message)));
    const command = message.member("command")?.string ?? "";
    if (!PREFETCHED.has(command)) {
      const kind = kindOf(command, message);
      // What waits has been asked before.
      if (kind !== "query") this.#askAll();
      if (kind === "change") this.#forget();
      return this.#port.send([body]);
    }
    const args = message.member("arguments")?.value;
    const seq = message.member("seq")?.number ?? 0;
    const question = { body, seq, command, args: isObject(args) ? args : {} };
    if (this.#awaited > 0) {
      this.#questions.push(question);
      return true;
    }
    return this.#answer(question) || this.#ask(question);
  }

  #fromHost(body: Buffer): void {
    const message = new JsonValue(body);
    const event = message.member("event")?.string;
    if (event !== undefined && ALTERING_EVENTS.has(event)) this.#forget();
    const edits = this.#sequence.pass(message);
    this.#fire(edits.length === 0 ? body : Buffer.concat(applyEdits(body, edits)), true);
    if (event !== "stopped") return;
    this.#awaited++;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#askAll(), PATIENCE_MS);
  }

  #onPush(answers: readonly PrefetchedAnswer[]): void {
    if (this.#awaited === 0) return;
    this.#awaited--;
    // A later stop has been told meanwhile.
    if (this.#awaited > 0) return;
    clearTimeout(this.#patience);
    this.#freshUntil = performance.now() + FRESH_MS;
    for (const { request, response } of answers) this.#keep(parseObject(request), parseObject(response));
    const questions = this.#questions.splice(0);
    for (const question of questions) if (!this.#answer(question)) this.#ask(question);
  }

  #keep(request: JsonObject, { body }: JsonObject): void {
    const { command } = request;
    const args = isObject(request.arguments) ? request.arguments : {};
    if (typeof command !== "string" || !isObject(body)) return;
    if (command === "stackTrace" && typeof args.threadId === "number") {
      const frames = objects(body.stackFrames);
      const { totalFrames } = body;
      const isWhole =
        typeof totalFrames === "number"
          ? frames.length >= totalFrames
          : frames.length < asNumber(args.levels);
      this.#stacks.set(args.threadId, { body, frames, isWhole, given: new Set() });
      return;
    }
    if (command === "scopes") this.#frameId = args.frameId;
    const key = keyOf(command, args);
    if (key !== undefined) this.#answers.set(key, body);
  }

  #answer({ seq, command, args }: Question): boolean {
    if (performance.now() > this.#freshUntil) return false;
    const body = command === "stackTrace" ? this.#stack(args) : this.#once(keyOf(command, args));
    if (body === undefined) return false;
    const parts = responseParts(this.#sequence.next(), seq, command, {
      success: true,
      body: encodeJson(body),
    });
    this.#fire(Buffer.concat(parts), false);
    return true;
  }

  #once(key: string | undefined): JsonObject | undefined {
    if (key === undefined) return undefined;
    const body = this.#answers.get(key);
    this.#answers.delete(key);
    return body;
  }

  /** A part of the prefetched stack, if all of the part was. */
  #stack({ threadId, startFrame = 0, levels = 0, ...others }: JsonObject): JsonObject | undefined {
    const stack = this.#stacks.get(asNumber(threadId));
    const part = `${asText(startFrame)} ${asText(levels)}`;
    if (stack === undefined || Object.keys(others).length > 0 || stack.given.has(part)) return undefined;
    const [first, count] = [asNumber(startFrame), asNumber(levels)];
    const end = count === 0 ? Infinity : first + count;
    if (!stack.isWhole && end > stack.frames.length) return undefined;
    stack.given.add(part);
    return { ...stack.body, stackFrames: stack.frames.slice(first, end) };
  }

  /** What waits for a PUSH goes to the host after all. */
  #askAll(): void {
    clearTimeout(this.#patience);
    this.#awaited = 0;
    for (const question of this.#questions.splice(0)) this.#ask(question);
  }

  #ask({ command, args, body }: Question): boolean {
    // Some adapters give all frames the same references: what was prefetched means nothing in another frame.
    if (command === "scopes" && args.frameId !== this.#frameId)
      for (const key of this.#answers.keys()) if (/^(scopes|variables) /.test(key)) this.#answers.delete(key);
    return this.#port.send([body]);
  }

  #forget(): void {
    this.#answers.clear();
    this.#stacks.clear();
  }

  #fire(body: Buffer, isHosts: boolean): void {
    this.#held?.push(isHosts);
    this.#message.fire({ body });
  }
}

/** Whether others' answers may be others after such a request of our own, or at least must not overtake it. */
function kindOf(command: string, message: JsonValue): "query" | "order" | "change" {
  const kind = REQUESTS.get(command)?.kind;
  if (kind === "query" || kind === "breakpoints") return "query";
  if (kind === "cancel") return "order";
  const isLook = kind === "evaluate" && message.member("arguments")?.member("context")?.string !== "repl";
  return isLook ? "query" : "change";
}

/** Names a question by its arguments; undefined if it has others than those that are prefetched. */
function keyOf(command: string, args: JsonObject): string | undefined {
  const { frameId, variablesReference, start = 0, count = 0, ...others } = args;
  if (Object.keys(others).length > 0 || start !== 0 || count !== 0) return undefined;
  return `${command} ${JSON.stringify([frameId, variablesReference])}`;
}
