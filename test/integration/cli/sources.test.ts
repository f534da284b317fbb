import assert from "node:assert/strict";
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, before, describe, test } from "node:test";
import type { DapClient } from "../../support/dapClient.ts";
import { begin, inspect, outputOf, setLines, whereNext } from "../../support/scenario.ts";
import { Cli, buildCli } from "./cli.ts";

before(buildCli);

const MAIN = `const lib = require("./lib.js");
let total = 1;
for (let i = 0; i < 3; i++)
  total += lib.twice(i);
console.log(total);
`;
const LIB = `exports.twice = (n) => {
  const sum = n + n;
  return sum;
};
`;

/** A host that debugs a program of two files in its own folder, and another folder, for a guest. */
async function serve(t: TestContext) {
  const cli = new Cli(t);
  const [host, guest] = ["host", "guest"].map((name) => path.join(realpathSync(cli.directory), name)) as [
    string,
    string,
  ];
  for (const folder of [host, guest]) mkdirSync(folder);
  writeFileSync(path.join(host, "main.js"), MAIN);
  writeFileSync(path.join(host, "lib.js"), LIB);
  const { joins } = await cli.serve(["npipe:pipe=sources"], ["--node", "main.js"], host);
  return { cli, host, guest, string: joins[0] ?? "" };
}

/** Joins and sets breakpoints before the program runs, which waits for them. */
async function attach(client: DapClient, file: string, lines: readonly number[]) {
  await begin(client, "any", "attach", {});
  const breakpoints = await setLines(client, file, lines);
  await client.request("configurationDone");
  return breakpoints;
}

for (const [name, folder, args] of [
  [
    "--map says where a guest has the host's files",
    "/",
    (host: string, guest: string) => ["--map", `${host}=${guest}`],
  ],
  ["a guest's copy below its current directory is found without a word", undefined, () => []],
] as const) {
  test(name, async (t) => {
    const { cli, host, guest, string } = await serve(t);
    for (const file of ["main.js", "lib.js"])
      writeFileSync(path.join(guest, file), readFileSync(path.join(host, file)));
    const editor = cli.editor(["join", string, ...args(host, guest)], {}, folder ?? guest);
    const lib = path.join(guest, "lib.js");
    await attach(editor, lib, [2]);
    const { frames, threadId } = await inspect(editor);
    assert.deepEqual(
      frames.slice(0, 2).map(({ source, line }) => [source?.path, line]),
      [
        [lib, 2],
        [path.join(guest, "main.js"), 4],
      ],
    );
    await setLines(editor, lib, [3]);
    await editor.request("continue", { threadId });
    const frame = await whereNext(editor, threadId);
    assert.deepEqual([frame.source?.path, frame.line], [lib, 3]);
    editor.assertNoFaults();
  });
}

describe("a file that the guest does not have", () => {
  // On this one machine it would be found where the host has it; --map says that it is not there.
  const join = (host: string, guest: string, string: string) => ["join", string, "--map", `${host}=${guest}`];

  test("is asked for by its reference", async (t) => {
    const { cli, host, guest, string } = await serve(t);
    const watcher = cli.editor(["join", string], {}, host);
    await attach(watcher, path.join(host, "lib.js"), [2]);
    await inspect(watcher);
    const editor = cli.editor(join(host, guest, string), {}, guest);
    await begin(editor, "any", "attach", {});
    await editor.request("configurationDone");
    const { threadId, frames } = await inspect(editor);
    const source = frames[0]?.source;
    assert.equal(source?.path, path.join(host, "lib.js"));
    const { sourceReference = 0 } = source;
    assert.ok(sourceReference > 0);
    assert.equal((await editor.request("source", { source, sourceReference })).content, LIB);
    // Breakpoints by the reference are breakpoints in the host's file.
    await editor.request("setBreakpoints", { source, breakpoints: [{ line: 3 }] });
    await editor.request("continue", { threadId });
    const frame = await whereNext(editor, threadId);
    assert.deepEqual([frame.source?.sourceReference, frame.line], [sourceReference, 3]);
    assert.equal((await whereNext(watcher, threadId)).source?.path, path.join(host, "lib.js"));
    for (const client of [watcher, editor]) client.assertNoFaults();
  });

  test("one that differs is not used: that is said, and its breakpoints are not verified", async (t) => {
    const { cli, host, guest, string } = await serve(t);
    const own = path.join(guest, "lib.js");
    writeFileSync(own, `\n${LIB}`);
    const watcher = cli.editor(["join", string], {}, host);
    await attach(watcher, path.join(host, "lib.js"), [2]);
    await inspect(watcher);
    const editor = cli.editor(join(host, guest, string), {}, guest);
    await begin(editor, "any", "attach", {});
    await editor.request("configurationDone");
    const { frames } = await inspect(editor);
    assert.equal(frames[0]?.source?.path, path.join(host, "lib.js"));
    assert.ok(frames[0].source.sourceReference);
    assert.match(
      outputOf(editor),
      /^Debug Server: .*guest\/lib\.js is not the same as the host's .*host\/lib\.js/m,
    );
    const [breakpoint] = await setLines(editor, own, [3]);
    assert.equal(breakpoint?.verified, false);
    assert.match(breakpoint.message ?? "", /The host has no file like this/);
    editor.assertNoFaults();
  });
});
