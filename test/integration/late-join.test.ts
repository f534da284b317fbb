import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { type AdapterEntry, adapters } from "../support/adapters.ts";
import { joinServed, launchServed } from "../support/joined.ts";
import { skipWithout } from "../support/parts.ts";
import { inspect, whereNext } from "../support/scenario.ts";
import { serveAdapter } from "../support/served.ts";

const place = ({ name, line }: DebugProtocol.StackFrame) => `${name}:${line}`;
const value = ({ name, value }: DebugProtocol.Variable) => `${name}=${value}`;

for (const entry of Object.values(adapters) as readonly AdapterEntry[]) {
  describe(`late joiners: ${entry.name}`, { skip: skipWithout(...entry.parts) }, () => {
    test("see the present, steer it, vanish without harm, and outlive the one who launched", async () => {
      const served = await serveAdapter(entry);
      try {
        const { session } = entry;
        const { client: first, root } = await launchServed(served, entry);
        const stop = await inspect(first, session.structure);

        // The second sees the same without the program being disturbed.
        const running = first.events.length;
        const { client: second } = await joinServed(served, entry, "second");
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
        const { client: third, root: thirdRoot } = await joinServed(served, entry, "third");
        await inspect(third, session.structure);
        await Promise.all([third.kill(), thirdRoot.kill()]);
        await second.waitEvent("output", (event) =>
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
          (event) => event.body.reason === "removed",
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
