import { type AdapterEntry, adapters } from "../support/adapters.ts";
import { ROOT, fixtures } from "../support/fixtures.ts";
import type { Chooser } from "./random.ts";

/** An adapter with a program that does the same each time, and what a walk may type into it. */
export interface Ground {
  readonly entry: AdapterEntry;
  /** Expressions to watch: they change nothing. */
  readonly watch: readonly string[];
  /** For the debug console, where some adapters take one letter for a command of theirs. */
  readonly repl: readonly string[];
  /** Values that fit `total`. */
  readonly values: readonly string[];
  readonly conditions: readonly string[];
  /** Where breakpoints are set; marks of the fixture. */
  readonly marks: readonly string[];
  /**
   * Scope references mean the frame of the last `scopes` request. So that the adapter, which knows of one client only,
   * means what a person means, that request comes again before the reference is used.
   */
  readonly byLastScopes?: true;
  /**
   * Frames and objects are known by their addresses, so that a new one may by chance have the number of one that has gone.
   * Which of them have the same is not compared; and who asks by an old number gets an answer or none, which is not the same
   * twice, directly or through the hub.
   */
  readonly byAddress?: true;
  /** Threads that stand and run one by one. Absent: what stops stops together, and one thread is enough to know. */
  readonly threads?: readonly number[];
  /** The threads that a request sets going; whether each will stop again by itself. Only with `threads`. */
  readonly resumes?: (
    command: string,
    args: Readonly<Record<string, unknown>>,
    start: Readonly<Record<string, unknown>>,
    standing: readonly number[],
  ) => { readonly going: readonly number[]; readonly stopsFollow: number };
  /** It says something before it is asked anything, and who speaks to it alone waits for that. */
  readonly speaksFirst?: true;
  /** What is chosen for the start of each walk. */
  readonly start?: (chooser: Chooser) => Readonly<Record<string, unknown>>;
}

const OF_ALL = {
  values: ["100", "7", "total + 1"],
  conditions: ["total > 3", "total < 0"],
  marks: ["square", "twice", "call", "after"],
} as const;

const JAVASCRIPT = {
  ...OF_ALL,
  watch: ["total", "total + 1", "data", "nothing", "[1, 2, 3]"],
  repl: ["total", "data", "({ a: [1, 2], b: { c: 3 } })", "nothing"],
} as const;

const THREADS = [1, 2, 3];

/** Three threads, resumed one by one or together, by an adapter of the tests' that tells of it in each way that DAP has. */
const threads: Ground = {
  ...OF_ALL,
  entry: {
    name: "threads",
    golden: "threads",
    adapterID: "debug-server-threads",
    parts: [],
    start: { kind: "stdio", command: [process.execPath, `${ROOT}/test/walk/threadsAdapter.mjs`] },
    session: {
      request: "launch",
      arguments: { name: "threads", type: "debug-server-threads", request: "launch" },
      fixture: fixtures.javascript,
      functionName: "inner",
      evaluate: { expression: "x", context: "watch", result: /x/ },
      structure: "pair",
      set: { name: "x", value: "1" },
      exited: false,
    },
  },
  watch: ["x", "y"],
  repl: ["x", "y"],
  conditions: [],
  marks: [],
  threads: THREADS,
  speaksFirst: true,
  start: (chooser) => ({
    stops: chooser.of(["all", "one"]),
    tells: chooser.of(["answer", "event", "both"]),
  }),
  resumes(command, { threadId, singleThread }, { stops }, standing) {
    const one = singleThread === true || stops === "one";
    const going = one ? standing.filter((id) => id === threadId) : standing;
    const all = going.length === THREADS.length;
    if (command === "continue" && !all) return { going, stopsFollow: 0 };
    return { going, stopsFollow: all ? 1 : going.length };
  },
};

export const GROUNDS: readonly Ground[] = [
  { ...JAVASCRIPT, entry: adapters.embedded },
  {
    ...OF_ALL,
    entry: adapters.debugpy,
    watch: ["total", "total + 1", "data", "nothing", "[1, 2, 3]"],
    repl: ["total", "data", '{"a": [1, 2], "b": {"c": 3}}', "nothing"],
    byAddress: true,
  },
  {
    ...OF_ALL,
    entry: adapters.lldb,
    watch: ["total", "total + 1", "p", "nothing"],
    repl: ["total + 1", "*&p", "*(&p)"],
    byLastScopes: true,
  },
  {
    ...OF_ALL,
    entry: adapters.delve,
    watch: ["total", "total + 1", "p", "nothing"],
    repl: ["total", "p", "nothing"],
  },
  {
    ...OF_ALL,
    entry: adapters["cdt-gdb"],
    watch: ["total", "total + 1", "p", "nothing"],
    repl: ["total", "total + 1"],
  },
  { ...JAVASCRIPT, entry: adapters["js-debug"] },
  threads,
];
