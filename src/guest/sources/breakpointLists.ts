import { type JsonObject, encodeJson, isObject, objectOf, objects } from "../../dap/messages.ts";
import type { TextEdit, JsonValue } from "../../dap/edits.ts";

/** Ids of breakpoints that only the guest knows of; the hub counts its own from half of that. */
const FIRST_ID = 2_000_000_000;

interface List {
  /** As the editor sent it. */
  args: JsonObject;
  /** By which ids the editor knows its breakpoints. */
  ids: readonly (number | undefined)[];
  /** The host's ids of the same breakpoints, where they are others. */
  hostIds: readonly (number | undefined)[];
  /** The host's file, once the list was sent there. */
  sentTo: string | undefined;
}

/**
 * The breakpoints in files of the guest's of which the host has not yet named an equal. Either the host has none: then the
 * editor is told that they are not verified. Or it has one that may be a copy. When the host names the file that runs, they
 * are set there, and known by two ids from then on, until the editor sends its list anew.
 */
export class BreakpointLists {
  /** By the guest's path. */
  readonly #lists = new Map<string, List>();
  #nextId = FIRST_ID;

  /** The body of the answer to a list for which the host has no file. */
  refuse(localPath: string, args: JsonObject): JsonObject {
    const wanted = wantedOf(args);
    const ids = wanted.map(() => this.#nextId++);
    if (wanted.length === 0) this.#lists.delete(localPath);
    else this.#lists.set(localPath, { args, ids, hostIds: [], sentTo: undefined });
    const message = "The host has no file like this.";
    const { source } = args;
    const breakpoints = wanted.map(({ line, column }, i) => ({
      id: ids[i],
      verified: false,
      message,
      source,
      line,
      column,
    }));
    return { breakpoints };
  }

  /** The editor's own list is on its way to the host's file. Returns what is to be sent before it. */
  sent(localPath: string, hostPath: string, args: JsonObject): JsonObject[] {
    const { ids = [], hostIds = [], sentTo } = this.#lists.get(localPath) ?? {};
    this.#lists.set(localPath, { args, ids, hostIds, sentTo: hostPath });
    return emptied(args, sentTo, hostPath);
  }

  /** The editor gets the answer to that, and knows the host's ids with it. */
  taken(localPath: string, body: JsonValue | undefined): void {
    const list = this.#lists.get(localPath);
    if (list === undefined) return;
    list.ids = idsOf(body);
    list.hostIds = [];
    if (list.ids.length === 0) this.#lists.delete(localPath);
  }

  /** Whether the guest's file has such a list. */
  has(localPath: string): boolean {
    return this.#lists.has(localPath);
  }

  /**
   * The arguments of what is to be sent now that the guest's file is known to be that one: the list, and an empty one
   * for the file that had been taken for it.
   */
  settle(localPath: string, hostPath: string): JsonObject[] {
    const list = this.#lists.get(localPath);
    if (list === undefined || list.sentTo === hostPath) return [];
    const before = emptied(list.args, list.sentTo, hostPath);
    list.sentTo = hostPath;
    return [...before, { ...list.args, source: sourceAt(list.args, hostPath) }];
  }

  /** What became of a list that we sent: the bodies of the `breakpoint` events that tell the editor. */
  answered(localPath: string, body: JsonValue | undefined, failure: string | undefined): Buffer[] {
    const list = this.#lists.get(localPath);
    if (list === undefined) return [];
    list.hostIds = idsOf(body);
    const results = body?.member("breakpoints")?.elements ?? [];
    return list.ids.map((id, i) => {
      const result = results[i]?.value;
      const known = isObject(result) ? result : { verified: false, message: failure };
      return encodeJson({ reason: "changed", breakpoint: { ...known, id } });
    });
  }

  /** Whether the host may speak of a breakpoint by an id that the editor does not know. */
  get renames(): boolean {
    return [...this.#lists.values()].some(({ hostIds }) => hostIds.length > 0);
  }

  /** The ids in the body of an event, as the editor knows them. */
  rename(body: JsonValue): TextEdit[] {
    const ids = [
      body.member("breakpoint")?.member("id"),
      ...(body.member("hitBreakpointIds")?.elements ?? []),
    ];
    return ids.flatMap((id) => {
      const own = this.#ownId(id?.number);
      return id === undefined || own === undefined ? [] : [id.replacedBy(own)];
    });
  }

  #ownId(hostId: number | undefined): number | undefined {
    if (hostId === undefined) return undefined;
    for (const { ids, hostIds } of this.#lists.values()) {
      const at = hostIds.indexOf(hostId);
      if (at >= 0) return ids[at];
    }
    return undefined;
  }
}

/** DAP: `lines` is how lists were written once. */
function wantedOf({ breakpoints, lines }: JsonObject): JsonObject[] {
  if (breakpoints !== undefined || !Array.isArray(lines)) return objects(breakpoints);
  return lines.map((line: unknown) => ({ line }));
}

function idsOf(body: JsonValue | undefined): (number | undefined)[] {
  return body?.member("breakpoints")?.elements.map((each) => each.member("id")?.number) ?? [];
}

/** The empty list for a file that had been taken for another one. */
function emptied(args: JsonObject, sentTo: string | undefined, hostPath: string): JsonObject[] {
  if (sentTo === undefined || sentTo === hostPath) return [];
  return [{ source: sourceAt(args, sentTo), breakpoints: [] }];
}

function sourceAt(args: JsonObject, path: string): JsonObject {
  return { ...objectOf(args.source), path };
}
