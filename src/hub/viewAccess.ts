import { allows } from "../common/access.ts";
import { AppError } from "../common/errors.ts";
import { type JsonObject, encodeJson, isObject } from "../dap/messages.ts";
import { type RequestRule, argumentType } from "../dap/requests.ts";
import type { Client, ClientRequest } from "./client.ts";
import type { NamedSources } from "./sources.ts";

/**
 * What a client with view access can ask. A query has no effect only as long as its arguments are what DAP says:
 * cdt-gdb-adapter evaluates a `memoryReference` and writes `startFrame` into a command line, adapters in Go read names
 * of members in any case, and others have arguments of their own. So of a query only what DAP names goes on: whole
 * numbers in bounds, booleans, and strings that are fixed words or that the adapter has given out.
 */

/** Whether it has more than view access: the rest of this file is about those that have not. */
export function mayControl({ participant }: Client): boolean {
  return allows(participant.access, "control");
}

/** An address. Even `a-b` is an expression, which calls what the program has made of the minus sign. */
const ADDRESS = /^(?:0x[\da-f]{1,16}|\d{1,20})$/i;
const VARIABLE_FILTERS: readonly unknown[] = ["indexed", "named"];
/** The members of a source by which an adapter finds it; the others are for people. */
const SOURCE_MEMBERS = ["name", "path", "sourceReference", "adapterData"];
/** DAP's ValueFormat and StackFrameFormat: all of them booleans. */
const FORMAT_MEMBERS = [
  "hex",
  "parameters",
  "parameterTypes",
  "parameterNames",
  "parameterValues",
  "line",
  "module",
  "includeAll",
];

/** Leaves in a query's arguments what DAP names, of the types that DAP says. For a client that may do more: all of it. */
export function narrowForView(request: ClientRequest, rule: RequestRule, sources: NamedSources): void {
  if (rule.kind !== "query" || mayControl(request.client)) return;
  const types = new Map(Object.entries({ ...rule.required, ...rule.optional }));
  const narrow = (name: string, value: unknown): unknown => {
    if (!isObject(value)) return value;
    return filtered(value, (member, inner) => {
      if (name !== "source") return FORMAT_MEMBERS.includes(member) && typeof inner === "boolean";
      // DAP: a client need not send a source's name, so one that the adapter does not know is left out.
      return SOURCE_MEMBERS.includes(member) && (member !== "name" || sources.hasName(inner));
    });
  };
  const kept = filtered(request.args, (name, value) => types.get(name) === argumentType(value));
  const args = Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, narrow(name, value)]));
  request.args = args;
  if (request.rawArgs !== undefined) request.rawArgs = encodeJson(args);
}

/** What stands against a request because its client has view access; undefined if nothing does. */
export function viewRefusal(
  request: ClientRequest,
  rule: RequestRule,
  sources: NamedSources,
): AppError | undefined {
  const { client, command, args } = request;
  if (mayControl(client)) return undefined;
  if (rule.kind === "cancel" && args.progressId !== undefined) {
    return new AppError("notAllowed", 'To cancel what others have begun needs the right "control".', {
      hint: "Ask the host to change it.",
    });
  }
  if (rule.kind !== "query") return undefined;
  if ((command === "source" || "source" in args) && !sources.named(args))
    return new AppError("notAllowed", "This source has not come up in the session.");
  for (const [name, value] of Object.entries(args)) {
    const refusal =
      typeof value === "number"
        ? numberRefusal(command, name, value, rule)
        : typeof value === "string"
          ? stringRefusal(request, name, value)
          : undefined;
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function numberRefusal(
  command: string,
  name: string,
  value: number,
  { most = {} }: RequestRule,
): AppError | undefined {
  if (!Number.isSafeInteger(value))
    return new AppError("badArguments", `${command}: "${name}" must be a whole number.`);
  const limit = most[name];
  if (limit === undefined) return undefined;
  // Offsets may be negative, what is counted may not.
  if (value < 0 && !name.endsWith("Offset"))
    return new AppError("badArguments", `${command}: "${name}" must not be negative.`);
  if (Math.abs(value) <= limit) return undefined;
  return new AppError(
    "tooLarge",
    `${command}: "${name}" is ${value}. With view access it is ${limit} at most.`,
    {
      hint: "Ask for less at a time.",
    },
  );
}

function stringRefusal(
  { client, command }: ClientRequest,
  name: string,
  value: string,
): AppError | undefined {
  const isKnown =
    name === "memoryReference"
      ? ADDRESS.test(value) || client.handles.hasMemoryReference(value)
      : name === "filter" && VARIABLE_FILTERS.includes(value);
  if (isKnown) return undefined;
  const hint =
    name === "memoryReference"
      ? "Use an address, such as 0x1000, or a reference that the debugger has given you."
      : "Ask the host for more.";
  const message = `${command}: "${name}" could run code, which needs the right "control".`;
  return new AppError("notAllowed", message, { hint });
}

function filtered(value: JsonObject, keep: (name: string, value: unknown) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name, inner]) => keep(name, inner)));
}
