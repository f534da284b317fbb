import { test } from "node:test";
import { chosen, fuzzTest } from "./harness/fuzzTest.ts";
import { ENDS } from "./targets.ts";

const targets = chosen(ENDS);

for (const target of targets) test(`fuzz ${target.name}`, (t) => fuzzTest(t, target, 1 / targets.length));
