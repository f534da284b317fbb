import { createHash } from "node:crypto";
import { type Disposable, DisposableStore } from "../../common/disposable.ts";
import { Emitter } from "../../common/event.ts";
import { LIMITS } from "../../common/limits.ts";
import { allows } from "../../common/access.ts";
import { type JsonObject, isObject } from "../../dap/messages.ts";
import type { Sessions } from "../../hub/sessions.ts";
import { atSamePlace, codeOf, same } from "./breakpointLists.ts";
import type { WindowBreakpoint, WindowList } from "./windowSession.ts";

/** What outlives the window; of whatever shape. */
export interface GuestBreakpointState {
  get(): unknown;
  set(value: readonly Placed[]): void;
}

/** A breakpoint and the key of its place (`WindowSession.placeKey`). */
interface Placed {
  readonly key: string;
  readonly spec: JsonObject;
}

/** What a guest sets. */
export interface GuestSpec {
  readonly spec: JsonObject;
  /** The participant; undefined where that is not known any more. */
  readonly guest: number | undefined;
  /** The host's own breakpoint, of which the guest makes this one in its session. It stays as it is in VS Code's list. */
  readonly instead: WindowBreakpoint | undefined;
}

/** A session to which VS Code gives its list, and who sets guests' breakpoints for it. */
export interface TreeSession {
  readonly tree: string;
  /** Whether it can still be asked for the removal of what its guests have set. */
  readonly isEnded: boolean;
  /** The session's adapter is to have its breakpoints of this place anew. `frame`: a request's arguments without a list. */
  resend(key: string, frame: JsonObject): void;
}

interface GuestBreakpoint {
  readonly session: TreeSession;
  readonly key: string;
  readonly frame: JsonObject;
  spec: JsonObject;
  guest: number | undefined;
  readonly instead: WindowBreakpoint | undefined;
  /** VS Code's own at the same place, of which it keeps one for each: as long as that is there, this one is beside. */
  besides: object | undefined;
  /** VS Code's own, while it is in VS Code's list; and whether VS Code has sent it to a session since. */
  handle: object | undefined;
  isSent: boolean;
}

/** A breakpoint of a guest that is not in VS Code's list, for people. */
export interface HeldBreakpoint {
  readonly tree: string;
  readonly key: string;
  readonly spec: JsonObject;
  readonly guest: number | undefined;
  /** The sessions that would get it, too; empty: it stands for one of the host's own, or it is the second at its place. */
  readonly others: readonly string[];
  readonly isSecond: boolean;
}

export interface Dropped {
  /** Whether any was in VS Code's list, and whether any was beside it. */
  readonly list: boolean;
  readonly beside: boolean;
  readonly all: readonly { readonly spec: JsonObject; readonly instead: WindowBreakpoint | undefined }[];
}

/**
 * The breakpoints of guests, where they are in VS Code's one list for all sessions, and where not. A condition is code
 * that runs in every program that gets it. So it is in that list only while all running sessions are of the tree that
 * its guest has joined. Otherwise it is held here, in a list beside VS Code's, and each session of the tree gets both
 * (windowBreakpoints.ts). What VS Code sends to a session of another tree never holds a guest's breakpoint: what is
 * still on its way in VS Code is taken out of the message.
 */
export class GuestBreakpoints implements Disposable {
  readonly #list: WindowList;
  readonly #state: GuestBreakpointState;
  readonly #store = new DisposableStore();
  readonly #changed = new Emitter<void>();
  /** What is held may be other than before. */
  readonly onChanged = this.#changed.event;
  readonly #running = new Map<string, { readonly tree: string; readonly name: string }>();
  readonly #sessions = new Set<TreeSession>();
  #breakpoints: GuestBreakpoint[] = [];
  /** Hashes of guests' code, with the trees in which it may run. It outlives the breakpoint: a message of VS Code may be on its way. */
  readonly #code = new Map<string, Set<string>>();
  /** What an earlier window has left in VS Code's list, until it is taken out. */
  #left: readonly Placed[];
  /** How many the state holds. */
  #saved: number;
  readonly #cleared = new Emitter<void>();
  /** We are changing VS Code's list ourselves. */
  #isChanging = false;

  constructor(list: WindowList, state: GuestBreakpointState) {
    this.#list = list;
    this.#state = state;
    const stored = state.get();
    this.#left = Array.isArray(stored) ? stored.filter(isPlaced) : [];
    this.#saved = this.#left.length;
    for (const { key, spec } of this.#left) this.#learn(undefined, key, spec);
    this.#store.add(list.onChanged(() => this.#listChanged()));
    this.#listChanged();
  }

  /** Resolves when nothing of an earlier window is in VS Code's list any more. */
  async cleared(): Promise<void> {
    if (this.#left.length === 0) return;
    await new Promise<void>((resolve) => this.#store.add(this.#cleared.event(() => resolve())));
  }

  /** VS Code will give its list to this session. `tree`: its own id, if this window does not serve it. */
  sessionStarted(id: string, tree: string, name: string): void {
    this.#running.set(id, { tree, name });
    this.#settle();
  }

  hasSession(id: string): boolean {
    return this.#running.has(id);
  }

  /** VS Code sends it nothing any more. */
  sessionEnded(id: string): void {
    if (!this.#running.delete(id)) return;
    this.#settle();
  }

  /** This session gets what guests of its tree have set. */
  register(session: TreeSession): void {
    this.#sessions.add(session);
  }

  unregister(session: TreeSession): void {
    this.#sessions.delete(session);
  }

  /** What guests have brought goes with them, also if the one of a tree's sessions by which it came has ended before. */
  follow(tree: string, sessions: Sessions): void {
    const maySet = (guest: number | undefined) =>
      sessions.participants().some(({ id, access }) => id === guest && allows(access, "control"));
    sessions.onChanged(() =>
      this.#forget(({ session, guest }) => session.tree === tree && session.isEnded && !maySet(guest)),
    );
    sessions.onEnd(() => this.#forget(({ session }) => session.tree === tree));
  }

  /** What guests of a tree have at a place beside VS Code's list. */
  beside(tree: string, key: string): JsonObject[] {
    this.#followHost();
    return this.#at(tree, key)
      .filter(({ isSent }) => !isSent)
      .map(({ spec }) => spec);
  }

  /** Of these, what stands for whatever VS Code has at the same place: not the second of two there. */
  instead(tree: string, key: string): JsonObject[] {
    return this.#at(tree, key)
      .filter(({ isSent, besides }) => !isSent && besides === undefined)
      .map(({ spec }) => spec);
  }

  /** All of a tree that is held, with the arguments by which an adapter is told. */
  places(tree: string): { readonly key: string; readonly frame: JsonObject }[] {
    const held = this.#breakpoints.filter(({ session, isSent }) => session.tree === tree && !isSent);
    return [...new Map(held.map(({ key, frame }) => [key, { key, frame }])).values()];
  }

  /** VS Code sends this list to a session of the tree. */
  sent(tree: string, key: string, items: readonly JsonObject[]): void {
    for (const each of this.#at(tree, key))
      if (each.handle !== undefined && items.some((item) => same(item, each.spec))) each.isSent = true;
  }

  /** Whether an item of a list that VS Code sends to a session of this tree is another tree's guest's. */
  isOthers(tree: string, key: string, item: JsonObject): boolean {
    const isForeign = codeOf(key, item).some((code) => {
      const trees = this.#code.get(hashOf(code));
      return trees !== undefined && !trees.has(tree) && !this.#isHosts(code);
    });
    if (isForeign) return true;
    const here = this.#list.all().filter((listed) => listed.key === key);
    const places = this.#breakpoints.filter(
      (each) => each.key === key && each.session.tree !== tree && each.handle !== undefined,
    );
    const isAt = (spec: JsonObject) => spec.line === item.line && spec.name === item.name;
    const found = places.some(
      ({ spec, handle }) =>
        isAt(spec) || here.some((listed) => listed.handle === handle && isAt(listed.spec)),
    );
    return found && !here.some((listed) => !this.#isGuests(listed) && isAt(listed.spec));
  }

  /** Whether VS Code has something at a place that it has sent, and would send. */
  isSwitchedOff(key: string): boolean {
    const coming = this.#breakpoints.filter(({ isSent }) => !isSent).map(({ handle }) => handle);
    return this.#list
      .all()
      .some((listed) => listed.key === key && listed.enabled && !coming.includes(listed.handle));
  }

  /** Whether it has a guest's code, which is not the host's own as well. */
  isGuestCode(key: string, spec: JsonObject): boolean {
    return codeOf(key, spec).some((code) => this.#code.has(hashOf(code)) && !this.#isHosts(code));
  }

  /**
   * Sets breakpoints of guests by way of a session: in VS Code's list, or beside it. Returns how many are in VS Code's.
   */
  put(session: TreeSession, key: string, frame: JsonObject, added: readonly GuestSpec[]): number {
    const fresh = added.map(({ spec, guest, instead }): GuestBreakpoint => {
      this.#learn(session.tree, key, spec);
      return {
        session,
        key,
        frame,
        spec,
        guest,
        instead,
        besides: undefined,
        handle: undefined,
        isSent: false,
      };
    });
    this.#breakpoints.push(...fresh);
    const listed = this.#enlistFree(fresh);
    if (added.length > 0) this.#changed.fire();
    return listed;
  }

  /** Whose they are now: another guest may have set them, too. */
  attribute(tree: string, key: string, spec: JsonObject, guest: number): void {
    for (const each of this.#at(tree, key)) if (same(each.spec, spec)) each.guest = guest;
  }

  /** Breakpoints of guests are no longer wanted in a tree. Returns what has changed. */
  drop(tree: string, key: string, specs: readonly JsonObject[]): Dropped {
    const dropped = this.#at(tree, key).filter((each) => specs.some((spec) => same(spec, each.spec)));
    if (dropped.length === 0) return { list: false, beside: false, all: [] };
    const handles = new Set(dropped.flatMap(({ handle }) => handle ?? []));
    this.#breakpoints = this.#breakpoints.filter((each) => !dropped.includes(each));
    this.#remove(handles);
    this.#enlistFree(
      this.#breakpoints.filter(({ besides }) => besides !== undefined && handles.has(besides)),
    );
    this.#save();
    this.#changed.fire();
    return {
      list: handles.size > 0,
      beside: dropped.some(({ handle }) => handle === undefined),
      all: dropped,
    };
  }

  /** The other sessions of the tree are to get what has changed beside VS Code's list. */
  tellOthers(session: TreeSession, key: string, frame: JsonObject): void {
    for (const other of this.#sessions)
      if (other !== session && other.tree === session.tree) other.resend(key, frame);
  }

  held(): HeldBreakpoint[] {
    return this.#breakpoints
      .filter(({ handle }) => handle === undefined)
      .map(({ session: { tree }, key, spec, guest, besides }) => ({
        tree,
        key,
        spec,
        guest,
        others: this.#othersThan(tree),
        isSecond: besides !== undefined,
      }));
  }

  dispose(): void {
    this.#store.dispose();
  }

  #at(tree: string, key: string): GuestBreakpoint[] {
    return this.#breakpoints.filter((each) => each.key === key && each.session.tree === tree);
  }

  #othersThan(tree: string): string[] {
    const others = [...this.#running.entries()].filter(([, running]) => running.tree !== tree);
    // Of a tree the one that the host has started; its children are named where it has ended before them.
    const named = others.filter(([id, running]) => id === running.tree || !this.#running.has(running.tree));
    return [...new Set(named.map(([, { name }]) => name))];
  }

  #mayBeListed({ session: { tree }, key, spec, instead }: GuestBreakpoint): boolean {
    if (instead !== undefined) return false;
    return codeOf(key, spec).length === 0 || this.#othersThan(tree).length === 0;
  }

  /** Who runs has changed: takes out of VS Code's list what others would get, and puts in what they would not. */
  #settle(): void {
    this.#followHost();
    const out = this.#breakpoints.filter((each) => each.handle !== undefined && !this.#mayBeListed(each));
    const handles = new Set(out.flatMap(({ handle }) => handle ?? []));
    for (const each of out) {
      each.handle = undefined;
      each.isSent = false;
    }
    this.#remove(handles);
    const back = this.#enlistFree(this.#breakpoints);
    if (out.length === 0) this.#save();
    // Also where nothing moves: what is held tells of the sessions that run.
    if (this.#breakpoints.some(({ handle }) => handle === undefined) || back > 0) this.#changed.fire();
  }

  /** Puts into VS Code's list what may be in it and has a place there. Returns how many. */
  #enlistFree(breakpoints: readonly GuestBreakpoint[]): number {
    const all = this.#list.all();
    const free: GuestBreakpoint[] = [];
    const seconds: (readonly [GuestBreakpoint, GuestBreakpoint])[] = [];
    for (const each of breakpoints) {
      if (each.handle !== undefined || !this.#mayBeListed(each)) continue;
      each.besides = all.find((listed) => isAt(listed, each))?.handle;
      if (each.besides !== undefined) continue;
      const first = free.find((other) => isAt(other, each));
      if (first === undefined) free.push(each);
      else seconds.push([each, first]);
    }
    if (free.length > 0) this.#enlist(free);
    for (const [second, first] of seconds) second.besides = first.handle;
    return free.length;
  }

  #enlist(breakpoints: readonly GuestBreakpoint[]): void {
    // What outlives the window is known before VS Code has it.
    this.#save(breakpoints);
    this.#change(() => {
      for (const each of breakpoints) [each.handle] = this.#list.add(each.key, [each.spec]);
    });
  }

  #remove(handles: ReadonlySet<object>): void {
    if (handles.size > 0) this.#change(() => this.#list.remove(handles));
  }

  /** VS Code tells of a change while it makes it. */
  #change(work: () => void): void {
    const before = this.#isChanging;
    this.#isChanging = true;
    try {
      work();
    } finally {
      this.#isChanging = before;
    }
  }

  #forget(isGone: (each: GuestBreakpoint) => boolean): void {
    const gone = this.#breakpoints.filter(isGone);
    if (gone.length === 0) return;
    this.#breakpoints = this.#breakpoints.filter((each) => !gone.includes(each));
    this.#remove(new Set(gone.flatMap(({ handle }) => handle ?? [])));
    const places = new Map(gone.map((each) => [`${each.session.tree} ${each.key}`, each]));
    for (const { session, key, frame } of places.values()) this.tellOthers(session, key, frame);
    this.#save();
    this.#changed.fire();
  }

  #listChanged(): void {
    this.#clearLeft();
    if (this.#isChanging) return;
    const before = this.#breakpoints.length;
    const seconds = this.#breakpoints.filter(({ besides }) => besides !== undefined);
    this.#followHost();
    // The first has gone.
    const back = this.#enlistFree(seconds.filter(({ besides }) => besides === undefined));
    if (this.#breakpoints.length !== before || back > 0) this.#changed.fire();
  }

  /** The host's word is the last: what it has removed is gone, and where it has set or changed one that one counts. */
  #followHost(): void {
    if (this.#isChanging || this.#breakpoints.length === 0) return;
    const all = this.#list.all();
    const byHandle = new Map(all.map((listed) => [listed.handle, listed]));
    const before = this.#breakpoints.length;
    this.#breakpoints = this.#breakpoints.filter((each) => {
      const { key, spec, instead, handle } = each;
      if (handle !== undefined) {
        const listed = byHandle.get(handle);
        if (listed === undefined) return false;
        // The host may have changed its condition.
        const { condition, hitCondition, logMessage } = listed.spec;
        each.spec = { ...spec, condition, hitCondition, logMessage };
        return true;
      }
      if (instead !== undefined) {
        const own = byHandle.get(instead.handle);
        return own !== undefined && sameCode(key, own.spec, instead.spec);
      }
      if (each.besides !== undefined && byHandle.has(each.besides)) return true;
      each.besides = undefined;
      return !all.some((listed) => isAt(listed, each));
    });
    if (this.#breakpoints.length !== before) this.#save();
  }

  /** VS Code tells of all that it remembers at once, some time after the first look. */
  #clearLeft(): void {
    if (this.#left.length === 0) return;
    const all = this.#list.all();
    if (all.length === 0) return;
    const left = all.filter((listed) => this.#isLeft(listed));
    this.#left = [];
    this.#remove(new Set(left.map(({ handle }) => handle)));
    this.#save();
    this.#cleared.fire();
  }

  #isLeft({ key, spec }: WindowBreakpoint): boolean {
    return this.#left.some((placed) => {
      if (placed.key !== key) return false;
      const code = codeOf(key, placed.spec);
      const isSameCode = codeOf(key, spec).some((each) => code.includes(each));
      return (
        isSameCode ||
        (code.length === 0 && same({ ...spec, column: undefined }, { ...placed.spec, column: undefined }))
      );
    });
  }

  #isGuests(listed: WindowBreakpoint): boolean {
    return this.#breakpoints.some(({ handle }) => handle === listed.handle) || this.#isLeft(listed);
  }

  #isHosts(code: string): boolean {
    return this.#list
      .all()
      .some((listed) => codeOf(listed.key, listed.spec).includes(code) && !this.#isGuests(listed));
  }

  #learn(tree: string | undefined, key: string, spec: JsonObject): void {
    for (const code of codeOf(key, spec)) {
      const hash = hashOf(code);
      const trees = this.#code.get(hash) ?? new Set();
      if (tree !== undefined) trees.add(tree);
      this.#code.delete(hash);
      this.#code.set(hash, trees);
      const [oldest] = this.#code.keys();
      if (this.#code.size > LIMITS.guestCode && oldest !== undefined) this.#code.delete(oldest);
    }
  }

  #save(coming: readonly GuestBreakpoint[] = []): void {
    const listed = this.#breakpoints.filter((each) => each.handle !== undefined || coming.includes(each));
    const placed = [...this.#left, ...listed.map(({ key, spec }) => ({ key, spec }))];
    if (placed.length + this.#saved > 0) this.#state.set(placed);
    this.#saved = placed.length;
  }
}

function isAt(listed: Placed, { key, spec }: Placed): boolean {
  return listed.key === key && atSamePlace(listed.spec, spec);
}

function sameCode(key: string, a: JsonObject, b: JsonObject): boolean {
  return codeOf(key, a).join() === codeOf(key, b).join();
}

/** A guest's condition may be long. */
function hashOf(code: string): string {
  return createHash("sha256").update(code).digest("base64");
}

function isPlaced(value: unknown): value is Placed {
  return isObject(value) && typeof value.key === "string" && isObject(value.spec);
}
