import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { harmless } from "../../../src/vscode/harmless.ts";

describe("others' text in VS Code's messages", () => {
  test("makes no links, no icons, no lines and no tricks with direction", () => {
    // VS Code's own pattern of a link in a message (base/common/linkedText.ts).
    const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
    const attack = "Kim [Allow](command:workbench.action.quit) $(check) a\nb\u202ec\u0007";
    assert.match(attack, link);
    const shown = harmless(attack);
    assert.doesNotMatch(shown, link);
    assert.equal(shown, "Kim [Allow] (command:workbench.action.quit) $ (check) a\ufffdb\ufffdc\ufffd");
  });

  test("is not longer than a message can be", () => {
    assert.equal(harmless("x".repeat(10_000)).length, 500);
  });
});
