import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { type AdapterEntry, adapters } from "../support/adapters.ts";
import type { DapClient } from "../support/dapClient.ts";
import { joinServed, launchServed } from "../support/joined.ts";
import { skipWithout } from "../support/parts.ts";
import { setLines } from "../support/scenario.ts";
import { serveAdapter } from "../support/served.ts";

/**
 * Two people look at two frames of one stop, with each real adapter: lldb-dap gives the scopes of all frames the same
 * references, which mean the frame of the last `scopes` request.
 */

interface Looked {
  readonly reference: number;
  readonly names: string[];
}

async function names(client: DapClient, variablesReference: number): Promise<string[]> {
  const body = await client.request("variables", { variablesReference });
  return body.variables.map(({ name }) => name);
}

async function scope(client: DapClient, frameId: number): Promise<number> {
  const body = await client.request("scopes", { frameId });
  return Number(body.scopes.find(({ expensive }) => !expensive)?.variablesReference);
}

async function look(client: DapClient, frameId: number): Promise<Looked> {
  const reference = await scope(client, frameId);
  return { reference, names: await names(client, reference) };
}

/** The frames of the thread that stands in `square`: that one, and its caller. */
async function frames(client: DapClient, threadId: number): Promise<[number, number]> {
  const body = await client.request("stackTrace", {
    threadId,
    startFrame: 0,
    levels: 2,
  });
  const [top, caller] = body.stackFrames;
  assert.ok(top && caller);
  return [top.id, caller.id];
}

for (const entry of Object.values(adapters) as readonly AdapterEntry[]) {
  if (entry.start.kind === "tcp" && entry.name !== "delve") continue;
  describe(`two frames of one stop: ${entry.name}`, { skip: skipWithout(...entry.parts) }, () => {
    test("each sees and changes the frame that it has asked for", async () => {
      const served = await serveAdapter(entry);
      try {
        const { fixture } = entry.session;
        const { client: a } = await launchServed(served, entry);
        const first = await a.waitEvent<DebugProtocol.StoppedEvent>("stopped");
        await setLines(a, fixture.source, [fixture.line("square")]);
        await a.request("continue", { threadId: Number(first.body.threadId) });
        const stop = await a.waitEvent<DebugProtocol.StoppedEvent>("stopped");
        const { client: b } = await joinServed(served, entry, "b");
        await b.waitEvent("stopped");
        const threadId = Number(stop.body.threadId);
        const [top, caller] = await frames(a, threadId);
        const [, callerOfB] = await frames(b, threadId);

        // Alone, and so as the adapter says it.
        const inCaller = await look(a, caller);
        const inTop = await look(a, top);
        assert.notDeepEqual(inTop.names, inCaller.names);
        assert.ok(inTop.names.includes("n"), inTop.names.join());

        // b selects the caller; a still has the top frame on its screen.
        const ofB = await look(b, callerOfB);
        assert.deepEqual(ofB.names, inCaller.names);
        assert.deepEqual(await names(a, inTop.reference), inTop.names);
        assert.deepEqual(await names(b, ofB.reference), inCaller.names);

        // b only looks, and a changes its `n`.
        await scope(b, callerOfB);
        await a.request("setVariable", { variablesReference: inTop.reference, name: "n", value: "5" });
        const body = await a.request("evaluate", {
          expression: "n",
          frameId: top,
          context: "watch",
        });
        assert.match(body.result, /\b5\b/);
        assert.deepEqual(await names(b, ofB.reference), inCaller.names);
        a.assertNoFaults();
        b.assertNoFaults();
      } finally {
        await served.close();
      }
    });
  });
}
