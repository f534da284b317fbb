import assert from "node:assert/strict";
import { type TestContext, describe, mock, test } from "node:test";
import { LIMITS } from "../../../src/common/limits.ts";
import { type JsonObject, encodeJson, objects } from "../../../src/dap/messages.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { type MemoryClient, connect, enter, settle } from "./memoryClient.ts";

/** Some adapters never answer some requests (js-debug those that it does not know; others while the program is busy). */
async function served(t: TestContext, ...names: string[]) {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const upstream = new FakeUpstream();
  const hub = new Hub(upstream);
  const clients: MemoryClient[] = [];
  for (const name of names) clients.push(await enter(connect(hub, name).client));
  upstream.stop();
  return { upstream, hub, clients };
}

/** The adapter gets nothing of what waits until then. */
async function later(ms: number = LIMITS.othersAnswerMs): Promise<void> {
  await settle();
  mock.timers.tick(ms);
  await settle();
}

async function lookedAt(client: MemoryClient): Promise<void> {
  await client.ok("stackTrace", { threadId: 1 });
  await client.ok("scopes", { frameId: 1 });
}

const QUESTIONS = [
  ["threads", {}],
  ["stackTrace", { threadId: 1, levels: 7 }],
  ["variables", { variablesReference: 1 }],
  ["evaluate", { expression: "x", frameId: 1, context: "hover" }],
] as const;

describe("answers that never come", () => {
  for (const [command, args] of QUESTIONS) {
    test(`${command}: a client that asks again is not kept waiting by its first question`, async (t) => {
      const { upstream, clients } = await served(t, "a", "b");
      for (const client of clients) await lookedAt(client);
      for (const [i, client] of clients.entries()) {
        const before = upstream.commands(command).length;
        // Not what the other has asked.
        const own = { ...args, own: i };
        upstream.hold(command);
        const [first, second] = [client.request(command, own), client.request(command, own)];
        await settle();
        assert.equal(upstream.commands(command).length, before + 2, "both go to the adapter");
        upstream.last(command).answer({ success: true });
        assert.equal((await second).success, true);
        assert.equal(client.pending, 1);
        upstream.releaseAll();
        await first;
      }
    });

    test(`${command}: nobody waits for ever for what another has asked`, async (t) => {
      const { upstream, clients } = await served(t, "a", "b", "c");
      for (const client of clients) await lookedAt(client);
      const before = upstream.commands(command).length;
      upstream.hold(command);
      const answers = clients.map((client) => client.request(command, { ...args, own: 0 }));
      await settle();
      assert.equal(upstream.commands(command).length, before + 1, "they are one");
      await later();
      assert.equal(upstream.commands(command).length, before + 2, "one more, for the two");
      upstream.last(command).answer({ success: true });
      await Promise.all(answers);
      await later();
      assert.equal(upstream.commands(command).length, before + 2, "and no more");
    });
  }

  test("each that waits gets a request of its own in the end, and no more", async (t) => {
    const { upstream, clients } = await served(t, "a", "b", "c");
    upstream.hold("threads");
    const answers = clients.map((client) => client.request("threads"));
    for (let i = 0; i < 6; i++) await later();
    assert.equal(upstream.commands("threads").length, 3);
    upstream.releaseAll();
    await Promise.all(answers);
  });

  test("what a handle was given for is not asked when the program has moved on", async (t) => {
    const { upstream, clients } = await served(t, "a", "b");
    for (const client of clients) await lookedAt(client);
    const [a, b] = clients;
    upstream.hold("variables");
    const first = a?.request("variables", { variablesReference: 1 });
    const second = b?.request("variables", { variablesReference: 1 });
    await settle();
    await a?.ok("next", { threadId: 1 });
    upstream.stop();
    await later();
    assert.equal(upstream.commands("variables").length, 1);
    assert.equal((await second)?.message, "staleHandle");
    upstream.releaseAll();
    assert.equal((await first)?.success, true);
  });

  test("what one client asks besides goes on, although the adapter leaves its questions open", async (t) => {
    const { upstream, clients } = await served(t, "a", "b");
    const [a] = clients;
    upstream.hold("stackTrace");
    for (let i = 0; i <= LIMITS.queriesUnderWay; i++)
      void a?.request("stackTrace", { threadId: 1, levels: i });
    const besides = a?.request("threads");
    await later();
    assert.equal(upstream.commands("stackTrace").length, LIMITS.queriesUnderWay + 1);
    await later();
    assert.equal((await besides)?.success, true);
    upstream.releaseAll();
  });

  test("a pause", async (t) => {
    const { upstream, clients } = await served(t, "a", "b", "c");
    const [a, b, c] = clients;
    await a?.ok("continue", { threadId: 1 });
    upstream.hold("pause");
    const pause = (client: MemoryClient | undefined) => client?.request("pause", { threadId: 1 });
    const first = pause(a);
    const others = [pause(b), pause(c)];
    await settle();
    assert.equal(upstream.commands("pause").length, 1, "several at a time are one");
    const again = pause(a);
    await settle();
    assert.equal(upstream.commands("pause").length, 2, "the same client's are two");
    upstream.last("pause").answer({ success: true });
    assert.equal((await again)?.success, true);
    await later();
    assert.equal(upstream.commands("pause").length, 3, "one for the two others");
    upstream.last("pause").answer({ success: true });
    for (const each of others) assert.equal((await each)?.success, true);
    upstream.releaseAll();
    await first;
  });

  test("where an adapter keeps one frame for all, others go on after one was waited for", async (t) => {
    const { upstream, clients } = await served(t, "a", "b");
    const [a, b] = clients;
    upstream.handlers.stackTrace = () => ({ stackFrames: [{ id: 1 }, { id: 2 }] });
    for (const client of clients) await client.ok("stackTrace", { threadId: 1 });
    await a?.ok("scopes", { frameId: 1 });
    await b?.ok("scopes", { frameId: 2 });
    upstream.hold("variables");
    const never = b?.request("variables", { variablesReference: 1 });
    await settle();
    const failed = a?.request("variables", { variablesReference: 1, start: 1 });
    await later();
    assert.equal((await failed)?.success, false);
    const besides = a?.request("variables", { variablesReference: 1, start: 2 });
    await settle();
    upstream.releaseAll();
    assert.equal((await besides)?.success, true);
    await never;
  });
});

describe("lists of breakpoints that one client sends one after the other", () => {
  const at = (...lines: number[]) => ({
    source: { path: "/p/a.c" },
    breakpoints: lines.map((line) => ({ line })),
  });
  const lines = (breakpoints: JsonObject[]) => breakpoints.map(({ line }) => line);
  /** What a client shows of others' after all that it was told. */
  const shown = (client: MemoryClient | undefined) => {
    const all = new Map<unknown, unknown>();
    for (const { reason, breakpoint } of client?.events("breakpoint") ?? []) {
      const [{ id, line } = {}] = objects([breakpoint]);
      if (reason === "removed") all.delete(id);
      else all.set(id, line);
    }
    return [...all.values()].sort();
  };

  for (const others of [[], ["b"]]) {
    test(`go to the adapter at once, ${others.length === 0 ? "alone" : "with others there"}`, async (t) => {
      const { upstream, hub, clients } = await served(t, "a", ...others);
      const [a, b] = clients;
      assert.ok(a);
      upstream.hold("setBreakpoints");
      const answers = [at(3, 5), at(5, 7)].map((list) => a.ok("setBreakpoints", list));
      await settle();
      assert.equal(upstream.holding.length, 2);
      upstream.releaseAll();
      const [first, second] = await Promise.all(answers);
      assert.deepEqual(
        [lines(objects(first?.breakpoints)), lines(objects(second?.breakpoints))],
        [
          [3, 5],
          [5, 7],
        ],
      );
      const late = await enter(connect(hub, "late").client);
      assert.deepEqual(shown(late), [5, 7]);
      if (b !== undefined) assert.deepEqual(shown(b), [5, 7]);
    });
  }

  for (const refused of ["first", "second", "both"] as const) {
    test(`refused: ${refused}: what the adapter has is what all are told`, async (t) => {
      const { upstream, hub, clients } = await served(t, "a", "b");
      const [a, b] = clients;
      assert.ok(a);
      await a.ok("setBreakpoints", at(1, 2));
      upstream.hold("setBreakpoints");
      const answers = [at(3), at(2, 7)].map((list) => a.request("setBreakpoints", list));
      await settle();
      const no = { success: false, message: "no" };
      const [one, two] = [...upstream.holding];
      if (refused !== "second") one?.answer(no);
      else upstream.release();
      if (refused !== "first") two?.answer(no);
      upstream.releaseAll();
      const outcomes = (await Promise.all(answers)).map((answer) => answer.success);
      assert.deepEqual(outcomes, [refused === "second", refused === "first"]);
      const expected = { first: [2, 7], second: [3], both: [1, 2] }[refused];
      assert.deepEqual(shown(b), expected);
      assert.deepEqual(shown(await enter(connect(hub, "late").client)), expected);
    });
  }

  test("answered in another order: the last one counts", async (t) => {
    const { upstream, hub, clients } = await served(t, "a", "b");
    const [a, b] = clients;
    upstream.hold("setBreakpoints");
    assert.ok(a);
    const answers = [at(3), at(7)].map((list) => a.ok("setBreakpoints", list));
    await settle();
    const [one, two] = [...upstream.holding];
    for (const [received, line] of [
      [two, 7],
      [one, 3],
    ] as const)
      received?.answer({
        success: true,
        body: encodeJson({ breakpoints: [{ id: line, verified: true, line }] }),
      });
    const bodies = await Promise.all(answers);
    assert.deepEqual(
      bodies.map((body) => lines(objects(body?.breakpoints))),
      [[3], [7]],
    );
    upstream.releaseAll();
    assert.deepEqual(shown(b), [7]);
    assert.deepEqual(shown(await enter(connect(hub, "late").client)), [7]);
    await a.ok("setBreakpoints", at());
    assert.deepEqual(shown(b), []);
  });

  test("another's waits for its turn, and the first client's next one behind that", async (t) => {
    const { upstream, clients } = await served(t, "a", "b");
    const [a, b] = clients;
    upstream.hold("setBreakpoints");
    assert.ok(a && b);
    const answers = [
      a.ok("setBreakpoints", at(1)),
      b.ok("setBreakpoints", at(2)),
      a.ok("setBreakpoints", at(1, 3)),
    ];
    await settle();
    assert.equal(upstream.holding.length, 1);
    upstream.releaseAll();
    await Promise.all(answers);
    assert.deepEqual(lines([...(upstream.breakpoints.get("/p/a.c") ?? [])]).sort(), [1, 2, 3]);
  });
});
