import assert from "node:assert/strict";
import { test } from "node:test";
import { chosen, fuzzTest } from "./harness/fuzzTest.ts";
import { ENDS, READERS } from "./targets.ts";

// Within this process, and so fast: a million inputs in a minute, together with ends.test.ts. What goes through real servers
// is in test/integration/fuzz.test.ts. `npm run fuzz [SECONDS] [SEED] [TARGET]` takes as long as one likes.

const targets = chosen(READERS);

for (const target of targets) test(`fuzz ${target.name}`, (t) => fuzzTest(t, target, 1 / targets.length));

test("all targets together get a million inputs, each at least some", () => {
  const inputs = [...READERS, ...ENDS].map((target) => target.inputs);
  assert.ok(inputs.reduce((sum, each) => sum + each, 0) >= 1_000_000);
  assert.ok(Math.min(...inputs) >= 10_000);
});
