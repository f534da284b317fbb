import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { LIMITS } from "../../../src/common/limits.ts";
import { StallWatch } from "../../../src/common/stallWatch.ts";

const MS = 10_000;

function watch(t: { after(done: () => void): void }) {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const scene = { inside: false, stalls: 0 };
  const stall = new StallWatch(
    MS,
    () => scene.inside,
    () => scene.stalls++,
  );
  return { scene, stall };
}

/** In small steps: mocked timers that begin within one step begin at its end. */
function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 500) mock.timers.tick(Math.min(500, left));
}

describe("a message that does not go on", () => {
  test("is noticed when its time is over, and not before", (t) => {
    const { scene, stall } = watch(t);
    scene.inside = true;
    stall.came(10);
    pass(MS - 1);
    assert.equal(scene.stalls, 0);
    pass(1);
    assert.equal(scene.stalls, 1);
  });

  test("has no time while none has begun", (t) => {
    const { scene, stall } = watch(t);
    stall.came(100);
    pass(10 * MS);
    scene.inside = true;
    stall.came(1);
    pass(MS - 1);
    scene.inside = false;
    pass(10 * MS);
    assert.equal(scene.stalls, 0);
  });

  test("may be slow for ever if it brings enough, and not if it brings less", (t) => {
    const { scene, stall } = watch(t);
    scene.inside = true;
    stall.came(1);
    for (let i = 0; i < 100; i++) {
      stall.came(LIMITS.stallBytes / 2);
      mock.timers.tick(MS / 2);
    }
    assert.equal(scene.stalls, 0);
    for (let i = 0; i < 3; i++) {
      stall.came(LIMITS.stallBytes / 4);
      mock.timers.tick(MS / 2);
    }
    assert.equal(scene.stalls, 1);
  });

  test("gives the next one all of its time", (t) => {
    const { scene, stall } = watch(t);
    scene.inside = true;
    stall.came(1);
    pass(MS - 1);
    stall.completed();
    stall.came(1);
    pass(MS);
    assert.equal(scene.stalls, 0);
    pass(MS / 2);
    assert.equal(scene.stalls, 1);
  });

  test("is given up with its connection", (t) => {
    const { scene, stall } = watch(t);
    scene.inside = true;
    stall.came(1);
    stall.dispose();
    pass(MS);
    assert.equal(scene.stalls, 0);
  });
});
