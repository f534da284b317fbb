import assert from "node:assert/strict";
import { test } from "node:test";
import { asNumber, asText, messageOf } from "../../../src/common/values.ts";

const HOSTILE: readonly unknown[] = [
  JSON.parse('{"toString":1,"valueOf":1}'),
  JSON.parse('{"toString":{}}'),
  Object.create(null),
  [JSON.parse('{"toString":1}')],
  Symbol("s"),
];

test("what cannot be made a text or a number is none, and nothing is thrown", () => {
  for (const value of HOSTILE) {
    assert.equal(asText(value), "");
    assert.ok(Number.isNaN(asNumber(value)));
    assert.equal(messageOf(value), typeof value);
  }
});

test("texts, numbers and what thrown values say", () => {
  assert.deepEqual([undefined, null, true, 1.5, "a"].map(asText), ["", "", "true", "1.5", "a"]);
  assert.deepEqual([3, "3", null].map(asNumber), [3, NaN, NaN]);
  assert.deepEqual([new Error("why"), "so"].map(messageOf), ["why", "so"]);
});
