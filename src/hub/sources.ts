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

/** The sources that the adapter has named in this session. */
export class NamedSources {
  readonly #keys = new Set<string>();

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
      for (const key of [keyOf(source.path), keyOf(source.sourceReference)])
        if (key !== undefined) this.#keys.add(key);
    }
  }

  /** Whether the adapter has named a source by exactly this path. */
  has(path: string): boolean {
    return this.#keys.has(path);
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
