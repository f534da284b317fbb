import type { JsonValue } from "./edits.ts";
import { REQUESTS } from "./requests.ts";

type Place = (body: JsonValue) => (JsonValue | undefined)[];

const itself: Place = (body) => [body.member("source")];
const inBreakpoints = inEach("breakpoints", "source");

/** Where DAP has a `Source` in the body of a response (by its command) or an event. */
const PLACES: ReadonlyMap<string, Place> = new Map<string, Place>([
  ["stackTrace", inEach("stackFrames", "source")],
  ["scopes", inEach("scopes", "source")],
  ["loadedSources", (body) => body.member("sources")?.elements ?? []],
  ["loadedSource", itself],
  ["locations", itself],
  ["output", itself],
  ["disassemble", inEach("instructions", "location")],
  ["breakpoint", (body) => [body.member("breakpoint")?.member("source")]],
  ["setBreakpoints", inBreakpoints],
  ["setFunctionBreakpoints", inBreakpoints],
  ["setDataBreakpoints", inBreakpoints],
  ["setInstructionBreakpoints", inBreakpoints],
  ["setExceptionBreakpoints", inBreakpoints],
]);

/** How deep `Source.sources` is followed. */
const NESTED = 8;

/**
 * Every `Source` in the body of a response or event of that name, where DAP says that there is one; what only looks like
 * one, among a program's values for instance, is none. What DAP does not know may have one as its `source`.
 */
export function sourcesInBody(name: string, body: JsonValue): JsonValue[] {
  const place = PLACES.get(name) ?? (REQUESTS.has(name) ? undefined : itself);
  return (place?.(body) ?? []).flatMap((source) => withNested(source, NESTED));
}

/** The same for the arguments of a request, of whatever command. */
export function sourcesInArguments(args: JsonValue): JsonValue[] {
  return withNested(args.member("source"), NESTED);
}

function inEach(list: string, name: string): Place {
  return (body) => body.member(list)?.elements.map((element) => element.member(name)) ?? [];
}

/** DAP: Source.sources, those that this one was made from. */
function withNested(source: JsonValue | undefined, depth: number): JsonValue[] {
  if (source === undefined || depth === 0) return [];
  const nested = source.member("sources")?.elements ?? [];
  return [source, ...nested.flatMap((each) => withNested(each, depth - 1))];
}
