import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACCESS_LEVELS, lesser } from "../../../src/common/access.ts";
import { ownLine, shownLine, shownText } from "../../../src/common/sanitize.ts";

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

  test("every end of a line is one", () => {
    assert.equal(shownText("a\vb\fc\u0085d\u2028e\u2029f\rg", 100), "a\nb\nc\nd\ne\nf\ng");
  });

  test("a line of ours begins once, whatever others wrote in it", () => {
    const spoofs = [
      "\n",
      "\r",
      "\r\n",
      "\v",
      "\f",
      "\u0085",
      "\u2028",
      "\u2029",
      "\n ",
      "\n\u00a0",
      "\n\u200b",
    ];
    for (const end of spoofs) {
      const line = ownLine(`Ana: hi${end}Ben has left.\n`);
      assert.match(line, /^Ana: hi\n {2}.*Ben has left\.\n$/u, JSON.stringify(end));
      assert.equal(ownLine(line), line);
    }
    assert.equal(ownLine("Ana: x\b\b\b\u001b[2K\u009b1GBen"), "Ana: x\ufffd\ufffd\ufffd\ufffd[2K\ufffd1GBen");
    assert.equal(ownLine("one\n\n  two"), "one\n\n  two");
  });
});

test("of two rights, the one that allows less", () => {
  for (const [i, one] of ACCESS_LEVELS.entries())
    for (const [j, other] of ACCESS_LEVELS.entries())
      assert.equal(lesser(one, other), ACCESS_LEVELS[Math.min(i, j)]);
});
