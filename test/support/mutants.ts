import { existsSync, readFileSync, readdirSync } from "node:fs";
import { ROOT } from "./fixtures.ts";

const MUTANTS = "test/mutants";

/** A patch that takes out what holds a promise, and what must notice. */
export interface Mutant {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** What is taken out. */
  readonly what: string;
  /** Test files that must fail with it. */
  readonly tests: readonly string[];
  /** Walks that must find it. */
  readonly walks: readonly { readonly adapter: string; readonly seed: string }[];
  /** What is wrong with the words before the patch. */
  readonly problems: readonly string[];
}

/**
 * Those of test/mutants/, in order. Before the patch itself a file says: a sentence, `tests: FILE …`, and
 * `walk: ADAPTER SEED` where a walk finds it as well.
 */
export function readMutants(): readonly Mutant[] {
  const files = readdirSync(`${ROOT}/${MUTANTS}`).filter((name) => name.endsWith(".patch"));
  return files.sort().map((name) => readMutant(name, readFileSync(`${ROOT}/${MUTANTS}/${name}`, "utf8")));
}

function readMutant(name: string, text: string): Mutant {
  const head = text.slice(0, Math.max(0, text.search(/^diff --git /m))).split("\n");
  const valuesOf = (key: string) =>
    head.filter((line) => line.startsWith(`${key}: `)).map((line) => line.slice(key.length + 2).split(" "));
  const tests = valuesOf("tests")
    .flat()
    .filter((file) => file !== "");
  const walks = valuesOf("walk").map(([adapter = "", seed = ""]) => ({ adapter, seed }));
  const what = head.filter((line) => line !== "" && !/^(tests|walk): /.test(line)).join(" ");
  const problems = [
    ...(what === "" ? ["it does not say what is taken out"] : []),
    ...(tests.length === 0 ? ['it has no line "tests: FILE" before "diff --git"'] : []),
    ...tests.filter((file) => !existsSync(`${ROOT}/${file}`)).map((file) => `there is no ${file}`),
    ...walks
      .filter(({ seed }) => !/^\d+$/.test(seed))
      .map(() => 'a line "walk:" is not "walk: ADAPTER SEED"'),
  ];
  return { name: name.replace(/\.patch$/, ""), file: `${MUTANTS}/${name}`, what, tests, walks, problems };
}
