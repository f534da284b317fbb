import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sanitize, sanitizeText } from "../../../src/common/sanitize.ts";

describe("others' text in VS Code's messages", () => {
  test("makes no links, no icons, no lines and no tricks with direction", () => {
    // VS Code's own pattern of a link in a message (base/common/linkedText.ts).
    const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
    const attack = "Kim [Allow](command:workbench.action.quit) $(check) a\nb\u202ec\u0007";
    assert.match(attack, link);
    const shown = sanitize(attack);
    assert.doesNotMatch(shown, link);
    assert.equal(shown, "Kim [Allow] (command:workbench.action.quit) $ (check) a\ufffdb\ufffdc\ufffd");
  });

  test("makes no link where VS Code takes out icons first, as in progress, nor in Markdown", () => {
    assert.equal(sanitize("[Allow]$(x)(command:quit)"), "[Allow]$ (x)(command:quit)");
    assert.equal(sanitize("<command:quit> a<b c<1"), "< command:quit> a<b c<1");
    assert.equal(sanitizeText("[x]\n\n[x]: command:quit\n[0]: 1"), "[x]\n\n[x] : command:quit\n[0]: 1");
  });

  test("keeps several lines where they may be", () => {
    assert.equal(sanitizeText("a\r\nb\tc\u0000"), "a\nb\tc\ufffd");
  });

  test("of its own result it changes nothing", () => {
    for (const text of ["[a]((b)](c)$($(d)]: <x:", "]](($$((<<a:<a:", "a]: b:c]:d:e"])
      assert.equal(sanitize(sanitize(text)), sanitize(text));
  });

  test("is not longer than a message can be", () => {
    assert.ok(sanitize("x".repeat(10_000)).length <= 500);
    assert.ok(sanitizeText("x".repeat(100_000)).length <= 10_000);
  });
});
