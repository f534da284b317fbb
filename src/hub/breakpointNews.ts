import { type Outcome, encodeJson, objects, parseObject } from "../dap/messages.ts";
import type { Edit, Entry, Item } from "./breakpointDocument.ts";
import { type Asked, type Shelf, entryName, resultOf } from "./breakpointShelf.ts";
import type { Client, ClientRequest } from "./client.ts";

/** Ids that we make where the adapter's would not do; far from those that adapters count. */
const FIRST_OWN_ID = 1_000_000_000;

/** What each client is told of the shared breakpoints, under which ids, and what it may be taken to know of them. */
export class BreakpointNews {
  readonly #shelves: ReadonlyMap<string, Shelf>;
  #nextOwnId = FIRST_OWN_ID;

  constructor(shelves: ReadonlyMap<string, Shelf>) {
    this.#shelves = shelves;
  }

  /** The answer has the length and the order of the client's own list. `listed`: what was in its last one. */
  answer(
    shelf: Shelf,
    edit: Edit,
    order: Entry[],
    outcome: Outcome,
    { request, untouched }: Asked,
    listed: ReadonlySet<number>,
  ): void {
    const { client } = request;
    const body = parseObject(outcome.body);
    const results = objects(body.breakpoints);
    // Exception filters need not be answered with breakpoints (DAP: SetExceptionBreakpointsResponse), and no event
    // will ever tell of one.
    const isException = shelf.kind.name === "exception";
    if (results.length === 0 ? untouched || isException : untouched && isException) {
      request.answer(outcome);
      return;
    }
    // The ids of its own are given out anew, because an adapter may number from the start in each answer. Of what the
    // client shows since an event the id stays.
    const old = new Map<number, number | undefined>();
    for (const id of edit.answer) {
      const name = entryName(shelf, id ?? 0);
      if (id === undefined || !listed.has(id) || old.has(id)) continue;
      old.set(id, client.breakpointIds.get(name));
      client.breakpointIds.delete(name);
    }
    let altered = !untouched;
    // A breakpoint that is listed twice was sent twice.
    const places = grouped(order.map(({ id }, i) => [id, i]));
    const answered = new Map<number, number>();
    const answers = edit.answer.map((id) => {
      if (id === undefined) return { verified: false, message: "Somebody else has removed this breakpoint." };
      const before = answered.get(id) ?? 0;
      answered.set(id, before + 1);
      const result = results[places.get(id)?.[before] ?? -1] ?? { verified: false };
      const name = entryName(shelf, id);
      const told = before === 0 ? client.breakpointIds.get(name) : undefined;
      const own = told ?? this.#tellId(client, name, result.id, old.get(id));
      if (own === result.id) return result;
      altered = true;
      return { ...result, id: own };
    });
    // An adapter that answers with too few says so to a client of its own.
    if (untouched) answers.splice(results.length);
    request.answer(altered ? { ...outcome, body: encodeJson({ ...body, breakpoints: answers }) } : outcome);
  }

  /**
   * The id by which the client knows a breakpoint from now on: the adapter's, unless that one means another to it.
   * An adapter without ids, too: without one, nobody could be told that their breakpoint is gone.
   */
  #tellId(client: Client, name: string, adapterId: unknown, old?: number): number {
    const known = client.breakpointIds.get(name);
    const others = typeof adapterId === "number" ? [...client.breakpointIds.namesOf(adapterId)] : [];
    const taken = others.some((other) => other !== name && resultOf(this.#shelves, other)?.id !== adapterId);
    const id = typeof adapterId === "number" && !taken ? adapterId : (known ?? old ?? this.#nextOwnId++);
    // The first id stays where a breakpoint is listed twice.
    if (known === undefined) client.breakpointIds.set(name, id);
    return id;
  }

  /** Tells a client of all that it does not know, but for what it is about to be answered. */
  announceShelf(client: Client, shelf: Shelf): void {
    const listed = [...shelf.pending].filter((pending) => pending.client === client);
    for (const entry of shelf.group.entries.values()) {
      if (!listed.some(({ keys }) => keys.has(entry.key))) this.#announce(client, shelf, entry, "new");
    }
  }

  /** Tells a client that knows the entry that something about it is new. */
  announceChanged(client: Client, shelf: Shelf, id: number): void {
    const entry = shelf.group.entries.get(id);
    if (entry !== undefined) this.#announce(client, shelf, entry, "changed");
  }

  #announce(client: Client, shelf: Shelf, entry: Entry, reason: "new" | "changed"): void {
    if (shelf.kind.name === "exception") return;
    const name = entryName(shelf, entry.id);
    const known = client.breakpointIds.get(name);
    if (reason === "new" ? known !== undefined : known === undefined) return;
    const result = shelf.results.get(entry.id) ?? { verified: false };
    const id = known ?? this.#tellId(client, name, result.id);
    // The source as it was asked for: adapters may spell it otherwise in their answers.
    const place =
      shelf.kind.name === "source"
        ? { source: shelf.frame.source, line: result.line ?? entry.spec.line }
        : {};
    client.breakpoint(name, encodeJson({ reason, breakpoint: { ...result, ...place, id } }));
  }

  announceRemoved(client: Client, shelf: Shelf, entry: Entry): void {
    const name = entryName(shelf, entry.id);
    const id = client.breakpointIds.get(name);
    if (id === undefined) return;
    client.breakpointIds.delete(name);
    client.event("breakpoint", encodeJson({ reason: "removed", breakpoint: { id, verified: false } }));
  }

  /**
   * The entry that the client means by each item: its own, or one that others have set and of which it was told as being
   * at this place; or that is at exactly this place, which a client that was here before still has from then. Who does
   * not take over what it is told of means what it lists.
   */
  meant(client: Client, shelf: Shelf, items: readonly Item[]): (number | undefined)[] {
    const listed = shelf.group.listed.get(client.participant.id) ?? [];
    const { entries } = shelf.group;
    const own = grouped(
      listed.filter(({ entry }) => entries.has(entry)).map(({ key, entry }) => [key, entry]),
    );
    if (client.profile?.adoptsBreakpoints !== true) return items.map(({ key }) => own.get(key)?.[0]);
    const known = new Set(listed.map(({ entry }) => entry));
    const told = (id: number) => client.breakpointIds.has(entryName(shelf, id));
    const others = grouped(
      [...entries.values()].filter(({ id }) => !known.has(id) && told(id)).map(({ id, key }) => [key, id]),
    );
    const atLine = grouped(
      [...shelf.results].filter(([id]) => !known.has(id)).map(([id, result]) => [result.line, id]),
    );
    return items.map(({ key, spec: { line, column } }) => {
      const meant = own.get(key)?.[0] ?? others.get(key)?.[0];
      if (meant !== undefined || shelf.kind.name !== "source") return meant;
      return atLine.get(line)?.find((id) => {
        const at = shelf.results.get(id)?.column;
        return column === undefined || at === undefined ? told(id) : at === column;
      });
    });
  }

  /**
   * What others set, what the client shows in its own list since it was told, and what is not in this list: it has
   * been taken away. Only of clients that are known to do so, and only of what is known to have reached them: nobody
   * deletes what they do not know of.
   */
  unlisted(request: ClientRequest, shelf: Shelf, items: Item[], meant: (number | undefined)[]): number[] {
    const { client } = request;
    if (shelf.kind.name !== "source" || client.profile?.adoptsBreakpoints !== true) return [];
    const listed = shelf.group.listed.get(client.participant.id) ?? [];
    const known = new Set([...meant, ...listed.map(({ entry }) => entry)]);
    const keys = new Set(items.map(({ key }) => key));
    return [...shelf.group.entries.values()]
      .filter(
        ({ id, key }) => !known.has(id) && !keys.has(key) && request.sawBreakpoint(entryName(shelf, id)),
      )
      .map(({ id }) => id);
  }
}

/** The values of each key, in their order. */
function grouped<K>(pairs: readonly (readonly [K, number])[]): Map<K, number[]> {
  const all = new Map<K, number[]>();
  for (const [key, value] of pairs) {
    const values = all.get(key);
    if (values === undefined) all.set(key, [value]);
    else values.push(value);
  }
  return all;
}
