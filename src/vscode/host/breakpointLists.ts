import { type JsonObject, isObject, objectOf, objects } from "../../dap/messages.ts";
import { type BreakpointPlace, FUNCTIONS } from "./windowSession.ts";

// Lists of DAP's SourceBreakpoint and FunctionBreakpoint, as VS Code and the hub spell them.

/** The kinds of breakpoints that extensions may set in VS Code. */
export function isListed(command: string): boolean {
  return command === "setBreakpoints" || command === "setFunctionBreakpoints";
}

export function placeOf(command: string, args: JsonObject): BreakpointPlace {
  if (command === "setFunctionBreakpoints") return { kind: FUNCTIONS };
  return { kind: "source", source: objectOf(args.source) };
}

export const UNVERIFIED: JsonObject = { verified: false };

/** `lines` is the deprecated form of the same, which VS Code sends too. */
export function setList(args: JsonObject, items: readonly JsonObject[]): void {
  args.breakpoints = items;
  if (Array.isArray(args.lines)) args.lines = items.map(({ line }) => line);
}

/** Makes the answer to an altered list that of VS Code's own: `places` says where its items were in the altered one. */
export function setResults(body: unknown, places: readonly number[]): void {
  if (!isObject(body) || !Array.isArray(body.breakpoints)) return;
  const results = objects(body.breakpoints);
  body.breakpoints = places.map((place) => results[place] ?? UNVERIFIED);
}

/** What adapters evaluate in the program, or may. */
const CODE = ["condition", "hitCondition", "logMessage"];

/** `main`, `Shop::add`, `shop.Cart.add`, `~Cart`: a name, and nothing that an adapter could take for an expression. */
const QUALIFIED_NAME =
  /^~?[\p{ID_Start}_$][\p{ID_Continue}$]*(?:(?:\.|::)~?[\p{ID_Start}_$][\p{ID_Continue}$]*)*$/u;

/** The code that a breakpoint brings to the program, each with what it is for. `key`: of its place. */
export function codeOf(key: string, spec: JsonObject): string[] {
  const isName = typeof spec.name === "string" && QUALIFIED_NAME.test(spec.name);
  const fields = key === FUNCTIONS && !isName ? [...CODE, "name"] : CODE;
  return fields.flatMap((field) => (spec[field] ? [`${field} ${JSON.stringify(spec[field])}`] : []));
}

/** VS Code drops a column of 1: it is the line's beginning. */
export function atSamePlace(a: JsonObject, b: JsonObject): boolean {
  return a.line === b.line && (a.column ?? 1) === (b.column ?? 1) && a.name === b.name;
}

export function same(a: JsonObject, b: JsonObject): boolean {
  return atSamePlace(a, b) && CODE.every((name) => (a[name] || undefined) === (b[name] || undefined));
}
