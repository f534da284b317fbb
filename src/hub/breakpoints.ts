import { isDeepStrictEqual } from "node:util";
import { AppError } from "../common/errors.ts";
import { MESSAGE_COST } from "../common/fairShare.ts";
import { LIMITS } from "../common/limits.ts";
import {
  parseObject,
  objects,
  isObject,
  objectOf,
  encodeJson,
  type JsonObject,
  type Outcome,
} from "../dap/messages.ts";
import {
  EMPTY_DOCUMENT,
  type Edit,
  type Entry,
  type Owner,
  applyEdit,
  authorOf,
  dropOwner,
  pair,
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
import { BreakpointNotifier } from "./breakpointNotifier.ts";
import { type Asked, type BreakpointGroup, entryName, newGroup } from "./breakpointGroup.ts";
import type { Activity } from "./activity.ts";
import type { Actor, Client, ClientRequest, WindowRequest } from "./client.ts";
import type { RequestNumbers } from "./requestNumbers.ts";
import type { Rules } from "./rules.ts";
import { otherSpelling } from "./sourceIdentity.ts";
import type { Upstream } from "./upstream.ts";

interface BreakpointsHub {
  readonly upstream: Upstream;
  /** All that are connected, also those that have not finished joining. */
  readonly clients: ReadonlySet<Client>;
  /** The adapter's capabilities, as far as they are known. */
  readonly capabilities: Readonly<JsonObject>;
  readonly isParentOnly: boolean;
  /** The host's own window, if it speaks to the adapter itself. */
  readonly window: Actor | undefined;
  readonly rules: Rules;
  readonly numbers: RequestNumbers;
}

/** The shared breakpoints of a session: brings clients' lists to the adapter and its answers to the clients. */
export class Breakpoints {
  readonly #hub: BreakpointsHub;
  readonly #activity: Activity;
  readonly #groups = new Map<string, BreakpointGroup>();
  /** Those that the adapter has made itself, by its ids: its last word on each. */
  readonly #adapters = new Map<number, JsonObject>();
  /** Other spellings of a source, as the adapter has said: their keys and that under which it is here. */
  readonly #spellings = new Map<string, string>();
  readonly #notifier: BreakpointNotifier;
  /** Groups of which the adapter has to be told anew. */
  readonly #unsent = new Set<BreakpointGroup>();
  /** What the host's own window has sent last and what is not worked in yet: only the last list is true. */
  readonly #windowLists = new Map<
    BreakpointGroup,
    { readonly request: WindowRequest; readonly outcome: Outcome }
  >();

  constructor(hub: BreakpointsHub, activity: Activity) {
    this.#hub = hub;
    this.#activity = activity;
    this.#notifier = new BreakpointNotifier(this.#groups, hub.rules);
  }

  /** Deals with a `set…Breakpoints` request. */
  set(request: ClientRequest): void {
    const kind = kindOf(request.command);
    if (kind === undefined) return;
    const items = readItems(kind, request.args);
    const isBounded = !request.client.participant.isHost;
    if (items.length > LIMITS.breakpoints && isBounded) {
      request.refuse(tooMany(`A list of ${items.length} breakpoints is`, LIMITS.breakpoints));
      return;
    }
    if (this.#hub.window !== undefined && this.#hub.isParentOnly) {
      // By way of a child session they come into the window's one list for all sessions: there they are known.
      request.answer({
        success: true,
        body: encodeJson({ breakpoints: items.map(() => ({ verified: false })) }),
      });
      return;
    }
    if (isBounded && !this.#hasRoom(kind, request.args)) {
      request.refuse(tooMany("Breakpoints in more files are", LIMITS.breakpointFiles));
      return;
    }
    const group = this.#group(kind, request.args);
    const { client } = request;
    const owner = client.participant.id;
    // As of now: what the client is told while its list waits in the queue, it did not know when it wrote it.
    const knowledge = this.#notifier.knowledge(request, group, items);
    const pending = { client, keys: new Set(items.map(({ key }) => key)) };
    group.pending.add(pending);
    this.#enqueue(
      group,
      (done) => {
        const edit = applyEdit(group.expected ?? group.document, owner, items, knowledge);
        const excess = isBounded && edit.added.length > 0 ? this.#excess(group, edit) : undefined;
        if (excess !== undefined) {
          group.pending.delete(pending);
          request.refuse(excess);
          if (client.live) this.#notifier.announceGroup(client, group);
          done();
          return;
        }
        group.expected = edit.document;
        const number = ++group.sent;
        const order = answerOrder(kind, sendOrder(edit));
        // Untouched where nothing of the others is added: a single client's request reaches the adapter as written.
        const untouched =
          order.length === items.length &&
          order.every((entry, i) => isDeepStrictEqual(entry.spec, items[i]?.spec));
        const frame = inOneSpelling(group, owner, request.args);
        const args =
          untouched && frame === request.args && request.rawArgs !== undefined
            ? request.rawArgs
            : encodeJson(requestArguments(kind, frame, order));
        const take = (outcome: Outcome) => {
          group.pending.delete(pending);
          if (outcome.success && this.#joinsOther(group, owner, frame, order, outcome)) {
            // The adapter takes both for one source, so its list of the other is what is here now, or gone.
            const none = encodeJson(requestArguments(kind, frame, []));
            this.#hub.upstream.request(request.command, none, () => this.set(request));
            done();
            return;
          }
          const by = { request, untouched };
          if (outcome.success && number < group.taken) {
            this.#answerLate(group, edit, order, outcome, by);
          } else if (outcome.success) {
            group.taken = number;
            group.frame = { ...frame };
            this.#commit(group, edit, order, outcome, by);
          } else {
            request.answer(outcome);
          }
          // What it was not told of because it seemed to have listed it itself.
          if (client.live) this.#notifier.announceGroup(client, group);
          done();
        };
        // A client does not wait for its own list before this one: the adapter takes them in order.
        const seq = this.#hub.upstream.request(request.command, args, take, this.#guestsOf(order));
        this.#hub.numbers.sent(request, seq);
      },
      // A window makes one list of all.
      this.#hub.window === undefined ? { by: client } : {},
    );
  }

  /**
   * The host's own window has sent a list to the adapter and was answered. What is new in it is the host's; what it
   * left out is gone, if it knew of it.
   */
  windowLists(window: Actor, request: WindowRequest, outcome: Outcome): void {
    const kind = kindOf(request.command);
    if (kind === undefined || !outcome.success) return;
    const group = this.#group(kind, request.args);
    const isQueued = this.#windowLists.has(group);
    this.#windowLists.set(group, { request, outcome });
    if (isQueued) return;
    // Before all that waits: those edits are made of what the window has now.
    const takeIn = (done: () => void) => {
      const last = this.#windowLists.get(group);
      this.#windowLists.delete(group);
      if (last === undefined) done();
      else this.#takeWindowList(group, window, last.request, last.outcome, done);
    };
    this.#enqueue(group, takeIn, { isFirst: true });
  }

  #takeWindowList(
    group: BreakpointGroup,
    window: Actor,
    { args, holdsAll = false }: WindowRequest,
    outcome: Outcome,
    done: () => void,
  ): void {
    const items = readItems(group.kind, args);
    const entries = [...group.document.entries.values()];
    const meant = pair(items, entries).map((entry) => entry?.id);
    const unlisted = holdsAll ? entries.filter(({ id }) => !meant.includes(id)).map(({ id }) => id) : [];
    const owner = window.participant.id;
    // All that it lists is at the adapter. What a client had removed is back, if it is in the list.
    const previous = (group.document.listed.get(owner) ?? []).filter(({ entry }) =>
      group.document.entries.has(entry),
    );
    const document = { ...group.document, listed: new Map(group.document.listed).set(owner, previous) };
    const edit = applyEdit(document, owner, items, { meant, unlisted });
    const listed = edit.answer.flatMap((id) => edit.document.entries.get(id ?? 0) ?? []);
    group.frame = { ...args };
    this.#commit(group, edit, answerOrder(group.kind, listed), outcome, undefined);
    this.#tell(group, edit, window);
    const wanted = sendOrder(edit);
    if (holdsAll || wanted.every((entry) => listed.includes(entry))) {
      done();
      return;
    }
    // The adapter has only what the window sent: what guests want besides comes after it.
    this.#send(group, wanted, (all, order) => {
      const same: Edit = { ...edit, answer: [], added: [], changed: [], removed: [] };
      if (all.success) this.#commit(group, same, order, all, undefined);
      done();
    });
  }

  /** Takes along what only this participant owns, and what it has made of the others'. */
  forget(owner: Owner): void {
    for (const group of this.#groups.values()) {
      this.#enqueue(group, (done) => {
        const edit = dropOwner(group.document, owner);
        if (edit.removed.length + edit.changed.length === 0) {
          group.document = edit.document;
          done();
          return;
        }
        this.#send(group, sendOrder(edit), (outcome, order) => {
          if (outcome.success) this.#commit(group, edit, order, outcome, undefined);
          done();
        });
      });
    }
  }

  /** The adapter asks for its configuration anew: what it was told before counts no more. */
  unsent(): void {
    for (const group of this.#groups.values()) this.#unsent.add(group);
  }

  /**
   * Sends a fresh adapter what it was not told yet, before its `configurationDone`. `done` when all is answered.
   * `except`: the participant that has told it all of their own.
   */
  sendAll(done: () => void, except?: Owner): void {
    const groups = [...this.#groups.values()].filter(({ document }) =>
      [...document.entries.values()].some((entry) => authorOf(entry) !== except),
    );
    let open = groups.length;
    if (open === 0) done();
    const one = () => {
      if (--open === 0) done();
    };
    for (const group of groups) {
      this.#enqueue(group, (next) => {
        const { document } = group;
        // A group of which the adapter has spoken has been sent already, by a client's own request.
        if (document.entries.size === 0 || (group.results.size > 0 && !this.#unsent.has(group))) {
          next();
          one();
          return;
        }
        const edit: Edit = { document, answer: [], added: [], changed: [], removed: [] };
        this.#send(group, sendOrder(edit), (outcome, order) => {
          if (outcome.success) this.#commit(group, edit, order, outcome, undefined);
          next();
          one();
        });
      });
    }
  }

  /** Takes over what is wanted in another session, for a child of it. */
  inherit(parent: Breakpoints, without?: Owner): void {
    for (const [key, group] of parent.#groups) {
      // What is at an address of one process is elsewhere in another.
      if (group.kind.name === "data" || group.kind.name === "instruction") continue;
      // No client has listed anything here yet; ownership goes along, so that what a guest brought goes with it.
      const entries = new Map(
        [...group.document.entries].filter(([, { owners }]) =>
          [...owners].some((owner) => owner !== without),
        ),
      );
      const document = { ...group.document, entries, listed: new Map() };
      this.#groups.set(key, newGroup({ ...group, document }));
    }
  }

  /** The bodies of an adapter's `breakpoint` event for each client; undefined if it is about none of ours. */
  adapterEvent(body: JsonObject): ((client: Client) => JsonObject[]) | undefined {
    const breakpoint = objectOf(body.breakpoint);
    const found = this.#byAdapterId(breakpoint.id);
    if (found.length === 0) {
      const { id } = breakpoint;
      if (typeof id !== "number") return undefined;
      if (body.reason === "removed") this.#adapters.delete(id);
      else if (this.#adapters.has(id) || this.#adapters.size < LIMITS.breakpointsInAll)
        this.#adapters.set(id, { ...this.#adapters.get(id), ...breakpoint });
      return undefined;
    }
    for (const { group, entry } of found) {
      if (body.reason === "removed") group.results.delete(entry);
      else group.results.set(entry, { ...group.results.get(entry), ...breakpoint });
    }
    return (client) => ownIds(client, found).map((id) => ({ ...body, breakpoint: { ...breakpoint, id } }));
  }

  /** The adapter's ids of the breakpoints that were hit, as the client knows them. */
  hitIds(client: Client, ids: readonly unknown[]): unknown[] {
    return ids.flatMap((id) => {
      const found = this.#byAdapterId(id);
      return found.length === 0 ? [id] : ownIds(client, found);
    });
  }

  /** Announces to a late client all that it has not listed itself. */
  announceAll(client: Client): void {
    if (this.#hub.isParentOnly) return;
    for (const group of this.#groups.values()) this.#notifier.announceGroup(client, group);
    for (const breakpoint of this.#adapters.values())
      client.event("breakpoint", encodeJson({ reason: "new", breakpoint }));
  }

  /** Whether there may be breakpoints in this file, too. Files in which there are none any more make room. */
  #hasRoom(kind: BreakpointKind, args: JsonObject): boolean {
    if (this.#groups.has(this.#keyOf(kind, args)) || this.#groups.size < LIMITS.breakpointFiles) return true;
    for (const [key, group] of this.#groups) {
      const isIdle = group.underWay === 0 && group.queue.length === 0 && group.pending.size === 0;
      if (isIdle && group.document.entries.size === 0) this.#groups.delete(key);
    }
    return this.#groups.size < LIMITS.breakpointFiles;
  }

  /** Why there are too many breakpoints after the edit; undefined if there are not. */
  #excess(group: BreakpointGroup, { document }: Edit): AppError | undefined {
    const here = document.entries.size;
    if (here > LIMITS.breakpoints)
      return tooMany(`Together with those of others ${here} breakpoints are`, LIMITS.breakpoints);
    let all = here;
    for (const other of this.#groups.values()) if (other !== group) all += other.document.entries.size;
    return all > LIMITS.breakpointsInAll
      ? tooMany(`In all files ${all} breakpoints are`, LIMITS.breakpointsInAll)
      : undefined;
  }

  #keyOf(kind: BreakpointKind, args: JsonObject): string {
    const key = groupKeyOf(kind, args);
    return this.#spellings.get(key) ?? key;
  }

  /**
   * Notes what the adapter's answer says of the spelling of a source. True if others have breakpoints in that source
   * already, under the other spelling: from now on both are one, and this list is to be set there.
   */
  #joinsOther(
    group: BreakpointGroup,
    owner: Owner,
    frame: JsonObject,
    order: Entry[],
    { body }: Outcome,
  ): boolean {
    if (group.kind.name !== "source" || !isObject(frame.source)) return false;
    const asked = order.map(({ spec }) => spec);
    const name = otherSpelling(frame.source, asked, objects(parseObject(body).breakpoints));
    const key = name === undefined ? undefined : `source:${name}`;
    if (key === undefined || key === group.key || this.#spellings.size >= LIMITS.breakpointFiles)
      return false;
    const other = this.#groups.get(key);
    const entries = [...(other?.document.entries.values() ?? [])];
    if (other === undefined || (entries.length === 0 && other.underWay === 0)) {
      this.#groups.delete(key);
      this.#spellings.set(key, group.key);
      return false;
    }
    const isNew = group.document.entries.size === 0 && group.queue.length === 0 && group.underWay === 1;
    if (!isNew || !entries.some(({ owners }) => [...owners].some((each) => each !== owner))) return false;
    this.#groups.delete(group.key);
    this.#spellings.set(group.key, key);
    return true;
  }

  #group(kind: BreakpointKind, args: JsonObject): BreakpointGroup {
    const key = this.#keyOf(kind, args);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = newGroup({ kind, key, document: EMPTY_DOCUMENT, frame: { ...args } });
      this.#groups.set(key, group);
    }
    return group;
  }

  /** `by`: the client whose list it is: it need not wait while only lists of that client are under way. */
  #enqueue(
    group: BreakpointGroup,
    job: (done: () => void) => void,
    { by, isFirst = false }: { readonly by?: Client; readonly isFirst?: boolean } = {},
  ): void {
    const run = () => this.#run(group, job, by);
    const isNext = by !== undefined && group.holder === by && group.queue.length === 0;
    if (group.underWay === 0 || isNext) run();
    else if (isFirst) group.queue.unshift({ run, by });
    else group.queue.push({ run, by });
  }

  #run(group: BreakpointGroup, job: (done: () => void) => void, by: Client | undefined): void {
    group.underWay++;
    group.holder = by;
    job(() => {
      if (--group.underWay > 0) return;
      group.expected = undefined;
      const next = group.queue.shift();
      next?.run();
      while (next?.by !== undefined && group.holder === next.by && group.queue[0]?.by === next.by)
        group.queue.shift()?.run();
    });
  }

  #send(group: BreakpointGroup, order: Entry[], then: (outcome: Outcome, order: Entry[]) => void): void {
    const { kind, frame } = group;
    const capability = REQUESTS.get(kind.command)?.capability;
    if (capability !== undefined && this.#hub.capabilities[capability] !== true) {
      then({ success: false }, order);
      return;
    }
    const sent = answerOrder(kind, order);
    const args = encodeJson(requestArguments(kind, frame, sent));
    this.#hub.upstream.request(kind.command, args, (outcome) => then(outcome, sent), this.#guestsOf(sent));
  }

  /** For each entry the guest whose it is, by their id; undefined: the host's own. */
  #guestsOf(order: readonly Entry[]): (Owner | undefined)[] {
    const host = this.#hub.window?.participant.id;
    return order.map(authorOf).map((author) => (author === host ? undefined : author));
  }

  /** A later list of the same client has been answered first: it is what is there now. */
  #answerLate(group: BreakpointGroup, edit: Edit, order: Entry[], outcome: Outcome, by: Asked): void {
    const { client } = by.request;
    this.#notifier.answer(group, edit, order, outcome, by, new Set());
    for (const id of edit.answer)
      if (id !== undefined && !group.document.entries.has(id))
        client.breakpointIds.delete(entryName(group, id));
  }

  /** The adapter has taken the edit: keeps its results, answers the one who asked, tells the others. */
  #commit(group: BreakpointGroup, edit: Edit, order: Entry[], outcome: Outcome, by: Asked | undefined): void {
    this.#unsent.delete(group);
    const before = new Map(group.results);
    const body = parseObject(outcome.body);
    const results = objects(body.breakpoints);
    const client = by?.request.client;
    const listed =
      by === undefined ? [] : (group.document.listed.get(by.request.client.participant.id) ?? []);
    // By what is there, not by the edit: a list before this one may have taken something away and been refused.
    const removed = [...group.document.entries.values()].filter(({ id }) => !edit.document.entries.has(id));
    group.document = edit.document;
    group.results.clear();
    order.forEach((entry, i) => group.results.set(entry.id, results[i] ?? { verified: false }));
    // An adapter may speak of one before it has answered the list that it is in.
    for (const { id } of results) if (typeof id === "number") this.#adapters.delete(id);
    for (const entry of removed) client?.breakpointIds.delete(entryName(group, entry.id));
    if (by !== undefined)
      this.#notifier.answer(group, edit, order, outcome, by, new Set(listed.map(({ entry }) => entry)));
    const [added, changed] = [new Set(edit.added), new Set(edit.changed)];
    for (const other of this.#hub.clients) {
      if (other === client) continue;
      // A client that is still joining is told of what it has listed itself, and gets the rest with its snapshot.
      for (const entry of removed) this.#notifier.announceRemoved(other, group, entry);
      if (other.live && !this.#hub.isParentOnly) this.#notifier.announceGroup(other, group);
      for (const id of edit.document.entries.keys()) {
        const altered = changed.has(id) || differs(before.get(id), group.results.get(id));
        if (altered && !added.has(id)) this.#notifier.announceChanged(other, group, id);
      }
    }
    if (client === undefined) return;
    this.#tell(group, edit, client);
    const news = edit.added.length + edit.changed.length + edit.removed.length;
    client.charge(news * this.#hub.clients.size * MESSAGE_COST);
  }

  /** Who did what, in the others' debug console. */
  #tell(group: BreakpointGroup, edit: Edit, actor: Actor): void {
    const say = (verb: string, spec: JsonObject) =>
      this.#activity.report(actor, `${verb} ${describe(group.kind, group.frame, spec)}`);
    for (const id of edit.added) say("sets", edit.document.entries.get(id)?.spec ?? {});
    for (const id of edit.changed) say("changes", edit.document.entries.get(id)?.spec ?? {});
    for (const entry of edit.removed) say("removes", entry.spec);
  }

  /** An adapter may call several at one place by one id. */
  #byAdapterId(id: unknown): Found[] {
    if (typeof id !== "number") return [];
    const found: Found[] = [];
    for (const group of this.#groups.values()) {
      for (const [entry, result] of group.results) if (result.id === id) found.push({ group, entry });
      // An adapter that numbers anew for each source: the first that has it.
      if (found.length > 0) break;
    }
    return found;
  }
}

interface Found {
  readonly group: BreakpointGroup;
  readonly entry: number;
}

/** By which ids a client knows them, each once. */
function ownIds(client: Client, found: readonly Found[]): number[] {
  return [
    ...new Set(found.flatMap(({ group, entry }) => client.breakpointIds.get(entryName(group, entry)) ?? [])),
  ];
}

/**
 * A request's arguments for the adapter. Where others have breakpoints in the same source, it is called as it was before:
 * an adapter that takes two spellings for two sources would have each breakpoint twice.
 */
function inOneSpelling(
  { kind, document, frame }: BreakpointGroup,
  owner: Owner,
  args: JsonObject,
): JsonObject {
  if (kind.name !== "source" || !isObject(args.source) || !isObject(frame.source)) return args;
  const isShared = [...document.entries.values()].some(({ owners }) =>
    [...owners].some((other) => other !== owner),
  );
  const { path } = frame.source;
  if (!isShared || path === args.source.path) return args;
  return { ...args, source: { ...args.source, path } };
}

/** Whether a client that knows the one would see something new in the other. */
function differs(before: JsonObject | undefined, after: JsonObject | undefined): boolean {
  if (after === undefined) return false;
  // What the adapter has not spoken of yet was announced as unverified.
  const told = before ?? { verified: false };
  return ["verified", "line", "column", "message"].some((name) => told[name] !== after[name]);
}

function tooMany(what: string, most: number): AppError {
  return new AppError("tooLarge", `${what} more than the ${most} allowed.`, { hint: "Remove some." });
}
