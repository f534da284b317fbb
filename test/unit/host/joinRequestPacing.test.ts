import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { JoinRequestPacing } from "../../../src/host/joinRequestPacing.ts";

describe("the pacing of join requests", () => {
  test("lets a peer fail three times, then it waits twice as long each time, up to 30 s", () => {
    const pacing = new JoinRequestPacing();
    const pauses = Array.from({ length: 10 }, () => {
      pacing.failed("a", 0);
      return pacing.pauseOf("a", 0);
    });
    assert.deepEqual(
      pauses,
      [0, 0, 1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1000),
    );
    assert.equal(pacing.pauseOf("a", 29_999), 1);
    assert.equal(pacing.pauseOf("a", 30_000), 0);
    assert.equal(pacing.pauseOf("b", 0), 0);
  });

  test("forgets a peer that was admitted, or that was quiet for ten minutes, or beyond a thousand", () => {
    const pacing = new JoinRequestPacing();
    const fail = (peer: string, now: number) => {
      for (let n = 0; n < 8; n++) pacing.failed(peer, now);
    };
    fail("a", 0);
    pacing.admitted("a");
    assert.equal(pacing.pauseOf("a", 0), 0);
    fail("b", 0);
    pacing.failed("b", 10 * 60_000);
    assert.equal(pacing.pauseOf("b", 10 * 60_000), 0);
    fail("c", 0);
    for (let n = 0; n < 1000; n++) pacing.failed(`other ${n}`, 0);
    assert.equal(pacing.pauseOf("c", 0), 0);
  });
});
