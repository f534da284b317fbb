import type { Random } from "./random.ts";

/** Texts of JSON values that somebody who means ill would put in the place of another value. */
const HOSTILE = [
  "null",
  "true",
  "0",
  "-1",
  "-0",
  "1.5",
  "1e400",
  "-1e400",
  "1E2",
  "2147483648",
  "4294967296",
  "9007199254740993",
  `1${"0".repeat(400)}`,
  '""',
  '"x"',
  '"__proto__"',
  '"constructor"',
  String.raw`"\ud800"`,
  String.raw`"\udc00\ud800"`,
  String.raw`"\u0000\u001b[2J\r\n"`,
  '"\ud83d"',
  '"\u202e\u2066\u2028"',
  '"command:workbench.action.quit"',
  '"[Retry](command:x)"',
  '"${env:HOME}${config:http.proxy}"',
  '"file:///etc/passwd"',
  String.raw`"\\\\host\\share\\file"`,
  '"../../../../etc/passwd"',
  `"${"x".repeat(5000)}"`,
  "[]",
  "{}",
  "[[[[[[[[[[]]]]]]]]]]",
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"length":4294967295}',
  '{"toString":1,"valueOf":1,"toJSON":1,"then":1}',
  "[null,null]",
  '[{"__proto__":null}]',
];
const HOSTILE_MEMBERS = [
  '"__proto__":{"polluted":true}',
  '"constructor":{"prototype":{"polluted":true}}',
  '"prototype":{}',
  '"toJSON":1',
  '"then":{}',
  '"hasOwnProperty":1',
  '"":0',
];

/** Deeper than what any reader of ours goes through. */
const DEEP = "[".repeat(600) + "]".repeat(600);
const DEEP_OBJECTS = '{"a":'.repeat(5000) + "1" + "}".repeat(5000);

/**
 * JSON text of the value, in which parts of it are replaced, left out, doubled, spelled differently or joined by
 * hostile ones, each with that probability. With the probability 0: the value, in some spelling.
 */
export function jsonText(random: Random, value: unknown, probability: number): string {
  if (random.chance(probability)) {
    if (random.chance(0.03)) return random.pick([DEEP, DEEP_OBJECTS]);
    return random.pick(HOSTILE);
  }
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => jsonText(random, item, probability));
    if (random.chance(probability)) items.push(...items.slice(0, 3), random.pick(HOSTILE));
    return `[${items.join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const members: string[] = [];
    for (const [key, inner] of Object.entries(value)) {
      if (inner === undefined || random.chance(probability / 2)) continue;
      const member = `${keyText(random, key, probability)}:${jsonText(random, inner, probability)}`;
      members.push(member);
      if (random.chance(probability / 2))
        members.push(`${JSON.stringify(key)}:${random.pick(HOSTILE)}`, member);
    }
    if (random.chance(probability))
      members.splice(random.below(members.length + 1), 0, random.pick(HOSTILE_MEMBERS));
    if (random.chance(probability)) members.reverse();
    const space = random.chance(0.05) ? random.pick([" ", "\n", "\t", " \r\n "]) : "";
    return `{${space}${members.join(`,${space}`)}${space}}`;
  }
  return JSON.stringify(value);
}

/** A member's name, sometimes spelled with an escape (the same name), or in other letters (another one). */
function keyText(random: Random, key: string, probability: number): string {
  if (key === "" || !random.chance(probability / 2)) return JSON.stringify(key);
  if (random.chance(0.3)) return JSON.stringify(key.toUpperCase());
  const at = random.below(key.length);
  const code = key.charCodeAt(at).toString(16).padStart(4, "0");
  return `"${key.slice(0, at)}\\u${code}${key.slice(at + 1)}"`;
}

/** How much is changed: mostly nothing or a little, so that inputs get past the first check. */
export function someProbability(random: Random): number {
  return random.pick([0, 0, 0, 0.02, 0.02, 0.05, 0.1, 0.3]);
}
