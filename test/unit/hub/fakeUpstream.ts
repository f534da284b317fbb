import { AppError } from "../../../src/common/errors.ts";
import { Emitter } from "../../../src/common/event.ts";
import {
  type JsonObject,
  type Outcome,
  encodeJson,
  errorOutcome,
  isObject,
  objects,
  parseObject,
} from "../../../src/dap/messages.ts";
import type { AdapterEvent, ReverseRequest, Upstream, UpstreamEnd } from "../../../src/hub/upstream.ts";

/** One request that the adapter got. */
export interface Received {
  readonly seq: number;
  readonly command: string;
  readonly args: JsonObject;
  /** The arguments' text as it came, byte for byte. */
  readonly raw: string | undefined;
  answered: boolean;
  answer(outcome: Outcome): void;
}

type Reply = JsonObject | Buffer | Error | undefined;
type Handler = (args: JsonObject) => Reply;

export interface FakeOptions {
  readonly names?: readonly string[];
  readonly capabilities?: JsonObject;
  /** When `initialized` is sent; `never` leaves it to the test. Default: before the launch is answered. */
  readonly initialized?: "afterInitialize" | "atLaunch" | "never";
  /**
   * How breakpoints are numbered: kept by place and condition, the same from 0, by place alone, anew in each answer,
   * from 1 in each answer, not at all.
   */
  readonly ids?: "stable" | "zero" | "places" | "fresh" | "renumbered" | "none";
  /** Where a breakpoint that was asked for at a line ends up. */
  readonly moves?: (line: number) => number;
  /** The column in which it ends up; absent: none is told. */
  readonly column?: number;
}

export const CAPABILITIES: JsonObject = {
  supportsConfigurationDoneRequest: true,
  supportsFunctionBreakpoints: true,
  supportsDataBreakpoints: true,
  supportsInstructionBreakpoints: true,
  supportsConditionalBreakpoints: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
  supportsReadMemoryRequest: true,
  supportsWriteMemoryRequest: true,
  supportsStepBack: true,
  supportsRestartFrame: true,
  supportsGotoTargetsRequest: true,
  supportsStepInTargetsRequest: true,
  supportsTerminateRequest: true,
  supportsRestartRequest: true,
  supportTerminateDebuggee: true,
  supportsCancelRequest: true,
};

/**
 * A small adapter in memory: one program, whose stops the test makes. It counts frames and variables anew at each
 * stop, as real ones do. Answers come in a later microtask, or when the test releases them.
 */
export class FakeUpstream implements Upstream {
  readonly names: readonly string[];
  readonly received: Received[] = [];
  /** The breakpoints in force by group: a source's path, or the request's name. */
  readonly breakpoints = new Map<string, readonly JsonObject[]>();
  /** Overrides of single answers. */
  readonly handlers: Record<string, Handler> = {};
  readonly children: FakeUpstream[] = [];
  /** What `openChild` gives out next; absent: a new one of the same kind. */
  nextChild: FakeUpstream | AppError | undefined;
  disposed = false;
  ended = false;
  readonly #options: FakeOptions;
  readonly #event = new Emitter<AdapterEvent>();
  readonly #request = new Emitter<ReverseRequest>();
  readonly #end = new Emitter<UpstreamEnd>();
  readonly onEvent = this.#event.event;
  readonly onRequest = this.#request.event;
  readonly onEnd = this.#end.event;
  readonly #held = new Set<string>();
  readonly #holding: Received[] = [];
  readonly #ids = new Map<string, number>();
  #nextId = 1;
  #seq = 1;
  /** Old variables by number; their names tell the stop to which they belong. */
  #stopCount = 0;

  constructor(options: FakeOptions = {}) {
    this.#options = options;
    this.names = options.names ?? ["fake"];
    if (options.ids === "zero") this.#nextId = 0;
  }

  start(): void {}

  request(command: string, args: Buffer | undefined, answer: (outcome: Outcome) => void): number {
    const received: Received = {
      seq: this.#seq++,
      command,
      args: parseObject(args),
      raw: args?.toString("utf8"),
      answered: false,
      answer: (outcome) => {
        if (received.answered) return;
        received.answered = true;
        answer(outcome);
      },
    };
    this.received.push(received);
    if (this.ended)
      received.answer(errorOutcome(new AppError("adapterFailed", "The debug adapter has ended.")));
    else if (this.#held.has(command)) this.#holding.push(received);
    else queueMicrotask(() => this.#reply(received));
    return received.seq;
  }

  async openChild(): Promise<Upstream> {
    const child = this.nextChild ?? new FakeUpstream(this.#options);
    if (child instanceof AppError) throw child;
    this.children.push(child);
    return child;
  }

  dispose(): void {
    this.disposed = true;
    this.end({ expected: true, reason: "The debug session has ended." });
  }

  /** It ends as soon as it is disconnected, as adapters do. */
  endAtDisconnect(): void {
    this.handlers.disconnect = () => {
      setImmediate(() => this.dispose());
      return undefined;
    };
  }

  /** The commands that it got, in order. */
  commands(...only: string[]): string[] {
    const all = this.received.map(({ command }) => command);
    return only.length === 0 ? all : all.filter((command) => only.includes(command));
  }

  last(command: string): Received {
    const found = this.received.findLast((received) => received.command === command);
    if (found === undefined) throw new Error(`The adapter got no ${command}.`);
    return found;
  }

  /** Answers to these are held back until `release`. */
  hold(...commands: string[]): void {
    for (const command of commands) this.#held.add(command);
  }

  get holding(): readonly Received[] {
    return this.#holding;
  }

  /** Answers the oldest request that is held back (of that command); false if there is none. */
  release(command?: string): boolean {
    const index = this.#holding.findIndex(
      (received) => command === undefined || received.command === command,
    );
    const received = this.#holding[index];
    if (received === undefined) return false;
    this.#holding.splice(index, 1);
    this.#reply(received);
    return true;
  }

  /** Answers all that is held back, and holds nothing back any more. */
  releaseAll(): void {
    this.#held.clear();
    while (this.release());
  }

  /** `rest`: members beside the body, as they come from `readAdapterMessage`. */
  emit(event: string, body?: JsonObject | string, rest?: string): void {
    const bytes =
      typeof body === "string" ? Buffer.from(body) : body === undefined ? undefined : encodeJson(body);
    this.#event.fire({ event, body: bytes, ...(rest === undefined ? {} : { rest: Buffer.from(rest) }) });
  }

  /** The program stops. */
  stop(body: JsonObject = {}): void {
    this.#stopCount++;
    this.emit("stopped", { reason: "step", threadId: 1, allThreadsStopped: true, ...body });
  }

  /** Sends a request to the client; resolves with its answer. */
  reverse(command: string, args: JsonObject = {}): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#request.fire({ command, args: encodeJson(args), answer: resolve });
    });
  }

  /** Ends as a process does: everything under way fails first. */
  end(
    end: UpstreamEnd = { expected: false, reason: "The debug adapter fake ended (signal SIGSEGV)." },
  ): void {
    if (this.ended) return;
    this.ended = true;
    for (const received of this.received)
      received.answer(errorOutcome(new AppError("adapterFailed", end.reason)));
    this.#holding.length = 0;
    this.#end.fire(end);
  }

  #reply(received: Received): void {
    if (this.ended) return;
    const { command, args } = received;
    const initialized = this.#options.initialized ?? "atLaunch";
    if ((command === "launch" || command === "attach") && initialized === "atLaunch")
      this.emit("initialized");
    const handler = this.handlers[command];
    const reply = handler === undefined ? this.#answerTo(command, args) : handler(args);
    if (reply instanceof Error) received.answer(errorOutcome(new AppError("adapterFailed", reply.message)));
    else
      received.answer({
        success: true,
        body: Buffer.isBuffer(reply) || reply === undefined ? reply : encodeJson(reply),
      });
    if (command === "initialize" && initialized === "afterInitialize") this.emit("initialized");
  }

  #answerTo(command: string, args: JsonObject): Reply {
    // Frames and variables count from 1 at each stop, so an old number names something else at the next.
    switch (command) {
      case "initialize":
        return this.#options.capabilities ?? CAPABILITIES;
      case "threads":
        return { threads: [{ id: 1, name: "main" }] };
      case "stackTrace":
        return {
          stackFrames: [
            { id: 1, name: `at stop ${this.#stopCount}`, line: 3, column: 1, source: { path: "/p/a.c" } },
          ],
          totalFrames: 1,
        };
      case "scopes":
        return { scopes: [{ name: "Locals", variablesReference: 1, expensive: false }] };
      case "variables":
        return {
          variables: [
            { name: "x", value: `${this.#stopCount}`, variablesReference: 2, memoryReference: "0x10" },
          ],
        };
      case "evaluate":
        return { result: "7", variablesReference: 3 };
      case "setVariable":
        return { value: String(args.value) };
      case "stepInTargets":
        return { targets: [{ id: 4, label: "f" }] };
      case "gotoTargets":
        return { targets: [{ id: 5, label: "line", line: 9 }] };
      case "continue":
        return { allThreadsContinued: true };
      case "setBreakpoints":
      case "setFunctionBreakpoints":
      case "setDataBreakpoints":
      case "setInstructionBreakpoints":
        return this.#setBreakpoints(command, args);
      case "setExceptionBreakpoints": {
        this.breakpoints.set(command, [args]);
        return undefined;
      }
      default:
        return undefined;
    }
  }

  #setBreakpoints(command: string, args: JsonObject): JsonObject {
    const wanted = objects(args.breakpoints);
    const source = isObject(args.source) ? args.source : undefined;
    const group = source === undefined ? command : String(source.path);
    this.breakpoints.set(group, wanted);
    const { moves = (line: number) => line, column } = this.#options;
    const counts = new Map<string, number>();
    const results = wanted.map((spec, i) => {
      const words = JSON.stringify(spec);
      const before = counts.get(words) ?? 0;
      counts.set(words, before + 1);
      const id = this.#idOf(group, spec, i, before);
      const place = typeof spec.line === "number" ? { line: moves(spec.line), column, source } : {};
      return { ...(id === undefined ? {} : { id }), verified: true, ...place };
    });
    return { breakpoints: results };
  }

  #idOf(group: string, spec: JsonObject, index: number, before: number): number | undefined {
    const ids = this.#options.ids ?? "stable";
    if (ids === "none") return undefined;
    if (ids === "fresh") return this.#nextId++;
    if (ids === "renumbered") return index + 1;
    const { line, column, name, dataId, instructionReference, condition } = spec;
    const place = [line, column, name, dataId, instructionReference];
    const words = ids === "places" ? place : [...place, condition, before];
    const key = `${group} ${JSON.stringify(words)}`;
    const id = this.#ids.get(key) ?? this.#nextId++;
    this.#ids.set(key, id);
    return id;
  }
}
