import { AppError } from "../../common/errors.ts";
import {
  type JsonObject,
  type Outcome,
  encodeJson,
  errorOutcome,
  isObject,
  objects,
} from "../../dap/messages.ts";
import type { WindowRequest } from "../../hub/hostWindow.ts";
import type { BreakpointPlace, WindowBreakpoint, WindowSession } from "./windowSession.ts";

type Answer = (outcome: Outcome) => void;

/** How long the window has to send what was set in it. */
const PATIENCE_MS = 3_000;

/** A guest's list that the window has been given and has not yet sent. */
interface Wish {
  /** All that the adapter shall have at this place. */
  readonly wanted: readonly JsonObject[];
  /** Of it, what must be in the window's list before it is the guest's. */
  readonly added: readonly JsonObject[];
  readonly removed: readonly JsonObject[];
  readonly answer: Answer;
  readonly timer: NodeJS.Timeout;
}

/** What the window and the hub have last agreed on for one place. */
interface Shelf {
  items: readonly JsonObject[];
  /** The adapter's answers to them (DAP: Breakpoint), as far as there are any. */
  results: readonly JsonObject[];
  /** What the hub has wanted last: some of it may be in the window without having been heard. */
  wanted: readonly JsonObject[];
  wish: Wish | undefined;
}

/**
 * Breakpoints of guests, set in the host's window as if the host had set them: VS Code sends them to the adapter with
 * its own. The adapter's answer to that, as the tracker hears it, is the guest's. Whatever else the window sends is
 * the host's own doing, and the hub is told.
 */
export class WindowBreakpoints {
  readonly #session: WindowSession;
  readonly #shelves = new Map<string, Shelf>();

  constructor(session: WindowSession) {
    this.#session = session;
  }

  /** The kinds of breakpoints that extensions may set in VS Code. */
  handles(command: string): boolean {
    return command === "setBreakpoints" || command === "setFunctionBreakpoints";
  }

  /** Brings the window to what the hub wants at a place. The hub asks once at a time for each. */
  set(command: string, args: JsonObject, answer: Answer): void {
    const place = placeOf(command, args);
    const shelf = this.#shelf(place);
    const wanted = objects(args.breakpoints);
    const removed = [...shelf.items, ...shelf.wanted].filter(
      (item) => !wanted.some((other) => same(item, other)),
    );
    shelf.wanted = wanted;
    const present = this.#session.breakpointsAt(place);
    const gone = removed.flatMap((item) => this.#find(present, shelf, item));
    const there = present.filter(({ enabled, handle }) => enabled && !gone.includes(handle));
    // What the adapter is not known to have; some of it may be on its way there, given to the window by another session.
    const missing = wanted.filter((item) => !shelf.items.some((other) => same(item, other)));
    const added = missing.filter((item) => this.#find(there, shelf, item).length === 0);
    if (gone.length > 0) this.#session.removeBreakpoints(gone);
    if (added.length > 0) this.#session.addBreakpoints(place, added);
    if (gone.length + missing.length === 0) {
      answer(this.#answerFor(shelf, wanted));
      return;
    }
    const timer = setTimeout(() => this.#giveUp(place, shelf), PATIENCE_MS);
    shelf.wish = { wanted, added: missing, removed, answer, timer };
  }

  /** The window has not sent it: it has it, and the host has switched breakpoints off, or it has not taken it. */
  #giveUp(place: BreakpointPlace, shelf: Shelf): void {
    const { wish } = shelf;
    if (wish === undefined) return;
    const present = this.#session.breakpointsAt(place);
    if (wish.added.every((item) => present.some(({ spec }) => same(spec, item)))) {
      shelf.items = wish.wanted;
      shelf.results = wish.wanted.map(() => SWITCHED_OFF);
      this.#settle(shelf, wish, this.#answerFor(shelf, wish.wanted));
    } else {
      const error = new AppError("timeout", "The host's VS Code has not set these breakpoints.");
      this.#settle(shelf, wish, errorOutcome(error));
    }
  }

  /** The window sends a list to the adapter. Returns what takes the answer. */
  heard(
    command: string,
    args: JsonObject,
    tell: (request: WindowRequest) => (outcome: Outcome) => void,
  ): (response: JsonObject) => void {
    const place = placeOf(command, args);
    const shelf = this.#shelf(place);
    const listed = objects(args.breakpoints).map((item) =>
      original(item, [...(shelf.wish?.wanted ?? []), ...shelf.items]),
    );
    const enabled = this.#session.breakpointsAt(place).filter((each) => each.enabled).length;
    const { wish } = shelf;
    const fits =
      wish !== undefined &&
      wish.added.every((item) => listed.some((other) => same(item, other))) &&
      !wish.removed.some((item) => listed.some((other) => same(item, other)));
    return ({ success, message, body }) => {
      if (success !== true) {
        if (fits)
          this.#settle(shelf, wish, { success: false, message: String(message), body: encodeJson(body) });
        return;
      }
      const results = isObject(body) ? objects(body.breakpoints) : [];
      // Fewer than there are: the host has switched breakpoints off for now, or the window has yet to send what we have
      // just given it. They are still wanted.
      if (listed.length < enabled) {
        const sent = new Map(listed.map((item, i) => [item, results[i] ?? UNVERIFIED]));
        shelf.results = shelf.items.map((item) => sent.get(item) ?? SWITCHED_OFF);
      } else {
        shelf.items = listed;
        shelf.results = results;
      }
      // First what the window has sent, then the guest's answer: the hub takes it in as soon as the guest's edit is done.
      const taken = tell({ command, args: { ...args, breakpoints: shelf.items }, holdsAll: true });
      taken({ success: true, body: encodeJson({ breakpoints: shelf.results }) });
      if (fits) this.#settle(shelf, wish, this.#answerFor(shelf, wish.wanted));
    };
  }

  dispose(): void {
    for (const shelf of this.#shelves.values()) {
      if (shelf.wish !== undefined)
        this.#settle(shelf, shelf.wish, { success: false, message: "The debug session has ended." });
    }
  }

  #shelf(place: BreakpointPlace): Shelf {
    const key = this.#session.placeKey(place);
    const shelf = this.#shelves.get(key) ?? {
      items: [],
      results: [],
      wanted: [],
      wish: undefined,
    };
    this.#shelves.set(key, shelf);
    return shelf;
  }

  #settle(shelf: Shelf, wish: Wish, outcome: Outcome): void {
    if (shelf.wish !== wish) return;
    clearTimeout(wish.timer);
    shelf.wish = undefined;
    wish.answer(outcome);
  }

  /** The adapter's last word on each of these. */
  #answerFor({ items, results }: Shelf, wanted: readonly JsonObject[]): Outcome {
    const breakpoints = wanted.map(
      (item) => results[items.findIndex((other) => same(item, other))] ?? UNVERIFIED,
    );
    return { success: true, body: encodeJson({ breakpoints }) };
  }

  /**
   * The window's own object for an item: at its place, or where an adapter has moved it, this session's or that of another
   * one which has it too.
   */
  #find(present: readonly WindowBreakpoint[], { items, results }: Shelf, item: JsonObject): object[] {
    const moved = results[items.findIndex((other) => same(item, other))];
    const found =
      present.find(({ spec }) => same(spec, item)) ??
      present.find(({ spec }) => moved?.line !== undefined && spec.line === moved.line) ??
      present.find(({ spec }) => anywhereInLine(item) && same({ ...spec, column: undefined }, item));
    return found === undefined ? [] : [found.handle];
  }
}

/** Of a source's line, without a word on the column: an adapter chooses one. */
function anywhereInLine({ line, column = 1 }: JsonObject): boolean {
  return line !== undefined && column === 1;
}

const UNVERIFIED: JsonObject = { verified: false };
const SWITCHED_OFF: JsonObject = { verified: false, message: "The host has switched breakpoints off." };

function placeOf(command: string, args: JsonObject): BreakpointPlace {
  if (command === "setFunctionBreakpoints") return { kind: "function" };
  return { kind: "source", source: isObject(args.source) ? args.source : {} };
}

/** The window spells an item in its own way; the hub knows it by how the guest has. */
function original(item: JsonObject, known: readonly JsonObject[]): JsonObject {
  const exact = known.find((other) => same(item, other));
  if (exact !== undefined) return exact;
  const here = known.find((other) => atSamePlace(item, other));
  return here === undefined
    ? item
    : { ...item, ...(here.column === undefined ? {} : { column: here.column }) };
}

/** VS Code drops a column of 1: it is the line's beginning. */
function atSamePlace(a: JsonObject, b: JsonObject): boolean {
  return a.line === b.line && (a.column ?? 1) === (b.column ?? 1) && a.name === b.name;
}

function same(a: JsonObject, b: JsonObject): boolean {
  return atSamePlace(a, b) && WISHES.every((name) => (a[name] || undefined) === (b[name] || undefined));
}

const WISHES = ["condition", "hitCondition", "logMessage"];
