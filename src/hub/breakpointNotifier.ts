import { type Outcome, encodeJson, objects, parseObject } from "../dap/messages.ts";
import { type Edit, type Entry, type Item, type Knowledge, pair } from "./breakpointDocument.ts";
import { type Asked, type BreakpointGroup, entryName, resultOf } from "./breakpointGroup.ts";
import type { Client, ClientRequest } from "./client.ts";
import type { Rules } from "./rules.ts";
import { asNumber, asText } from "../common/values.ts";

/** Ids that we make where the adapter's would not do; far from those that adapters count. */
const FIRST_OWN_ID = 1_000_000_000;

/** What each client is told of the shared breakpoints, under which ids, and what it may be taken to know of them. */
export class BreakpointNotifier {
  readonly #groups: ReadonlyMap<string, BreakpointGroup>;
  readonly #rules: Rules;
  #nextOwnId = FIRST_OWN_ID;

  constructor(groups: ReadonlyMap<string, BreakpointGroup>, rules: Rules) {
    this.#groups = groups;
    this.#rules = rules;
  }

  /** The answer has the length and the order of the client's own list. `listed`: what was in its last one. */
  answer(
    group: BreakpointGroup,
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
    const isException = group.kind.name === "exception";
    if (results.length === 0 ? untouched || isException : untouched && isException) {
      request.answer(outcome);
      return;
    }
    // The ids of its own are given out anew, because an adapter may number from the start in each answer. Of what the
    // client shows since an event the id stays.
    const old = new Map<number, number | undefined>();
    for (const id of edit.answer) {
      const name = entryName(group, id ?? 0);
      if (id === undefined || !listed.has(id)) continue;
      old.set(id, client.breakpointIds.get(name));
      client.breakpointIds.delete(name);
    }
    let altered = !untouched;
    const places = new Map(order.map(({ id }, i) => [id, i]));
    const answers = edit.answer.map((id) => {
      if (id === undefined) return { verified: false, message: "Somebody else has removed this breakpoint." };
      const result = results[places.get(id) ?? -1] ?? { verified: false };
      const name = entryName(group, id);
      // Where no other client is there to remove it, the adapter's word stays as it is.
      if (result.id === undefined && untouched && !this.#rules.binds(client)) {
        if (!client.breakpointIds.has(name)) client.breakpointIds.set(name, undefined);
        return result;
      }
      const told = client.breakpointIds.get(name);
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
   * An adapter without ids, too: without one, no client could be told that its breakpoint is gone.
   */
  #tellId(client: Client, name: string, adapterId: unknown, old?: number): number {
    const known = client.breakpointIds.get(name);
    const others = typeof adapterId === "number" ? [...client.breakpointIds.namesOf(adapterId)] : [];
    const taken = others.some((other) => other !== name && resultOf(this.#groups, other)?.id !== adapterId);
    // Of its former ids one of the adapter's may be another's by now, or the adapter goes on to tell of what it was.
    const former = old !== undefined && old >= FIRST_OWN_ID ? old : undefined;
    const id = typeof adapterId === "number" && !taken ? adapterId : (known ?? former ?? this.#nextOwnId++);
    if (known === undefined) client.breakpointIds.set(name, id);
    return id;
  }

  /** Tells a client of all that it does not know, but for what it is about to be answered. */
  announceGroup(client: Client, group: BreakpointGroup): void {
    const listed = [...group.pending].filter((pending) => pending.client === client);
    const free = this.#freePlaces(client, group);
    for (const entry of group.document.entries.values()) {
      if (!listed.some(({ keys }) => keys.has(entry.key)) && free(entry))
        this.#announce(client, group, entry, "new");
    }
  }

  /**
   * Whether a client has a place for an entry in its list. One that takes over what it is told of keeps one for each
   * place: the second there lives beside its list, and is told when the first has gone.
   */
  #freePlaces(client: Client, group: BreakpointGroup): (entry: Entry) => boolean {
    if (group.kind.name !== "source" || client.capabilities?.adoptsBreakpoints !== true) return () => true;
    const placeOf = ({ id, spec }: Entry) => {
      const { line = spec.line, column = spec.column } = group.results.get(id) ?? {};
      return `${asText(line)}:${asText(column)}`;
    };
    const full = new Set(
      [...group.document.entries.values()]
        .filter(({ id }) => client.breakpointIds.has(entryName(group, id)))
        .map(placeOf),
    );
    return (entry) => {
      const place = placeOf(entry);
      if (full.has(place)) return false;
      full.add(place);
      return true;
    };
  }

  /** Tells a client that knows the entry that something about it is new. */
  announceChanged(client: Client, group: BreakpointGroup, id: number): void {
    const entry = group.document.entries.get(id);
    if (entry !== undefined) this.#announce(client, group, entry, "changed");
  }

  #announce(client: Client, group: BreakpointGroup, entry: Entry, reason: "new" | "changed"): void {
    if (group.kind.name === "exception") return;
    const name = entryName(group, entry.id);
    const known = client.breakpointIds.get(name);
    if (reason === "new" ? client.breakpointIds.has(name) : known === undefined) return;
    const result = group.results.get(entry.id) ?? { verified: false };
    const isFree = countOf(client.breakpointIds.namesOf(asNumber(result.id))) === 0;
    // An adapter may call two by one id; who was asked for neither is to tell them apart.
    const id = known ?? this.#tellId(client, name, isFree ? result.id : undefined);
    // The source as it was asked for: adapters may spell it otherwise in their answers.
    const place =
      group.kind.name === "source"
        ? { source: group.frame.source, line: result.line ?? entry.spec.line }
        : {};
    client.breakpoint(name, encodeJson({ reason, breakpoint: { ...result, ...place, id } }));
  }

  announceRemoved(client: Client, group: BreakpointGroup, entry: Entry): void {
    const name = entryName(group, entry.id);
    const id = client.breakpointIds.get(name);
    client.breakpointIds.delete(name);
    if (id === undefined) return;
    // The adapter calls another by the same id, which is still there.
    if (countOf(client.breakpointIds.namesOf(id)) > 0) return;
    client.event("breakpoint", encodeJson({ reason: "removed", breakpoint: { id, verified: false } }));
  }

  /**
   * What the client knows as it sends a list: for each item its own entry, or one that others have set and of which it was
   * told as being at this place. A client that takes over what it is told of means that one by the item, and also the
   * one that is at exactly this place, which it may have from when it was here before.
   */
  knowledge(request: ClientRequest, group: BreakpointGroup, items: readonly Item[]): Knowledge {
    const { client } = request;
    const { entries } = group.document;
    const adopts = client.capabilities?.adoptsBreakpoints === true;
    const listed = group.document.listed.get(client.participant.id) ?? [];
    const known = new Set(listed.map(({ entry }) => entry));
    const isTold = (id: number) => client.breakpointIds.has(entryName(group, id));
    const others = [...entries.values()].filter(({ id }) => !known.has(id));
    const own = pair(
      items,
      listed.filter(({ entry }) => entries.has(entry)),
    ).map((item) => item?.entry);
    const rest = items.filter((_item, i) => own[i] === undefined);
    const byKey = pair(
      rest,
      others.filter(({ id }) => isTold(id)),
    );
    const taken = new Set(byKey.flatMap((entry) => entry?.id ?? []));
    const atLine = grouped(
      others.filter(({ id }) => !taken.has(id)).map(({ id }) => [group.results.get(id)?.line, id]),
    );
    const found = new Map<Item, number>();
    rest.forEach((item, i) => {
      const { line, column } = item.spec;
      const id =
        byKey[i]?.id ??
        (group.kind.name === "source" ? atLine.get(line) : undefined)?.find((id) => {
          if (taken.has(id)) return false;
          const at = group.results.get(id)?.column;
          return column === undefined || at === undefined
            ? isTold(id)
            : at === column && (adopts || isTold(id));
        });
      if (id === undefined) return;
      taken.add(id);
      found.set(item, id);
    });
    const theirs = items.map((item) => found.get(item));
    if (!adopts) return { own, told: theirs };
    const meant = new Set([...own, ...theirs]);
    return { own, meant: theirs, unlisted: this.#unlisted(request, group, items, meant) };
  }

  /**
   * What others set, what the client shows in its own list since it was told, and what is not in this list: it has
   * been taken away. Only of clients that are known to do so, and only of what is known to have reached them: no client
   * deletes what it does not know of.
   */
  #unlisted(
    request: ClientRequest,
    group: BreakpointGroup,
    items: readonly Item[],
    meant: ReadonlySet<number | undefined>,
  ): number[] {
    if (group.kind.name !== "source") return [];
    const listed = group.document.listed.get(request.client.participant.id) ?? [];
    const known = new Set([...meant, ...listed.map(({ entry }) => entry)]);
    const keys = new Set(items.map(({ key }) => key));
    return [...group.document.entries.values()]
      .filter(
        ({ id, key }) => !known.has(id) && !keys.has(key) && request.sawBreakpoint(entryName(group, id)),
      )
      .map(({ id }) => id);
  }
}

function countOf(all: Iterable<unknown>): number {
  return [...all].length;
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
