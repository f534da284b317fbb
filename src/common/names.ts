// Names of people and programs, as others are shown them. A name must look like what it is: two that are told apart by
// what cannot be seen look the same, and one that looks like the host's, or like ours, speaks for them.

/** What a name becomes of which nothing can be seen, or that would speak for the host or for us. */
const DEFAULT_NAME = "guest";
const NAME_LENGTH = 64;

/**
 * Emoji as Unicode recommends them for interchange (UTS #51), joiners and variation selectors included. By the constructor,
 * since the compiler's target knows no `v` flag yet; Node 20 and VS Code's engine do.
 */
const EMOJI = new RegExp("(\\p{RGI_Emoji})", "v");

/**
 * What cannot be seen, or looks different in each font. Unassigned and private characters are of it: how they look is not
 * known. At the end, those that are blank although Unicode calls them letters, marks or symbols.
 */
const UNSEEN = new RegExp(
  "[\\p{C}\\p{Default_Ignorable_Code_Point}\\ufffc\\u2800]|\\u2d7f|\\u{1107f}|\\u{13441}|\\u{13442}|\\u{16fe4}|\\u{1d159}",
  "gu",
);
/** Not `\s`, which counts the invisible U+FEFF. */
const SPACES = /[\t-\r\p{Z}\u0085]+/gu;
/** Quotation marks are ours: a name cannot end its own. */
const QUOTES = /["“”„‟«»〝〞〟＂]/gu;
/** Marks upon marks would reach into the lines above and below. */
const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu;

/** A name of a length that fits a list, of which everything can be seen. Never empty; of its own result it changes nothing. */
export function shownName(value: string): string {
  return visible(value) || DEFAULT_NAME;
}

/** The same for a guest: a name that speaks for the host or for us becomes the default one. */
export function guestName(value: string): string {
  const name = shownName(value);
  return isReserved(name) ? DEFAULT_NAME : name;
}

/**
 * Two names of which one of these is the same look alike: they differ by case, spaces, punctuation, accents or width, or
 * by letters that look the same.
 */
export function nameKeys(name: string): readonly string[] {
  return [`spelling ${spelling(name)}`, `outline ${outline(name)}`];
}

/**
 * A name within a sentence. It stands in quotation marks if it could be read as a sentence, or as a remark of ours.
 */
export function inSentence(name: string): string {
  const isPlain = !/[.:;,!?…。！？：；，](?:\s|$)|[()[\]{}<>（）]/u.test(name) && name.split(" ").length <= 4;
  return isPlain ? name : `“${name}”`;
}

function visible(value: string): string {
  let name = value.slice(0, 16 * NAME_LENGTH);
  // What is taken out may have kept apart what is an emoji now, or what can be composed.
  for (let before = ""; name !== before;) {
    before = name;
    name = clip(once(name));
  }
  return name;
}

function once(value: string): string {
  const spaced = value.normalize("NFC").replace(SPACES, " ");
  const seen = spaced.split(EMOJI).map((part, i) => (i % 2 === 1 ? part : part.replace(UNSEEN, "")));
  return seen
    .join("")
    .replace(QUOTES, "'")
    .replace(STACKED_MARKS, "$1")
    .replace(SPACES, " ")
    .replace(/^[ \p{M}]+/u, "")
    .trim();
}

const SEGMENTER = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Cut between two characters as people see them; within one only if it is longer than a name may be. */
function clip(name: string): string {
  if (name.length <= NAME_LENGTH) return name;
  let end = 0;
  for (const { index, segment } of SEGMENTER.segment(name)) {
    if (index + segment.length > NAME_LENGTH) break;
    end = index + segment.length;
  }
  return name.slice(0, end || NAME_LENGTH).trim();
}

const ACCENTS = /[\p{Script=Inherited}\p{Sk}]/gu;
const BESIDE_LETTERS = /[\s\p{P}]/gu;

/** What is left of a name if its way of writing is not counted. */
function spelling(name: string): string {
  const bare = name.normalize("NFKD").replace(UNSEEN, "").replace(ACCENTS, "").toLowerCase();
  return bare.replace(BESIDE_LETTERS, "") || bare;
}

/** Letters and digits that look like others, in most fonts, and those others: the common ones of UTS #39. */
const LOOKALIKES: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ["АВЕЅІЈКМНОРСТУХЗԌԚԜаеѕіјорсухԁһԛԝ", "ABESIJKMHOPCTYX3GQWaesijopcyxdhqw"],
    ["ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγικνορυχ", "ABEZHIKMNOPTYXayikvopux"],
    ["ՕՍՏօոսցհ", "OUSonugh"],
    ["ıɑɡɩʏƖǀ", "iagiyll"],
    ["0", "O"],
    ["1I|", "lll"],
    ["5$", "SS"],
  ].flatMap(([like = "", latin = ""]) => [...like].map((letter, i) => [letter, latin.charAt(i)])),
);

/** What is left of a name for who looks at the shape of its letters only. */
function outline(name: string): string {
  const bare = name.normalize("NFKD").replace(UNSEEN, "").replace(ACCENTS, "");
  const shapes = [...bare].map((letter) => LOOKALIKES[letter] ?? letter).join("");
  // A letter that looked like a capital one may look like another in turn: Cyrillic І, I, l.
  const again = shapes.replaceAll("I", "l").replaceAll("rn", "m").replaceAll("vv", "w").toLowerCase();
  return again.replace(BESIDE_LETTERS, "") || again;
}

/** Of names that speak for the host, for us, or for who reads it. */
const RESERVED = [
  ...["host", "the host", "your host", "you", "yourself", "me", "server", "the server", "system"],
  ...["adapter", "debug adapter", "debugger", "program", "the program", "admin", "administrator"],
  ...["warning", "error", "info", "note", "important"],
];
const OURS = ["debug server", "debugger server"];

function isReserved(name: string): boolean {
  return [spelling, outline].some((key) => {
    const whole = key(name);
    const unnumbered = key(name.replace(/[\s\p{P}\p{Nd}]+$/u, ""));
    const remarks = [...name.matchAll(/[([{<（]([^)\]}>）]*)/gu)].map(([, remark = ""]) => key(remark));
    return (
      RESERVED.some((word) => [whole, unnumbered, ...remarks].includes(key(word))) ||
      OURS.some((word) => whole.startsWith(key(word)))
    );
  });
}
