import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACCESS_LEVELS, lesser } from "../../../src/common/access.ts";
import { shownLine, shownName, shownText } from "../../../src/common/shown.ts";

describe("what people are shown", () => {
  test("a line has no line ends, no escapes, no changes of direction, and an end", () => {
    assert.equal(shownLine(" a\u001b[31m\nb\u202ec\u2028 ", 100), "a\ufffd[31m\ufffdb\ufffdc\ufffd");
    assert.equal(shownLine("abcdef", 4), "abc…");
    assert.equal(shownLine("\n", 4), "\ufffd");
    assert.equal(shownLine("  ", 4), "");
  });

  test("a text keeps its lines and tabs", () => {
    assert.equal(shownText("a\r\nb\tc\u0007\u2066d", 100), "a\nb\tc\ufffd\ufffdd");
    assert.equal(shownText("", 4), "");
  });

  test("a name is never empty, never long, and looks like what it is", () => {
    assert.equal(shownName(" Ana \n\u200b Lee\u202e "), "Ana Lee");
    assert.equal(shownName("\u0000\u2060"), "guest");
    assert.equal(shownName(`${"x".repeat(63)} y`), "x".repeat(63));
  });
});

test("of two rights, the one that allows less", () => {
  for (const [i, one] of ACCESS_LEVELS.entries())
    for (const [j, other] of ACCESS_LEVELS.entries())
      assert.equal(lesser(one, other), ACCESS_LEVELS[Math.min(i, j)]);
});
