import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { type AdapterEntry, adapters } from "../support/adapters.ts";
import type { DapClient } from "../support/dapClient.ts";
import { skipWithout } from "../support/parts.ts";
import { begin, inspect, setLines, whereNext } from "../support/scenario.ts";
import { type Served, serveAdapter } from "../support/served.ts";

/** One person's connections: the same one where the debuggee is no child session. */
interface Joined {
  readonly client: DapClient;
  readonly root: DapClient;
}

/** Starts the program and runs it to its first breakpoint; where the debuggee is a child session, in that. */
async function runToStop(served: Served, entry: AdapterEntry): Promise<Joined> {
  const { session, adapterID } = entry;
  const root = await served.connect({ name: "first", onReverse: () => ({}) });
  const { capabilities, started } = await begin(root, adapterID, session.request, session.arguments);
  let client = root;
  if (!session.child) await setLines(root, session.fixture.source, [session.fixture.line("call")]);
  if (capabilities.supportsConfigurationDoneRequest) await root.request("configurationDone");
  assert.equal((await started).success, true);
  if (session.child) {
    client = await joinChild(served, root, entry);
    await setLines(client, session.fixture.source, [session.fixture.line("call")]);
    await client.request("configurationDone");
  }
  return { client, root };
}

async function joinChild(served: Served, root: DapClient, { adapterID }: AdapterEntry): Promise<DapClient> {
  const invitation = (await root.waitRequest("startDebugging")).arguments as { configuration: object };
  const child = await served.connect({ name: `${root.name} in the child` });
  await begin(child, adapterID, "attach", invitation.configuration);
  return child;
}

/** Joins the session that is under way as a client that knows nothing of it. */
async function join(served: Served, entry: AdapterEntry, name: string): Promise<Joined> {
  const root = await served.connect({ name, onReverse: () => ({}) });
  await begin(root, entry.adapterID, "attach", { type: entry.adapterID, request: "attach", name });
  await root.request("configurationDone");
  if (!entry.session.child) return { client: root, root };
  const client = await joinChild(served, root, entry);
  await client.request("configurationDone");
  return { client, root };
}

const place = ({ name, line }: DebugProtocol.StackFrame) => `${name}:${line}`;
const value = ({ name, value }: DebugProtocol.Variable) => `${name}=${value}`;

for (const entry of Object.values(adapters) as readonly AdapterEntry[]) {
  describe(`late joiners: ${entry.name}`, { skip: skipWithout(...entry.parts) }, () => {
    test("see the present, steer it, vanish without harm, and outlive the one who launched", async () => {
      const served = await serveAdapter(entry);
      try {
        const { session } = entry;
        const { client: first, root } = await runToStop(served, entry);
        const stop = await inspect(first, session.structure);

        // The second sees the same without the program being disturbed.
        const running = first.events.length;
        const { client: second, root: secondRoot } = await join(served, entry, "second");
        const seen = await inspect(second, session.structure);
        assert.deepEqual(seen.frames.map(place), stop.frames.map(place));
        assert.deepEqual(seen.variables.map(value), stop.variables.map(value));
        assert.equal(seen.event.body?.reason, stop.event.body?.reason);
        const announced = await second.waitEvent<DebugProtocol.BreakpointEvent>("breakpoint");
        assert.equal(announced.body.reason, "new");
        assert.equal(announced.body.breakpoint.source?.path, session.fixture.source);
        const disturbed = first.events
          .slice(running)
          .filter(({ event }) => /^(stopped|continued)$/.test(event));
        assert.deepEqual(disturbed, []);

        // The third vanishes; nobody else notices but by a line on the console.
        const { client: third, root: thirdRoot } = await join(served, entry, "third");
        await inspect(third, session.structure);
        await Promise.all([third.kill(), thirdRoot.kill()]);
        await secondRoot.waitEvent("output", (event) =>
          /has left/.test((event as DebugProtocol.OutputEvent).body.output),
        );

        // A step by the second: the first is told that the program runs, then that it stopped.
        const events = first.events.length;
        await second.request("next", { threadId: seen.threadId });
        const place2 = await whereNext(second, seen.threadId);
        assert.equal(place(await whereNext(first, stop.threadId)), place(place2));
        const since = first.events.slice(events).map(({ event }) => event);
        assert.equal(since.filter((event) => event === "continued").length, 1, since.join(" "));
        assert.ok(since.indexOf("continued") < since.indexOf("stopped"), since.join(" "));

        // The one who launched leaves: its breakpoints go, the session goes on for the others.
        const removed = second.waitEvent<DebugProtocol.BreakpointEvent>(
          "breakpoint",
          (event) => (event as DebugProtocol.BreakpointEvent).body.reason === "removed",
        );
        await first.request("disconnect", {});
        await first.closed;
        if (root !== first) {
          await root.request("disconnect", {});
          await root.closed;
        }
        await removed;
        await second.request("continue", { threadId: seen.threadId });
        await second.waitEvent("terminated");
        second.assertNoFaults();
        first.assertNoFaults();
      } finally {
        await served.close();
      }
    });
  });
}
