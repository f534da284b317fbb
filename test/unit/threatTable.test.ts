import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { threatTableProblems } from "../support/threatTable.ts";

const ROOT = new URL("../../", import.meta.url);

function read(path: string): string | undefined {
  const file = fileURLToPath(new URL(path, ROOT));
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

test("every test that SECURITY.md's threat table names exists", () => {
  assert.deepEqual(threatTableProblems(read("SECURITY.md") ?? "", read), []);
});

const FILES: Readonly<Record<string, string>> = {
  "test/unit/a.test.ts": [
    'describe("a group", () => { test("one | two", () => {}); });',
    "test(`of ${name}: held`, { timeout: 1 }, () => {});",
    '// test("in a comment", () => {});',
    'test("later", { skip: true }, () => {});',
    'test.skip("left out", () => {});',
    'const text = "in a string";',
  ].join("\n"),
};

/** The problems of a table whose only row has this last cell. */
function problemsOf(tests: string, heading = "## Threats, and the tests that hold them"): string[] {
  const table = `| who | what they could get | what holds them | tests |\n| --- | --- | --- | --- |\n`;
  const markdown = `# Security\n\n${heading}\n\n${table}| network | code | a password | ${tests} |\n\n## Next\n`;
  return threatTableProblems(markdown, (path) => FILES[path]);
}

test("a row names tests by file and name", () => {
  assert.deepEqual(problemsOf("`test/unit/a.test.ts › a group`"), []);
  assert.deepEqual(
    problemsOf("`test/unit/a.test.ts › one \\| two`<br>`test/unit/a.test.ts › of ${name}: held`"),
    [],
  );
});

test("what is no test, or not there, is told", () => {
  for (const [tests, problem] of [
    ["`test/unit/b.test.ts › a group`", "names test/unit/b.test.ts, which does not exist."],
    ["`test/unit/a.test.ts › another`", 'names "another", which test/unit/a.test.ts does not have.'],
    ["`test/unit/a.test.ts › in a comment`", 'names "in a comment"'],
    ["`test/unit/a.test.ts › in a string`", 'names "in a string"'],
    ["`test/unit/a.test.ts › left out`", 'names "left out"'],
    ["`test/unit/a.test.ts › later`", 'names "later"'],
    ["`test/unit/a.test.ts › of x: held`", "of a template, its source text"],
    ["`test/unit/a.test.ts`", 'names no test by "`test/unit/a.test.ts`"'],
    ["none yet", 'names no test by "none yet"'],
    ["", "has an empty or missing cell"],
  ] as const) {
    const problems = problemsOf(tests);
    assert.equal(problems.length, 1, tests);
    assert.ok(problems[0]?.includes(problem), `${tests}: ${problems[0]}`);
  }
});

test("a table that is missing is told", () => {
  assert.match(problemsOf("x", "## Threats").join(), /has no section/);
  const empty = "## Threats, and the tests that hold them\n\nNone.\n";
  assert.match(threatTableProblems(empty, () => undefined).join(), /table is missing/);
});
