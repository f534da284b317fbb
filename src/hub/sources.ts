import { fileURLToPath } from "node:url";
import { type JsonObject, isObject, objects, parseObject } from "../dap/messages.ts";
import { asNumber } from "../common/values.ts";

/** Responses and events that name sources. */
const NAMING = new Set([
  "stackTrace",
  "scopes",
  "loadedSources",
  "loadedSource",
  "setBreakpoints",
  "breakpoint",
  "output",
  "locations",
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
  readonly #names = new Set<unknown>();
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
      const { path, sourceReference } = source;
      for (const key of keysOf(source)) this.#keys.add(key);
      if (!REPEATING.has(name)) this.#names.add(source.name);
      // DAP: a reference counts if it is greater than 0.
      const isFile = typeof path === "string" && path !== "" && asNumber(sourceReference ?? 0) <= 0;
      if (isFile && !REPEATING.has(name)) this.#files.add(asPath(path));
    }
  }

  /** Whether the adapter has named a file by exactly this path: of itself, and not after a client. */
  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** Whether the adapter has called a source so. */
  hasName(name: unknown): boolean {
    return typeof name === "string" && this.#names.has(name);
  }

  /** Whether the adapter has named, in whatever words, all by which these arguments name a source, and they name one. */
  named({ source, sourceReference }: JsonObject): boolean {
    const keys = [...keysOf({ sourceReference }), ...(isObject(source) ? keysOf(source) : [])];
    return keys.length > 0 && keys.every((key) => this.#keys.has(key));
  }
}

/** All by which an adapter may find a source. */
function keysOf({ path, sourceReference, adapterData }: JsonObject): string[] {
  const keys = [];
  if (path !== undefined && path !== "") keys.push(`path ${JSON.stringify(path)}`);
  if (sourceReference !== undefined && sourceReference !== 0)
    keys.push(`reference ${JSON.stringify(sourceReference)}`);
  if (adapterData !== undefined) keys.push(`adapterData ${JSON.stringify(adapterData)}`);
  return keys;
}

/** As clients know it, also if the adapter speaks in URIs. */
function asPath(path: string): string {
  try {
    return path.startsWith("file:") ? fileURLToPath(path) : path;
  } catch {
    return path;
  }
}
