import { basename } from "node:path";
import { type JsonObject, isObject, objectOf, objects } from "../dap/messages.ts";
import type { Entry, Item } from "./breakpointDocument.ts";
import { asText } from "../common/values.ts";
import { placeName } from "./sourceIdentity.ts";

/** The five kinds of breakpoints of DAP, each with its request and with what makes one of them the same as another. */
export interface BreakpointKind {
  readonly name: "source" | "function" | "data" | "instruction" | "exception";
  readonly command: string;
  /** Its place within its group. There may be several at one place. */
  key(spec: JsonObject): string;
}

const KINDS: readonly BreakpointKind[] = [
  { name: "source", command: "setBreakpoints", key: (spec) => `${asText(spec.line)}:${asText(spec.column)}` },
  { name: "function", command: "setFunctionBreakpoints", key: (spec) => asText(spec.name) },
  {
    name: "data",
    command: "setDataBreakpoints",
    key: (spec) => `${asText(spec.dataId)}:${asText(spec.accessType)}`,
  },
  {
    name: "instruction",
    command: "setInstructionBreakpoints",
    key: (spec) => `${asText(spec.instructionReference)}+${asText(spec.offset ?? 0)}`,
  },
  { name: "exception", command: "setExceptionBreakpoints", key: (spec) => exceptionKey(spec) },
];

export function kindOf(command: string): BreakpointKind | undefined {
  return KINDS.find((kind) => kind.command === command);
}

/** The group that a request is about: a source has its own, each other kind has one. */
export function groupKeyOf(kind: BreakpointKind, args: JsonObject): string {
  if (kind.name !== "source") return kind.name;
  return `source:${placeName(objectOf(args.source))}`;
}

/** The client's list. An exception breakpoint is a filter, a filter with a condition, or an exception option. */
export function readItems(kind: BreakpointKind, args: JsonObject): Item[] {
  const item = (spec: JsonObject): Item => ({ key: kind.key(spec), spec });
  if (kind.name === "exception") {
    const filters = Array.isArray(args.filters)
      ? args.filters.filter((filter) => typeof filter === "string")
      : [];
    return [
      ...filters.map((filter) => item({ filter })),
      ...objects(args.filterOptions).map((option) => item({ option })),
      ...objects(args.exceptionOptions).map((legacy) => item({ legacy })),
    ];
  }
  // `lines` is the deprecated form of `breakpoints`.
  if (kind.name === "source" && !Array.isArray(args.breakpoints) && Array.isArray(args.lines)) {
    return args.lines.filter((line) => typeof line === "number").map((line: number) => item({ line }));
  }
  return objects(args.breakpoints).map(item);
}

/** The arguments that ask the adapter for these entries; `frame` holds a client's other arguments. */
export function requestArguments(
  kind: BreakpointKind,
  frame: JsonObject,
  entries: readonly Entry[],
): JsonObject {
  const specs = entries.map((entry) => entry.spec);
  if (kind.name === "exception") {
    const pick = (member: string) =>
      specs.flatMap((spec) => (spec[member] === undefined ? [] : [spec[member]]));
    const [filterOptions, exceptionOptions] = [pick("option"), pick("legacy")];
    return {
      filters: pick("filter"),
      ...(filterOptions.length > 0 ? { filterOptions } : {}),
      ...(exceptionOptions.length > 0 ? { exceptionOptions } : {}),
    };
  }
  if (kind.name !== "source") return { ...frame, breakpoints: specs };
  return { ...frame, breakpoints: specs, lines: specs.map((spec) => spec.line) };
}

/** The places in the adapter's answer of what `requestArguments` asks for: exceptions are asked for in three lists. */
export function answerOrder(kind: BreakpointKind, entries: readonly Entry[]): Entry[] {
  if (kind.name !== "exception") return [...entries];
  return ["filter", "option", "legacy"].flatMap((member) =>
    entries.filter((entry) => entry.spec[member] !== undefined),
  );
}

/** A breakpoint in words, for the line that tells others of it. */
export function describe(kind: BreakpointKind, frame: JsonObject, spec: JsonObject): string {
  switch (kind.name) {
    case "source": {
      const source = objectOf(frame.source);
      const name = typeof source.path === "string" ? basename(source.path) : asText(source.name);
      return `${asText(spec.logMessage) === "" ? "a breakpoint" : "a logpoint"} at ${name}:${asText(spec.line)}`;
    }
    case "function":
      return `a breakpoint on function ${asText(spec.name)}`;
    case "data":
      return `a breakpoint on data ${asText(spec.dataId)}`;
    case "instruction":
      return `a breakpoint at ${asText(spec.instructionReference)}`;
    case "exception":
      return `a break on exceptions (${exceptionName(spec)})`;
  }
}

function exceptionKey(spec: JsonObject): string {
  if (isObject(spec.legacy)) return `legacy:${JSON.stringify(spec.legacy.path)}`;
  // A filter may be in either list, with a condition or without.
  return `filter:${exceptionName(spec)}`;
}

function exceptionName(spec: JsonObject): string {
  if (isObject(spec.option)) return asText(spec.option.filterId);
  return isObject(spec.legacy) ? "by path" : asText(spec.filter);
}
