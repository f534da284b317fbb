import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Hub } from "../../../src/hub/hub.ts";
import { CAPABILITIES, FakeUpstream } from "./fakeUpstream.ts";
import { type MemoryClient, connect, enter } from "./memoryClient.ts";

const T1 = { threadId: 1 };

async function served(names: readonly string[], options: ConstructorParameters<typeof FakeUpstream>[0] = {}) {
  const upstream = new FakeUpstream(options);
  const hub = new Hub(upstream);
  const clients: MemoryClient[] = [];
  for (const name of names) clients.push(await enter(connect(hub, name).client));
  const [a, b = a, c = b] = clients;
  if (a === undefined || b === undefined || c === undefined) throw new Error("no clients");
  upstream.received.length = 0;
  return { upstream, hub, clients, a, b, c };
}

/** What VS Code asks at a stop. */
async function look(client: MemoryClient) {
  await client.ok("threads");
  await client.ok("stackTrace", { threadId: 1, startFrame: 0, levels: 1 });
  const { stackFrames } = await client.ok("stackTrace", { threadId: 1, startFrame: 1, levels: 19 });
  assert.ok(Array.isArray(stackFrames));
  await client.ok("scopes", { frameId: 1 });
  await client.ok("variables", { variablesReference: 1 });
}

describe("many clients ask the same", () => {
  test("fifty at one stop cost the adapter what one does", async () => {
    const counts: string[][] = [];
    for (const n of [1, 50]) {
      const { upstream, clients } = await served(Array.from({ length: n }, (_, i) => `c${i}`));
      upstream.stop();
      await Promise.all(clients.map(look));
      counts.push(upstream.commands());
    }
    assert.deepEqual(counts[0], ["threads", "stackTrace", "stackTrace", "scopes", "variables"]);
    assert.deepEqual(counts[1], counts[0]);
  });

  test("and also one after the other", async () => {
    const { upstream, clients } = await served(["a", "b", "c"]);
    upstream.stop();
    for (const client of clients) await look(client);
    assert.equal(upstream.received.length, 5);
  });

  test("equal ones under way are one, however they are spelt; others are not", async () => {
    const { upstream, a, b, c } = await served(["a", "b", "c"]);
    upstream.stop();
    upstream.hold("stackTrace");
    const asked = [
      a.ok("stackTrace", '{"threadId":1, "levels":1}'),
      b.ok("stackTrace", '{"levels":1,"threadId":1}'),
      c.ok("stackTrace", '{"threadId":1,"levels":2}'),
    ];
    assert.equal(upstream.commands("stackTrace").length, 2);
    upstream.releaseAll();
    const bodies = await Promise.all(asked);
    assert.deepEqual(bodies[0], bodies[1]);
  });

  test("an error goes to all who wait, and is not kept", async () => {
    const { upstream, a, b, c } = await served(["a", "b", "c"]);
    upstream.stop();
    upstream.handlers.threads = () => new Error("not now");
    upstream.hold("threads");
    const asked = [a.fails("adapterFailed", "threads"), b.fails("adapterFailed", "threads")];
    upstream.releaseAll();
    await Promise.all(asked);
    delete upstream.handlers.threads;
    await c.ok("threads");
  });

  test("who asks again gets a fresh answer", async () => {
    const { upstream, a, b } = await served(["a", "b"]);
    upstream.stop();
    let n = 0;
    upstream.handlers.threads = () => ({ threads: [], n: n++ });
    assert.deepEqual(
      [(await a.ok("threads")).n, (await a.ok("threads")).n, (await b.ok("threads")).n],
      [0, 1, 1],
    );
    assert.equal((await b.ok("threads")).n, 2);
  });

  test("what was prefetched for a client is not asked again when it asks, once", async () => {
    const { upstream, a, b } = await served(["a", "b"]);
    upstream.stop();
    await b.prefetch("threads", {});
    await b.ok("threads", {});
    assert.equal(upstream.commands("threads").length, 1);
    await b.ok("threads", {});
    assert.equal(upstream.commands("threads").length, 2);
    await b.prefetch("threads", {});
    upstream.emit("invalidated", { areas: ["all"] });
    await b.ok("threads", {});
    assert.equal(upstream.commands("threads").length, 4);
    await a.ok("threads", {});
    assert.equal(
      upstream.commands("threads").length,
      4,
      "with others there, the driver shares their answers",
    );
  });

  test("nothing is kept while the program runs, nor over a resume", async () => {
    const { upstream, a, b } = await served(["a", "b"]);
    await a.ok("threads");
    await b.ok("threads");
    assert.equal(upstream.commands("threads").length, 2);
    upstream.stop();
    await a.ok("threads");
    await b.ok("threads");
    assert.equal(upstream.commands("threads").length, 3);
    await a.ok("next", T1);
    upstream.stop();
    await b.ok("threads");
    assert.equal(upstream.commands("threads").length, 4);
  });

  test("nothing is kept while a thread runs that could change it", async () => {
    const alone = { threadId: 1, allThreadsStopped: false };
    const RUNNING: Record<string, (upstream: FakeUpstream, a: MemoryClient) => unknown> = {
      "one thread stopped, of the others nothing is known": (upstream) => upstream.stop(alone),
      "one thread stopped, there are others": async (upstream, a) => {
        upstream.stop(alone);
        await a.ok("threads");
      },
      "another thread of an all-stop was resumed": async (upstream, a) => {
        upstream.stop();
        await a.ok("next", { threadId: 2, singleThread: true });
      },
    };
    for (const [how, run] of Object.entries(RUNNING)) {
      const capabilities = { ...CAPABILITIES, supportsSingleThreadExecutionRequests: true };
      const { upstream, a, b } = await served(["a", "b"], { capabilities });
      upstream.handlers.threads = () => ({ threads: [{ id: 1 }, { id: 2 }] });
      await run(upstream, a);
      upstream.received.length = 0;
      for (const client of [a, b]) {
        await look(client);
        await client.ok("evaluate", { expression: "x", context: "watch", frameId: 1 });
      }
      assert.equal(upstream.received.length, 12, how);
    }
  });

  test("where the only thread that there is has stopped, answers are kept", async () => {
    const { upstream, a, b } = await served(["a", "b"]);
    upstream.stop({ allThreadsStopped: false });
    await look(a);
    await look(b);
    assert.deepEqual(upstream.commands(), ["threads", "stackTrace", "stackTrace", "scopes", "variables"]);
    upstream.emit("thread", { reason: "started", threadId: 2 });
    await look(a);
    await look(b);
    assert.ok(upstream.commands("variables").length >= 2, "a new thread may run");
  });

  test("one who leaves while others wait takes nothing along", async () => {
    const { upstream, a, b } = await served(["a", "b"]);
    upstream.stop();
    upstream.hold("threads");
    void a.request("threads");
    const waiting = b.ok("threads");
    a.vanish();
    upstream.releaseAll();
    await waiting;
    assert.equal(upstream.commands("threads").length, 1);
  });
});

describe("what alters the program makes answers void", () => {
  const reference = { variablesReference: 1 };
  const ALTER: Record<string, (upstream: FakeUpstream, client: MemoryClient) => unknown> = {
    setVariable: (_, client) => client.ok("setVariable", { ...reference, name: "x", value: "1" }),
    setExpression: (_, client) => client.ok("setExpression", { expression: "x", value: "1" }),
    "evaluate repl": (_, client) => client.ok("evaluate", { expression: "x=1", context: "repl" }),
    "evaluate without context": (_, client) => client.ok("evaluate", { expression: "x=1" }),
    writeMemory: (_, client) => client.ok("writeMemory", { memoryReference: "0x1", data: "AA==" }),
    "a custom request": (_, client) => client.ok("somethingOwn", {}),
    invalidated: (upstream) => upstream.emit("invalidated", {}),
    memory: (upstream) => upstream.emit("memory", {}),
    thread: (upstream) => upstream.emit("thread", { reason: "started", threadId: 2 }),
    module: (upstream) => upstream.emit("module", { reason: "new", module: { id: 1 } }),
  };
  for (const [how, alter] of Object.entries(ALTER)) {
    test(how, async () => {
      const { upstream, a, b, c } = await served(["a", "b", "c"]);
      upstream.stop();
      for (const client of [a, b]) await look(client);
      await look(c);
      const before = upstream.commands("variables").length;
      await alter(upstream, a);
      await b.ok("variables", reference);
      await c.ok("variables", reference);
      assert.equal(upstream.commands("variables").length, before + 1, "asked anew, once");
    });
  }

  test("a hover or a watch does not", async () => {
    const { upstream, a, b, c } = await served(["a", "b", "c"]);
    upstream.stop();
    for (const client of [a, b]) await look(client);
    for (const context of ["watch", "hover", "variables", "clipboard"]) {
      await a.ok("evaluate", { expression: "x", context, frameId: 1 });
      await b.ok("evaluate", { expression: "x", context, frameId: 1 });
    }
    assert.equal(upstream.commands("evaluate").length, 4);
    await look(c);
    assert.equal(upstream.commands("variables").length, 1);
    assert.deepEqual(b.events("invalidated"), []);
  });

  test("who asks after a change was sent does not get what was asked before it", async () => {
    const { upstream, a } = await served(["a"]);
    upstream.stop();
    await look(a);
    upstream.hold("variables", "setVariable");
    const before = a.ok("variables", reference);
    const set = a.ok("setVariable", { ...reference, name: "x", value: "1" });
    const after = a.ok("variables", reference);
    assert.deepEqual(upstream.commands().slice(-3), ["variables", "setVariable", "variables"]);
    upstream.releaseAll();
    await Promise.all([before, set, after]);
  });

  test("the others are told: invalidated, or the stop once more; each with who did it", async () => {
    const { upstream, hub, a, b } = await served(["a", "b"]);
    const old = await enter(connect(hub, "old").client, { adapterID: "fake" });
    upstream.stop({ hitBreakpointIds: [] });
    await look(a);
    await a.ok("setVariable", { ...reference, name: "x", value: "1" });
    assert.deepEqual(b.events("invalidated"), [{ areas: ["variables"] }]);
    assert.deepEqual(old.events("invalidated"), []);
    assert.equal(old.events("stopped").length, 2);
    assert.equal(old.events("stopped")[1]?.preserveFocusHint, true);
    assert.deepEqual(a.events("invalidated"), []);
    assert.equal(a.events("stopped").length, 1);
    assert.equal(b.lines().at(-1), "a sets x = 1.");
    await a.ok("writeMemory", { memoryReference: "0x1", data: "AAA=", offset: 2 });
    assert.deepEqual(b.events("memory"), [{ memoryReference: "0x1", offset: 2, count: 2 }]);
    assert.deepEqual(old.events("memory"), []);
    await a.ok("evaluate", { expression: "f()" });
    assert.equal(b.lines().at(-1), "a evaluates f().");
  });
});

describe("cancel", () => {
  const supported = { capabilities: { ...CAPABILITIES, supportsCancelRequest: true } };
  const unsupported = { capabilities: { ...CAPABILITIES, supportsCancelRequest: false } };
  const ID = 4; // The fourth request of a client, after those of its start.

  test("of the last who waits goes to the adapter, by the number that it knows", async () => {
    const { upstream, a } = await served(["a"], supported);
    upstream.hold("threads");
    const asked = a.request("threads");
    const number = upstream.last("threads").seq;
    upstream.handlers.cancel = () => {
      upstream.last("threads").answer({ success: false, message: "cancelled" });
      return undefined;
    };
    await a.ok("cancel", { requestId: ID });
    assert.deepEqual(upstream.last("cancel").args, { requestId: number });
    assert.equal((await asked).message, "cancelled");
  });

  test("while others wait is answered by the hub", async () => {
    const { upstream, a, b } = await served(["a", "b"], supported);
    upstream.hold("threads");
    const asked = a.fails("cancelled", "threads");
    const other = b.ok("threads");
    await a.ok("cancel", { requestId: ID });
    await asked;
    upstream.releaseAll();
    await other;
    assert.deepEqual(upstream.commands(), ["threads"]);
  });

  test("gives its error to nobody who asks afterwards", async () => {
    const { upstream, a, b } = await served(["a", "b"], supported);
    upstream.hold("threads", "cancel");
    const asked = a.request("threads");
    void a.request("cancel", { requestId: ID });
    const [first] = upstream.holding;
    const other = b.ok("threads");
    first?.answer({ success: false, message: "cancelled" });
    assert.equal((await asked).success, false);
    upstream.releaseAll();
    await other;
  });

  test("unsupported by the adapter never reaches it", async () => {
    const { upstream, a, b } = await served(["a", "b"], unsupported);
    upstream.hold("threads", "evaluate");
    const asked = a.fails("cancelled", "threads");
    await a.ok("cancel", { requestId: ID });
    await asked;
    await b.fails("notSupported", "cancel", { requestId: 77 });
    await b.fails("notSupported", "cancel", { progressId: "p" });
    assert.deepEqual(upstream.commands(), ["threads"]);
  });

  test("of an evaluation, a change and a custom request reaches the adapter; of nothing is no error", async () => {
    const { upstream, a } = await served(["a"], supported);
    upstream.hold("evaluate", "own");
    let id = ID;
    for (const [command, args] of [
      ["evaluate", { expression: "sleep()" }],
      ["own", {}],
    ] as const) {
      void a.request(command, args);
      await a.ok("cancel", { requestId: id });
      assert.deepEqual(upstream.last("cancel").args, { requestId: upstream.last(command).seq });
      id += 2;
    }
    await a.ok("cancel", { progressId: "p" });
    assert.deepEqual(upstream.last("cancel").args, { progressId: "p" });
    // The adapter says what it makes of that; 0 is the number of no request.
    await a.ok("cancel", { requestId: 999 });
    assert.deepEqual(upstream.last("cancel").args, { requestId: 0 });
    await a.ok("cancel", {});
    assert.deepEqual(upstream.last("cancel").args, {});
  });

  test("a number that a client uses twice gets both its answers", async () => {
    const { upstream, a } = await served(["a"]);
    upstream.hold("threads", "own");
    const text = (command: string) => `{"seq":90,"type":"request","command":"${command}"}`;
    const asked = [a.send(text("threads"), 90), a.send(text("own"), 90)];
    upstream.releaseAll();
    assert.deepEqual(
      (await Promise.all(asked)).map(({ command }) => command),
      ["threads", "own"],
    );
  });
});
