import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { PYTHON, adapters } from "../../support/adapters.ts";
import type { DapClient } from "../../support/dapClient.ts";
import { fixtures } from "../../support/fixtures.ts";
import { skipWithout } from "../../support/parts.ts";
import { descendants, withDeadline } from "../../support/process.ts";
import { begin, inspect, outputOf, setLines } from "../../support/scenario.ts";
import { Cli, type Serve, buildCli, muteAdapter } from "./cli.ts";

before(buildCli);

const LOOP = ["--node", fixtures.javascriptLoop.program];

/** One plain client and one guest of the link, both at a stop. */
async function twoAtAStop(cli: Cli): Promise<{ serve: Serve; guests: readonly [DapClient, DapClient] }> {
  const serve = await cli.serve(["tcp:port=0", "npipe:pipe=end_%d"], LOOP);
  const plain = await cli.connect(serve.port);
  const linked = cli.editor(["join", serve.joins[1] ?? "", "--name", "Lin"]);
  for (const guest of [plain, linked]) {
    await begin(guest, "node", "attach", {});
    if (guest === plain)
      await setLines(guest, fixtures.javascriptLoop.source, [fixtures.javascriptLoop.line("tick")]);
    await guest.request("configurationDone");
    await inspect(guest);
  }
  return { serve, guests: [plain, linked] };
}

async function gone(pids: readonly number[]): Promise<void> {
  const alive = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  const all = async () => {
    while (pids.some(alive)) await new Promise((resolve) => setImmediate(resolve));
  };
  await withDeadline(all(), `the end of ${pids.join(", ")}`);
}

describe("signals", () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    test(`${signal} ends all in order`, async (t) => {
      const cli = new Cli(t);
      const { serve, guests } = await twoAtAStop(cli);
      const below = descendants(serve.process.pid);
      assert.ok(below.length >= 2, "the adapter and the program");
      assert.ok(cli.leftovers().length > 0);
      serve.process.child.kill(signal);
      for (const guest of guests) {
        await guest.waitEvent("terminated");
        assert.match(outputOf(guest), /The host has ended the session\./);
        await guest.request("disconnect", {});
        guest.end();
        await guest.closed;
        guest.assertNoFaults();
      }
      assert.deepEqual(await serve.process.waitExit(), { code: 0, signal: null });
      assert.deepEqual(await guests[1].process?.waitExit(), { code: 0, signal: null });
      await serve.reported("ended", '"reason":"The host has ended the session."');
      assert.deepEqual(cli.leftovers(), []);
      await gone(below);
    });
  }

  test("guests that do not react to it hold up nothing", async (t) => {
    const cli = new Cli(t);
    const { serve, guests } = await twoAtAStop(cli);
    for (const guest of guests) guest.pause();
    serve.process.child.kill("SIGTERM");
    assert.deepEqual(await serve.process.waitExit(), { code: 0, signal: null });
    assert.deepEqual(cli.leftovers(), []);
  });

  test("a second SIGINT does not wait for anything", async (t) => {
    const cli = new Cli(t);
    const serve = await cli.serve(["tcp:port=0"], ["--", ...muteAdapter(cli.directory)]);
    const client = await cli.connect(serve.port);
    await client.request("initialize", { adapterID: "x" });
    const [adapter = 0] = descendants(serve.process.pid);
    t.after(() => process.kill(adapter, "SIGKILL"));
    serve.process.child.kill("SIGINT");
    await client.waitEvent("terminated");
    serve.process.child.kill("SIGINT");
    assert.deepEqual(await serve.process.waitExit(), { code: 130, signal: null });
    assert.deepEqual(cli.leftovers(), []);
  });

  test(
    "Ctrl+C, which reaches the whole process group, does not kill the adapter before it is disconnected",
    { skip: skipWithout("debugpy") },
    async (t) => {
      const cli = new Cli(t);
      const serve = await cli.serve(["tcp:port=0"], ["--", PYTHON, "-m", "debugpy.adapter"]);
      const client = await cli.connect(serve.port);
      await begin(client, "debugpy", "launch", {
        ...adapters.debugpy.session.arguments,
        program: fixtures.pythonLoop.program,
      });
      await client.request("configurationDone");
      await client.waitEvent("process");
      process.kill(-serve.process.pid, "SIGINT");
      await client.waitEvent("terminated");
      assert.equal((await serve.process.waitExit()).code, 0);
      await serve.reported("ended", '"expected":true');
    },
  );
});

describe("the adapter's end", () => {
  test("a crash is told to everybody, in one line", async (t) => {
    const cli = new Cli(t);
    const { serve, guests } = await twoAtAStop(cli);
    const [adapter, program] = descendants(serve.process.pid);
    assert.ok(adapter !== undefined && program !== undefined);
    // An adapter that is killed cannot take its program along.
    t.after(() => process.kill(program, "SIGKILL"));
    process.kill(adapter, "SIGKILL");
    for (const guest of guests) {
      await guest.waitEvent("terminated");
      assert.match(outputOf(guest), /The debug adapter node ended \(signal SIGKILL\)/);
    }
    assert.deepEqual(await serve.process.waitExit(), { code: 1, signal: null });
    await serve.reported("ended", '"expected":false');
    assert.deepEqual(cli.leftovers(), []);
  });

  test("who launched leaves, the session goes on; the program's end ends it", async (t) => {
    const cli = new Cli(t);
    const { serve, guests } = await twoAtAStop(cli);
    const [plain, linked] = guests;
    await setLines(plain, fixtures.javascriptLoop.source, []);
    await plain.request("disconnect", {});
    await plain.closed;
    const { threads } = await linked.request("threads");
    const threadId = threads[0]?.id ?? 0;
    const { stackFrames } = await linked.request("stackTrace", { threadId });
    await linked.request("evaluate", {
      expression: "state.running = false",
      context: "repl",
      frameId: stackFrames[0]?.id,
    });
    await linked.request("continue", { threadId });
    await linked.waitEvent("terminated");
    await linked.request("disconnect", {});
    assert.deepEqual(await serve.process.waitExit(), { code: 0, signal: null });
  });
});
