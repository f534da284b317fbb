import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { type AdapterEntry, adapters } from "../support/adapters.ts";
import type { DapClient } from "../support/dapClient.ts";
import { fixtures } from "../support/fixtures.ts";
import { joinServed } from "../support/joined.ts";
import { type Part, skipWithout } from "../support/parts.ts";
import { begin, inspect, setLines, whereNext } from "../support/scenario.ts";
import { serveAdapter } from "../support/served.ts";
import { type Target, coreDump, kernel, kernelAddress, liveProcess } from "../support/targets.ts";

/** What WinDbg's page promises: live and crash dump, user and kernel mode; each joined by two clients. */
async function joinedByTwo(
  target: Target,
  during: (first: DapClient, second: DapClient, stop: { first: Stopped; second: Stopped }) => Promise<void>,
): Promise<void> {
  const entry: AdapterEntry = adapters.lldb;
  const served = await serveAdapter(entry);
  try {
    const first = await served.connect({ name: "first" });
    const { started } = await begin(first, entry.adapterID, "attach", target.attach);
    await first.request("configurationDone");
    assert.equal((await started).success, true);
    const firstStop = await inspect(first);
    const { client: second } = await joinServed(served, entry, "second");
    const secondStop = await inspect(second);
    assert.deepEqual(secondStop.frames.map(place), firstStop.frames.map(place));
    assert.deepEqual(secondStop.variables.map(value), firstStop.variables.map(value));
    await during(first, second, { first: firstStop, second: secondStop });
    first.assertNoFaults();
    second.assertNoFaults();
  } finally {
    await served.close();
    await target.dispose();
  }
}

type Stopped = Awaited<ReturnType<typeof inspect>>;
const place = (frame: DebugProtocol.StackFrame) =>
  `${frame.name}@${frame.instructionPointerReference}:${frame.line}`;
const value = (variable: DebugProtocol.Variable) => `${variable.name}=${variable.value}`;
const skip = (...parts: readonly Part[]) => ({ skip: skipWithout("lldb", ...parts) });

describe("targets, each joined by two clients", () => {
  test("a process that was launched", skip(), async () => {
    const served = await serveAdapter(adapters.lldb);
    try {
      const first = await served.connect();
      const args = {
        ...adapters.lldb.session.arguments,
        program: fixtures.cLoop.program,
        stopOnEntry: false,
      };
      const { started } = await begin(first, "lldb-dap", "launch", args);
      await setLines(first, fixtures.cLoop.source, [fixtures.cLoop.line("tick")]);
      await first.request("configurationDone");
      assert.equal((await started).success, true);
      const { frames } = await inspect(first);
      const { client: second } = await joinServed(served, adapters.lldb, "second");
      assert.deepEqual((await inspect(second)).frames.map(place), frames.map(place));
    } finally {
      await served.close();
    }
  });

  test("a process that was attached to, and lives on", skip(), async () => {
    const target = await liveProcess();
    await joinedByTwo(target, async (first, second, stop) => {
      const tick = fixtures.cLoop.line("tick");
      await setLines(second, fixtures.cLoop.source, [tick]);
      await first.request("continue", { threadId: stop.first.threadId });
      for (const client of [first, second]) {
        assert.equal((await whereNext(client, stop.first.threadId)).line, tick);
      }
      await second.request("disconnect", { terminateDebuggee: false });
      assert.equal(target.process.exit, undefined, "the process lives on");
    });
  });

  test("a core dump", skip("gdb"), async () => {
    await joinedByTwo(await coreDump(), async (_first, second, stop) => {
      assert.equal(stop.second.frames[0]?.line, fixtures.cCrash.line("crash"));
      const [top] = stop.second.frames;
      const answer = await second.request("evaluate", {
        expression: "1 + 41",
        frameId: top?.id,
        context: "watch",
      });
      assert.match(answer.result, /42/);
    });
  });

  test("a kernel in QEMU", skip("kernel"), async () => {
    await joinedByTwo(await kernel(), async (first, second, stop) => {
      const { threadId } = stop.second;
      await second.request("continue", { threadId });
      for (const client of [first, second]) {
        const top = await whereNext(client, threadId);
        assert.equal(top.instructionPointerReference, kernelAddress("start_kernel"));
      }
      await first.request("next", { threadId, granularity: "instruction" });
      const [one, two] = await Promise.all([whereNext(first, threadId), whereNext(second, threadId)]);
      assert.equal(one.instructionPointerReference, two.instructionPointerReference);
      assert.notEqual(one.instructionPointerReference, kernelAddress("start_kernel"));
    });
  });
});
