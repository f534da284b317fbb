import { fileURLToPath, pathToFileURL } from "node:url";
import { type JsonObject, encodeJson, isObject } from "../dap/messages.ts";
import { nesting, parseJson } from "../dap/envelope.ts";
import { LIMITS } from "../common/limits.ts";
import type { Profile } from "./profile.ts";

/**
 * Translates between what a client and what the adapter were told about lines, columns, paths and optional parts
 * of messages. The adapter knows only the conventions of the client that initialized it.
 */
export interface Conversion {
  /** A response's or event's body for the client; the same bytes if nothing in it differs. */
  toClient(name: string, body: Buffer): Buffer;
  /** A request's arguments for the adapter. */
  toAdapter(command: string, args: JsonObject): JsonObject;
}

/** Responses, events and requests that hold positions in sources. */
const LOCATED = new Set([
  "stackTrace",
  "scopes",
  "setBreakpoints",
  "setFunctionBreakpoints",
  "setDataBreakpoints",
  "setInstructionBreakpoints",
  "setExceptionBreakpoints",
  "breakpointLocations",
  "gotoTargets",
  "stepInTargets",
  "completions",
  "evaluate",
  "source",
  "loadedSources",
  "loadedSource",
  "disassemble",
  "locations",
  "breakpoint",
  "output",
]);
// DAP: styling is allowed in OutputEvent.output and Variable.value.
const STYLED = new Set(["output", "value"]);
const WITH_MEMORY = new Set(["variables", "evaluate", "setVariable", "setExpression"]);
const LINES = new Set(["line", "endLine"]);
// `start`: of a completion's text.
const COLUMNS = new Set(["column", "endColumn", "start"]);
const ESC = String.fromCharCode(0x1b);
// CSI sequences end with a byte from @ to ~.
const ANSI = new RegExp(`${ESC}\\[[0-?]*[ -/]*[@-~]`, "g");

/** The conversion between the two, or undefined if there is nothing to convert: then messages pass as bytes. */
export function conversionBetween(client: Profile, upstream: Profile): Conversion | undefined {
  const lines = Number(client.linesStartAt1) - Number(upstream.linesStartAt1);
  const columns = Number(client.columnsStartAt1) - Number(upstream.columnsStartAt1);
  const paths = client.pathFormat !== upstream.pathFormat;
  const memory = upstream.memoryReferences && !client.memoryReferences;
  const ansi = upstream.ansi && !client.ansi;
  const moved = lines !== 0 || columns !== 0 || paths;
  if (!moved && !memory && !ansi) return undefined;

  return {
    toClient(name, body) {
      const located = moved && LOCATED.has(name);
      const dropsMemory = memory && WITH_MEMORY.has(name);
      const dropsAnsi = ansi && (name === "output" || name === "variables");
      // A large body may be so deep that to walk through it would exhaust the stack (host/portUpstream.ts).
      if ((!located && !dropsMemory && !dropsAnsi) || nesting(body) > LIMITS.nesting) return body;
      let value = parseJson(body);
      // An adapter that sends no JSON is not put right here.
      if (value === undefined) return body;
      if (located) value = move(value, lines, columns, paths ? client.pathFormat : undefined);
      if (dropsMemory) value = without(value, "memoryReference");
      if (dropsAnsi) value = unstyled(value);
      return encodeJson(value);
    },
    toAdapter(command, args) {
      if (!moved || !LOCATED.has(command)) return args;
      const value = move(args, -lines, -columns, paths ? upstream.pathFormat : undefined);
      return isObject(value) ? value : args;
    },
  };
}

/** Shifts all positions of a message and rewrites the paths of its sources. */
function move(
  value: unknown,
  lines: number,
  columns: number,
  format: Profile["pathFormat"] | undefined,
): unknown {
  const visit = (node: unknown, key: string): unknown => {
    if (Array.isArray(node)) return node.map((item) => visit(item, key));
    if (!isObject(node)) return node;
    const isSource = key === "source" || key === "sources";
    return Object.fromEntries(
      Object.entries(node).map(([name, child]) => {
        if (typeof child === "number" && LINES.has(name)) return [name, Math.max(0, child + lines)];
        if (typeof child === "number" && COLUMNS.has(name)) return [name, Math.max(0, child + columns)];
        if (key === "" && name === "lines" && Array.isArray(child)) {
          return [name, child.map((line: unknown) => (typeof line === "number" ? line + lines : line))];
        }
        if (isSource && name === "path" && typeof child === "string" && format !== undefined) {
          return [name, rewritePath(child, format)];
        }
        return [name, visit(child, name)];
      }),
    );
  };
  return visit(value, "");
}

/** A path or URI in the other form; what is neither (`<eval>`, `webpack:///…`) stays as it is. */
function rewritePath(path: string, format: Profile["pathFormat"]): string {
  try {
    if (format === "path") return path.startsWith("file:") ? fileURLToPath(path) : path;
    return /^([a-z][a-z0-9+.-]+:)/i.test(path) ? path : pathToFileURL(path).href;
  } catch {
    return path;
  }
}

function without(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((item) => without(item, name));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== name)
      .map(([key, child]) => [key, without(child, name)]),
  );
}

function unstyled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unstyled);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key,
      STYLED.has(key) && typeof child === "string" ? child.replace(ANSI, "") : unstyled(child),
    ]),
  );
}
