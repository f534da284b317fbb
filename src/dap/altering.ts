/** Events after which what an adapter has answered about threads, stack and variables may no longer be true. */
export const ALTERING: ReadonlySet<string> = new Set([
  "stopped",
  "continued",
  "invalidated",
  "memory",
  "thread",
  "terminated",
]);
