import assert from "node:assert/strict";
import {
  decoded,
  encoded,
  fromFileUri,
  isAbsolutePath,
  joinPath,
  leadsElsewhere,
  moved,
  segmentsOf,
  segmentsWithin,
  withoutDots,
  toFileUri,
} from "../../../src/guest/sources/paths.ts";
import {
  parseHostSourceUri,
  hostSourcePath,
  hostSourceUri,
} from "../../../src/guest/sources/hostSourceUri.ts";
import { type Target, assertSame } from "../harness/fuzz.ts";
import { mutate, mutateText } from "../harness/mutate.ts";

const PATHS: readonly string[] = [
  "/home/ada/app/a.js",
  "C:\\Users\\ada\\a.cs",
  "c:/Users/ada/a.cs",
  "\\\\server\\share\\a.c",
  "//server/share/a.c",
  "/c:/x?y#z%41",
  "<eval>",
  "webpack:///./src/a.ts",
  "debug-server://j1/home/ada/a.js",
  "debug-server://j1/c%3A/x?c%3A%5Cx",
  "file:///home/ada/%41.js",
  "file://server/share/a.c",
  "/../../etc/passwd",
];
const WORDS = [
  "/",
  "\\",
  "..",
  ".",
  ":",
  "%",
  "%2f",
  "%5c",
  "%00",
  "%ff",
  "?",
  "#",
  "c:",
  "\u0000",
  "\ud800",
  "\u202e",
  "é",
  "__proto__",
  "//",
  "\\\\?\\",
  " ",
];
const JOIN_ID = "j1";

function wellFormed(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text);
}

/** The paths and URIs of sources: what a host names them, and what an editor makes of them. */
export const sourceNames: Target = {
  name: "source-names",
  inputs: 220_000,
  make(random) {
    const seed = random.pick(PATHS);
    const text = random.chance(0.3) ? seed : mutateText(random, seed, WORDS);
    return [mutate(random, Buffer.from(text), 0.05)];
  },
  run(inputs, random) {
    let valid = 0;
    for (const input of inputs) {
      const text = random.chance(0.1) ? input.toString("latin1") : input.toString("utf8");
      if (isAbsolutePath(text)) valid++;
      const segments = segmentsOf(text);
      assert.ok(segments.every((segment) => segment !== "" && !segment.includes("/")));
      const folder = random.pick(PATHS);
      const within = segmentsWithin(folder, text);
      if (within !== undefined) {
        assert.ok(!within.includes("..") && !within.includes("."));
        assert.ok(withoutDots(segmentsOf(folder)).length + within.length === withoutDots(segments).length);
      }
      const elsewhere = moved(text, folder, "/elsewhere");
      if (elsewhere !== undefined) assert.ok(elsewhere.startsWith("/elsewhere/"));
      joinPath(folder, segments);
      decoded(text);
      fromFileUri(text);
      const served = parseHostSourceUri(text);
      if (served !== undefined) assert.ok(isAbsolutePath(served.path) || leadsElsewhere(served.path));
      // encodeURIComponent knows no lone surrogates; nor does UTF-8, by which they could come.
      if (!wellFormed(text)) continue;
      encoded(text);
      if (!isAbsolutePath(text)) continue;
      const uri = hostSourceUri({ joinId: JOIN_ID, path: text });
      assertSame(parseHostSourceUri(uri), { joinId: JOIN_ID, path: text }, "a served file's own URI");
      assert.ok(hostSourcePath(text).startsWith("/"));
      assert.ok(/^debug-server:\/\/j1\//u.test(uri) && !/[\s"<>\\^`{|}]/u.test(uri), uri);
      toFileUri(text);
    }
    return valid;
  },
};
