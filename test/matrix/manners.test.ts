import assert from "node:assert/strict";
import { test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { AliveWatch } from "../integration/adapter/alive.ts";
import { Client, lineOf, MANNERED_ARGS, withClient } from "../integration/adapter/client.ts";

const thread = { threadId: 1 };
const loop = lineOf("data.cjs", "loop");

function withMannered(run: (client: Client) => Promise<void>): Promise<void> {
  return withClient(run, MANNERED_ARGS);
}

function launchWith(client: Client, manners: object): Promise<DebugProtocol.Breakpoint[]> {
  return client.launch("data.cjs", { launch: { manners }, breakpoints: [{ line: loop }] });
}

function evaluate(client: Client, expression: string): Promise<DebugProtocol.EvaluateResponse["body"]> {
  return client.request("evaluate", { expression });
}

test("continuedEvents: always, and none", async () => {
  await withMannered(async (client) => {
    await launchWith(client, { continuedEvents: "always" });
    await client.stopped("breakpoint");
    await client.request("next", thread);
    await client.stopped("step");
    await client.request("continue", thread);
    await client.stopped("breakpoint");
    const order = client.received.flatMap((message) =>
      "event" in message && /stopped|continued/.test(String(message.event)) ? [message.event] : [],
    );
    assert.deepEqual(order, ["stopped", "continued", "stopped", "continued", "stopped"]);
  });
  await withMannered(async (client) => {
    await launchWith(client, { continuedEvents: "none" });
    await client.stopped("breakpoint");
    await client.request("restart");
    await client.stopped("breakpoint");
    assert.equal(client.all("continued").length, 0);
  });
});

test("responseDelayMs: of one command, and of all", async () => {
  await withMannered(async (client) => {
    await launchWith(client, { responseDelayMs: { threads: 1000 } });
    await client.stopped("breakpoint");
    const before = Date.now();
    const threads = client.request("threads");
    await client.frames();
    const answered = client.received.flatMap((message) => ("command" in message ? [message.command] : []));
    assert.ok(!answered.includes("threads"), "others overtake it");
    await threads;
    assert.ok(Date.now() - before >= 990);
  });
  await withMannered(async (client) => {
    await launchWith(client, { responseDelayMs: 100 });
    await client.stopped("breakpoint");
    const before = Date.now();
    await client.request("threads");
    assert.ok(Date.now() - before >= 95);
  });
});

test("dieOn", async () => {
  const watch = await AliveWatch.listen();
  const client = Client.spawn(MANNERED_ARGS);
  await client.launch("forever.cjs", { launch: { env: watch.env, manners: { dieOn: "threads" } } });
  const { ended } = await watch.alive();
  void client.send("threads").catch(() => {});
  await client.closed;
  await ended;
  await client.dispose();
  assert.equal(client.process?.exitCode, 1);
  assert.equal(client.all("terminated").length, 0);
  watch.dispose();
});

test("hangOn", () =>
  withMannered(async (client) => {
    await launchWith(client, { hangOn: ["threads", "pause"] });
    await client.stopped("breakpoint");
    let answered = false;
    const mark = () => (answered = true);
    client.send("threads").then(mark, () => {});
    await client.frames();
    await client.request("continue", thread);
    await client.stopped("breakpoint");
    assert.equal(answered, false);
  }));

test("seqZero", () =>
  withMannered(async (client) => {
    await launchWith(client, { seqZero: true });
    await client.stopped("breakpoint");
    await client.frames();
    const [initialize, ...others] = client.received;
    assert.equal(initialize?.seq, 1, "only from the launch on");
    assert.ok(others.length > 5);
    assert.ok(others.every(({ seq }) => seq === 0));
  }));

test("noBreakpointIds", () =>
  withMannered(async (client) => {
    const [breakpoint] = await launchWith(client, { noBreakpointIds: true });
    assert.equal(breakpoint?.line, loop);
    assert.equal(breakpoint?.id, undefined);
    const stopped = await client.stopped("breakpoint");
    assert.equal(stopped.body.hitBreakpointIds, undefined);
    assert.equal(client.all("breakpoint").length, 0);
  }));

test("terminatedTwice", () =>
  withMannered(async (client) => {
    await client.launch("output.cjs", { launch: { manners: { terminatedTwice: true } } });
    await client.event("terminated");
    await client.event("terminated");
  }));

test("outputStorm", () =>
  withMannered(async (client) => {
    await launchWith(client, { outputStorm: 10_000 });
    await client.stopped("breakpoint");
    assert.equal((await evaluate(client, "outputStorm()")).result, "10000");
    const lines = client.text("stdout").split("\n");
    assert.equal(lines.filter((line) => line.startsWith("storm ")).length, 10_000);
    assert.ok(lines.includes("storm 10000"));
  }));

test("bigVariable", () =>
  withMannered(async (client) => {
    await launchWith(client, { bigVariable: 5_000_000 });
    await client.stopped("breakpoint");
    const big = await client.scope("Big");
    const length = JSON.stringify([...big.values()]).length;
    assert.ok(Math.abs(length - 5_000_000) < 50_000, `${length}`);
    assert.ok((await client.scope("Local")).has("sum"));
  }));

test("wrong manners are refused", () =>
  withMannered(async (client) => {
    await client.request("initialize", { adapterID: "test" });
    for (const [manners, why] of [
      ["polite", /"manners" must be an object/],
      [{ continuedEvents: "sometimes" }, /"continuedEvents" must be/],
      [{ hangOn: "threads" }, /"hangOn" must be a list of strings/],
      [{ responseDelayMs: "long" }, /"responseDelayMs" must be/],
    ] as const) {
      await assert.rejects(client.request("launch", { program: "x", manners }), why);
    }
  }));

test("without manners outputStorm() is the program's own business", () =>
  withMannered(async (client) => {
    await launchWith(client, {});
    await client.stopped("breakpoint");
    await assert.rejects(evaluate(client, "outputStorm()"), /ReferenceError/);
    assert.ok((await client.scopes()).every(({ name }) => name !== "Big"));
  }));
