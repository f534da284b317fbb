// `npm run mutants [NAME …]` (through tsx): takes each mend out (test/mutants/, one patch each) in a work tree of its own, of the last commit,
// and runs the tests and walks that must notice. Fails for each that stays green, and for patches that no longer apply.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../test/support/fixtures.ts";
import { readMutants } from "../test/support/mutants.ts";

const wanted = process.argv.slice(2);
const mutants = readMutants().filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (mutants.length === 0) {
  console.error(
    `There is no such mutant; there are ${readMutants()
      .map(({ name }) => name)
      .join(", ")}.`,
  );
  process.exit(2);
}

const parent = mkdtempSync(join(tmpdir(), "mutants-"));
const tree = join(parent, "tree");
const rows = [];
let failures = 0;
try {
  git("worktree", "add", "--quiet", "--detach", tree, "HEAD");
  for (const name of ["node_modules", ".tools"]) symlinkSync(join(ROOT, name), join(tree, name));
  // Compiled programs name the directory in which they were made.
  run("bash", ["scripts/adapters.sh"]);
  build();
  const without = new Map();
  for (const mutant of mutants) {
    const checks = checksOf(mutant);
    // A test that fails anyhow tells nothing.
    for (const check of checks) if (!without.has(check.name)) without.set(check.name, check.run());
    const sick = checks.filter(({ name }) => without.get(name) !== "green");
    if (mutant.problems.length > 0) report(mutant, `its words are wrong: ${mutant.problems.join("; ")}`);
    else if (sick.length > 0)
      report(mutant, `without it not green: ${sick.map(({ name }) => name).join(", ")}`);
    else tryOut(mutant, checks);
  }
} finally {
  spawnSync("git", ["worktree", "remove", "--force", tree], { cwd: ROOT });
  rmSync(parent, { recursive: true, force: true });
}
console.log(`\n${rows.length - failures} of ${rows.length} mutants were found.`);
process.exit(failures > 0 ? 1 : 0);

function tryOut(mutant, checks) {
  const patch = join(ROOT, mutant.file);
  if (run("git", ["apply", patch]).status !== 0) {
    report(mutant, "does not apply any more: make the patch anew from the sources of today");
    return;
  }
  try {
    if (!build()) {
      report(mutant, "does not build: a mutant must be a program that runs");
      return;
    }
    const results = checks.map((check) => ({ name: check.name, result: check.run() }));
    const missed = results.filter(({ result }) => result !== "red").map(({ name }) => name);
    report(mutant, missed.length > 0 ? `NOT FOUND by ${missed.join(", ")}` : undefined, results);
  } finally {
    run("git", ["checkout", "--quiet", "--", "."]);
    run("git", ["clean", "--quiet", "-fd", "src"]);
    build();
  }
}

/** What must be green without the mutant and red with it. */
function checksOf({ tests, walks }) {
  return [
    ...tests.map((file) => ({ name: file, run: () => (runTests([file]).status === 0 ? "green" : "red") })),
    ...walks.map(({ adapter, seed }) => ({
      name: `walk ${adapter} ${seed}`,
      run: () => walk(adapter, seed),
    })),
  ];
}

/** A walk that fails for another reason than that it tells two things apart has found nothing. */
function walk(adapter, seed) {
  const env = { WALK_SECONDS: "1", WALK_SEED: seed, WALK_ADAPTER: adapter };
  const { status, stdout } = runTests(["test/walk/walk.test.ts"], env);
  if (status === 0) return "green";
  return stdout.includes(`${adapter} can be told from`) ? "red" : "broken";
}

function runTests(files, env = {}) {
  return run(process.execPath, ["--import", "tsx", "--test", "--test-reporter=spec", ...files], env);
}

function build() {
  return run(process.execPath, ["esbuild.mjs"]).status === 0;
}

/** In the work tree of the mutants; five minutes are enough for one test file. */
function run(command, args, env = {}) {
  const options = { cwd: tree, encoding: "utf8", timeout: 300_000, env: { ...process.env, ...env } };
  return spawnSync(command, args, options);
}

function git(...args) {
  execFileSync("git", args, { cwd: ROOT });
}

function report(mutant, problem, results = []) {
  rows.push(mutant.name);
  if (problem !== undefined) failures++;
  const by = results.filter(({ result }) => result === "red").map(({ name }) => name);
  console.log(`${mutant.name}  ${problem ?? `found by ${by.join(", ")}`}\n    ${mutant.what}`);
}
