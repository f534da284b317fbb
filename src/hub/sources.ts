import { fileURLToPath } from "node:url";
import { AppError } from "../common/errors.ts";
import { isObject, objects, parseObject } from "../dap/messages.ts";
import { allows } from "../common/access.ts";
import type { ClientRequest } from "./client.ts";

/** Responses and events that name sources. */
const NAMING = new Set([
  "stackTrace",
  "scopes",
  "loadedSources",
  "loadedSource",
  "setBreakpoints",
  "breakpoint",
  "output",
]);

/** Of these the adapter may only repeat what a client has named. */
const REPEATING = new Set(["setBreakpoints", "breakpoint"]);

/** Whether answers of that command name sources. */
export function namesSources(command: string): boolean {
  return NAMING.has(command);
}

/** The sources that the adapter has named in this session. */
export class NamedSources {
  readonly #keys = new Set<string>();
  /** Paths of sources that are files: whose content is not the adapter's affair. */
  readonly #files = new Set<string>();

  /** Takes in a response's or event's body. */
  note(name: string, body: Buffer | undefined): void {
    if (!NAMING.has(name) || body?.includes('"source') !== true) return;
    const parsed = parseObject(body);
    const holders = [
      parsed,
      ...objects(parsed.stackFrames),
      ...objects(parsed.scopes),
      ...objects(parsed.breakpoints),
      ...(isObject(parsed.breakpoint) ? [parsed.breakpoint] : []),
    ];
    const sources = [...holders.map((holder) => holder.source), ...objects(parsed.sources)];
    for (const source of sources.filter(isObject)) {
      const path = keyOf(source.path);
      const reference = keyOf(source.sourceReference);
      for (const key of [path, reference]) if (key !== undefined) this.#keys.add(key);
      if (path !== undefined && reference === undefined && !REPEATING.has(name))
        this.#files.add(asPath(path));
    }
  }

  /** Whether the adapter has named a file by exactly this path: of itself, and not after a client. */
  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** A guest that may only look reads no source but those that the session has named. */
  refusal({ client, command, args }: ClientRequest): AppError | undefined {
    if (command !== "source" || allows(client.participant.access, "control")) return undefined;
    const source = isObject(args.source) ? args.source : {};
    const keys = [keyOf(args.sourceReference), keyOf(source.sourceReference), keyOf(source.path)];
    const named = keys.filter((key) => key !== undefined).every((key) => this.#keys.has(key));
    return named ? undefined : new AppError("notAllowed", "This source has not come up in the session.");
  }
}

function keyOf(value: unknown): string | undefined {
  if (typeof value === "number") return value > 0 ? `#${value}` : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** As clients know it, also if the adapter speaks in URIs. */
function asPath(path: string): string {
  try {
    return path.startsWith("file:") ? fileURLToPath(path) : path;
  } catch {
    return path;
  }
}
