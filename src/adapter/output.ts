import { OutputEvent } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { ConsoleCall, RemoteObject } from "./cdp.ts";
import type { ProgramText } from "./debuggee.ts";
import { formatConsoleArguments } from "./format.ts";
import { hideInspectorIds } from "./inspectorMessages.ts";
import { asText } from "../common/values.ts";

export type Category = "console" | "stdout" | "stderr";

/** A source line, in the client's coordinates. */
export interface Origin {
  source: DebugProtocol.Source;
  line: number;
  column: number;
}

export interface OutputContext {
  send(event: DebugProtocol.Event): void;
  /** Resolves once all console calls are known that V8 saw until now. Rejects when the debuggee is gone. */
  sync(): Promise<unknown>;
  originOf(call: ConsoleCall): Origin | undefined;
}

/** Text of a program that is busy in native code is not held for longer than this. */
const HOLD_MS = 500;
/** Console calls whose text did not come: the program redirected it, or writes it in another form. */
const MAX_EXPECTED = 1_000;

interface Expected {
  category: Category;
  /** What the text of the call starts with; all of the text if `whole`. */
  start: string;
  whole: boolean;
  origin: Origin | undefined;
}

/**
 * A launched program's output. Each byte of it comes through its stdout and stderr, also what the console prints;
 * the inspector tells from which line the console was called. This joins the two: text is held until V8 has
 * answered a question that was asked after the text came, so that the console call behind it is known for sure.
 * Only the origin is guessed (by how a call's text must begin), never the text.
 */
export class ProgramOutput {
  readonly #context: OutputContext;
  readonly #expected: Expected[] = [];
  /** What waits for V8's answer, and what came since it was asked: that waits for the next one. */
  #asked: ProgramText[] | undefined;
  #held: ProgramText[] = [];

  constructor(context: OutputContext) {
    this.#context = context;
  }

  /** Text from the program's stdout or stderr. */
  write(text: ProgramText): void {
    const last = this.#held.at(-1);
    if (last?.category === text.category) {
      this.#held[this.#held.length - 1] = { ...text, text: last.text + text.text };
    } else {
      this.#held.push(text);
    }
    if (this.#asked === undefined) this.#ask();
  }

  /** To be called for each console call, in V8's order. */
  consoleCalled(call: ConsoleCall): void {
    const origin = this.#context.originOf(call);
    const category = categoryOf(call);
    const text = textStart(call.args);
    if (origin === undefined || category === undefined || text === undefined) return;
    this.#expected.push({ category, origin, ...text });
    if (this.#expected.length > MAX_EXPECTED) this.#expected.shift();
  }

  /** Sends what is held; to be called when the program has ended. */
  flush(): void {
    const held = [...(this.#asked ?? []), ...this.#held];
    this.#asked = undefined;
    this.#held = [];
    for (const { category, text } of held) this.#attribute(category, text);
  }

  #ask(): void {
    const asked = this.#held;
    this.#asked = asked;
    this.#held = [];
    const proceed = () => {
      clearTimeout(timer);
      if (this.#asked !== asked) return;
      this.#asked = undefined;
      for (const { category, text } of asked) this.#attribute(category, text);
      if (this.#held.length > 0) this.#ask();
    };
    const timer = setTimeout(proceed, HOLD_MS);
    this.#context.sync().then(proceed, proceed);
  }

  #attribute(category: Category, text: string): void {
    let rest = text;
    while (rest !== "") {
      const found = this.#findCall(category, rest);
      if (found === undefined) break;
      const { call, from } = found;
      this.#emit(category, rest.slice(0, from));
      rest = rest.slice(from);
      const end = this.#endOf(call, rest);
      this.#emit(category, rest.slice(0, end), call.origin);
      rest = rest.slice(end);
    }
    this.#emit(category, rest);
  }

  /** The first expected call whose text is in there, from the start of its line; those before it are forgotten. */
  #findCall(category: Category, text: string): { call: Expected; from: number } | undefined {
    for (const [index, call] of this.#expected.entries()) {
      if (call.category !== category) continue;
      const at = indexOfCall(call, text);
      if (at === -1) continue;
      const overtaken = this.#expected.splice(0, index + 1).filter((other) => other.category !== category);
      this.#expected.unshift(...overtaken);
      return { call, from: lineStart(text, at) };
    }
    return undefined;
  }

  /** Where the text of `call` ends, which `text` starts with: after its line, or before the next call's text. */
  #endOf(call: Expected, text: string): number {
    const lineEnd = text.indexOf("\n", text.indexOf(call.start) + call.start.length);
    if (lineEnd === -1) return text.length;
    if (call.whole) return lineEnd + 1;
    const next = this.#expected.find((other) => other.category === call.category);
    const after = text.slice(lineEnd + 1);
    const at = next === undefined ? -1 : indexOfCall(next, after);
    return at === -1 ? text.length : lineEnd + 1 + lineStart(after, at);
  }

  #emit(category: Category, text: string, origin?: Origin): void {
    if (text !== "") this.#context.send(outputEvent(text, category, origin));
  }
}

export function outputEvent(text: string, category: Category, origin?: Origin): DebugProtocol.OutputEvent {
  const event: DebugProtocol.OutputEvent = new OutputEvent(hideInspectorIds(text), category);
  Object.assign(event.body, origin);
  return event;
}

/** The stream that Node writes a console call to; undefined for calls that print nothing. */
export function categoryOf(call: ConsoleCall): "stdout" | "stderr" | undefined {
  switch (call.type) {
    case "endGroup":
    case "clear":
    case "profile":
    case "profileEnd":
      return undefined;
    case "error":
    case "warning":
    case "trace":
    case "assert":
      return "stderr";
    default:
      return "stdout";
  }
}

/** The text of a console call of a program that we did not start, so that its own output is out of reach. */
export function consoleText(call: ConsoleCall): string {
  return `${formatConsoleArguments(call.args)}\n`;
}

function indexOfCall(call: Expected, text: string): number {
  const start = call.whole ? `${call.start}\n` : call.start;
  let at = text.indexOf(start);
  // It begins a line, but for the indentation of console.group().
  while (at > 0 && !/^ *$/.test(text.slice(lineStart(text, at), at))) at = text.indexOf(start, at + 1);
  return at;
}

function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

/**
 * How Node's text for these arguments begins, as far as that is certain without printing objects as it does.
 * `whole`: it is all of the text. Undefined: nothing is certain.
 */
function textStart(args: readonly RemoteObject[]): { start: string; whole: boolean } | undefined {
  const [first, ...rest] = args;
  const format = first?.type === "string" && rest.length > 0 ? asText(first.value) : undefined;
  const parts =
    format === undefined ? args.map(startOf) : [formattedStart(format, rest), ...rest.map(startOf)];
  const uncertain = parts.findIndex((part) => !part.whole);
  const known = uncertain === -1 ? parts : parts.slice(0, uncertain + 1);
  const start = known.map((part) => part.start).join(" ");
  // Node indents each line within a group: of several lines only the first is certain.
  const lineEnd = start.indexOf("\n");
  const whole = uncertain === -1 && lineEnd === -1;
  return start === "" && !whole
    ? undefined
    : { start: lineEnd === -1 ? start : start.slice(0, lineEnd), whole };
}

/** Of a text with `%s` and the like in it; takes the values that it uses out of `rest`. */
function formattedStart(format: string, rest: RemoteObject[]): { start: string; whole: boolean } {
  let start = "";
  let from = 0;
  for (const { 0: directive, index } of format.matchAll(/%[sdifjoOc%]/g)) {
    start += format.slice(from, index);
    from = index + directive.length;
    const [value] = rest;
    if (directive === "%%" || value === undefined) {
      start += directive === "%%" ? "%" : directive;
      continue;
    }
    rest.shift();
    const text = directive === "%s" || value.type === "number" ? primitiveText(value) : undefined;
    if (text === undefined || !/%[sd]/.test(directive)) return { start, whole: false };
    start += text;
  }
  return { start: start + format.slice(from), whole: true };
}

function startOf(arg: RemoteObject): { start: string; whole: boolean } {
  const text = primitiveText(arg);
  return text === undefined ? { start: objectStart(arg), whole: false } : { start: text, whole: true };
}

function primitiveText(arg: RemoteObject): string | undefined {
  if (arg.unserializableValue !== undefined) return arg.unserializableValue;
  if (arg.subtype === "null") return "null";
  if (arg.type === "undefined") return "undefined";
  if (arg.type === "symbol") return arg.description;
  return arg.type === "object" || arg.type === "function" ? undefined : asText(arg.value);
}

function objectStart(arg: RemoteObject): string {
  const { className = "", description = "" } = arg;
  if (arg.type === "function") return "[";
  if (arg.subtype === "array") return className === "Array" ? "[" : className;
  if (arg.subtype === "error") return description.split("\n")[0] ?? "";
  if (arg.subtype === "regexp") return description;
  if (arg.subtype === "date" || arg.subtype === "proxy") return "";
  return className === "Object" ? "{" : className;
}
