import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithout } from "../support/parts.ts";
import { compare, describe, least, planOf } from "./compare.ts";
import { GROUNDS } from "./grounds.ts";

// One minute for all adapters together. `npm run walk [SECONDS] [SEED] [ADAPTER]` takes as long as one likes.
const { WALK_SECONDS, WALK_SEED, WALK_ADAPTER } = process.env;
const SECONDS = Number(WALK_SECONDS ?? 60);
const SEED = WALK_SEED ? Number(WALK_SEED) : Math.floor(Math.random() * 2 ** 31);
/** Alone, two people, three people. */
const FEWEST = WALK_SECONDS ? 1 : 3;
const LONGEST_SEARCH_MS = Math.min(SECONDS, 60) * 1000;

const grounds = GROUNDS.filter(({ entry }) => !WALK_ADAPTER || entry.name === WALK_ADAPTER);
if (grounds.length === 0)
  throw new Error(`there is no "${WALK_ADAPTER}" to walk with: see test/walk/grounds.ts`);

const endOfAll = performance.now() + SECONDS * 1000;
let left = grounds.length;
for (const ground of grounds) {
  const { name, parts } = ground.entry;
  test(`${name} cannot be told from ${name} behind the hub`, { skip: skipWithout(...parts) }, async (t) => {
    // What a slow adapter needs more than its share is taken from those after it.
    const now = performance.now();
    const end = now + (endOfAll - now) / left--;
    let walks = 0;
    let chance = 0;
    for (; walks < FEWEST || performance.now() < end; walks++) {
      const plan = planOf(SEED + walks);
      const { found, chance: by } = await compare(ground, plan);
      if (found !== undefined)
        assert.fail(describe(ground, plan, await least(ground, plan, found, LONGEST_SEARCH_MS)));
      if (by === undefined) continue;
      chance++;
      t.diagnostic(`chance, seed ${plan.seed}: ${by.direct}\n  and ${by.through}`);
    }
    t.diagnostic(
      `walk ${name}: ${walks} walks, ${chance} of them by chance not the same twice, seed ${SEED}`,
    );
    assert.ok(
      chance <= walks / 3,
      `${chance} of ${walks} walks are not the same twice, directly with the adapter`,
    );
  });
}
