import type { AdapterEntry } from "../support/adapters.ts";

/** What a walk may type into an adapter: expressions that give the same in each run, and values that fit `total`. */
export interface Vocabulary {
  readonly watch: readonly string[];
  /** For the debug console, where some adapters take one letter for a command of theirs. */
  readonly repl: readonly string[];
  readonly values: readonly string[];
  readonly conditions: readonly string[];
}

const COMMON = { values: ["100", "7", "total + 1"], conditions: ["total > 3", "total < 0"] } as const;

const BY_GOLDEN: Readonly<Record<string, Vocabulary>> = {
  debugpy: {
    ...COMMON,
    watch: ["total", "total + 1", "data", "nothing", "[1, 2, 3]"],
    repl: ["total", "data", '{"a": [1, 2], "b": {"c": 3}}', "nothing"],
  },
  delve: { ...COMMON, watch: ["total", "total + 1", "p", "nothing"], repl: ["total", "p", "nothing"] },
  lldb: { ...COMMON, watch: ["total", "total + 1", "p", "nothing"], repl: ["total + 1", "total - 1"] },
  "cdt-gdb": { ...COMMON, watch: ["total", "total + 1", "p", "nothing"], repl: ["total", "total + 1"] },
  "js-debug": {
    ...COMMON,
    watch: ["total", "total + 1", "data", "nothing", "[1, 2, 3]"],
    repl: ["total", "data", "({ a: [1, 2], b: { c: 3 } })", "nothing"],
  },
  embedded: {
    ...COMMON,
    watch: ["total", "total + 1", "data", "nothing", "[1, 2, 3]"],
    repl: ["total", "data", "({ a: [1, 2], b: { c: 3 } })", "nothing"],
  },
};

export function vocabularyOf({ golden, name }: AdapterEntry): Vocabulary {
  const vocabulary = BY_GOLDEN[golden];
  if (vocabulary === undefined)
    throw new Error(`no expressions for ${name}: add them to test/walk/vocabulary.ts`);
  return vocabulary;
}
