import { type Disposable, DisposableStore } from "../../common/disposable.ts";
import type { Event } from "../../common/event.ts";
import { type JsonObject, isObject } from "../../dap/messages.ts";

/** A line (from 1) of a document. */
interface Place {
  readonly uri: string;
  readonly line: number;
}

/** A breakpoint that extensions see. Those of this window's sessions' events are not among them. */
export interface PlacedBreakpoint extends Place {
  readonly id: string;
}

export interface BreakpointList {
  list(): readonly PlacedBreakpoint[];
  remove(ids: ReadonlySet<string>): void;
  /** VS Code tells of those of earlier windows in this way, too, some time after the first look. */
  readonly onAdded: Event<readonly PlacedBreakpoint[]>;
  /** The document that VS Code shows for a source's path (DAP: Source). */
  uriOf(path: string): string;
}

/** What outlives the window; of whatever shape. */
export interface HostBreakpointState {
  get(): unknown;
  set(value: readonly Place[]): void;
}

/**
 * Breakpoints that VS Code makes because a host tells of them (DAP: `breakpoint` events, reason `new`). VS Code takes
 * them for the user's own and would keep them for ever. They go with the session; after a crash or a reload, when the
 * next window knows them. Those that the guest has set itself stay, and are there again in the next join.
 */
export class HostBreakpoints implements Disposable {
  readonly #window: BreakpointList;
  readonly #state: HostBreakpointState;
  readonly #store = new DisposableStore();
  readonly #sessions = new Set<ToldBreakpoints>();
  #leftovers: ReadonlySet<string>;

  constructor(window: BreakpointList, state: HostBreakpointState) {
    this.#window = window;
    this.#state = state;
    const stored = state.get();
    this.#leftovers = new Set(Array.isArray(stored) ? stored.filter(isPlace).map(keyOf) : []);
    if (this.#leftovers.size === 0) return;
    this.#store.add(window.onAdded((added) => this.#clear(added)));
    this.#clear(window.list());
  }

  /** For a debug session of this window. */
  session(): ToldBreakpoints {
    const told = new ToldBreakpoints(this.#window, () => {
      if (told.places.length > 0) this.#sessions.add(told);
      else this.#sessions.delete(told);
      this.#remember();
    });
    return told;
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** All come at once, if any do. */
  #clear(known: readonly PlacedBreakpoint[]): void {
    if (known.length === 0) return;
    const left = known.filter((each) => this.#leftovers.has(keyOf(each)));
    this.#leftovers = new Set();
    this.#store.dispose();
    this.#window.remove(new Set(left.map(({ id }) => id)));
    this.#remember();
  }

  #remember(): void {
    this.#state.set([...this.#sessions].flatMap(({ places }) => places));
  }
}

/** What one session has told VS Code of. */
export class ToldBreakpoints {
  readonly #window: BreakpointList;
  readonly #onChanged: () => void;
  readonly #told = new Map<number, Place>();

  constructor(window: BreakpointList, onChanged: () => void) {
    this.#window = window;
    this.#onChanged = onChanged;
  }

  get places(): readonly Place[] {
    return [...this.#told.values()];
  }

  /** VS Code is about to be sent this. Returns what it is to be sent before. */
  sending({ type, event, body }: JsonObject): JsonObject[] {
    if (type !== "event") return [];
    if (event === "terminated") return this.#withdraw();
    if (event === "breakpoint" && isObject(body) && isObject(body.breakpoint))
      this.#hear(body.reason, body.breakpoint);
    return [];
  }

  /** VS Code has sent this. Returns what it is to be sent before the answer. */
  received({ type, command }: JsonObject): JsonObject[] {
    return type === "request" && command === "disconnect" ? this.#withdraw() : [];
  }

  #hear(reason: unknown, { id, line, source }: JsonObject): void {
    if (typeof id !== "number") return;
    if (reason === "removed") {
      if (this.#told.delete(id)) this.#onChanged();
      return;
    }
    if (reason !== "new" || typeof line !== "number" || !isObject(source)) return;
    if (typeof source.path !== "string") return;
    const place = { uri: this.#window.uriOf(source.path), line };
    // Where the guest has one already, VS Code makes none.
    if (this.#window.list().some((present) => keyOf(present) === keyOf(place))) return;
    this.#told.set(id, place);
    this.#onChanged();
  }

  #withdraw(): JsonObject[] {
    const ids = [...this.#told.keys()];
    this.#told.clear();
    if (ids.length > 0) this.#onChanged();
    return ids.map((id) => ({
      seq: 0,
      type: "event",
      event: "breakpoint",
      body: { reason: "removed", breakpoint: { id, verified: false } },
    }));
  }
}

function keyOf({ uri, line }: Place): string {
  return `${line} ${uri}`;
}

function isPlace(value: unknown): value is Place {
  return isObject(value) && typeof value.uri === "string" && typeof value.line === "number";
}
