import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AdapterEntry, adapters } from "../support/adapters.ts";
import type { DapClient } from "../support/dapClient.ts";
import { joinServed, launchServed } from "../support/joined.ts";
import { skipWithout } from "../support/parts.ts";
import { initializeArguments, inspect } from "../support/scenario.ts";
import { serveAdapter } from "../support/served.ts";

/**
 * Requests of which one alone kills, hangs or resumes some real adapter, as measured without a hub
 * (recipes/adapters.md has the table). `unless`: the capability with which it is none of them.
 */
interface Stray {
  readonly name: string;
  readonly command: string;
  readonly arguments?: (entry: AdapterEntry) => unknown;
  readonly unless?: string;
}

const STRAYS: readonly Stray[] = [
  {
    name: "second initialize",
    command: "initialize",
    arguments: (entry) => initializeArguments(entry.adapterID),
  },
  { name: "second configurationDone", command: "configurationDone" },
  { name: "second launch", command: "launch", arguments: (entry) => entry.session.arguments },
  { name: "second attach", command: "attach", arguments: (entry) => entry.session.arguments },
  { name: "cancel", command: "cancel", arguments: () => ({ requestId: 99_999 }) },
  { name: "loadedSources", command: "loadedSources", unless: "supportsLoadedSourcesRequest" },
  {
    name: "readMemory",
    command: "readMemory",
    arguments: () => ({ memoryReference: "0x1000", count: 8 }),
    unless: "supportsReadMemoryRequest",
  },
  { name: "restart", command: "restart", arguments: () => ({}), unless: "supportsRestartRequest" },
  { name: "stackTrace without arguments", command: "stackTrace" },
  {
    name: "scopes of a frame that never was",
    command: "scopes",
    arguments: () => ({ frameId: 987_654_321 }),
  },
  { name: "variables with a text", command: "variables", arguments: () => ({ variablesReference: "1" }) },
  { name: "unknown command", command: "x-unknown", arguments: () => ({ one: 1 }) },
  { name: "a reverse request", command: "runInTerminal", arguments: () => ({ cwd: "/", args: ["true"] }) },
];

for (const entry of Object.values(adapters) as readonly AdapterEntry[]) {
  describe(`stray requests: ${entry.name}`, { skip: skipWithout(...entry.parts) }, () => {
    test("each is answered, harms nothing, and does not reach an adapter that it would hurt", async (t) => {
      const served = await serveAdapter(entry);
      try {
        const { client: driver } = await launchServed(served, entry);
        const { threadId } = await inspect(driver, entry.session.structure);
        const { client: guest } = await joinServed(served, entry, "guest");
        await inspect(guest, entry.session.structure);
        const capabilities = served.sessions.list().at(-1)?.hub.capabilities ?? {};
        for (const stray of STRAYS) {
          if (stray.unless !== undefined && capabilities[stray.unless] === true) continue;
          for (const sender of [driver, guest]) {
            await t.test(`${stray.name} by the ${sender === driver ? "driver" : "guest"}`, async () => {
              const seen = driver.events.length;
              const answer = await sender.raw(stray.command, stray.arguments?.(entry));
              if (stray.command !== "cancel" || capabilities.supportsCancelRequest !== true) {
                // Of what concerns no one else the adapter says itself what it makes of it.
                const isAdapters =
                  stray.name === "unknown command" ||
                  (sender === driver && stray.name === "scopes of a frame that never was");
                if (!isAdapters) {
                  assert.equal(answer.success, false);
                  assert.match(errorText(answer), /\w+ .*\./, "says in a sentence what is wrong");
                }
              }
              await unharmed(driver, threadId);
              const moved = driver.events.slice(seen).filter(({ event }) => MOVES.test(event));
              assert.deepEqual(moved, [], "the session stands where it stood");
            });
          }
        }
        guest.assertNoFaults();
        driver.assertNoFaults();
      } finally {
        await served.close();
      }
    });
  });
}

const MOVES = /^(stopped|continued|terminated|exited|initialized)$/;

/** The adapter still answers, to a client that asks it anew each time. */
async function unharmed(client: DapClient, threadId: number): Promise<void> {
  const { threads } = await client.request("threads");
  assert.ok(threads.length > 0);
  const { stackFrames } = await client.request("stackTrace", { threadId, startFrame: 0, levels: 1 });
  assert.equal(stackFrames.length, 1);
}

function errorText(response: { body?: unknown }): string {
  return (response.body as { error?: { format?: string } } | undefined)?.error?.format ?? "";
}
