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
  groupKeyOf,
  kindOf,
  readItems,
  requestArguments,
  describe,
} from "./breakpointKinds.ts";
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
  busy: boolean;
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
    this.#enqueue(shelf, (done) => {
      const { client } = request;
      const owner = client.participant.id;
      const edit = applyEdit(shelf.group, owner, items, {
        knows: (entry) => client.breakpointIds.has(this.#name(shelf, entry)),
        at: (item) => this.#announcedAt(client, shelf, item),
      });
      const order = sendOrder(edit);
      // Untouched where nothing of the others is added: a single client's request reaches the adapter as written.
      const own =
        order.length === items.length &&
        order.every((entry, i) => isDeepStrictEqual(entry.spec, items[i]?.spec));
      const frame = { ...request.args };
      const args =
        own && request.rawArgs !== undefined
          ? request.rawArgs
          : encodeJson(requestArguments(kind, frame, order));
      this.#hub.upstream.request(request.command, args, (outcome) => {
        if (outcome.success) {
          shelf.frame = frame;
          this.#commit(shelf, edit, order, outcome, request);
        } else {
          request.answer(outcome);
        }
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

  /** Sends every group to a fresh adapter, before its `configurationDone`. `done` when all are answered. */
  sendAll(done: () => void): void {
    let open = this.#shelves.size;
    if (open === 0) done();
    for (const shelf of this.#shelves.values()) {
      this.#enqueue(shelf, (next) => {
        const edit: Edit = { group: shelf.group, answer: [], added: [], changed: [], removed: [] };
        this.#send(shelf, sendOrder(edit), (outcome, order) => {
          if (outcome.success) this.#commit(shelf, edit, order, outcome, undefined);
          next();
          if (--open === 0) done();
        });
      });
    }
  }

  /** Takes over what is wanted in another session, for a child of it. */
  inherit(parent: Breakpoints): void {
    for (const [key, shelf] of parent.#shelves) {
      // Nobody has listed anything here yet; ownership goes along, so that what a guest brought goes with it.
      const group = { ...shelf.group, listed: new Map() };
      this.#shelves.set(key, { ...shelf, group, results: new Map(), queue: [], busy: false });
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
    for (const shelf of this.#shelves.values()) {
      for (const entry of shelf.group.entries.values()) this.#announce(client, shelf, entry, "new");
    }
  }

  #shelf(kind: BreakpointKind, args: JsonObject): Shelf {
    const key = groupKeyOf(kind, args);
    let shelf = this.#shelves.get(key);
    if (shelf === undefined) {
      shelf = { kind, group: EMPTY_GROUP, frame: { ...args }, results: new Map(), queue: [], busy: false };
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
    const args = encodeJson(requestArguments(shelf.kind, shelf.frame, order));
    this.#hub.upstream.request(shelf.kind.command, args, (outcome) => then(outcome, order));
  }

  /** The adapter has taken the edit: keeps its results, answers the one who asked, tells the others. */
  #commit(
    shelf: Shelf,
    edit: Edit,
    order: Entry[],
    outcome: Outcome,
    request: ClientRequest | undefined,
  ): void {
    const before = new Map(shelf.results);
    const body = parseObject(outcome.body);
    const results = objects(body.breakpoints);
    shelf.group = edit.group;
    shelf.results.clear();
    order.forEach((entry, i) => {
      // The first wins where a client lists a breakpoint twice.
      if (!shelf.results.has(entry.id)) shelf.results.set(entry.id, results[i] ?? { verified: false });
    });
    if (request !== undefined) this.#answer(shelf, edit, order, outcome, request);
    for (const client of this.#hub.clients) {
      if (!client.live || client === request?.client) {
        for (const entry of edit.removed) client.breakpointIds.delete(this.#name(shelf, entry.id));
        continue;
      }
      for (const entry of edit.removed) this.#announceRemoved(client, shelf, entry);
      for (const id of edit.added) this.#announceById(client, shelf, id, "new");
      for (const id of edit.group.entries.keys()) {
        const altered = edit.changed.includes(id) || differs(before.get(id), shelf.results.get(id));
        if (altered && !edit.added.includes(id)) this.#announceById(client, shelf, id, "changed");
      }
    }
    if (request !== undefined) this.#tell(shelf, edit, request.client);
  }

  /** The answer has the length and the order of the client's own list. */
  #answer(shelf: Shelf, edit: Edit, order: Entry[], outcome: Outcome, request: ClientRequest): void {
    const { client } = request;
    const body = parseObject(outcome.body);
    const results = objects(body.breakpoints);
    // Exception filters need not be answered with breakpoints (DAP: SetExceptionBreakpointsResponse).
    if (shelf.kind.name === "exception" && results.length === 0) {
      request.answer(outcome);
      return;
    }
    let altered = results.length !== edit.answer.length || order.length !== edit.answer.length;
    let next = 0;
    const answers = edit.answer.map((id) => {
      if (id === undefined) {
        altered = true;
        return { verified: false, message: "Somebody else has removed this breakpoint." };
      }
      const result = results[next++] ?? { verified: false };
      const told = this.#tellId(client, this.#name(shelf, id), result.id);
      if (told !== result.id) altered = true;
      return { ...result, id: told };
    });
    request.answer(altered ? { ...outcome, body: encodeJson({ ...body, breakpoints: answers }) } : outcome);
  }

  /** The id by which the client knows a breakpoint from now on: the adapter's, unless that one means another to it. */
  #tellId(client: Client, name: string, adapterId: unknown): number {
    const taken = [...client.breakpointIds].some(([other, id]) => other !== name && id === adapterId);
    const known = client.breakpointIds.get(name);
    const id = typeof adapterId === "number" && !taken ? adapterId : (known ?? this.#nextOwnId++);
    client.breakpointIds.set(name, id);
    return id;
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
    client.event("breakpoint", encodeJson({ reason, breakpoint: { ...result, ...place, id } }));
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

  #announcedAt(client: Client, shelf: Shelf, item: Item): number | undefined {
    if (shelf.kind.name !== "source") return undefined;
    for (const [id, result] of shelf.results) {
      if (!client.breakpointIds.has(this.#name(shelf, id)) || result.line !== item.spec.line) continue;
      const { column } = item.spec;
      if (column === undefined || result.column === undefined || result.column === column) return id;
    }
    return undefined;
  }

  #byAdapterId(id: unknown): { shelf: Shelf; entry: number } | undefined {
    if (typeof id !== "number") return undefined;
    for (const shelf of this.#shelves.values()) {
      for (const [entry, result] of shelf.results) if (result.id === id) return { shelf, entry };
    }
    return undefined;
  }

  #name(shelf: Shelf, entry: number): string {
    return `${groupKeyOf(shelf.kind, shelf.frame)}#${entry}`;
  }
}

/** Whether a client that knows the one would see something new in the other. */
function differs(before: JsonObject | undefined, after: JsonObject | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  return ["verified", "line", "column", "message"].some((name) => before[name] !== after[name]);
}
