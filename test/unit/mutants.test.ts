import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { ROOT } from "../support/fixtures.ts";
import { readMutants } from "../support/mutants.ts";

for (const { name, file, problems } of readMutants()) {
  test(`the mutant ${name} still applies, and names the tests that find it`, () => {
    const { status, stderr } = spawnSync("git", ["apply", "--check", file], { cwd: ROOT, encoding: "utf8" });
    assert.equal(status, 0, `make test/mutants/${name}.patch anew from the sources of today:\n${stderr}`);
    assert.deepEqual(problems, []);
  });
}
