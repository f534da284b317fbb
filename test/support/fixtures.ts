import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
export const FIXTURES = `${ROOT}/test/fixtures`;
/** What scripts/adapters.sh compiles; not in the repository. */
export const BUILD = `${FIXTURES}/build`;

export interface Fixture {
  /** Absolute path of the source file. */
  readonly source: string;
  /** What to run: the source itself, or the compiled program. */
  readonly program: string;
  /** The line, from 1, of the comment `BP:name`. Throws if there is no such marker: a test's mistake. */
  readonly line: (name: string) => number;
}

function fixture(source: string, program?: string): Fixture {
  const path = `${FIXTURES}/${source}`;
  let lines: ReadonlyMap<string, number> | undefined;
  return {
    source: path,
    program: program === undefined ? path : `${BUILD}/${program}`,
    line(name) {
      lines ??= markers(path);
      const line = lines.get(name);
      if (line === undefined)
        throw new Error(`no BP:${name} in ${path}; there is ${[...lines.keys()].join(", ")}`);
      return line;
    },
  };
}

function markers(path: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [index, text] of readFileSync(path, "utf8").split("\n").entries()) {
    const name = /\bBP:(\w+)/.exec(text)?.[1];
    if (name !== undefined) found.set(name, index + 1);
  }
  return found;
}

/**
 * `program` of each language does the same: `main` calls `square` twice (markers `call`, `square`; first with 2,
 * then with 3), then `twice` once (`after`, `twice`), and prints "total 42" (Python: "total 41").
 */
export const fixtures = {
  /** With the argument `wait` it prints "waiting" and waits for a byte on its standard input. */
  c: fixture("c/program.c", "program"),
  /** Prints "ready" and runs on; ends when `running` is set to 0. Markers `tick`, `sleep`. */
  cLoop: fixture("c/loop.c", "loop"),
  /** SIGSEGV in `sum` (marker `crash`), called by `main` (marker `call`). */
  cCrash: fixture("c/crash.c", "crash"),
  /** Stops at `call` with `price` and `tax`, whose operators make the directory that is its argument. */
  cppMoney: fixture("cpp/money.cpp", "money"),
  go: fixture("go/main.go", "goprogram"),
  python: fixture("python/program.py"),
  /** As cLoop. */
  pythonLoop: fixture("python/loop.py"),
  /** Marker `worker` runs in a multiprocessing child, `parent` in the parent; also starts `pythonChild`. */
  pythonChildren: fixture("python/children.py"),
  /** Marker `child`. */
  pythonChild: fixture("python/child.py"),
  javascript: fixture("javascript/program.js"),
  /** As cLoop, with `state.running`. Markers `tick`, `end`. */
  javascriptLoop: fixture("javascript/loop.js"),
  /** Forks `javascriptChild`, sends it 21, prints "answer 42" (marker `parent`). */
  javascriptParent: fixture("javascript/parent.js"),
  /** Marker `child`. */
  javascriptChild: fixture("javascript/child.js"),
} as const satisfies Record<string, Fixture>;
