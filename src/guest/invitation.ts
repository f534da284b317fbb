import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import { shownName } from "../common/names.ts";
import { type JsonObject, isObject } from "../dap/messages.ts";

/** What a guest's editor has said of itself. */
export interface OwnConfiguration {
  /** The arguments of its `initialize` and of its `launch` or `attach`. */
  readonly initialize: JsonObject;
  readonly start: JsonObject;
}

/** The arguments of a `startDebugging` request that an editor may be given. */
export interface Invitation {
  readonly request: "attach";
  readonly configuration: JsonObject & { readonly debugServerSession: string };
}

/** The form of a session's id and of a ticket. Hosts of all versions write digits and hexadecimal letters. */
const TOKEN = /^[A-Za-z0-9_-]{1,64}$/u;
/**
 * Letters, digits and marks that mean nothing to Markdown, VS Code's icons and variables, and DAP's placeholders. A
 * number in brackets is how adapters write a process id.
 */
const NAME = /^(?:[\p{L}\p{M}\p{N} .,;+@#/\\'"=&%~()_-]|: |\[\d+\](?![([]))+$/u;
const LINK = /www\.|\(\s*\w+:/iu;

/** What makes an editor do something of its own beside joining: that was done for the parent session. */
const NOT_INHERITED: ReadonlySet<string> = new Set([
  "name",
  "request",
  "preLaunchTask",
  "postDebugTask",
  "serverReadyAction",
  "debugServer",
  "debugServerSession",
  "debugServerTicket",
  "debugServerDepth",
]);

/**
 * The arguments of `startDebugging` for a guest's editor, made anew: the configuration by which it has joined itself, and
 * of the host's only which child session it is, by what ticket, and a name if that is harmless. Nothing in it is filled in
 * by an editor (`${env:…}`, `${command:…}`). Returns an AppError if that cannot be.
 */
export function makeInvitation(
  own: Partial<OwnConfiguration>,
  given: JsonObject,
  count: number,
): Invitation | AppError {
  const { initialize, start } = own;
  if (initialize?.supportsStartDebuggingRequest !== true)
    return new AppError("notSupported", "This editor starts no child sessions.");
  if (start === undefined)
    return new AppError("badArguments", "A child session came before the editor had joined its parent.");
  const depth = depthOf(start) + 1;
  if (depth > LIMITS.childDepth)
    return new AppError("busy", `Child sessions are followed ${LIMITS.childDepth} levels deep at most.`);
  const { debugServerSession, debugServerTicket, name } = isObject(given.configuration)
    ? given.configuration
    : {};
  if (!isToken(debugServerSession)) return wrongForm("session id");
  if (debugServerTicket !== undefined && !isToken(debugServerTicket)) return wrongForm("ticket");
  const configuration = {
    type: initialize.adapterID,
    ...inherited(start),
    name: safeName(name) ?? `Child session ${count}`,
    request: "attach",
    debugServerSession,
    debugServerTicket,
    debugServerDepth: depth,
  };
  return { request: "attach", configuration };
}

/** How many generations the session is away from the one that the guest joined by itself. */
function depthOf({ debugServerSession, debugServerDepth }: JsonObject): number {
  if (typeof debugServerDepth === "number" && debugServerDepth > 0) return debugServerDepth;
  return debugServerSession === undefined ? 0 : 1;
}

function inherited(start: JsonObject): JsonObject {
  const kept = Object.entries(start).filter(
    ([key, value]) =>
      !NOT_INHERITED.has(key) &&
      // An editor's own notes of a session.
      !key.startsWith("__") &&
      !`${key}${JSON.stringify(value)}`.includes("${"),
  );
  return Object.fromEntries(kept);
}

function isToken(value: unknown): value is string {
  return typeof value === "string" && TOKEN.test(value);
}

function safeName(value: unknown): string | undefined {
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const name = shownName(value);
  return NAME.test(name) && !LINK.test(name) ? name : undefined;
}

function wrongForm(what: string): AppError {
  return new AppError("badArguments", `The ${what} of a child session has another form than it can have.`);
}
