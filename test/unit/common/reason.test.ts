import assert from "node:assert/strict";
import { test } from "node:test";
import { reasonToError } from "../../../src/common/reason.ts";

test("a code of a peer's that we do not know is shown as a word, without what steers a screen or is rendered", () => {
  assert.equal(reasonToError({ code: "later-one" })?.message, 'The other side said "later-one".');
  for (const code of [
    "\u001b[2J\u202e\r\n",
    "[Retry](command:workbench.action.quit)",
    "$(error)",
    "\ud800",
  ]) {
    const { code: known, message } = reasonToError({ code }) ?? {};
    assert.equal(known, "closed");
    assert.match(message ?? "", /^The other side said "[\w?-]+"\.$/);
  }
  assert.ok((reasonToError({ code: "x".repeat(256) })?.message.length ?? 0) < 100);
});
