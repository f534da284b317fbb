import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SCRIPT_FEATURES } from "../../../../src/vscode/language/scriptFeatures.ts";

const DOCUMENT =
  "$$ two servers\r\n.server tcp:port=1,acc\r\n.server npipe:pipe=x,password=s3\n.srvers\n\n.endsrv";

test("findings are in the document's offsets: mistakes of every line, and clear passwords", () => {
  assert.deepEqual(
    SCRIPT_FEATURES.findings(DOCUMENT).map(({ severity, start, end }) => [
      severity,
      DOCUMENT.slice(start, end),
    ]),
    [
      ["error", "acc"],
      ["error", ".srvers"],
      ["error", ""],
      ["warning", "s3"],
    ],
  );
  assert.deepEqual(SCRIPT_FEATURES.findings(".server tcp:port=1\n.clients\n"), []);
  // A comment may say what it likes.
  assert.deepEqual(SCRIPT_FEATURES.findings("# .server tcp:port=1,password=s3"), []);
});

test("completion and hover are those of the line", () => {
  const end = DOCUMENT.indexOf("acc") + 3;
  const access = SCRIPT_FEATURES.completionsAt(DOCUMENT, end).find(({ label }) => label === "access");
  assert.equal(DOCUMENT.slice(access?.start, access?.end), "acc");
  assert.equal(access?.insertText, "access=");

  const pipe = SCRIPT_FEATURES.hoverAt(DOCUMENT, DOCUMENT.indexOf("npipe") + 2);
  assert.equal(DOCUMENT.slice(pipe?.start, pipe?.end), "npipe");
  assert.equal(SCRIPT_FEATURES.hoverAt(DOCUMENT, 4), undefined);

  const blank = DOCUMENT.indexOf("\n\n") + 1;
  const [server] = SCRIPT_FEATURES.completionsAt(DOCUMENT, blank);
  assert.deepEqual([server?.insertText, server?.start, server?.end], [".server ", blank, blank]);
});

test("no document and no offset makes it throw, and all it says is inside", () => {
  const text = fc
    .array(
      fc.constantFrom(".server", ".echo", " ", "\n", "\r", "\ufeff", "tcp:", "port=", ",", "password=x", "*"),
      {
        maxLength: 15,
      },
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(text, fc.string()), fc.nat(60), (document, seed) => {
      const offset = seed % (document.length + 1);
      // No cursor is between the two halves of a line's end.
      fc.pre(document.slice(offset - 1, offset + 1) !== "\r\n");
      const hover = SCRIPT_FEATURES.hoverAt(document, offset);
      const items = SCRIPT_FEATURES.completionsAt(document, offset);
      for (const { start, end } of items) assert.ok(start <= offset && offset <= end);
      for (const { start, end } of [
        ...SCRIPT_FEATURES.findings(document),
        ...items,
        ...(hover ? [hover] : []),
      ]) {
        assert.ok(0 <= start && start <= end && end <= document.length);
        // Nothing reaches over the end of a line.
        assert.doesNotMatch(document.slice(start, end), /[\r\n]/);
      }
    }),
    { numRuns: 3000 },
  );
});
