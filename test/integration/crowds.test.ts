import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LIMITS } from "../../src/common/limits.ts";
import { type AdapterEntry, adapters } from "../support/adapters.ts";
import type { DapClient } from "../support/dapClient.ts";
import { joinServed, launchServed } from "../support/joined.ts";
import { skipWithout } from "../support/parts.ts";
import { withDeadline } from "../support/process.ts";
import { begin, inspect } from "../support/scenario.ts";
import { type Served, serveAdapter, serveUpstream } from "../support/served.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";

/** What VS Code asks at a stop. */
async function ask(client: DapClient, threadId: number): Promise<void> {
  await client.request("threads");
  const { stackFrames } = await client.request("stackTrace", { threadId, startFrame: 0, levels: 1 });
  await client.request("stackTrace", { threadId, startFrame: 1, levels: 19 });
  const { scopes } = await client.request("scopes", { frameId: stackFrames[0]?.id ?? 0 });
  for (const { variablesReference } of scopes) await client.request("variables", { variablesReference });
}

describe("crowds", () => {
  test(
    "fifty clients at one stop cost the adapter what one does",
    { skip: skipWithout("debugpy") },
    async () => {
      const entry: AdapterEntry = adapters.debugpy;
      const served = await serveAdapter(entry);
      try {
        const { client: first } = await launchServed(served, entry);
        const { threadId } = await inspect(first);
        const others = await Promise.all(
          Array.from({ length: 49 }, (_, i) =>
            joinServed(served, entry, `guest ${i}`).then(({ client }) => client),
          ),
        );
        await Promise.all(others.map((client) => client.waitEvent("stopped")));
        const upstream = served.sessions.root.upstream;
        const sent: string[] = [];
        const request = upstream.request.bind(upstream);
        upstream.request = (command, args, answer) => {
          sent.push(command);
          return request(command, args, answer);
        };
        await first.request("next", { threadId });
        await Promise.all([first, ...others].map((client) => client.waitEvent("stopped")));
        sent.length = 0;
        await ask(first, threadId);
        const alone = sent.splice(0);
        assert.ok(alone.length >= 5, alone.join(" "));
        await Promise.all(others.map((client) => ask(client, threadId)));
        assert.deepEqual(sent, [], "the others are answered from what is known");

        // And all at once, at a stop at which nobody has asked yet.
        await first.request("next", { threadId });
        await Promise.all([first, ...others].map((client) => client.waitEvent("stopped")));
        sent.length = 0;
        await Promise.all([first, ...others].map((client) => ask(client, threadId)));
        assert.deepEqual(sent.sort(), alone.sort());
        for (const client of [first, ...others]) client.assertNoFaults();
      } finally {
        await served.close();
      }
    },
  );

  test("two clients step at the same moment: one step", { skip: skipWithout("lldb") }, async () => {
    const entry: AdapterEntry = adapters.lldb;
    const served = await serveAdapter(entry);
    try {
      const { client: first } = await launchServed(served, entry);
      const { threadId, frames } = await inspect(first);
      const { client: second } = await joinServed(served, entry, "second");
      await inspect(second);
      const answers = await Promise.all([first.raw("next", { threadId }), second.raw("next", { threadId })]);
      assert.deepEqual(answers.map(({ success }) => success).sort(), [false, true]);
      assert.equal(answers.find(({ success }) => !success)?.message, "notStopped");
      const [one, two] = await Promise.all([inspect(first), inspect(second)]);
      assert.deepEqual(
        one.frames.map(({ line }) => line),
        two.frames.map(({ line }) => line),
      );
      assert.notEqual(one.frames[0]?.line, frames[0]?.line, "a step was made");
    } finally {
      await served.close();
    }
  });

  test("a client that never reads loses output, then its place; nobody waits for it", async () => {
    const upstream = new FakeUpstream();
    const served = await serveUpstream(upstream);
    try {
      const reader = await started(served, "reader", "launch");
      const sleeper = await started(served, "sleeper", "attach");
      sleeper.pause();
      const dropped = withDeadline(left(served, 1), "the sleeper is dropped");
      const output = "x".repeat(64 * 1024);
      let most = 0;
      // Output alone never costs it its place; what it must not miss does, when the outbox is full of it.
      for (let sent = 0; sent < 3 * LIMITS.outboxBytes; sent += output.length) {
        upstream.emit("output", { category: "stdout", output });
        await reader.waitEvent("output");
        most = Math.max(most, ...outboxes(served));
      }
      assert.equal(served.sessions.root.clients.size, 2, "output alone does not drop it");
      for (let sent = 0; sent < 2 * LIMITS.outboxBytes; sent += output.length) {
        upstream.emit("module", { reason: "changed", module: { id: 1, name: output } });
        await reader.waitEvent("module");
        most = Math.max(most, ...outboxes(served));
      }
      await dropped;
      assert.ok(most <= LIMITS.outboxBytes + output.length + 1024, `${most} bytes waited`);
      assert.equal(served.sessions.root.clients.size, 1);

      // What was on the wire before it was dropped tells it of its losses.
      sleeper.resume();
      await withDeadline(sleeper.closed, "the sleeper's connection ends");
      const { threads } = await reader.request("threads");
      assert.ok(threads.length > 0);
      reader.assertNoFaults();
    } finally {
      await served.close();
    }
  });

  test("a client that stalls before initialize is cut off", async () => {
    const served = await serveUpstream(new FakeUpstream(), { admissionMs: 200 });
    try {
      const client = await served.connect();
      client.sendBytes(Buffer.from("Content-Length: 100\r\n\r\n{"));
      await withDeadline(client.closed, "the server cuts it off");
      const silent = await served.connect();
      await withDeadline(silent.closed, "the server cuts it off");
    } finally {
      await served.close();
    }
  });
});

async function started(served: Served, name: string, how: "launch" | "attach"): Promise<DapClient> {
  const client = await served.connect({ name });
  await begin(client, "fake", how, { name });
  await client.request("configurationDone");
  return client;
}

function outboxes(served: Served): number[] {
  return [...served.sessions.root.clients].map((client) => client.outboxBytes);
}

function left(served: Served, remaining: number): Promise<void> {
  return new Promise((resolve) => {
    served.sessions.onChanged(() => {
      if (served.sessions.participants().length === remaining) resolve();
    });
  });
}
