import type { JsonObject } from "../../dap/messages.ts";

/** One debug session of this VS Code window, with what VS Code can do for a guest of it. `window.ts` makes it. */
export interface WindowSession {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  /** VS Code ends and restarts a child together with its parent. */
  readonly isChild: boolean;
  customRequest(command: string, args?: unknown): Thenable<unknown>;
  /** One of VS Code's own debug commands, about this session or one of its threads. */
  run(command: string, threadId?: number): Thenable<unknown>;
  /** Equal keys: the same place, however its path is written. */
  placeKey(place: BreakpointPlace): string;
  /** The window's breakpoints at a place, also those that are switched off. */
  breakpointsAt(place: BreakpointPlace): WindowBreakpoint[];
  addBreakpoints(place: BreakpointPlace, specs: readonly JsonObject[]): void;
  removeBreakpoints(handles: readonly object[]): void;
}

/** A breakpoint of the window in DAP's terms. `handle` is VS Code's own object. */
export interface WindowBreakpoint {
  readonly handle: object;
  readonly enabled: boolean;
  /** DAP: SourceBreakpoint (`line`, `column` from 1, …) or FunctionBreakpoint. */
  readonly spec: JsonObject;
}

/** Where breakpoints are: in one source (DAP: Source), or on functions. */
export type BreakpointPlace =
  { readonly kind: "source"; readonly source: JsonObject } | { readonly kind: "function" };
