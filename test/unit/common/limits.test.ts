import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { LIMITS } from "../../../src/common/limits.ts";
import { LINK_LIMITS, LINK_TIMING } from "../../../src/link/limits.ts";
import { GUESS_RULES } from "../../../src/security/password/guessBudget.ts";

/** The rows of docs/LIMITS.md: the limit as the user reads it, and the names that it has in the code. */
const rows = readFileSync(new URL("../../../docs/LIMITS.md", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && line.includes("`"))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, what = "", limit = "", code = ""]) => ({ what, limit, names: namesIn(code) }));

/** In a cell like "`a` `B.c` in `src/file.ts`" the files are no names. */
function namesIn(code: string): readonly string[] {
  return [...code.matchAll(/`([\w.]+)`/gu)].map(([, name = ""]) => name);
}

const others: Readonly<Record<string, number>> = {
  "GUESS_RULES.peer": GUESS_RULES.peer.free,
  "GUESS_RULES.network": GUESS_RULES.network.free,
  "GUESS_RULES.server": GUESS_RULES.server.free,
  "LINK_TIMING.keepMs": LINK_TIMING.keepMs,
  "LINK_LIMITS.retransmitBytes": LINK_LIMITS.retransmitBytes,
};

/** As the document spells a number: bytes in binary units, time in seconds, and how many of something. */
function spelled(name: string, value: number): string {
  if (/Ms/u.test(name)) return `${value / 1000} s`;
  if (!/Bytes/u.test(name)) return value.toLocaleString("en-US");
  const power = Math.floor(Math.log2(value) / 10);
  return `${value / 1024 ** power} ${["", "KiB", "MiB", "GiB"][power]}`;
}

test("every limit is in docs/LIMITS.md, once", () => {
  const named = rows.flatMap(({ names }) => names);
  assert.deepEqual(named.sort(), [...Object.keys(LIMITS), ...Object.keys(others)].sort());
});

test("the numbers of docs/LIMITS.md are the code's", () => {
  const values: Readonly<Record<string, number>> = { ...LIMITS, ...others };
  for (const { what, limit, names } of rows) {
    for (const name of names) {
      const text = spelled(name, values[name] ?? NaN);
      const isThere = new RegExp(`(?<![\\d.,])${text}(?![\\d.,]*\\d)`, "u").test(limit);
      assert.ok(isThere, `${what}: "${limit}" does not say ${text} (${name})`);
    }
  }
});
