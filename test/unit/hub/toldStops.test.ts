import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../src/dap/messages.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { CAPABILITIES, FakeUpstream } from "./fakeUpstream.ts";
import { type MemoryClient, VSCODE, connect, enter, settle } from "./memoryClient.ts";

/**
 * What a client is told that did not see a stop happen, or whose view of one is no longer true: the table in
 * ARCHITECTURE.md. Some clients resume the thread of each further `stopped`, so each one too many costs a stop.
 */

const PLAIN: JsonObject = { adapterID: "fake" };
/** What nvim-dap says of itself, and what it said before 0.10. */
const NEOVIM: JsonObject = { adapterID: "fake", clientID: "neovim", clientName: "neovim" };
const OLD_NEOVIM: JsonObject = { adapterID: "fake", clientId: "neovim", clientname: "neovim" };
const alone = { allThreadsStopped: false };

async function served(threads: readonly number[]) {
  const capabilities = { ...CAPABILITIES, supportsSingleThreadExecutionRequests: true };
  const upstream = new FakeUpstream({ capabilities });
  upstream.handlers.threads = () => ({ threads: threads.map((id) => ({ id, name: `${id}` })) });
  const hub = new Hub(upstream);
  const a = await enter(connect(hub, "a").client);
  return { upstream, hub, a };
}

type Served = Awaited<ReturnType<typeof served>>;

/** Several threads, and how they came to stand; what a late client is told of it; how many stand. */
const STOPS: Record<
  string,
  { stand: (served: Served) => unknown; late: unknown[]; threads: readonly number[]; isOne?: true }
> = {
  "all-stop, one event": {
    stand: ({ upstream }) => upstream.stop({ threadId: 1 }),
    late: [["stopped", 1, true]],
    threads: [1, 2],
  },
  "all-stop, an event for each thread": {
    stand: ({ upstream }) => {
      upstream.stop({ threadId: 1, preserveFocusHint: true });
      upstream.stop({ threadId: 2, preserveFocusHint: false });
      upstream.stop({ threadId: 3, preserveFocusHint: true });
    },
    late: [["stopped", 2, true]],
    threads: [1, 2, 3],
  },
  "all-stop, only the first event says so": {
    stand: ({ upstream }) => {
      upstream.stop({ threadId: 1 });
      upstream.stop({ threadId: 2, allThreadsStopped: undefined });
    },
    late: [["stopped", 2, true]],
    threads: [1, 2],
  },
  "all-stop of the only thread": {
    stand: ({ upstream }) => upstream.stop({ threadId: 1 }),
    late: [["stopped", 1, true]],
    threads: [1],
    isOne: true,
  },
  "single stops": {
    stand: ({ upstream }) => {
      upstream.stop({ threadId: 1, ...alone });
      upstream.stop({ threadId: 2, ...alone });
    },
    late: [
      ["stopped", 1, false],
      ["stopped", 2, false],
    ],
    threads: [1, 2, 3],
  },
  "one single stop": {
    stand: ({ upstream }) => upstream.stop({ threadId: 2, ...alone }),
    late: [["stopped", 2, false]],
    threads: [1, 2],
    isOne: true,
  },
  "mixed: an all-stop of which the focused thread runs": {
    stand: async ({ upstream, a }) => {
      upstream.stop({ threadId: 1 });
      await a.ok("threads");
      await a.ok("next", { threadId: 1, singleThread: true });
    },
    late: [
      ["stopped", 2, true],
      ["continued", 1, false],
    ],
    threads: [1, 2, 3],
  },
  "mixed: an all-stop of which one runs and another has stopped again": {
    stand: async ({ upstream, a }) => {
      upstream.stop({ threadId: 1 });
      await a.ok("next", { threadId: 1, singleThread: true });
      await a.ok("next", { threadId: 2, singleThread: true });
      upstream.stop({ threadId: 1, ...alone });
    },
    late: [
      ["stopped", 1, true],
      ["continued", 2, false],
    ],
    threads: [1, 2, 3],
  },
  "mixed: a single stop, then all": {
    stand: ({ upstream }) => {
      upstream.stop({ threadId: 1, ...alone });
      upstream.stop({ threadId: 2 });
    },
    late: [["stopped", 2, true]],
    threads: [1, 2],
  },
};

/** The stops and resumes that a client was told of. */
function told({ messages }: MemoryClient): unknown[] {
  return messages.flatMap(({ event, body }) => {
    if (event !== "stopped" && event !== "continued") return [];
    return [[event, body.threadId, body.allThreadsStopped ?? body.allThreadsContinued ?? false]];
  });
}

describe("a client is told the least of what stands", () => {
  for (const [how, { stand, late, threads, isOne = false }] of Object.entries(STOPS)) {
    test(`${how}: at joining`, async () => {
      const { hub, ...rest } = await served(threads);
      await stand({ hub, ...rest });
      for (const profile of [VSCODE, PLAIN]) {
        const { client } = connect(hub, String(profile.clientID));
        await enter(client, profile);
        assert.deepEqual(told(client), late);
      }
      for (const profile of [NEOVIM, OLD_NEOVIM]) {
        const neovim = await enter(connect(hub, "neovim").client, profile);
        assert.equal(neovim.events("stopped").length, 1);
        assert.equal(neovim.events("stopped")[0]?.threadId, last(late));
      }
    });

    test(`${how}: after somebody's evaluation`, async () => {
      const { hub, ...rest } = await served(threads);
      const [knows, plain, ...neovims] = [
        await enter(connect(hub, "knows").client),
        await enter(connect(hub, "plain").client, PLAIN),
        await enter(connect(hub, "neovim").client, NEOVIM),
        await enter(connect(hub, "neovim").client, OLD_NEOVIM),
      ];
      const all = [knows, plain, ...neovims];
      await stand({ hub, ...rest });
      const before = all.map((client) => told(client).length);
      await rest.a.ok("evaluate", { expression: "x = 1", context: "repl" });
      await settle();
      assert.deepEqual(
        all.map((client, i) => told(client).length - (before[i] ?? 0)),
        [0, isOne ? 1 : 0, 0, 0],
      );
      assert.equal(knows.events("invalidated").length, 1);
      assert.deepEqual(
        [plain, ...neovims].flatMap((client) => client.events("invalidated")),
        [],
      );
      if (isOne) assert.equal(plain.events("stopped").at(-1)?.preserveFocusHint, true);
      // Whatever it was told, everybody sees the program run again.
      rest.upstream.emit("continued", { threadId: 1, allThreadsContinued: true });
      for (const client of all) assert.equal(client.messages.at(-1)?.event, "continued");
    });
  }

  test("how many stand is asked of the adapter only where nobody has", async () => {
    for (const asks of [true, false]) {
      const { upstream, hub, a } = await served([1]);
      const plain = await enter(connect(hub, "plain").client, PLAIN);
      upstream.stop();
      if (asks) await a.ok("threads");
      upstream.received.length = 0;
      await a.ok("evaluate", { expression: "x = 1" });
      await settle();
      assert.deepEqual(upstream.commands(), asks ? ["evaluate"] : ["evaluate", "threads"]);
      assert.equal(plain.events("stopped").length, 2);
    }
  });

  test("nobody is told of a stop that is over when the adapter has said how many stand", async () => {
    const { upstream, hub, a } = await served([1]);
    const plain = await enter(connect(hub, "plain").client, PLAIN);
    upstream.stop();
    upstream.hold("threads");
    await a.ok("evaluate", { expression: "x = 1" });
    await a.ok("next", { threadId: 1 });
    upstream.releaseAll();
    await settle();
    assert.deepEqual(told(plain), [
      ["stopped", 1, true],
      ["continued", 1, true],
    ]);
  });
});

function last(events: readonly unknown[]): unknown {
  const stops = events.filter((event) => Array.isArray(event) && event[0] === "stopped");
  const found = stops.at(-1);
  return Array.isArray(found) ? found[1] : undefined;
}
