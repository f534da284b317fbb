import { isDeepStrictEqual } from "node:util";
import {
  parseObject,
  objects,
  isObject,
  encodeJson,
  type JsonObject,
  type Outcome,
} from "../dap/messages.ts";
import {
  EMPTY_GROUP,
  type Edit,
  type Entry,
  type Group,
  type Item,
  type Owner,
  applyEdit,
  dropOwner,
  sendOrder,
} from "./breakpointDocument.ts";
import {
  type BreakpointKind,
  answerOrder,
  groupKeyOf,
  kindOf,
  readItems,
  requestArguments,
  describe,
} from "./breakpointKinds.ts";
import { REQUESTS } from "../dap/requests.ts";
import type { Client, ClientRequest } from "./client.ts";
import type { HubContext } from "./context.ts";

/** The state of one group: what is wanted, and what the adapter said of it. */
interface Shelf {
  readonly kind: BreakpointKind;
  group: Group;
  /** The request's other arguments (`source`, …), as a client wrote them last. */
  frame: JsonObject;
  /** The adapter's last word on each entry (DAP: Breakpoint). */
  readonly results: Map<number, JsonObject>;
  /** Edits that wait for the one under way: the adapter gets one request per source at a time. */
  readonly queue: (() => void)[];
  /** The lists that have not been answered. */
  readonly pending: Set<Pending>;
  busy: boolean;
}

/** A client's list that waits for its turn or for the adapter. */
interface Pending {
  readonly client: Client;
  readonly keys: ReadonlySet<string>;
}

/** Who asked for an edit, and whether the adapter got the request as that client wrote it. */
interface Asked {
  readonly request: ClientRequest;
  readonly untouched: boolean;
}

/** Ids that we make where the adapter's would not do; far from those that adapters count. */
const FIRST_OWN_ID = 1_000_000_000;

/** The shared breakpoints of a session: brings clients' lists to the adapter and its answers to the clients. */
export class Breakpoints {
  readonly #hub: HubContext;
  readonly #shelves = new Map<string, Shelf>();
  #nextOwnId = FIRST_OWN_ID;

  constructor(hub: HubContext) {
    this.#hub = hub;
  }

  /** Deals with a `set…Breakpoints` request. */
  set(request: ClientRequest): void {
    const kind = kindOf(request.command);
    if (kind === undefined) return;
    const shelf = this.#shelf(kind, request.args);
    const items = readItems(kind, request.args);
    const { client } = request;
    const owner = client.participant.id;
    // As of now: what the client is told while its list waits in the queue, it did not know when it wrote it.
    const mirrored = items.map((item) => this.#mirrored(client, shelf, item));
    const unlisted = this.#unlisted(request, shelf, items, mirrored);
    const pending = { client, keys: new Set(items.map(({ key }) => key)) };
    shelf.pending.add(pending);
    this.#enqueue(shelf, (done) => {
      const edit = applyEdit(shelf.group, owner, items, mirrored, unlisted);
      const order = answerOrder(kind, sendOrder(edit));
      // Untouched where nothing of the others is added: a single client's request reaches the adapter as written.
      const untouched =
        order.length === items.length &&
        order.every((entry, i) => isDeepStrictEqual(entry.spec, items[i]?.spec));
      const frame = { ...request.args };
      const args =
        untouched && request.rawArgs !== undefined
          ? request.rawArgs
          : encodeJson(requestArguments(kind, frame, order));
      this.#hub.upstream.request(request.command, args, (outcome) => {
        shelf.pending.delete(pending);
        if (outcome.success) {
          shelf.frame = frame;
          this.#commit(shelf, edit, order, outcome, { request, untouched });
        } else {
          request.answer(outcome);
        }
        // What it was not told of because it seemed to have listed it itself.
        if (client.live) this.#announceShelf(client, shelf);
        done();
      });
    });
  }

  /** Takes along what only this participant owns. `done` when the adapter knows. */
  forget(owner: Owner): void {
    for (const shelf of this.#shelves.values()) {
      this.#enqueue(shelf, (done) => {
        const edit = dropOwner(shelf.group, owner);
        if (edit.removed.length === 0) {
          shelf.group = edit.group;
          done();
          return;
        }
        this.#send(shelf, sendOrder(edit), (outcome, order) => {
          if (outcome.success) this.#commit(shelf, edit, order, outcome, undefined);
          done();
        });
      });
    }
  }

  /** Sends a fresh adapter what it was not told yet, before its `configurationDone`. `done` when all is answered. */
  sendAll(done: () => void): void {
    let open = this.#shelves.size;
    if (open === 0) done();
    const one = () => {
      if (--open === 0) done();
    };
    for (const shelf of this.#shelves.values()) {
      this.#enqueue(shelf, (next) => {
        const { group } = shelf;
        // A group of which the adapter has spoken has been sent already, by a client's own request.
        if (group.entries.size === 0 || shelf.results.size > 0) {
          next();
          one();
          return;
        }
        const edit: Edit = { group, answer: [], added: [], changed: [], removed: [] };
        this.#send(shelf, sendOrder(edit), (outcome, order) => {
          if (outcome.success) this.#commit(shelf, edit, order, outcome, undefined);
          next();
          one();
        });
      });
    }
  }

  /** Takes over what is wanted in another session, for a child of it. */
  inherit(parent: Breakpoints): void {
    for (const [key, shelf] of parent.#shelves) {
      // What is at an address of one process is elsewhere in another.
      if (shelf.kind.name === "data" || shelf.kind.name === "instruction") continue;
      // Nobody has listed anything here yet; ownership goes along, so that what a guest brought goes with it.
      const group = { ...shelf.group, listed: new Map() };
      this.#shelves.set(key, {
        ...shelf,
        group,
        results: new Map(),
        queue: [],
        pending: new Set(),
        busy: false,
      });
    }
  }

  /** The body of an adapter's `breakpoint` event for each client; undefined if it is about none of ours. */
  adapterEvent(body: JsonObject): ((client: Client) => JsonObject | undefined) | undefined {
    const breakpoint = isObject(body.breakpoint) ? body.breakpoint : {};
    const found = this.#byAdapterId(breakpoint.id);
    if (found === undefined) return undefined;
    const { shelf, entry } = found;
    if (body.reason === "removed") shelf.results.delete(entry);
    else shelf.results.set(entry, { ...shelf.results.get(entry), ...breakpoint });
    const name = this.#name(shelf, entry);
    return (client) => {
      const id = client.breakpointIds.get(name);
      return id === undefined ? undefined : { ...body, breakpoint: { ...breakpoint, id } };
    };
  }

  /** The adapter's ids of the breakpoints that were hit, as the client knows them. */
  hitIds(client: Client, ids: readonly unknown[]): unknown[] {
    return ids.flatMap((id) => {
      const found = this.#byAdapterId(id);
      if (found === undefined) return [id];
      const own = client.breakpointIds.get(this.#name(found.shelf, found.entry));
      return own === undefined ? [] : [own];
    });
  }

  /** Announces to a late client all that it has not listed itself. */
  announceAll(client: Client): void {
    for (const shelf of this.#shelves.values()) this.#announceShelf(client, shelf);
  }

  #shelf(kind: BreakpointKind, args: JsonObject): Shelf {
    const key = groupKeyOf(kind, args);
    let shelf = this.#shelves.get(key);
    if (shelf === undefined) {
      shelf = {
        kind,
        group: EMPTY_GROUP,
        frame: { ...args },
        results: new Map(),
        queue: [],
        pending: new Set(),
        busy: false,
      };
      this.#shelves.set(key, shelf);
    }
    return shelf;
  }

  #enqueue(shelf: Shelf, job: (done: () => void) => void): void {
    const run = () => {
      shelf.busy = true;
      job(() => {
        shelf.busy = false;
        shelf.queue.shift()?.();
      });
    };
    if (shelf.busy) shelf.queue.push(run);
    else run();
  }

  #send(shelf: Shelf, order: Entry[], then: (outcome: Outcome, order: Entry[]) => void): void {
    const { kind, frame } = shelf;
    const capability = REQUESTS.get(kind.command)?.capability;
    if (capability !== undefined && this.#hub.capabilities[capability] !== true) {
      then({ success: false }, order);
      return;
    }
    const sent = answerOrder(kind, order);
    const args = encodeJson(requestArguments(kind, frame, sent));
    this.#hub.upstream.request(kind.command, args, (outcome) => then(outcome, sent));
  }

  /** The adapter has taken the edit: keeps its results, answers the one who asked, tells the others. */
  #commit(shelf: Shelf, edit: Edit, order: Entry[], outcome: Outcome, by: Asked | undefined): void {
    const before = new Map(shelf.results);
    const body = parseObject(outcome.body);
    const results = objects(body.breakpoints);
    const client = by?.request.client;
    const listed = by === undefined ? [] : (shelf.group.listed.get(by.request.client.participant.id) ?? []);
    shelf.group = edit.group;
    shelf.results.clear();
    order.forEach((entry, i) => {
      // The first wins where a client lists a breakpoint twice.
      if (!shelf.results.has(entry.id)) shelf.results.set(entry.id, results[i] ?? { verified: false });
    });
    for (const entry of edit.removed) client?.breakpointIds.delete(this.#name(shelf, entry.id));
    if (by !== undefined)
      this.#answer(shelf, edit, order, outcome, by, new Set(listed.map(({ entry }) => entry)));
    for (const other of this.#hub.clients) {
      if (other === client) continue;
      // Who is still joining is told of what it has listed itself, and gets the rest with its snapshot.
      for (const entry of edit.removed) this.#announceRemoved(other, shelf, entry);
      if (other.live) this.#announceShelf(other, shelf);
      for (const id of edit.group.entries.keys()) {
        const altered = edit.changed.includes(id) || differs(before.get(id), shelf.results.get(id));
        if (altered && !edit.added.includes(id)) this.#announceById(other, shelf, id, "changed");
      }
    }
    if (client !== undefined) this.#tell(shelf, edit, client);
  }

  /** The answer has the length and the order of the client's own list. `listed`: what was in its last one. */
  #answer(
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
      const name = this.#name(shelf, id ?? 0);
      if (id === undefined || !listed.has(id) || old.has(id)) continue;
      old.set(id, client.breakpointIds.get(name));
      client.breakpointIds.delete(name);
    }
    let altered = !untouched;
    const next = new Map<number, number>();
    const answers = edit.answer.map((id) => {
      if (id === undefined) return { verified: false, message: "Somebody else has removed this breakpoint." };
      // A breakpoint that is listed twice was sent twice.
      const from = next.get(id) ?? 0;
      const index = order.findIndex((entry, i) => entry.id === id && i >= from);
      next.set(id, index + 1);
      const result = results[index] ?? { verified: false };
      const name = this.#name(shelf, id);
      const told = from === 0 ? client.breakpointIds.get(name) : undefined;
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
    const taken = [...client.breakpointIds].some(
      ([other, id]) => other !== name && id === adapterId && this.#resultOf(other)?.id !== adapterId,
    );
    const id = typeof adapterId === "number" && !taken ? adapterId : (known ?? old ?? this.#nextOwnId++);
    // The first id stays where a breakpoint is listed twice.
    if (known === undefined) client.breakpointIds.set(name, id);
    return id;
  }

  /** Tells a client of all that it does not know, but for what it is about to be answered. */
  #announceShelf(client: Client, shelf: Shelf): void {
    const listed = [...shelf.pending].filter((pending) => pending.client === client);
    for (const entry of shelf.group.entries.values()) {
      if (!listed.some(({ keys }) => keys.has(entry.key))) this.#announce(client, shelf, entry, "new");
    }
  }

  #announceById(client: Client, shelf: Shelf, id: number, reason: "new" | "changed"): void {
    const entry = shelf.group.entries.get(id);
    if (entry !== undefined) this.#announce(client, shelf, entry, reason);
  }

  #announce(client: Client, shelf: Shelf, entry: Entry, reason: "new" | "changed"): void {
    if (shelf.kind.name === "exception") return;
    const name = this.#name(shelf, entry.id);
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

  #announceRemoved(client: Client, shelf: Shelf, entry: Entry): void {
    const name = this.#name(shelf, entry.id);
    const id = client.breakpointIds.get(name);
    if (id === undefined) return;
    client.breakpointIds.delete(name);
    client.event("breakpoint", encodeJson({ reason: "removed", breakpoint: { id, verified: false } }));
  }

  /** Who did what, in the others' debug console. */
  #tell(shelf: Shelf, edit: Edit, client: Client): void {
    const say = (verb: string, spec: JsonObject) =>
      this.#hub.notice(client, `${verb} ${describe(shelf.kind, shelf.frame, spec)}`);
    for (const id of edit.added) say("sets", edit.group.entries.get(id)?.spec ?? {});
    for (const id of edit.changed) say("changes", edit.group.entries.get(id)?.spec ?? {});
    for (const entry of edit.removed) say("removes", entry.spec);
  }

  /**
   * The entry that others have set and of which the client was told as being at this item's place. Who does not take
   * over what it is told of means what it lists.
   */
  #mirrored(client: Client, shelf: Shelf, item: Item): number | undefined {
    if (client.profile?.adoptsBreakpoints !== true) return undefined;
    const own = new Set(shelf.group.listed.get(client.participant.id)?.map(({ entry }) => entry));
    const told = (id: number) => !own.has(id) && client.breakpointIds.has(this.#name(shelf, id));
    for (const entry of shelf.group.entries.values())
      if (entry.key === item.key && told(entry.id)) return entry.id;
    if (shelf.kind.name !== "source") return undefined;
    const { line, column } = item.spec;
    for (const [id, result] of shelf.results) {
      if (result.line !== line || !told(id)) continue;
      if (column === undefined || result.column === undefined || result.column === column) return id;
    }
    return undefined;
  }

  /**
   * What others set, what the client shows in its own list since it was told, and what is not in this list: it has
   * been taken away. Only of clients that are known to do so, and only of what is known to have reached them: nobody
   * deletes what they do not know of.
   */
  #unlisted(request: ClientRequest, shelf: Shelf, items: Item[], mirrored: (number | undefined)[]): number[] {
    const { client } = request;
    if (shelf.kind.name !== "source" || client.profile?.adoptsBreakpoints !== true) return [];
    const listed = shelf.group.listed.get(client.participant.id) ?? [];
    const known = new Set([...mirrored, ...listed.map(({ entry }) => entry)]);
    const keys = new Set(items.map(({ key }) => key));
    return [...shelf.group.entries.values()]
      .filter(
        ({ id, key }) => !known.has(id) && !keys.has(key) && request.sawBreakpoint(this.#name(shelf, id)),
      )
      .map(({ id }) => id);
  }

  #byAdapterId(id: unknown): { shelf: Shelf; entry: number } | undefined {
    if (typeof id !== "number") return undefined;
    for (const shelf of this.#shelves.values()) {
      for (const [entry, result] of shelf.results) if (result.id === id) return { shelf, entry };
    }
    return undefined;
  }

  #name(shelf: Shelf, entry: number): string {
    return `${entry} ${groupKeyOf(shelf.kind, shelf.frame)}`;
  }

  #resultOf(name: string): JsonObject | undefined {
    const space = name.indexOf(" ");
    return this.#shelves.get(name.slice(space + 1))?.results.get(Number(name.slice(0, space)));
  }
}

/** Whether a client that knows the one would see something new in the other. */
function differs(before: JsonObject | undefined, after: JsonObject | undefined): boolean {
  if (after === undefined) return false;
  // What the adapter has not spoken of yet was announced as unverified.
  const told = before ?? { verified: false };
  return ["verified", "line", "column", "message"].some((name) => told[name] !== after[name]);
}
