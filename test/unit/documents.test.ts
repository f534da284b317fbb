import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ROOT } from "../support/fixtures.ts";
import { brokenLinks, missingFiles } from "../support/documents.ts";

// A reader who follows a document comes to a place that exists, also after files were renamed.

const DOCUMENTS = [".", "docs", "bench"].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.posix.join(folder, name)),
);
const FILES = ["src", "test", "scripts", "bench", "docs", "media"].flatMap((folder) => [
  folder,
  ...readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) =>
    path.posix.join(folder, name.replaceAll(path.sep, "/")),
  ),
]);

const exists = (file: string) => existsSync(path.join(ROOT, file));
const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");

for (const document of DOCUMENTS) {
  test(`every link of ${document} leads somewhere`, () => {
    assert.deepEqual(brokenLinks(document, { exists, read }), []);
  });

  test(`every file that ${document} names is there`, () => {
    assert.deepEqual(missingFiles(read(document), FILES), []);
  });
}

const PAGES: Readonly<Record<string, string>> = {
  "a.md":
    "# A page\n\n[b](docs/b.md#what-serve-does) [own](#a-page) ![c](media/c.png) [web](https://a.example/x.md)\n",
  "docs/b.md": '# What: `serve` does\n\n```\n[no](link.md)\n```\n\n`[no](link.md)` [a](../a.md "title")\n',
  "media/c.png": "",
  "bad.md": "[1](none.md) [2](a.md#none) [3](#none) ![4](media/none.png) [5](/a.md)\n",
};

const pages = { exists: (file: string) => file in PAGES, read: (file: string) => PAGES[file] ?? "" };

test("links to files and headings are followed, from where the document is", () => {
  assert.deepEqual(brokenLinks("a.md", pages), []);
  assert.deepEqual(brokenLinks("docs/b.md", pages), []);
  assert.deepEqual(brokenLinks("bad.md", pages), [
    "none.md",
    "a.md#none",
    "#none",
    "media/none.png",
    "/a.md",
  ]);
});

test("two headings with the same words have two anchors", () => {
  const read = () => "# One\n\n## Same\n\n## Same\n\n[1](#same) [2](#same-1) [3](#same-2)\n";
  assert.deepEqual(brokenLinks("a.md", { exists: () => true, read }), ["#same-2"]);
});

test("a file is named by its path or the end of it", () => {
  const files = ["src/hub/hub.ts", "src/hub", "test/unit/hub/hub.test.ts"];
  assert.deepEqual(missingFiles("`src/hub/hub.ts` `hub/hub.ts` `hub.ts` `src/hub/`", files), []);
  assert.deepEqual(missingFiles("`test/unit/hub/hub.test.ts › a name`", files), []);
  assert.deepEqual(missingFiles("`app.js` `config.json` `npm test -- unit`", files), []);
  assert.deepEqual(missingFiles("`src/hub/none.ts` `ub.ts` `src/none/` `none.test.ts › a name`", files), [
    "src/hub/none.ts",
    "ub.ts",
    "src/none/",
    "none.test.ts",
  ]);
});
