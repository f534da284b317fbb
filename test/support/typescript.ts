const at = process.execArgv.indexOf("--import");

/** What node needs to run our TypeScript in a process of its own: what this process has for it. */
export const TYPESCRIPT: readonly string[] =
  at < 0 ? ["--import", "tsx"] : process.execArgv.slice(at, at + 2);
