/**
 * Conditions, hit counts and log messages as one expression that V8 evaluates where the breakpoint is. The program
 * is not stopped for any of them: that would be slow, and a step under way over such a line would get lost.
 */
import { Script } from "node:vm";
import { messageOf } from "../common/values.ts";

export interface BreakpointOptions {
  readonly condition?: string;
  readonly hitCondition?: string;
  readonly logMessage?: string;
}

/** Where the debuggee keeps what these expressions need. Left out of what the client is shown. */
export const SUPPORT_SYMBOL = "debug-server";
const SUPPORT = `globalThis[Symbol.for("${SUPPORT_SYMBOL}")]`;

/** The first argument of console calls that are meant for us; the second one is the breakpoint's id. */
export const LOG_MARK = "debug-server: log";
export const ERROR_MARK = "debug-server: error";

/**
 * Evaluated once in each debuggee, as early as Node can. The inspector's own console writes to its clients only,
 * not to the program's stdout; old Nodes hand it out no earlier than at the first line of the program.
 */
export const SUPPORT_SETUP = `(() => {
  const inspector = process.getBuiltinModule?.("inspector")
    ?? (typeof require === "function" ? require("inspector") : undefined);
  const key = Symbol.for("${SUPPORT_SYMBOL}");
  if (inspector === undefined || key in globalThis) return;
  const hits = new Map();
  Object.defineProperty(globalThis, key, { configurable: true, value: {
    console: inspector.console,
    hit(id) { const count = (hits.get(id) ?? 0) + 1; hits.set(id, count); return count; },
  } });
})()`;

/** The expression for a breakpoint, or what is wrong with its options. Undefined: it has none. */
export function compileOptions(
  id: number,
  options: BreakpointOptions,
): { ok: true; expression: string | undefined } | { ok: false; message: string } {
  const parts: string[] = [];
  if (options.condition) {
    const problem = syntaxError(options.condition);
    if (problem !== undefined) return { ok: false, message: `The condition is wrong: ${problem}.` };
    parts.push(`(${options.condition}\n)`);
  }
  if (options.hitCondition) {
    const test = compileHitCondition(id, options.hitCondition);
    if (test === undefined) {
      return {
        ok: false,
        message: "The hit condition must be a number, or one of > >= < <= == % and a number.",
      };
    }
    parts.push(test);
  }
  if (options.logMessage) {
    const log = compileLogMessage(id, options.logMessage);
    if (!log.ok) return log;
    parts.push(`(${log.expression}, false)`);
  }
  if (parts.length === 0) return { ok: true, expression: undefined };
  const report = `${SUPPORT}.console.log("${ERROR_MARK}", ${id}, String(error))`;
  return {
    ok: true,
    expression: `(() => { try { return ${parts.join(" && ")} } catch (error) { ${report}; return false } })()`,
  };
}

/** `5`: the fifth time; `>5`, `>=5`, `<5`, `<=5`; `%5`: each fifth time. */
function compileHitCondition(id: number, text: string): string | undefined {
  const [, operator, digits] = /^\s*(>=|<=|={1,3}|>|<|%)?\s*(\d+)\s*$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const count = `${SUPPORT}.hit(${id})`;
  const number = Number(digits);
  if (operator === "%") return number === 0 ? undefined : `${count} % ${number} === 0`;
  return operator === undefined || operator.startsWith("=")
    ? `${count} === ${number}`
    : `${count} ${operator} ${number}`;
}

function compileLogMessage(
  id: number,
  message: string,
): { ok: true; expression: string } | { ok: false; message: string } {
  const args: string[] = [];
  for (const part of splitLogMessage(message)) {
    if (typeof part === "string") {
      args.push(JSON.stringify(part));
      continue;
    }
    const problem = syntaxError(part.expression);
    if (problem !== undefined) return { ok: false, message: `{${part.expression}} is wrong: ${problem}.` };
    args.push(`(() => { try { return (${part.expression}\n) } catch (error) { return String(error) } })()`);
  }
  return { ok: true, expression: `${SUPPORT}.console.log("${LOG_MARK}", ${id}, ${args.join(", ")})` };
}

/** Text and `{expression}`s in turn; braces within an expression are its own, one that is not closed is text. */
export function splitLogMessage(message: string): (string | { expression: string })[] {
  const parts: (string | { expression: string })[] = [];
  let text = "";
  for (let at = 0; at < message.length; at++) {
    const end = message[at] === "{" ? closingBrace(message, at) : undefined;
    const expression = end === undefined ? "" : message.slice(at + 1, end).trim();
    if (end === undefined || expression === "") {
      text += message[at];
      continue;
    }
    if (text !== "") parts.push(text);
    text = "";
    parts.push({ expression });
    at = end;
  }
  if (text !== "") parts.push(text);
  return parts;
}

function closingBrace(message: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < message.length; at++) {
    if (message[at] === "{") depth++;
    else if (message[at] === "}" && --depth === 0) return at;
  }
  return undefined;
}

/**
 * What V8, ours being close enough to the debuggee's, says of an expression. It stays silent about words that are
 * right only at certain places, which the place of the breakpoint may be.
 */
function syntaxError(expression: string): string | undefined {
  if (/#|\b(super|await|yield|new\.target|import\.meta)\b/.test(expression)) return undefined;
  try {
    new Script(`(${expression}\n)`);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
