import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { openPort } from "../../../src/transport/serial/port.ts";
import { PYTHON, adapters } from "../../support/adapters.ts";
import type { DapClient } from "../../support/dapClient.ts";
import { fixtures } from "../../support/fixtures.ts";
import { skipWithout } from "../../support/parts.ts";
import { serialLine } from "../../support/serialLines.ts";
import { freePort } from "../../support/process.ts";
import { begin, initializeArguments, inspect, leave, outputOf, setLines } from "../../support/scenario.ts";
import { Cli, buildCli } from "./cli.ts";

before(buildCli);

const DEBUGPY = ["--", PYTHON, "-m", "debugpy.adapter"];

describe("adapter", { skip: skipWithout("debugpy") }, () => {
  test("in front of debugpy: the editor's session, joined by a guest; the editor's end is everybody's", async (t) => {
    const cli = new Cli(t);
    const editor = cli.editor(
      ["adapter", "-s", "tcp:port=0,access=full", "-s", "npipe:pipe=front_%d", "--name", "Edda", ...DEBUGPY],
      { name: "editor" },
    );
    const { started } = await begin(editor, "debugpy", "launch", adapters.debugpy.session.arguments);
    const told = await editor.waitEvent<DebugProtocol.OutputEvent>("output", ({ body }) =>
      /Debugger Server/.test(String((body as { output: string }).output)),
    );
    assert.equal(told.body.category, "console");
    const join = /debug-server join "(tcp:[^"]*)"/.exec(told.body.output)?.[1] ?? "";
    assert.match(
      told.body.output,
      /^Debugger Server - tcp:port=\d+,access=full \(.*\nDebugger Server - npipe:pipe=front_\d+ \(/,
    );
    assert.match(editor.process?.stderr ?? "", /^Debugger Server - tcp:port=\d+/);
    await setLines(editor, fixtures.python.source, [fixtures.python.line("square")]);
    await editor.request("configurationDone");
    assert.equal((await started).success, true);
    const stop = await inspect(editor, "n");

    const guest = await cli.connect(Number(/port=(\d+)/.exec(join)?.[1]), { name: "guest" });
    await begin(guest, "debugpy", "attach", {});
    await guest.request("configurationDone");
    await inspect(guest, "n");
    await guest.request("next", { threadId: stop.threadId });
    await editor.waitEvent("continued");
    await inspect(editor, "result");
    await inspect(guest, "result");
    const listed = await cli.finish(["list"]);
    assert.match(listed.stdout, /tcp:server=localhost,port=\d+ +python3 -m debugpy\.adapter +python /);

    // Also a guest with all rights only leaves; the editor ends it.
    await leave(guest, false);
    const second = await cli.connect(Number(/port=(\d+)/.exec(join)?.[1]));
    await begin(second, "debugpy", "attach", {});
    await second.request("configurationDone");
    await leave(editor);
    await second.waitEvent("terminated");
    assert.deepEqual(await editor.process?.waitExit(), { code: 0, signal: null });
    assert.match(outputOf(editor), /Test Client has joined/);
    for (const client of [editor, guest, second]) client.assertNoFaults();
    assert.deepEqual(cli.leftovers(), []);
  });

  test("--quiet: the editor's console has what the adapter says, and no more", async (t) => {
    const cli = new Cli(t);
    const editor = cli.editor(["adapter", "-s", "npipe:pipe=quiet", "--quiet", ...DEBUGPY]);
    const { started } = await begin(editor, "debugpy", "launch", adapters.debugpy.session.arguments);
    await editor.request("configurationDone");
    assert.equal((await started).success, true);
    await editor.waitEvent("terminated");
    await leave(editor);
    assert.match(outputOf(editor), /total/);
    assert.doesNotMatch(outputOf(editor), /Debugger Server|debug-server/);
    assert.match(editor.process?.stderr ?? "", /^Debugger Server - npipe:pipe=quiet /);
  });

  test("an editor that vanishes takes the session along", async (t) => {
    const cli = new Cli(t);
    const editor = cli.editor(["adapter", "-s", "tcp:port=0", ...DEBUGPY]);
    await begin(editor, "debugpy", "launch", {
      ...adapters.debugpy.session.arguments,
      program: fixtures.pythonLoop.program,
    });
    await editor.request("configurationDone");
    const [, port] = (await editor.process?.waitLine(/port=(\d+)/)) ?? [];
    const guest = await cli.connect(Number(port));
    await begin(guest, "debugpy", "attach", {});
    await guest.request("configurationDone");
    editor.end();
    await guest.waitEvent("terminated");
    assert.match(outputOf(guest), /The host has left/);
    assert.deepEqual(await editor.process?.waitExit(), { code: 0, signal: null });
    assert.deepEqual(cli.leftovers(), []);
  });
});

describe(
  "what a session holds is free before the editor is told of its end",
  { skip: skipWithout("debugpy", "lldb") },
  () => {
    /** What an editor waits for before it starts anew, as the same command. */
    const ends: Record<string, (editor: DapClient, threadId: number) => Promise<unknown>> = {
      "the answer to disconnect": (editor) =>
        editor.request("disconnect", { restart: true, terminateDebuggee: true }),
      "the event terminated": async (editor, threadId) => {
        await editor.request("continue", { threadId });
        await editor.waitEvent("terminated");
      },
      "its process's end, after a signal": async (editor) => {
        editor.process?.child.kill("SIGTERM");
        await editor.process?.waitExit();
      },
    };
    for (const entry of [adapters.debugpy, adapters.lldb])
      for (const [name, end] of Object.entries(ends))
        test(`${entry.name}: ${name}`, async (t) => {
          const cli = new Cli(t);
          const port = await freePort();
          const args = [
            "adapter",
            "-s",
            `tcp:port=${port}`,
            "-s",
            "npipe:pipe=again",
            "--",
            ...entry.start.command,
          ];
          const start = async () => {
            const editor = cli.editor(args);
            const { started } = await begin(editor, entry.adapterID, "launch", entry.session.arguments);
            await setLines(editor, entry.session.fixture.source, [entry.session.fixture.line("square")]);
            await editor.request("configurationDone");
            assert.equal((await started).success, true);
            return { editor, threadId: (await inspect(editor)).threadId };
          };
          const { editor, threadId } = await start();
          const guest = await cli.connect(port);
          await begin(guest, entry.adapterID, "attach", {});
          await guest.request("configurationDone");
          await guest.waitEvent("stopped");
          await setLines(guest, entry.session.fixture.source, []);
          await setLines(editor, entry.session.fixture.source, []);
          await end(editor, threadId);
          const again = await start();
          again.editor.assertNoFaults();
        });

    test("lldb: the answer to disconnect, before anything was started", async (t) => {
      const cli = new Cli(t);
      const port = await freePort();
      for (let times = 0; times < 2; times++) {
        const editor = cli.editor([
          "adapter",
          "-s",
          `tcp:port=${port}`,
          "--",
          ...adapters.lldb.start.command,
        ]);
        await editor.request("initialize", initializeArguments("lldb-dap"));
        await editor.request("disconnect", {});
      }
    });
  },
);

describe("what a session holds is free before the editor is told of its end: a serial line with a guest on it", () => {
  const ends: Record<string, (guest: DapClient, editor: DapClient, threadId: number) => Promise<unknown>> = {
    "the answer to disconnect": (_guest, editor) => editor.request("disconnect", { terminateDebuggee: true }),
    "the event terminated": async (_guest, editor, threadId) => {
      await editor.request("continue", { threadId });
      await editor.waitEvent("terminated");
    },
    "the answer to disconnect, of a guest that is gone without a word": async (guest, editor) => {
      guest.process?.child.kill("SIGKILL");
      await guest.process?.waitExit();
      await editor.request("disconnect", { terminateDebuggee: true });
    },
  };
  for (const [name, end] of Object.entries(ends))
    test(name, { skip: skipWithout("lldb", "socat") }, async (t) => {
      const line = await serialLine();
      const cli = new Cli(t);
      t.after(() => line.dispose());
      const serve = `com:port=${line.far},baud=921600,channel=0`;
      const editor = cli.editor(["adapter", "-s", serve, "--", ...adapters.lldb.start.command]);
      const { started } = await begin(editor, "lldb-dap", "launch", adapters.lldb.session.arguments);
      await setLines(editor, fixtures.c.source, [fixtures.c.line("square")]);
      await editor.request("configurationDone");
      assert.equal((await started).success, true);
      const { threadId } = await inspect(editor);
      const guest = cli.editor(["join", `com:port=${line.near},baud=921600,channel=0`]);
      await begin(guest, "lldb-dap", "attach", {});
      await guest.request("configurationDone");
      await guest.waitEvent("stopped");
      await setLines(guest, fixtures.c.source, []);
      await setLines(editor, fixtures.c.source, []);
      await end(guest, editor, threadId);
      // Rejects if another program still has the device.
      const port = await openPort(
        line.far,
        921_600,
        () => {},
        () => {},
      );
      await port.close();
      if (name.includes("gone")) return;
      await guest.waitEvent("terminated");
      await leave(guest);
      assert.deepEqual(await guest.process?.waitExit(), { code: 0, signal: null });
    });
});

describe("adapter that cannot begin", () => {
  test("the editor learns why, as answer to its first request", async (t) => {
    const cli = new Cli(t);
    for (const [args, code, says] of [
      [["-s", "tcp:port=0", "--", "no-such-adapter"], 1, /"no-such-adapter" could not be started/],
      [["-s", "tcp:prot=0", "--", "cat"], 2, /Did you mean "port"\?/],
      [["-s", "tcp:port=5,clicon=h", "--", "cat"], 1, /does not call h/],
    ] as const) {
      const editor = cli.editor(["adapter", ...args]);
      const answer = await editor.raw("initialize", { adapterID: "x" });
      assert.equal(answer.success, false);
      const { error } = answer.body as DebugProtocol.ErrorResponse["body"];
      assert.match(error?.format ?? "", says);
      assert.equal(error?.showUser, true);
      assert.deepEqual(await editor.process?.waitExit(), { code, signal: null });
      assert.match(editor.process?.stderr ?? "", says);
      editor.assertNoFaults();
    }
  });
});
