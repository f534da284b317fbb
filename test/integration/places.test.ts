import assert from "node:assert/strict";
import path from "node:path";
import { type TestContext, describe, test } from "node:test";
import { openAdapter } from "../../src/host/adapters.ts";
import type { DapClient } from "../support/dapClient.ts";
import { ROOT } from "../support/fixtures.ts";
import { begin } from "../support/scenario.ts";
import { serveUpstream } from "../support/served.ts";

const ADAPTER = path.join(ROOT, "test/fixtures/placesAdapter/adapter.mjs");
/** Of a client that writes everything otherwise than the adapter's first one. */
const OTHERWISE = {
  adapterID: "fake",
  linesStartAt1: false,
  columnsStartAt1: false,
  pathFormat: "uri",
  supportsProgressReporting: true,
};

async function join(client: DapClient): Promise<void> {
  await client.request("initialize", OTHERWISE);
  const started = client.raw("attach", {});
  await client.waitEvent("initialized");
  await client.request("configurationDone");
  assert.equal((await started).success, true);
  await client.waitEvent("stopped");
}

async function served(t: TestContext): Promise<{ host: DapClient; guest: DapClient }> {
  const upstream = await openAdapter({ kind: "process", command: process.execPath, args: [ADAPTER] });
  const all = await serveUpstream(upstream);
  t.after(() => all.close());
  const host = await all.connect({ name: "host" });
  const { started } = await begin(host, "fake", "launch", {});
  await host.request("configurationDone");
  await started;
  await host.waitEvent("stopped");
  const guest = await all.connect({ name: "guest" });
  await join(guest);
  return { host, guest };
}

describe("a guest that counts from 0 and writes URIs", () => {
  const own = { line: 5, source: { path: "/own" }, memoryReference: "0x1" };
  const source = { path: "file:///p/a%20b.c", adapterData: own };
  const range = { line: 4, column: 2, endLine: 5, endColumn: 3 };

  test("gets each place in its own way, and what is the adapter's own as it is", async (t) => {
    const { host, guest } = await served(t);
    const stack = await guest.raw("stackTrace", { threadId: 1, format: { line: true } });
    assert.deepEqual(stack.body, {
      stackFrames: [{ id: 1, name: "main", ...range, source }],
      totalFrames: 1,
      asked: { threadId: 1, format: { line: true } },
    });
    const code = await guest.raw("disassemble", { memoryReference: "0x1", instructionCount: 1 });
    assert.deepEqual((code.body as { instructions: unknown }).instructions, [
      { address: "0x1", instruction: "nop", location: source, ...range },
    ]);
    const list = await guest.raw("setBreakpoints", { source, breakpoints: [{ line: 8 }], lines: [8] });
    assert.deepEqual((list.body as { asked: unknown }).asked, {
      source: { path: "/p/a b.c", adapterData: own },
      breakpoints: [{ line: 9 }],
      lines: [9],
    });
    assert.deepEqual((list.body as { breakpoints: unknown[] }).breakpoints[0], {
      ...{ id: 0, verified: true, line: 8, source },
    });
    const custom = await guest.raw("aCustomRequest", { source, line: 4 });
    assert.deepEqual((custom.body as { asked: unknown }).asked, { source, line: 4 });
    const direct = await host.raw("stackTrace", { threadId: 1 });
    assert.equal(JSON.stringify(direct.body).includes("file:"), false);
  });

  test("is not kept waiting by its first question, whose progress has its own number", async (t) => {
    const { host, guest } = await served(t);
    await host.request("threads");
    const question = { expression: "never", context: "hover" };
    const first = guest.send({ type: "request", command: "evaluate", arguments: question });
    const progress = await guest.waitEvent("progressStart");
    assert.equal((progress.body as { requestId: unknown }).requestId, first);
    // The adapter gets it once more, and tells of that.
    const second = guest.send({ type: "request", command: "evaluate", arguments: question });
    const again = await guest.waitEvent("progressStart");
    assert.equal((again.body as { requestId: unknown }).requestId, second);
    assert.equal((await guest.raw("threads")).success, true);
  });
});
