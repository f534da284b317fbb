import assert from "node:assert/strict";
import path from "node:path";
import { before, describe, test } from "node:test";
import { ROOT } from "../../support/fixtures.ts";
import { recordedAdapter } from "../../support/recordedAdapter.ts";
import { shellWords, Terminal } from "../../support/terminal.ts";
import { encodeMessage } from "../../support/dapFraming.ts";
import { Cli, buildCli } from "./cli.ts";

before(buildCli);

describe("join to a server with a password that nobody has written down", () => {
  test("asks on the terminal, again after a wrong one, and leaves the editor's stream alone", async (t) => {
    const cli = new Cli(t);
    const { command } = recordedAdapter(cli.directory);
    const serve = await cli.serve(["npipe:pipe=asked_%d,password=env:SECRET"], command, undefined, {
      SECRET: "zq7Kx-right",
    });
    const join = [process.execPath, path.join(ROOT, "dist/cli.cjs"), "join", serve.joins[0] ?? ""];
    const request = { seq: 1, type: "request", command: "initialize", arguments: { adapterID: "x" } };
    const stream = shellWords([encodeMessage(request).toString()]);
    // The editor's end of the stream stays open until the test is over.
    const inside = `{ printf %s ${stream}; exec sleep 60; } | ${shellWords(join)}`;
    const terminal = new Terminal(t, inside, { XDG_RUNTIME_DIR: cli.directory });
    await terminal.sees("Password of npipe:");
    terminal.type("zq7Kx-wrong\r");
    await terminal.sees("That password is wrong. Password of npipe:");
    terminal.type("zq7Kx-right\r");
    await terminal.sees('"success":true');
    assert.doesNotMatch(terminal.shown, /zq7Kx/);
    assert.match(await serve.reported("wrongPassword"), /"count":1/);
  });
});
