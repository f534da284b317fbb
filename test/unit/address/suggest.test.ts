import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tokenize } from "../../../src/address/tokenizer.ts";
import { andList, editDistance, nearest, orList } from "../../../src/address/suggest.ts";

test("edit distance counts insertions, deletions, replacements and swaps of neighbours", () => {
  assert.equal(editDistance("", ""), 0);
  assert.equal(editDistance("port", "port"), 0);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("prot", "port"), 1);
  assert.equal(editDistance("hiden", "hidden"), 1);
  assert.equal(editDistance("kitten", "sitting"), 3);
  fc.assert(
    fc.property(fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 }), (a, b) => {
      assert.equal(editDistance(a, b), editDistance(b, a));
      assert.ok(editDistance(a, b) >= Math.abs(a.length - b.length));
      assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
    }),
  );
});

test("only what is near is suggested, and what other programs call it", () => {
  const candidates = [{ word: "port" }, { word: "password", alsoTried: ["pwd"] }, { word: "IcfEnable" }];
  assert.equal(nearest("PROT", candidates), "port");
  assert.equal(nearest("pwd", candidates), "password");
  assert.equal(nearest("icfenabled", candidates), "IcfEnable");
  assert.equal(nearest("xyz", candidates), undefined);
  assert.equal(nearest("", candidates), undefined);
  assert.equal(nearest("p".repeat(100_000), candidates), undefined);
});

test("lists read as sentences do", () => {
  assert.equal(orList([]), "");
  assert.equal(orList(["a"]), "a");
  assert.equal(andList(["a", "b"]), "a and b");
  assert.equal(orList(["a", "b", "c"]), "a, b or c");
});

test("the pieces of a half-written text are there for completion", () => {
  assert.deepEqual(tokenize("tc"), {
    transport: { text: "tc", start: 0 },
    colon: undefined,
    segments: [],
    end: 2,
  });
  assert.deepEqual(tokenize(" tcp:port="), {
    transport: { text: "tcp", start: 1 },
    colon: 4,
    segments: [
      { start: 5, end: 10, key: { text: "port", start: 5 }, equals: 9, value: { text: "", start: 10 } },
    ],
    openQuote: undefined,
    end: 10,
  });
  assert.equal(tokenize('tcp:password="a,b').segments.length, 1);
  assert.equal(tokenize('tcp:password="a,b').openQuote, 13);
  assert.equal(tokenize("tcp:,").segments.length, 2);
});
