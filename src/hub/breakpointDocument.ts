import { isDeepStrictEqual } from "node:util";
import { type JsonObject, isObject } from "../dap/messages.ts";

/**
 * The shared breakpoints of one group (a source's, or all function, data, instruction or exception breakpoints).
 * A client's list is read as the difference to its own previous list, so a client that does not know of the
 * others' breakpoints can never delete them. Pure functions: a document is never altered, only replaced.
 */

/** The participant that set a breakpoint; the same person in several sessions is one owner. */
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

export interface BreakpointDocument {
  readonly entries: ReadonlyMap<number, Entry>;
  /** Each client's last list. */
  readonly listed: ReadonlyMap<Owner, readonly Listed[]>;
  readonly nextId: number;
}

export const EMPTY_DOCUMENT: BreakpointDocument = { entries: new Map(), listed: new Map(), nextId: 1 };

export interface Edit {
  readonly document: BreakpointDocument;
  /** For each item of the client's list its entry, undefined if someone else has removed that breakpoint. */
  readonly answer: readonly (number | undefined)[];
  readonly added: readonly number[];
  readonly changed: readonly number[];
  readonly removed: readonly Entry[];
}

/** What a client may ask of a breakpoint besides its place. */
const QUALIFIERS = ["condition", "hitCondition", "logMessage", "mode"];

/**
 * For each item of a list which of `known` it is: of those at its place the one that asks for the very same, else the
 * first that no other item is. So two at one place are two, and one of them can be changed or taken away.
 */
export function pair<T extends Item>(
  items: readonly Item[],
  known: readonly T[],
  same: (item: Item) => string = exactly,
): (T | undefined)[] {
  const exact = new Queues(known, same);
  const taken = new Set<T>();
  const found = items.map((item) => {
    const one = exact.take(same(item));
    if (one !== undefined) taken.add(one);
    return one;
  });
  const rest = new Queues(
    known.filter((one) => !taken.has(one)),
    ({ key }) => key,
  );
  return items.map((item, i) => found[i] ?? rest.take(item.key));
}

/** What is known by some name, first come, first served. */
class Queues<T> {
  readonly #queues = new Map<string, T[]>();

  constructor(all: readonly T[], nameOf: (one: T) => string) {
    // The last is taken first.
    for (const one of all.toReversed()) {
      const name = nameOf(one);
      const queue = this.#queues.get(name);
      if (queue === undefined) this.#queues.set(name, [one]);
      else queue.push(one);
    }
  }

  take(name: string): T | undefined {
    return this.#queues.get(name)?.pop();
  }
}

/** What a client knew of the entries when it sent a list, for each of its items; and what it shows of others'. */
export interface Knowledge {
  /** Its own. If another client has removed that meanwhile, it stays removed. */
  readonly own?: readonly (number | undefined)[];
  /**
   * One set by others that it has taken over into its list, maybe elsewhere than it was asked for, because the adapter
   * moved it. If another client has removed that meanwhile, it stays removed.
   */
  readonly meant?: readonly (number | undefined)[];
  /** One set by others at a place that it was told of, which it sets itself by listing that place. */
  readonly told?: readonly (number | undefined)[];
  /** Entries that it was told of and shows in its own list, so that their absence takes them away. */
  readonly unlisted?: readonly number[];
}

/**
 * Applies one client's new list. Each of its items is a breakpoint of its own. One at a place that the client knows
 * from an event is that entry, whatever its condition, which it was not told. One that others have set in the same
 * words is theirs and the client's; in other words it stands beside theirs.
 */
export function applyEdit(
  document: BreakpointDocument,
  owner: Owner,
  items: readonly Item[],
  knowledge: Knowledge = {},
): Edit {
  const entries = new Map(document.entries);
  const previous = document.listed.get(owner) ?? [];
  const before = pair(items, previous);
  const listed: Listed[] = [];
  const answer: (number | undefined)[] = [];
  const added: number[] = [];
  const changed: number[] = [];
  let nextId = document.nextId;
  // No two items of a list are one entry.
  const taken = new Set(before.flatMap((last) => last?.entry ?? []));
  const untaken = (ids: readonly (number | undefined)[] = []) =>
    ids.map((id, i) => (id !== undefined && (id === before[i]?.entry || !taken.has(id)) ? id : undefined));
  const [meant, told] = [untaken(knowledge.meant), untaken(knowledge.told)];
  for (const id of [...meant, ...told]) if (id !== undefined) taken.add(id);
  const free = new Queues(
    [...document.entries.values()].filter(({ id }) => !taken.has(id)),
    inTheseWords,
  );

  const update = (entry: Entry, item: Item) => {
    const spec = specAt(entry, item);
    // To repeat what is there is to change nothing: it stays the other's.
    if (isDeepStrictEqual(entry.spec, spec)) return;
    entries.set(entry.id, { ...entry, spec, specs: asLast(entry.specs, owner, spec) });
    changed.push(entry.id);
  };

  const share = (entry: Entry, item: Item) => {
    const specs = asLast(entry.specs, owner, entry.spec);
    const shared = { ...entry, owners: new Set(entry.owners).add(owner), specs };
    entries.set(entry.id, shared);
    update(shared, item);
  };

  /** The entry of an item that is new in this client's list. */
  const place = (item: Item, mirror: Entry | undefined, toldId: number | undefined): number => {
    if (mirror !== undefined) {
      // A client that was told of a breakpoint lists it from then on, without being one of its owners. What it was
      // not told of is the condition: to list none is not to take it away.
      if (QUALIFIERS.some((name) => Boolean(item.spec[name]))) update(mirror, item);
      return mirror.id;
    }
    const same = entries.get(toldId ?? 0) ?? free.take(inTheseWords(item));
    if (same !== undefined) {
      share(same, item);
      return same.id;
    }
    const id = nextId++;
    const specs = new Map([[owner, item.spec]]);
    entries.set(id, { id, key: item.key, spec: item.spec, owners: new Set([owner]), specs });
    added.push(id);
    return id;
  };

  items.forEach((item, i) => {
    const last = before[i];
    const own = last === undefined ? undefined : entries.get(last.entry);
    const meantId = meant[i];
    const mirror = meantId === undefined ? undefined : entries.get(meantId);
    let id: number | undefined;
    if (last !== undefined && own !== undefined) {
      // Only an edit by this client counts; unchanged, it must not undo what another has edited meanwhile.
      if (!isDeepStrictEqual(last.spec, item.spec)) update(own, item);
      id = own.id;
    } else if (meantId !== undefined && mirror === undefined) {
      id = undefined;
    } else if (last !== undefined && knowledge.own?.[i] !== undefined) {
      // It edits what another client has removed meanwhile.
      id = undefined;
    } else if (last === undefined || !isDeepStrictEqual(last.spec, item.spec)) {
      id = place(item, mirror, told[i]);
    }
    // Otherwise someone else has removed it and this client only repeats itself: that must not bring it back.
    const entry = id ?? last?.entry ?? meantId;
    if (entry !== undefined) listed.push({ key: item.key, spec: item.spec, entry });
    answer.push(id);
  });

  const stillListed = new Set(listed.map((item) => item.entry));
  const removed: Entry[] = [];
  for (const id of [...previous.map((one) => one.entry), ...(knowledge.unlisted ?? [])]) {
    const entry = entries.get(id);
    if (entry === undefined || stillListed.has(id)) continue;
    entries.delete(id);
    removed.push(entry);
  }
  const lists = new Map(document.listed).set(owner, listed);
  return { document: { entries, listed: lists, nextId }, answer, added, changed, removed };
}

function exactly({ key, spec }: Item): string {
  return `${key} ${encoded(spec)}`;
}

/** Equal where two ask for the same, whether they leave out what is empty or not, and in whichever of DAP's two lists a filter is. */
function inTheseWords({ key, spec }: Item): string {
  const said = isObject(spec.option) ? spec.option : spec;
  const qualifiers = QUALIFIERS.map((name) => said[name] || undefined);
  return `${key} ${JSON.stringify(qualifiers)}`;
}

/** The same text for the same value, in whatever order its members are. */
function encoded(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    isObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** What an item asks for, at the entry's own place: a line that the adapter has moved is never asked for. */
function specAt(entry: Entry, item: Item): JsonObject {
  if (item.key === entry.key) return item.spec;
  const { line, column } = entry.spec;
  const others = Object.entries(item.spec).filter(([name]) => name !== "column");
  return { ...Object.fromEntries(others), line, ...(column === undefined ? {} : { column }) };
}

/** The owner has left: what only it owns goes too, and so does what it has made of the others' (a condition). */
export function dropOwner(document: BreakpointDocument, owner: Owner): Edit {
  const entries = new Map(document.entries);
  const removed: Entry[] = [];
  const changed: number[] = [];
  for (const entry of document.entries.values()) {
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
  const listed = new Map(document.listed);
  listed.delete(owner);
  return { document: { ...document, entries, listed }, answer: [], added: [], changed, removed };
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
 * head of the adapter's), after it those of all others.
 */
export function sendOrder(edit: Edit): Entry[] {
  const own = edit.answer.filter((id) => id !== undefined);
  const isOwn = new Set(own);
  const others = [...edit.document.entries.keys()].filter((id) => !isOwn.has(id));
  return [...own, ...others].flatMap((id) => edit.document.entries.get(id) ?? []);
}
