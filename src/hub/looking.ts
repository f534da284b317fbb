import { AppError } from "../common/errors.ts";
import { type JsonObject, encodeJson, isObject } from "../dap/messages.ts";
import { type RequestRule, argumentType } from "../dap/requests.ts";
import type { ClientRequest } from "./client.ts";
import type { NamedSources } from "./sources.ts";
import { maySteer } from "./starting.ts";

/**
 * What a client that may only look can ask. A query has no effect only as long as its arguments are what DAP says:
 * cdt-gdb-adapter evaluates a `memoryReference` and writes `startFrame` into a command line, adapters in Go read names
 * of members in any case, and others have arguments of their own.
 */

/** A number, an identifier, a UUID: nothing that calls or assigns, in whatever language it is evaluated. */
const WORD = /^\w+(-\w+)*$/;
/** The members of a source by which an adapter finds it; the others are for people. */
const SOURCE_MEMBERS = ["name", "path", "sourceReference", "adapterData"];

/** Leaves in a query's arguments what DAP names, of the types that DAP says. For a client that may do more: all of it. */
export function narrowQuery(request: ClientRequest, rule: RequestRule): void {
  if (rule.kind !== "query" || maySteer(request.client)) return;
  const types = new Map(Object.entries({ ...rule.required, ...rule.optional }));
  const narrow = (name: string, value: unknown): unknown => {
    if (!isObject(value)) return value;
    return filtered(value, (member, inner) =>
      name === "source" ? SOURCE_MEMBERS.includes(member) : typeof inner === "boolean",
    );
  };
  const kept = filtered(request.args, (name, value) => types.get(name) === argumentType(value));
  const args = Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, narrow(name, value)]));
  request.args = args;
  if (request.rawArgs !== undefined) request.rawArgs = encodeJson(args);
}

/** What stands against a request because its client may only look; undefined if nothing does. */
export function lookRefusal(
  { client, command, args }: ClientRequest,
  rule: RequestRule,
  sources: NamedSources,
): AppError | undefined {
  if (maySteer(client)) return undefined;
  if (rule.kind === "cancel" && args.progressId !== undefined) {
    return new AppError("notAllowed", 'To cancel what others have begun needs the right "control".', {
      hint: "Ask the host to change it.",
    });
  }
  if (rule.kind !== "query") return undefined;
  for (const [name, value] of Object.entries(args)) {
    if (typeof value !== "string" || WORD.test(value)) continue;
    return new AppError(
      "notAllowed",
      `${command}: "${name}" may be evaluated, which needs the right "control".`,
    );
  }
  if ((command === "source" || "source" in args) && !sources.named(args))
    return new AppError("notAllowed", "This source has not come up in the session.");
  return undefined;
}

function filtered(value: JsonObject, keep: (name: string, value: unknown) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name, inner]) => keep(name, inner)));
}
