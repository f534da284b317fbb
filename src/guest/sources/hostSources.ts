import type { TextEdit, JsonValue } from "../../dap/edits.ts";
import { parseHostSourceUri, hostSourceUri } from "./hostSourceUri.ts";

/** How an editor is given the host's files that it has no equal of. */
export interface HostSources {
  /** Makes a source of a message for the editor one that it can show. `taken`: it has another file at that path. */
  give(source: JsonValue, hostPath: string, taken: boolean): TextEdit[];
  /** What a source that stays as the adapter wrote it needs all the same. */
  keep(source: JsonValue): TextEdit[];
  /** The host's path of a source in a message of the editor's, if it is one that was given to it. */
  take(source: JsonValue): string | undefined;
  /** Undoes `keep`. */
  restore(source: JsonValue): TextEdit[];
}

/** By URIs, for an editor that reads them itself (hostSourceUri.ts). */
export class HostSourceUris implements HostSources {
  readonly #joinId: string;

  constructor(joinId: string) {
    this.#joinId = joinId;
  }

  give(source: JsonValue, path: string): TextEdit[] {
    return setMembers(source, { path: hostSourceUri({ joinId: this.#joinId, path }) });
  }

  keep(): TextEdit[] {
    return [];
  }

  take(source: JsonValue): string | undefined {
    return pathOfUri(source, this.#joinId);
  }

  restore(): TextEdit[] {
    return [];
  }
}

/** DAP: a reference is positive and less than 2³¹. From here on they are ours, until one turns out to be the adapter's. */
const FIRST_REFERENCE = 2_000_000_000;

/** In the stead of a join's id, for a path that is only shown. */
const TAKEN = "host";

/** By `sourceReference`, for every editor that speaks DAP: it asks for them with `source`. */
export class HostSourceReferences implements HostSources {
  readonly #byPath = new Map<string, number>();
  /** What the numbers that we gave out stand for: a file of the host's, or a reference of the adapter's. */
  readonly #given = new Map<number, string | number>();
  readonly #byAdapters = new Map<number, number>();
  #next = FIRST_REFERENCE;

  give(source: JsonValue, path: string, taken: boolean): TextEdit[] {
    let reference = this.#byPath.get(path);
    if (reference === undefined) {
      reference = this.#add(path);
      this.#byPath.set(path, reference);
    }
    // Not even an editor that looks at the path first may take its own file for the host's.
    const shown = taken ? { path: hostSourceUri({ joinId: TAKEN, path }) } : {};
    return setMembers(source, { sourceReference: reference, ...shown });
  }

  /** An adapter's own reference stays, unless that number is taken. */
  keep(source: JsonValue): TextEdit[] {
    const reference = source.member("sourceReference")?.number;
    if (reference === undefined || reference < FIRST_REFERENCE) return [];
    let given = this.#byAdapters.get(reference);
    if (given === undefined) {
      given = this.#add(reference);
      this.#byAdapters.set(reference, given);
    }
    return setMembers(source, { sourceReference: given });
  }

  take(source: JsonValue): string | undefined {
    return this.pathOf(source.member("sourceReference")?.number) ?? pathOfUri(source, TAKEN);
  }

  restore(source: JsonValue): TextEdit[] {
    const adapters = this.#given.get(source.member("sourceReference")?.number ?? 0);
    return typeof adapters === "number" ? setMembers(source, { sourceReference: adapters }) : [];
  }

  /** The host's file that an editor asks for by that number, if it is ours. */
  pathOf(reference: number | undefined): string | undefined {
    const given = reference === undefined ? undefined : this.#given.get(reference);
    return typeof given === "string" ? given : undefined;
  }

  #add(what: string | number): number {
    const reference = this.#next++;
    this.#given.set(reference, what);
    return reference;
  }
}

function pathOfUri(source: JsonValue, joinId: string): string | undefined {
  const file = parseHostSourceUri(source.member("path")?.string ?? "");
  return file?.joinId === joinId ? file.path : undefined;
}

/** Writes members, or puts them in. */
export function setMembers(object: JsonValue, members: Readonly<Record<string, unknown>>): TextEdit[] {
  const missing = Object.entries(members).filter(([name]) => object.member(name) === undefined);
  const edits = Object.entries(members).flatMap(([name, value]) => {
    const member = object.member(name);
    return member === undefined || member.value === value ? [] : [member.replacedBy(value)];
  });
  return missing.length === 0 ? edits : [...edits, object.with(Object.fromEntries(missing))];
}
