import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { ROOT } from "../support/fixtures.ts";
import { readMutants } from "../support/mutants.ts";
import { GROUNDS } from "../walk/grounds.ts";

/** The promises that are kept by one mend each (the rows of issue 13). */
const ROWS = Array.from({ length: 17 }, (_, i) => `row-${String(i + 1).padStart(2, "0")}`);
/** Those that no test of one case is enough for: a walk finds their mutant as well. */
const WALKED = ["row-01", "row-03", "row-04", "row-12", "row-15"];

const mutants = readMutants();

test("each row has its mutant, and a walk that finds it where there is to be one", () => {
  const names = mutants.map(({ name }) => name);
  assert.deepEqual(
    ROWS.filter((row) => !names.includes(row)),
    [],
  );
  const walked = mutants.filter(({ walks }) => walks.length > 0).map(({ name }) => name);
  assert.deepEqual(
    WALKED.filter((row) => !walked.includes(row)),
    [],
  );
});

for (const { name, file, walks, problems } of mutants) {
  test(`the mutant ${name} still applies, and names the tests that find it`, () => {
    const { status, stderr } = spawnSync("git", ["apply", "--check", file], { cwd: ROOT, encoding: "utf8" });
    assert.equal(status, 0, `make test/mutants/${name}.patch anew from the sources of today:\n${stderr}`);
    assert.deepEqual(problems, []);
    for (const { adapter } of walks)
      assert.ok(
        GROUNDS.some(({ entry }) => entry.name === adapter),
        `no walk with ${adapter}: see test/walk/grounds.ts`,
      );
  });
}
