import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import { LLDB_DAP, PYTHON, adapters } from "../../support/adapters.ts";
import type { DapClient } from "../../support/dapClient.ts";
import { fixtures } from "../../support/fixtures.ts";
import { skipWithout } from "../../support/parts.ts";
import { TestProcess, freePort } from "../../support/process.ts";
import { begin, inspect, leave, outputOf, setLines } from "../../support/scenario.ts";
import { Cli, buildCli } from "./cli.ts";

before(buildCli);

const DEBUGPY = ["--", PYTHON, "-m", "debugpy.adapter"];

/** Joins what runs already, with an editor's whole configuration. */
async function attach(client: DapClient): Promise<void> {
  await begin(client, "debugpy", "attach", { type: "debugpy", request: "attach" });
  await client.request("configurationDone");
}

describe("serve", () => {
  test(
    "debugpy over tcp and a pipe at once, joined by plain DAP and by join on both",
    { skip: skipWithout("debugpy") },
    async (t) => {
      const cli = new Cli(t);
      const { source, line } = fixtures.python;
      const serve = await cli.serve(["tcp:port=0,access=full", "npipe:pipe=both_%d"], DEBUGPY);
      assert.match(serve.joins[1] ?? "", /^npipe:server=localhost,pipe=both_\d+$/);

      const first = await cli.connect(serve.port, { name: "first" });
      const { started } = await begin(first, "debugpy", "launch", adapters.debugpy.session.arguments);
      await setLines(first, source, [line("square")]);
      await first.request("configurationDone");
      assert.equal((await started).success, true);
      const stop = await inspect(first, "n");

      const byTcp = cli.editor(["join", serve.joins[0] ?? "", "--name", "Tess"]);
      const byPipe = cli.editor(["join", serve.joins[1] ?? "", "--name", "Pia"]);
      for (const guest of [byTcp, byPipe]) {
        await attach(guest);
        const seen = await inspect(guest, "n");
        assert.equal(seen.frames[0]?.line, stop.frames[0]?.line);
        assert.deepEqual(
          seen.variables.map(({ name, value }) => [name, value]),
          stop.variables.map(({ name, value }) => [name, value]),
        );
      }

      await byPipe.request("continue", { threadId: stop.threadId });
      for (const client of [first, byTcp]) await client.waitEvent("continued");
      for (const client of [first, byTcp, byPipe])
        assert.equal((await inspect(client)).frames[0]?.line, line("square"));

      await leave(byTcp, false);
      assert.deepEqual(await byTcp.process?.waitExit(), { code: 0, signal: null });
      await setLines(first, source, []);
      await first.request("continue", { threadId: stop.threadId });
      for (const client of [first, byPipe]) await client.waitEvent("terminated");
      assert.match(outputOf(byPipe), /total 41/);
      for (const client of [first, byPipe]) await leave(client, false);
      assert.deepEqual(await serve.process.waitExit(), { code: 0, signal: null });
      assert.deepEqual(await byPipe.process?.waitExit(), { code: 0, signal: null });

      await serve.reported("ended", '"expected":true');
      const told = serve
        .events()
        .map(({ event, name }) => (typeof name === "string" ? `${event} ${name}` : event));
      assert.deepEqual(told, [
        "listening",
        "listening",
        "joined Test Client",
        "joined Tess",
        "joined Pia",
        "left Tess",
        ...told.slice(6, 8),
        "ended",
      ]);
      assert.deepEqual(told.slice(6, 8).sort(), ["left Pia", "left Test Client"]);
      for (const client of [first, byTcp, byPipe]) client.assertNoFaults();
      assert.deepEqual(cli.leftovers(), []);
    },
  );

  test("--node: the program waits for the first client's breakpoints, and gets its arguments", async (t) => {
    const cli = new Cli(t);
    const program = path.join(cli.directory, "arguments.js");
    writeFileSync(program, 'const rest = process.argv.slice(2);\nconsole.log("got", rest.join(" "));\n');
    const child = cli.start(
      ["serve", "-s", "tcp:port=0", "--node", path.relative(process.cwd(), program), "one", "--two"],
      { cwd: process.cwd() },
    );
    const [, port] = await child.waitLine(/^Debugger Server - tcp:port=(\d+)$/);
    const client = await cli.connect(Number(port));
    await begin(client, "any", "attach", {});
    await setLines(client, program, [2]);
    await client.request("configurationDone");
    const stop = await inspect(client, "rest");
    assert.equal(stop.frames[0]?.line, 2);
    await client.request("continue", { threadId: stop.threadId });
    await client.waitEvent("terminated");
    assert.match(outputOf(client), /got one --two/);
    await leave(client, false);
    assert.equal((await child.waitExit()).code, 0);
    assert.equal(child.stdout, `Debugger Server - tcp:port=${port}\n`);
    client.assertNoFaults();
  });

  test("--node --continue: it runs to its end without anybody, and that ends the command", async (t) => {
    const cli = new Cli(t);
    const { code, stdout } = await cli.finish([
      "serve",
      "--json",
      "-s",
      "npipe:pipe=alone",
      "--continue",
      "--node",
      fixtures.javascript.program,
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^\{"event":"ended",.*"expected":true\}$/m);
  });

  test("--launch with lldb-dap: two guests at the same stop", { skip: skipWithout("lldb") }, async (t) => {
    const cli = new Cli(t);
    const file = path.join(cli.directory, "launch.json");
    writeFileSync(file, JSON.stringify(adapters.lldb.session.arguments));
    const serve = await cli.serve(["tcp:port=0"], ["--launch", file, "--", LLDB_DAP]);
    const first = await cli.connect(serve.port);
    await begin(first, "lldb-dap", "attach", {});
    await setLines(first, fixtures.c.source, [fixtures.c.line("square")]);
    await first.request("configurationDone");
    await inspect(first, "n");
    const second = cli.editor(["join", serve.joins[0] ?? ""]);
    await attach(second);
    const stop = await inspect(second, "n");
    assert.equal(stop.frames[0]?.name, "square");
    await setLines(first, fixtures.c.source, []);
    await second.request("continue", { threadId: stop.threadId });
    for (const client of [first, second]) await client.waitEvent("terminated");
    for (const client of [first, second]) await leave(client, false);
    assert.equal((await serve.process.waitExit()).code, 0);
  });

  test("--connect: an adapter that listens", { skip: skipWithout("debugpy") }, async (t) => {
    const cli = new Cli(t);
    const port = await freePort();
    const adapter = new TestProcess(PYTHON, [
      "-m",
      "debugpy.adapter",
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
    ]);
    t.after(() => adapter.kill());
    const serve = await cli.serve(["npipe:pipe=connected"], ["--connect", `127.0.0.1:${port}`]);
    // A guest of the link is in before anybody has said what kind of adapter it is.
    const client = cli.editor(["join", serve.joins[0] ?? ""]);
    const { started } = await begin(client, "debugpy", "launch", adapters.debugpy.session.arguments);
    await setLines(client, fixtures.python.source, [fixtures.python.line("after")]);
    await client.request("configurationDone");
    assert.equal((await started).success, true);
    const stop = await inspect(client, "total");
    await client.request("continue", { threadId: stop.threadId });
    await client.waitEvent("terminated");
    await leave(client, false);
    assert.equal((await serve.process.waitExit()).code, 0);
    client.assertNoFaults();
  });

  test("a session can be called by a name of its own", async (t) => {
    const cli = new Cli(t);
    await cli.serve(
      ["npipe:pipe=named"],
      ["--name", "my session", "--node", fixtures.javascriptLoop.program],
    );
    const { stdout } = await cli.finish(["list", "--json"]);
    const [entry] = JSON.parse(stdout) as { session: { name: string } }[];
    assert.equal(entry?.session.name, "my session");
  });
});
