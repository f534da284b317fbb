import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { guestName, inSentence, nameKeys, shownName } from "../../../src/common/names.ts";

/** Kept whole: what Unicode recommends, with joiners, variation selectors and tags in it. */
const EMOJI = ["👩‍👩‍👧", "🏳️‍🌈", "❤️", "1️⃣", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👍🏽", "🧑🏻‍❤️‍🧑🏿"];
/** Ignorable by Unicode's own list, or blank in spite of it. */
const UNSEEN = [
  ...["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u115f", "\u1160", "\u3164"],
  ...["\uffa0", "\ufe0f", "\ufe00", "\u180e", "\u17b4", "\u202e", "\u2066", "\u061c", "\u200e", "\u{e0041}"],
  ...[
    "\u{e0100}",
    "\u{1d173}",
    "\u2800",
    "\ufffc",
    "\u{13441}",
    "\u0000",
    "\u001b",
    "\u009b",
    "\ue000",
    "\ud800",
  ],
  ...["\u0378", "\u{10ffff}"],
];
const look = (one: string, other: string) => nameKeys(one).some((key) => nameKeys(other).includes(key));

describe("a name that others are shown", () => {
  test("has no letter that cannot be seen", () => {
    for (const unseen of UNSEEN) {
      assert.equal(shownName(`A${unseen}na`), "Ana", JSON.stringify(unseen));
      assert.equal(shownName(`${unseen}${unseen}`), "guest", JSON.stringify(unseen));
    }
    assert.equal(shownName(" Ana \r\n\u2028\u3000 Lee "), "Ana Lee");
    assert.equal(shownName("\u0301\u0301Ana"), "Ana");
  });

  test("keeps emoji whole, and nothing of what only looks like a part of one", () => {
    for (const emoji of EMOJI) assert.equal(shownName(`${emoji} Ana${emoji}`), `${emoji} Ana${emoji}`);
    assert.equal(shownName("A\u200d❤️\u200dB\ufe0f"), "A❤️B");
  });

  test("is of a bounded length, cut between characters", () => {
    assert.equal(shownName(`${"x".repeat(63)} y`), "x".repeat(63));
    assert.equal(shownName("👩‍👩‍👧".repeat(20)), "👩‍👩‍👧".repeat(8));
    assert.ok(shownName(`a${"\u0301".repeat(1_000)}`).length <= 5);
  });

  const letters = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...EMOJI, ...UNSEEN) },
    {
      weight: 2,
      arbitrary: fc.constantFrom("👩", "🏳", "🌈", "🏽", "🇩", "1", "\u20e3", "\u0301", " ", "“", "a"),
    },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 3 }) },
  );
  const names = fc.array(letters, { maxLength: 40 }).map((parts) => parts.join(""));

  test("is never empty or long, and of itself the same; nothing in it cannot be seen", () => {
    const unseen = /[\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u;
    const emoji = new RegExp("\\p{RGI_Emoji}", "gv");
    fc.assert(
      fc.property(names, (value) => {
        const name = shownName(value);
        assert.ok(name.length > 0 && name.length <= 64);
        assert.equal(shownName(name), name);
        assert.doesNotMatch(name.replace(emoji, ""), unseen);
        assert.doesNotMatch(name, /^\s|\s$|\s\s|[\n\r]|["“”]/u);
        assert.equal(shownName(guestName(value)), guestName(value));
      }),
      { numRuns: 500 },
    );
  });
});

describe("two names look alike", () => {
  test("by what cannot be seen, case, spaces, accents, width, and letters of the same shape", () => {
    for (const other of ["Ana\u200b", "ana", "A na", "Ana.", "Аnа", "Ána", "Ａｎａ", "𝐀na", "Ana\u2800"])
      assert.ok(look("Ana", other), other);
    assert.ok(look("Kal", "KaI") && look("Bernd", "Bemd") && look("O", "0"));
    assert.ok(look("❤️", "❤") && look("👩‍👩‍👧", "👩👩👧"));
  });

  test("and others do not", () => {
    for (const [one, other] of [
      ["Ana", "Ben"],
      ["Kai", "Kal"],
      ["👩", "👧"],
      ["राम", "रमा"],
      ["Ana 2", "Ana 3"],
      ["!", "?"],
    ] as const)
      assert.ok(!look(one, other), `${one}, ${other}`);
  });
});

test("nobody is called like the host, like us, or like who reads it", () => {
  for (const name of [
    ...[
      "Host",
      "the  HOST",
      "Нost",
      "H\u200bost",
      "host 2",
      "“Host”",
      "You",
      "yоu",
      "Ana (host)",
      "Ana [you]",
    ],
    ...[
      "Debug Server",
      "Debug\u3164Server",
      "DEBUG SERVER 2",
      "Debug Server: The host",
      "WARNING",
      "system.",
    ],
  ])
    assert.equal(guestName(name), "guest", name);
  for (const name of ["Ana", "hostess", "Ana (Berlin)", "host@laptop", "root@build7"])
    assert.equal(guestName(name), name);
});

test("in a sentence, a name that could be one itself stands in quotation marks", () => {
  for (const name of [
    "Ana",
    "J. Smith".replace(".", ""),
    "tcp 127.0.0.1:5005",
    "O'Neill",
    "ana@laptop",
    "👩‍👩‍👧",
  ])
    assert.equal(inSentence(name), name);
  for (const name of ["Ana has left. Ben", "Ana: yes", "Ana (you)", "Ana has left and Ben"])
    assert.equal(inSentence(name), `“${name}”`);
});
