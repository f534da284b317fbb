import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../dap/messages.ts";

/**
 * The shared breakpoints of one group (a source's, or all function, data, instruction or exception breakpoints).
 * A client's list is read as the difference to its own previous list, so a client that does not know of the
 * others' breakpoints can never delete them. Pure functions: a group is never altered, only replaced.
 */

/** Whoever set a breakpoint; the same person in several sessions is one owner. */
export type Owner = number;

/** One wanted breakpoint: `key` is its identity within the group (line and column, function name, …). */
export interface Item {
  readonly key: string;
  /** What DAP's request holds of it, in the adapter's conventions. */
  readonly spec: JsonObject;
}

export interface Entry {
  readonly id: number;
  readonly key: string;
  readonly spec: JsonObject;
  readonly owners: ReadonlySet<Owner>;
  /** What each owner, and each other who has changed it, has last asked for. The last of them is in force. */
  readonly specs: ReadonlyMap<Owner, JsonObject>;
}

interface Listed {
  readonly key: string;
  readonly spec: JsonObject;
  readonly entry: number;
}

export interface Group {
  readonly entries: ReadonlyMap<number, Entry>;
  /** Each client's last list. */
  readonly listed: ReadonlyMap<Owner, readonly Listed[]>;
  readonly nextId: number;
}

export const EMPTY_GROUP: Group = { entries: new Map(), listed: new Map(), nextId: 1 };

export interface Edit {
  readonly group: Group;
  /** For each item of the client's list its entry, undefined if someone else has removed that breakpoint. */
  readonly answer: readonly (number | undefined)[];
  readonly added: readonly number[];
  readonly changed: readonly number[];
  readonly removed: readonly Entry[];
}

/** What makes more of a breakpoint than its place. */
const WISHES = ["condition", "hitCondition", "logMessage"];

/**
 * Applies one client's new list. `meant` has for each item the entry that was there when the client sent the list and
 * that it means by the item: its own, or one set by others of which it had been told, maybe elsewhere than it was asked
 * for, because the adapter moved it. If somebody has removed that meanwhile, removed it stays.
 * `unlisted` are entries that it was told of and shows in its own list, so that their absence takes them away.
 */
export function applyEdit(
  group: Group,
  owner: Owner,
  items: readonly Item[],
  meant: readonly (number | undefined)[] = [],
  unlisted: readonly number[] = [],
): Edit {
  const entries = new Map(group.entries);
  const previous = new Map((group.listed.get(owner) ?? []).map((listed) => [listed.key, listed]));
  const listed: Listed[] = [];
  const answer: (number | undefined)[] = [];
  const added: number[] = [];
  const changed: number[] = [];
  let nextId = group.nextId;
  // The first of a key, as entries are few of them that share one: looked up for each item.
  const byKey = new Map<string, number>();
  for (const { id, key } of group.entries.values()) if (!byKey.has(key)) byKey.set(key, id);

  const update = (entry: Entry, item: Item) => {
    const spec = specAt(entry, item);
    // To repeat what is there is to change nothing: it stays the other's.
    if (isDeepStrictEqual(entry.spec, spec)) return;
    entries.set(entry.id, { ...entry, spec, specs: asLast(entry.specs, owner, spec) });
    changed.push(entry.id);
  };

  /** The entry of an item that is new in this client's list. */
  const place = (item: Item, mirror: Entry | undefined): number => {
    if (mirror !== undefined) {
      // A client that was told of a breakpoint lists it from then on, without being one of its owners. What it was
      // not told of is the condition: to list none is not to take it away.
      if (WISHES.some((name) => Boolean(item.spec[name]))) update(mirror, item);
      return mirror.id;
    }
    const same = entries.get(byKey.get(item.key) ?? 0);
    if (same !== undefined) {
      const specs = asLast(same.specs, owner, same.spec);
      const shared = { ...same, owners: new Set(same.owners).add(owner), specs };
      entries.set(same.id, shared);
      update(shared, item);
      return same.id;
    }
    const id = nextId++;
    const specs = new Map([[owner, item.spec]]);
    entries.set(id, { id, key: item.key, spec: item.spec, owners: new Set([owner]), specs });
    byKey.set(item.key, id);
    added.push(id);
    return id;
  };

  items.forEach((item, i) => {
    const before = previous.get(item.key);
    const own = before === undefined ? undefined : entries.get(before.entry);
    const meantId = meant[i];
    const mirror = meantId === undefined ? undefined : entries.get(meantId);
    let id: number | undefined;
    if (before !== undefined && own !== undefined) {
      // Only an edit by this client counts; unchanged, it must not undo what another has edited meanwhile.
      if (!isDeepStrictEqual(before.spec, item.spec)) update(own, item);
      id = own.id;
    } else if (meantId !== undefined && mirror === undefined) {
      id = undefined;
    } else if (before === undefined || !isDeepStrictEqual(before.spec, item.spec)) {
      id = place(item, mirror);
    }
    // Otherwise someone else has removed it and this client only repeats itself: that must not bring it back.
    const entry = id ?? before?.entry ?? meantId;
    if (entry !== undefined) listed.push({ key: item.key, spec: item.spec, entry });
    answer.push(id);
  });

  const stillListed = new Set(listed.map((item) => item.entry));
  const removed: Entry[] = [];
  for (const id of [...[...previous.values()].map((before) => before.entry), ...unlisted]) {
    const entry = entries.get(id);
    if (entry === undefined || stillListed.has(id)) continue;
    entries.delete(id);
    removed.push(entry);
  }
  const lists = new Map(group.listed).set(owner, listed);
  return { group: { entries, listed: lists, nextId }, answer, added, changed, removed };
}

/** What an item asks for, at the entry's own place: a line that the adapter has moved is never asked for. */
function specAt(entry: Entry, item: Item): JsonObject {
  if (item.key === entry.key) return item.spec;
  const { line, column } = entry.spec;
  const others = Object.entries(item.spec).filter(([name]) => name !== "column");
  return { ...Object.fromEntries(others), line, ...(column === undefined ? {} : { column }) };
}

/** The owner has left: what only it owns goes too, and so does what it has made of the others' (a condition). */
export function dropOwner(group: Group, owner: Owner): Edit {
  const entries = new Map(group.entries);
  const removed: Entry[] = [];
  const changed: number[] = [];
  for (const entry of group.entries.values()) {
    if (!entry.specs.has(owner)) continue;
    const owners = new Set(entry.owners);
    owners.delete(owner);
    if (owners.size === 0) {
      entries.delete(entry.id);
      removed.push(entry);
      continue;
    }
    const specs = new Map(entry.specs);
    specs.delete(owner);
    const spec = [...specs.values()].at(-1) ?? entry.spec;
    entries.set(entry.id, { ...entry, owners, specs, spec });
    if (!isDeepStrictEqual(entry.spec, spec)) changed.push(entry.id);
  }
  const listed = new Map(group.listed);
  listed.delete(owner);
  return { group: { ...group, entries, listed }, answer: [], added: [], changed, removed };
}

/** The last to say what a breakpoint is: its condition and its log message are theirs. */
export function authorOf({ specs }: Entry): Owner | undefined {
  return [...specs.keys()].at(-1);
}

function asLast(specs: Entry["specs"], owner: Owner, spec: JsonObject): Entry["specs"] {
  return new Map([...[...specs].filter(([other]) => other !== owner), [owner, spec]]);
}

/**
 * The order in which entries are sent to the adapter: the client's own list as it wrote it (its answer is then the
 * head of the adapter's), after it everybody else's. A breakpoint that a client lists twice is sent twice.
 */
export function sendOrder(edit: Edit): Entry[] {
  const own = edit.answer.filter((id) => id !== undefined);
  const isOwn = new Set(own);
  const others = [...edit.group.entries.keys()].filter((id) => !isOwn.has(id));
  return [...own, ...others].flatMap((id) => edit.group.entries.get(id) ?? []);
}
