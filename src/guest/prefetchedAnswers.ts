import { LIMITS } from "../common/limits.ts";
import { asNumber, asText } from "../common/values.ts";
import { nesting } from "../dap/envelope.ts";
import { ALTERING_EVENTS } from "../dap/events.ts";
import { type JsonObject, encodeJson, isObject, objectOf, objects, parseObject } from "../dap/messages.ts";
import { REQUESTS } from "../dap/requests.ts";
import type { PrefetchedAnswer } from "../link/push.ts";
import type { EditorMessage } from "./messages.ts";

/** Prefetched answers are taken for true this long: an editor asks at once, and not all that alters values is told. */
const FRESH_MS = 2_000;
/** A host that has promised a PUSH and sends none is not waited for any longer. */
const PATIENCE_MS = 1_000;

/** The requests whose answers a host prefetches. */
const PREFETCHED: ReadonlySet<string> = new Set(["threads", "stackTrace", "scopes", "variables"]);

export interface PrefetchedAnswersEnds {
  /** Gives an answer to the editor. */
  answer(requestSeq: number, command: string, body: Buffer): void;
  /** Asks the host after all. */
  ask(parts: readonly Uint8Array[]): void;
}

interface Question {
  readonly seq: number;
  readonly command: string;
  readonly args: JsonObject;
  /** As the host would get it. */
  readonly parts: readonly Uint8Array[];
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
 * The answers that a host far away has prefetched at a stop (docs/PROTOCOL.md, feature `push`). A question that comes while
 * they are on their way waits for them. Each answer is given once: an editor that asks again wants it from the adapter.
 */
export class PrefetchedAnswers {
  readonly #ends: PrefetchedAnswersEnds;
  /** How many PUSHes are still to come for the stops that were told. */
  #awaited = 0;
  #patience: NodeJS.Timeout | undefined;
  #questions: Question[] = [];
  #answers = new Map<string, JsonObject>();
  #stacks = new Map<number, Stack>();
  /** The frame whose scopes and variables were prefetched. */
  #frameId: unknown;
  #freshUntil = 0;

  constructor(ends: PrefetchedAnswersEnds) {
    this.#ends = ends;
  }

  /** Nothing is asked or answered any more. */
  end(): void {
    clearTimeout(this.#patience);
    this.#awaited = 0;
    this.#questions = [];
    this.#forget();
  }

  /** The editor asks; `parts`: what the host would get. False: the host is to be asked. */
  takes(message: EditorMessage, parts: readonly Uint8Array[]): boolean {
    const { type, seq, command = "" } = message;
    if (type !== "request" || seq === undefined) return false;
    if (!PREFETCHED.has(command)) {
      const kind = kindOf(message);
      // What waits has been asked before.
      if (kind !== "query") this.#askAll();
      if (kind === "change") this.#forget();
      return false;
    }
    const args = message.args?.value;
    const question = { seq, command, args: objectOf(args), parts };
    if (this.#awaited > 0) this.#questions.push(question);
    else if (!this.#answer(question)) {
      this.#asked(question);
      return false;
    }
    return true;
  }

  /** The host tells an event. */
  heard(event: string): void {
    if (ALTERING_EVENTS.has(event)) this.#forget();
    if (event !== "stopped") return;
    this.#awaited++;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#askAll(), PATIENCE_MS);
  }

  /** A PUSH of the host. */
  pushed(answers: readonly PrefetchedAnswer[]): void {
    if (this.#awaited === 0) return;
    this.#awaited--;
    // A later stop has been told meanwhile.
    if (this.#awaited > 0) return;
    clearTimeout(this.#patience);
    this.#freshUntil = performance.now() + FRESH_MS;
    for (const { request, response } of answers.filter(isShallow))
      this.#keep(parseObject(request), parseObject(response));
    const questions = this.#questions.splice(0);
    for (const question of questions) if (!this.#answer(question)) this.#ask(question);
  }

  #keep(request: JsonObject, { body }: JsonObject): void {
    const { command } = request;
    const args = objectOf(request.arguments);
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
    this.#ends.answer(seq, command, encodeJson(body));
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

  #ask(question: Question): void {
    this.#asked(question);
    this.#ends.ask(question.parts);
  }

  #asked({ command, args }: Question): void {
    // Some adapters give all frames the same references: what was prefetched means nothing in another frame.
    if (command === "scopes" && args.frameId !== this.#frameId)
      for (const key of this.#answers.keys()) if (/^(scopes|variables) /.test(key)) this.#answers.delete(key);
  }

  #forget(): void {
    this.#answers.clear();
    this.#stacks.clear();
  }
}

/** What is written again must not be nested deeper than any other message of the host's. */
function isShallow({ request, response }: PrefetchedAnswer): boolean {
  return [request, response].every((json) => nesting(json) <= LIMITS.nesting);
}

/** Whether others' answers may be others after such a request of our own, or at least must not overtake it. */
function kindOf({ command = "", args }: EditorMessage): "query" | "order" | "change" {
  const kind = REQUESTS.get(command)?.kind;
  if (kind === "query" || kind === "breakpoints") return "query";
  if (kind === "cancel") return "order";
  const isLook = kind === "evaluate" && args?.member("context")?.string !== "repl";
  return isLook ? "query" : "change";
}

/** Names a question by its arguments; undefined if it has others than those that are prefetched. */
function keyOf(command: string, args: JsonObject): string | undefined {
  const { frameId, variablesReference, start = 0, count = 0, ...others } = args;
  if (Object.keys(others).length > 0 || start !== 0 || count !== 0) return undefined;
  return `${command} ${JSON.stringify([frameId, variablesReference])}`;
}
