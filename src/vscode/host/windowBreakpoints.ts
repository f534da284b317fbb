import { isDeepStrictEqual } from "node:util";
import { AppError } from "../../common/errors.ts";
import {
  type JsonObject,
  type Outcome,
  encodeJson,
  errorOutcome,
  objects,
  parseObject,
} from "../../dap/messages.ts";
import type { WindowRequest } from "../../hub/client.ts";
import { UNVERIFIED, atSamePlace, placeOf, same, setList, setResults } from "./breakpointLists.ts";
import type { GuestBreakpoints, GuestSpec, TreeSession } from "./guestBreakpoints.ts";
import {
  type BreakpointPlace,
  FUNCTIONS,
  type WindowBreakpoint,
  type WindowList,
  type WindowSession,
} from "./windowSession.ts";

type Answer = (outcome: Outcome) => void;

/** How long the window has to send what was set in it. */
const PATIENCE_MS = 3_000;

/** A guest's list that the window has been given and has not yet sent. */
interface PendingChange {
  /** All that the adapter shall have at this place. */
  readonly wanted: readonly JsonObject[];
  /** Of it, what the adapter must be sent before it is the guest's. */
  readonly added: readonly JsonObject[];
  readonly removed: readonly JsonObject[];
  /** Some of it is not in VS Code's list: it can be sent without the window. */
  readonly isBeside: boolean;
  readonly answer: Answer;
  timer: NodeJS.Timeout | undefined;
}

/** What the window and the hub have last agreed on for one place. */
interface BreakpointGroup {
  readonly key: string;
  /** A request's arguments for this place, without a list. */
  readonly frame: JsonObject;
  /** What VS Code has last sent, before it was altered. */
  window: readonly JsonObject[];
  items: readonly JsonObject[];
  /** The adapter's answers to them (DAP: Breakpoint), as far as there are any. */
  results: readonly JsonObject[];
  /** What the hub has wanted last: some of it may be in the window without having been heard. */
  wanted: readonly JsonObject[];
  pending: PendingChange | undefined;
}

/** A list as the adapter gets it. */
interface Composed {
  readonly items: readonly JsonObject[];
  /** For each of VS Code's own where it is among them; -1: it was left out. */
  readonly places: readonly number[];
}

export interface WindowBreakpointsOptions {
  readonly list: WindowList;
  readonly guests: GuestBreakpoints;
  /** Sends a request to the adapter without the window. */
  readonly ask: (command: string, args: JsonObject, answer: Answer) => void;
  /** Tells the hub what the adapter has been sent, and returns what takes the answer. */
  readonly tell: (request: WindowRequest) => (outcome: Outcome) => void;
}

/**
 * Breakpoints of guests, set in the host's window as if the host had set them: VS Code sends them to the adapter with
 * its own. The adapter's answer to that, as the tracker hears it, is the guest's. Whatever else the window sends is
 * the host's own doing, and the hub is told. What may not be in VS Code's list (guestBreakpoints.ts) is added to each
 * list that VS Code sends to this session, and sent without VS Code where that sends none.
 */
export class WindowBreakpoints implements TreeSession {
  readonly tree: string;
  readonly #session: WindowSession;
  readonly #options: WindowBreakpointsOptions;
  readonly #guests: GuestBreakpoints;
  readonly #groups = new Map<string, BreakpointGroup>();
  /** The adapter takes breakpoints (DAP: `initialized`). */
  #isReady = false;
  isEnded = false;

  constructor(session: WindowSession, options: WindowBreakpointsOptions) {
    this.tree = session.tree;
    this.#session = session;
    this.#options = options;
    this.#guests = options.guests;
    this.#guests.register(this);
  }

  /** The adapter takes breakpoints from now on. VS Code sends what is in its list; this is the rest. */
  ready(): void {
    this.#isReady = true;
    for (const { key, frame } of this.#guests.places(this.tree)) this.resend(key, frame);
  }

  /**
   * Brings the window to what the hub wants at a place. The hub asks once at a time for each. `guests`: for each
   * breakpoint whose it is; undefined: the host's.
   */
  set(command: string, args: JsonObject, guests: readonly (number | undefined)[], answer: Answer): void {
    const group = this.#group(placeOf(command, args));
    const { key } = group;
    const wanted = objects(args.breakpoints);
    const removed = [...group.items, ...group.wanted].filter(
      (item) => !wanted.some((other) => same(item, other)),
    );
    group.wanted = wanted;
    const before = this.#at(key);
    const dropped = this.#guests.drop(this.tree, key, removed);
    const present = this.#at(key);
    // The host's own that stand for what is removed.
    const hosts: (readonly [JsonObject, WindowBreakpoint])[] = dropped.all.flatMap(({ spec, instead }) =>
      present.filter(({ handle }) => handle === instead?.handle).map((own) => [spec, own] as const),
    );
    for (const item of removed) {
      if (dropped.all.some(({ spec }) => same(spec, item))) continue;
      const own = this.#find(before, group, item);
      if (own !== undefined) hosts.push([item, own]);
    }
    // What the adapter is not known to have; some of it may be on its way there, given to the window by another session.
    const missing = wanted.filter((item) => !group.items.some((other) => same(item, other)));
    const held = this.#guests.beside(this.tree, key);
    const there = present.filter(
      (each) => each.enabled && !hosts.some(([, own]) => own.handle === each.handle),
    );
    const kept = new Set<object>();
    const added: JsonObject[] = [];
    const theirs: GuestSpec[] = [];
    wanted.forEach((item, i) => {
      const guest = guests[i];
      if (guest !== undefined) this.#guests.attribute(this.tree, key, item, guest);
      if (!missing.includes(item) || held.some((other) => same(item, other))) return;
      if (this.#find(there, group, item) !== undefined) return;
      const replaced = hosts.find(([other]) => atSamePlace(other, item))?.[1];
      const isRestored = replaced !== undefined && same(replaced.spec, item);
      if (isRestored) kept.add(replaced.handle);
      else if (guest === undefined && !this.#guests.isGuestCode(key, item)) added.push(item);
      else {
        // What a guest makes of the host's own leaves that alone in VS Code's list.
        if (replaced !== undefined) kept.add(replaced.handle);
        theirs.push({ spec: item, guest, instead: replaced });
      }
    });
    const gone = new Set(hosts.map(([, { handle }]) => handle).filter((handle) => !kept.has(handle)));
    if (gone.size > 0) this.#options.list.remove(gone);
    if (added.length > 0) this.#options.list.add(key, added);
    const listed = this.#guests.put(this, key, group.frame, theirs);
    const isWindows = dropped.list || gone.size + added.length + listed > 0;
    const isBeside = dropped.beside || theirs.length > listed;
    if (!isWindows && !isBeside && missing.length === 0) {
      answer(this.#answerFor(group, wanted));
      return;
    }
    const now = [...this.#guests.beside(this.tree, key), ...group.window];
    const isOnItsWay = missing.some((item) => !now.some((other) => same(item, other)));
    group.pending = { wanted, added: missing, removed, isBeside, answer, timer: undefined };
    if (isWindows || isOnItsWay) {
      group.pending.timer = setTimeout(() => this.#giveUp(group), PATIENCE_MS);
      return;
    }
    this.#send(group);
    this.#guests.tellOthers(this, key, group.frame);
  }

  resend(key: string, frame: JsonObject): void {
    if (this.#isReady && !this.isEnded) this.#send(this.#groupOf(key, frame));
  }

  /** The window sends a list to the adapter, which gets it as it shall be. Returns what takes the answer. */
  heard(command: string, args: JsonObject): (response: JsonObject) => void {
    const group = this.#group(placeOf(command, args));
    group.window = objects(args.breakpoints);
    this.#isReady = true;
    const composed = this.#compose(group);
    const isAltered = !isDeepStrictEqual(composed.items, group.window);
    if (isAltered) setList(args, composed.items);
    const answered = this.#sent(group, composed);
    return ({ success, message, body }) => {
      answered({
        success: success === true,
        message: typeof message === "string" ? message : undefined,
        body: encodeJson(body),
      });
      if (isAltered) setResults(body, composed.places);
    };
  }

  dispose(): void {
    this.isEnded = true;
    this.#guests.unregister(this);
    for (const group of this.#groups.values()) {
      if (group.pending !== undefined)
        this.#settle(group, group.pending, { success: false, message: "The debug session has ended." });
    }
  }

  /** Sends the adapter what it shall have at a place, without the window. */
  #send(group: BreakpointGroup): void {
    const args = { ...group.frame };
    const composed = this.#compose(group);
    setList(args, composed.items);
    const command = group.key === FUNCTIONS ? "setFunctionBreakpoints" : "setBreakpoints";
    this.#options.ask(command, args, this.#sent(group, composed));
  }

  #compose(group: BreakpointGroup): Composed {
    const { key, window } = group;
    this.#guests.sent(this.tree, key, window);
    // None, though there are some: the host has switched them off, the guests' too.
    const isOff = window.length === 0 && this.#guests.isSwitchedOff(key);
    const beside = isOff ? [] : this.#guests.beside(this.tree, key);
    const instead = isOff ? [] : this.#guests.instead(this.tree, key);
    const kept = window.filter(
      (item) =>
        !instead.some((other) => atSamePlace(item, other)) && !this.#guests.isOthers(this.tree, key, item),
    );
    const items = [...kept, ...beside];
    const places = window.map((item) => {
      const index = kept.indexOf(item);
      return index >= 0
        ? index
        : items.findIndex((other) => instead.includes(other) && atSamePlace(item, other));
    });
    return { items, places };
  }

  /** A list is on its way to the adapter. Returns what takes the answer. */
  #sent(group: BreakpointGroup, { items }: Composed): Answer {
    const { pending, window } = group;
    const listed = items.map((item) => original(item, [...(pending?.wanted ?? []), ...group.items]));
    const enabled = this.#at(group.key).filter((each) => each.enabled).length;
    const fits =
      pending !== undefined &&
      pending.added.every((item) => listed.some((other) => same(item, other))) &&
      !pending.removed.some((item) => listed.some((other) => same(item, other)));
    return ({ success, message, body }) => {
      if (!success) {
        if (!fits) return;
        if (pending.isBeside) this.#guests.drop(this.tree, group.key, pending.added);
        this.#settle(group, pending, { success: false, message, body });
        return;
      }
      const results = objects(parseObject(body).breakpoints);
      // Fewer than there are: the host has switched breakpoints off for now, or the window has yet to send what we have
      // just given it. They are still wanted.
      if (window.length < enabled) {
        const sent = new Map(listed.map((item, i) => [item, results[i] ?? UNVERIFIED]));
        const coming = fits ? pending.added.filter((item) => !group.items.includes(item)) : [];
        group.items = [...group.items, ...listed.filter((item) => coming.includes(item))];
        group.results = group.items.map((item) => sent.get(item) ?? SWITCHED_OFF);
      } else {
        group.items = listed;
        group.results = results;
      }
      // First what the window has sent, then the guest's answer: the hub takes it in as soon as the guest's edit is done.
      const command = group.key === FUNCTIONS ? "setFunctionBreakpoints" : "setBreakpoints";
      const taken = this.#options.tell({
        command,
        args: { ...group.frame, breakpoints: group.items },
        holdsAll: true,
      });
      taken({ success: true, body: encodeJson({ breakpoints: group.results }) });
      if (fits) this.#settle(group, pending, this.#answerFor(group, pending.wanted));
    };
  }

  /** The window has not sent it: it has it, and the host has switched breakpoints off, or it has not taken it. */
  #giveUp(group: BreakpointGroup): void {
    const { pending } = group;
    if (pending === undefined) return;
    const present = [
      ...this.#at(group.key).map(({ spec }) => spec),
      ...this.#guests.beside(this.tree, group.key),
    ];
    if (pending.isBeside) {
      this.#send(group);
    } else if (pending.added.every((item) => present.some((spec) => same(spec, item)))) {
      group.items = pending.wanted;
      group.results = pending.wanted.map(() => SWITCHED_OFF);
      this.#settle(group, pending, this.#answerFor(group, pending.wanted));
    } else {
      const error = new AppError("timeout", "The host's VS Code has not set these breakpoints.");
      this.#settle(group, pending, errorOutcome(error));
    }
  }

  #at(key: string): WindowBreakpoint[] {
    return this.#options.list.all().filter((each) => each.key === key);
  }

  #group(place: BreakpointPlace): BreakpointGroup {
    const frame = place.kind === FUNCTIONS ? {} : { source: place.source };
    return this.#groupOf(this.#session.placeKey(place), frame);
  }

  #groupOf(key: string, frame: JsonObject): BreakpointGroup {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group: BreakpointGroup = {
      key,
      frame,
      window: [],
      items: [],
      results: [],
      wanted: [],
      pending: undefined,
    };
    this.#groups.set(key, group);
    return group;
  }

  #settle(group: BreakpointGroup, pending: PendingChange, outcome: Outcome): void {
    if (group.pending !== pending) return;
    clearTimeout(pending.timer);
    group.pending = undefined;
    pending.answer(outcome);
  }

  /** The adapter's last word on each of these. */
  #answerFor({ items, results }: BreakpointGroup, wanted: readonly JsonObject[]): Outcome {
    const breakpoints = wanted.map(
      (item) => results[items.findIndex((other) => same(item, other))] ?? UNVERIFIED,
    );
    return { success: true, body: encodeJson({ breakpoints }) };
  }

  /**
   * The window's own object for an item: at its place, or where an adapter has moved it, this session's or that of another
   * one which has it too.
   */
  #find(
    present: readonly WindowBreakpoint[],
    { items, results }: BreakpointGroup,
    item: JsonObject,
  ): WindowBreakpoint | undefined {
    const moved = results[items.findIndex((other) => same(item, other))];
    return (
      present.find(({ spec }) => same(spec, item)) ??
      present.find(({ spec }) => moved?.line !== undefined && spec.line === moved.line) ??
      present.find(({ spec }) => anywhereInLine(item) && same({ ...spec, column: undefined }, item))
    );
  }
}

/** Of a source's line, without a word on the column: an adapter chooses one. */
function anywhereInLine({ line, column = 1 }: JsonObject): boolean {
  return line !== undefined && column === 1;
}

const SWITCHED_OFF: JsonObject = { verified: false, message: "The host has switched breakpoints off." };

/** The window spells an item in its own way; the hub knows it by how the guest has. */
function original(item: JsonObject, known: readonly JsonObject[]): JsonObject {
  const exact = known.find((other) => same(item, other));
  if (exact !== undefined) return exact;
  const here = known.find((other) => atSamePlace(item, other));
  return here === undefined
    ? item
    : { ...item, ...(here.column === undefined ? {} : { column: here.column }) };
}
