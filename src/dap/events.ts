/** The events of the DAP specification; a test holds them against @vscode/debugprotocol. */
export const EVENTS: ReadonlySet<string> = new Set([
  "breakpoint",
  "capabilities",
  "continued",
  "exited",
  "initialized",
  "invalidated",
  "loadedSource",
  "memory",
  "module",
  "output",
  "process",
  "progressEnd",
  "progressStart",
  "progressUpdate",
  "stopped",
  "terminated",
  "thread",
]);

/** Events after which what an adapter has answered about threads, stack and variables may no longer be true. */
export const ALTERING_EVENTS: ReadonlySet<string> = new Set([
  "stopped",
  "continued",
  "invalidated",
  "memory",
  "thread",
  "terminated",
]);
