import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { PasswordAttempts } from "../../../src/security/password/attempts.ts";

const MINUTE_MS = 60_000;

/** A clock that is moved by hand. */
function attempts() {
  let now = 0;
  const made = new PasswordAttempts(() => now);
  return { made, pass: (ms: number) => (now += ms) };
}

describe("wrong guesses at a password", () => {
  test("wait twice as long each time, then nobody is answered for ten minutes", () => {
    const { made, pass } = attempts();
    const waits: number[] = [];
    for (let guess = 1; guess <= 10; guess++) {
      let turn = made.begin("a");
      // What is refused costs nothing but the wait.
      if (turn.kind === "refuse") {
        waits.push(turn.forMs);
        pass(turn.forMs);
        turn = made.begin("a");
        assert.deepEqual(turn, { kind: "answer", afterMs: 0 });
      } else {
        waits.push(turn.afterMs);
        pass(turn.afterMs);
      }
    }
    assert.deepEqual(waits, [0, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600]);
    assert.deepEqual(made.of("a"), { count: 10, paused: true });
    assert.deepEqual(made.begin("a"), { kind: "refuse", forMs: 10 * MINUTE_MS });
  });

  test("a thousand from one address: few are answered, and another address does not notice", () => {
    const { made, pass } = attempts();
    let answered = 0;
    for (let guess = 0; guess < 1000; guess++) {
      if (made.begin("a").kind === "answer") answered += 1;
      pass(1000);
      assert.deepEqual(made.begin("honest"), { kind: "answer", afterMs: 0 });
      made.succeeded("honest");
    }
    assert.ok(answered <= 12, String(answered));
  });

  test("many at once are answered one after the other", () => {
    const { made } = attempts();
    const turns = Array.from({ length: 100 }, () => made.begin("a"));
    const answered = turns.flatMap((turn) => (turn.kind === "answer" ? [turn.afterMs] : []));
    assert.deepEqual(answered, [0, 100, 300, 700, 1500]);
  });

  test("are forgotten after a right one, and after a day", () => {
    const { made, pass } = attempts();
    made.begin("a");
    made.begin("a");
    made.succeeded("a");
    assert.deepEqual(made.begin("a"), { kind: "answer", afterMs: 0 });
    pass(24 * 60 * MINUTE_MS);
    assert.deepEqual(made.begin("b"), { kind: "answer", afterMs: 0 });
    assert.equal(made.of("a").count, 0);
  });

  test("whatever the order of guesses, nobody gets more than the delays allow", () => {
    const step = fc.record({ address: fc.constantFrom("a", "b"), passes: fc.nat(30_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { made, pass } = attempts();
        const answeredAt: Record<string, number[]> = { a: [], b: [] };
        let now = 0;
        for (const { address, passes } of steps) {
          const turn = made.begin(address);
          if (turn.kind === "answer") answeredAt[address]?.push(now + turn.afterMs);
          now += passes;
          pass(passes);
        }
        for (const times of Object.values(answeredAt)) {
          for (const [index, time] of times.slice(1).entries()) {
            const gap = time - (times[index] ?? 0);
            assert.ok(gap >= (index >= 9 ? 10 * MINUTE_MS : 100 * 2 ** index), `guess ${index + 2}: ${gap}`);
          }
        }
      }),
    );
  });
});
