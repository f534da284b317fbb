import type { Event } from "../../common/event.ts";
import type { JsonObject } from "../../dap/messages.ts";

/** One debug session of this VS Code window, with what VS Code can do for a guest of it. `window.ts` makes it. */
export interface WindowSession {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  /** The id of the session of which this one is a child, at any depth; its own if it is none. Guests join all of a tree. */
  readonly tree: string;
  /** VS Code ends and restarts a child together with its parent. */
  readonly isChild: boolean;
  customRequest(command: string, args?: unknown): Thenable<unknown>;
  /** One of VS Code's own debug commands, about this session or one of its threads. */
  run(command: string, threadId?: number): Thenable<unknown>;
  /** Equal keys: the same place, however its path is written. */
  placeKey(place: BreakpointPlace): string;
}

/** VS Code's one list of breakpoints, which it gives to every session of the window. */
export interface WindowList {
  /** Also those that are switched off. Empty until VS Code has told of them (`onChanged`). */
  all(): readonly WindowBreakpoint[];
  /** `key`: of the place. Returns the handles, in the order of the specs. */
  add(key: string, specs: readonly JsonObject[]): readonly object[];
  remove(handles: ReadonlySet<object>): void;
  readonly onChanged: Event<void>;
}

/** A breakpoint of the window in DAP's terms. `handle` is VS Code's own object. */
export interface WindowBreakpoint {
  readonly handle: object;
  /** Of its place (`WindowSession.placeKey`). */
  readonly key: string;
  readonly enabled: boolean;
  /** DAP: SourceBreakpoint (`line`, `column` from 1, …) or FunctionBreakpoint. */
  readonly spec: JsonObject;
}

/** The key of function breakpoints: they are in no document. */
export const FUNCTIONS = "function";

/** Where breakpoints are: in one source (DAP: Source), or on functions. */
export type BreakpointPlace =
  { readonly kind: "source"; readonly source: JsonObject } | { readonly kind: typeof FUNCTIONS };
