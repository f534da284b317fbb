import { JsonValue } from "./edits.ts";
import { EVENTS } from "./events.ts";
import { type ConventionSpan, ConventionSpans } from "./conventionSpans.ts";
import { REQUESTS } from "./requests.ts";

const SOURCES = new ConventionSpans(["Source"]);

/**
 * Every `Source` in the body of a response or event of that name, where DAP says that there is one; what only looks like
 * one, among a program's values for instance, is none. What DAP does not know may have one as its `source`.
 */
export function sourcesInBody(name: string, body: JsonValue): JsonValue[] {
  if (!REQUESTS.has(name) && !EVENTS.has(name)) return withNested(body.member("source"));
  return valuesAt(body, SOURCES.inBody(name, body.json, body.span));
}

/** The same for the arguments of a request. */
export function sourcesInArguments(command: string, args: JsonValue): JsonValue[] {
  if (!REQUESTS.has(command)) return withNested(args.member("source"));
  return valuesAt(args, SOURCES.inArguments(command, args.json, args.span));
}

/** DAP: Source.sources, those that this one was made from. */
function withNested(source: JsonValue | undefined): JsonValue[] {
  if (source === undefined) return [];
  return [source, ...valuesAt(source, SOURCES.within("Source", source.json, source.span))];
}

function valuesAt({ json }: JsonValue, spans: readonly ConventionSpan[]): JsonValue[] {
  return spans.map(({ start, end }) => new JsonValue(json, { start, end }));
}
