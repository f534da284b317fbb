import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ago, count, parts, roundTrip, spokenRoundTrip } from "../../../../src/vscode/views/labels.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("words of the views", () => {
  test("how long ago", () => {
    const now = Date.UTC(2026, 10, 25);
    const cases: [number, string, string][] = [
      [0, "now", "now"],
      [59 * SECOND, "now", "now"],
      [MINUTE, "1 min ago", "1 minute ago"],
      [59 * MINUTE + 59 * SECOND, "59 min ago", "59 minutes ago"],
      [HOUR, "1 h ago", "1 hour ago"],
      [23 * HOUR, "23 h ago", "23 hours ago"],
      [3 * DAY, "3 d ago", "3 days ago"],
      [-5 * MINUTE, "now", "now"],
      [NaN, "now", "now"],
    ];
    for (const [passed, short, spoken] of cases) assert.deepEqual(ago(now - passed, now), { short, spoken });
  });

  test("how many", () => {
    assert.deepEqual(
      [0, 1, 2].map((number) => count(number, "guest")),
      ["no guests", "1 guest", "2 guests"],
    );
  });

  test("how far away", () => {
    assert.equal(roundTrip(undefined), undefined);
    assert.equal(roundTrip(0.2), "1 ms");
    assert.equal(roundTrip(12.4), "12 ms");
    assert.equal(spokenRoundTrip(0.2), "round trip 1 millisecond");
    assert.equal(spokenRoundTrip(12.4), "round trip 12 milliseconds");
    assert.equal(spokenRoundTrip(undefined), undefined);
  });

  test("only what there is becomes a part", () => {
    assert.equal(parts("a", undefined, "", "b"), "a · b");
  });
});
