import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Hub } from "../../../src/hub/hub.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { type MemoryClient, VSCODE, connect, enter, settle } from "./memoryClient.ts";

const T1 = { threadId: 1 };

async function three() {
  const upstream = new FakeUpstream();
  const hub = new Hub(upstream);
  const [a, b, c] = [
    await enter(connect(hub, "a").client),
    await enter(connect(hub, "b").client),
    await enter(connect(hub, "c").client),
  ];
  return { upstream, hub, a, b, c };
}

/** What a client saw of the program's running and standing. */
function moves(client: MemoryClient): string[] {
  return client.messages.flatMap(({ event }) =>
    event === "stopped" || event === "continued" ? [event] : [],
  );
}

describe("two clients step at the same moment", () => {
  test("one step upstream, one notStopped", async () => {
    const { upstream, a, b } = await three();
    upstream.stop();
    upstream.hold("next");
    const first = a.ok("next", T1);
    await b.fails("notStopped", "next", T1);
    await b.fails("notStopped", "stepIn", T1);
    upstream.releaseAll();
    await first;
    assert.deepEqual(upstream.commands("next", "stepIn"), ["next"]);
    await b.fails("notStopped", "next", T1);
    upstream.stop();
    await b.ok("next", T1);
    assert.deepEqual(moves(a), ["stopped", "stopped", "continued"]);
    assert.deepEqual(moves(b), ["stopped", "continued", "stopped"]);
    assert.ok(b.lines().includes("a steps over."));
    assert.ok(!a.lines().includes("a steps over."));
  });

  test("a step that was sent before the stop reached its client is not one from there", async () => {
    const { upstream, a, b } = await three();
    upstream.stop();
    const before = b.messages.length;
    b.seen = () => before;
    await a.ok("next", T1);
    upstream.stop();
    await b.fails("notStopped", "next", T1);
    b.seen = () => b.messages.length;
    await b.ok("next", T1);
    assert.equal(upstream.commands("next").length, 2);
  });

  test("nor one while the stop still waits for a slow client", async () => {
    const { upstream, a, b } = await three();
    upstream.stop();
    b.seen = () => b.messages.length;
    b.stall();
    upstream.emit("output", { output: "fills the port" });
    await a.ok("next", T1);
    upstream.stop();
    const seenThen = b.messages.length;
    b.seen = () => seenThen;
    const step = b.request("next", T1);
    b.drain();
    assert.equal((await step).message, "notStopped");
    b.seen = () => b.messages.length;
    await b.ok("next", T1);
  });

  test("a stop that is told again, because a value was set, refuses no step", async () => {
    const { upstream, hub, a } = await three();
    const old = connect(hub, "old").client;
    await enter(old, { adapterID: "fake" });
    upstream.stop();
    old.seen = () => old.messages.length;
    const seenThen = old.messages.length;
    await a.ok("evaluate", { expression: "x=1", context: "repl" });
    assert.equal(old.events("stopped").at(-1)?.preserveFocusHint, true);
    old.seen = () => seenThen;
    await old.ok("next", T1);
  });

  test("before any stop, the adapter is asked itself", async () => {
    const { upstream, a } = await three();
    await a.ok("continue", T1);
    assert.equal(upstream.commands("continue").length, 1);
  });
});

describe("everybody sees the program run before they see it stop, once", () => {
  const SAYS = {
    nothing: () => {},
    before: (upstream: FakeUpstream) => {
      upstream.emit("continued", { threadId: 1, allThreadsContinued: true });
      upstream.release();
    },
    after: (upstream: FakeUpstream) => {
      upstream.release();
      upstream.emit("continued", { threadId: 1, allThreadsContinued: true });
    },
    "after, without allThreadsContinued": (upstream: FakeUpstream) => {
      upstream.release();
      upstream.emit("continued", { threadId: 1 });
    },
  };
  for (const [how, says] of Object.entries(SAYS)) {
    for (const command of ["continue", "next"]) {
      test(`${command}, the adapter says continued: ${how}`, async () => {
        const { upstream, a, b, c } = await three();
        upstream.stop();
        upstream.hold(command);
        const resumed = a.ok(command, T1);
        says(upstream);
        upstream.releaseAll();
        await resumed;
        upstream.stop();
        for (const other of [b, c]) assert.deepEqual(moves(other), ["stopped", "continued", "stopped"]);
        // The one who asked sees what the adapter says, as without the hub.
        assert.equal(a.events("continued").length, how === "nothing" ? 0 : 1);
      });
    }
  }

  test("stopped before the response", async () => {
    const { upstream, a, b } = await three();
    upstream.stop();
    upstream.hold("next");
    const resumed = a.ok("next", T1);
    upstream.stop();
    upstream.releaseAll();
    await resumed;
    assert.deepEqual(moves(b), ["stopped", "continued", "stopped"]);
    assert.deepEqual(a.trace().slice(-2), ["event:stopped", "response:next"]);
    await b.ok("next", T1);
  });

  test("a program that resumes by itself is seen by all", async () => {
    const { upstream, a, b } = await three();
    upstream.stop();
    upstream.emit("continued", { threadId: 1 });
    for (const client of [a, b]) assert.deepEqual(moves(client), ["stopped", "continued"]);
    await b.fails("notStopped", "next", T1);
    await a.ok("next", T1);
    assert.equal(upstream.commands("next").length, 1, "nobody else was faster than the driver");
  });

  test("an error reopens the stop, for all and for the one who asked", async () => {
    const { upstream, a, b } = await three();
    upstream.stop();
    await a.ok("stackTrace", T1);
    upstream.handlers.next = () => new Error("cannot step here");
    await a.fails("adapterFailed", "next", T1);
    await a.ok("scopes", { frameId: 1 });
    assert.deepEqual(moves(b), ["stopped"]);
    delete upstream.handlers.next;
    await b.ok("next", T1);
    assert.deepEqual(moves(a), ["stopped", "continued"]);
  });

  test("an error that comes after the adapter said continued does not make it stand again", async () => {
    const { upstream, a, b } = await three();
    upstream.stop();
    upstream.hold("continue");
    upstream.handlers.continue = () => new Error("late");
    const resumed = a.fails("adapterFailed", "continue", T1);
    upstream.emit("continued", T1);
    upstream.releaseAll();
    await resumed;
    await b.fails("notStopped", "next", T1);
    assert.deepEqual(moves(b), ["stopped", "continued"]);
  });

  test("pause is one, per thread", async () => {
    const { upstream, a, b } = await three();
    upstream.hold("pause");
    const pauses = [a.ok("pause", T1), b.ok("pause", T1), b.ok("pause", { threadId: 2 })];
    assert.equal(upstream.commands("pause").length, 2);
    upstream.releaseAll();
    await Promise.all(pauses);
  });

  test("whatever the order of resumes, answers and stops, everybody sees stopped and continued in turn", async () => {
    const step = fc.constantFrom("a", "b", "c", "release", "stop", "continued");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const { upstream, ...clients } = await three();
        upstream.stop();
        upstream.hold("next");
        let running = false;
        let mover = "";
        for (const what of steps) {
          if (what === "a" || what === "b" || what === "c") {
            const before = upstream.commands("next").length;
            void clients[what].request("next", T1);
            // The driver is refused only what somebody else has done before it.
            const passes: boolean = !running || (what === "a" && mover === "a");
            assert.equal(upstream.commands("next").length, before + (passes ? 1 : 0));
            if (passes) mover = what;
            running = true;
          } else if (what === "release") {
            upstream.release();
          } else if (running) {
            if (what === "stop") upstream.stop();
            else upstream.emit("continued", T1);
            running = what !== "stop";
          }
        }
        upstream.releaseAll();
        await settle();
        for (const client of [clients.a, clients.b, clients.c]) {
          const seen = moves(client).join(" ");
          assert.equal(client.pending, 0);
          assert.ok(!/^continued/.test(seen), seen);
          // Its own resumes a client is answered, not told.
          const own = client.messages.filter(
            ({ command, success }) => command === "next" && success === true,
          ).length;
          const told = client.events("continued").length;
          assert.ok(told + own >= client.events("stopped").length - 1, seen);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("threads that stop one by one", () => {
  const alone = { allThreadsStopped: false };

  test("one runs on while the other stands", async () => {
    const { upstream, a, b } = await three();
    upstream.stop({ threadId: 1, ...alone });
    upstream.stop({ threadId: 2, ...alone });
    upstream.handlers.continue = () => ({ allThreadsContinued: false });
    await a.ok("continue", { threadId: 1 });
    assert.deepEqual(b.events("continued"), [{ threadId: 1, allThreadsContinued: false }]);
    await b.fails("notStopped", "next", { threadId: 1 });
    await b.ok("next", { threadId: 2 });
  });

  test("continue without allThreadsContinued sets all going", async () => {
    const { upstream, a, b } = await three();
    upstream.stop({ threadId: 1, ...alone });
    upstream.stop({ threadId: 2, ...alone });
    upstream.handlers.continue = () => ({});
    await a.ok("continue", { threadId: 1 });
    await b.fails("notStopped", "next", { threadId: 2 });
  });

  test("a thread that the adapter sets going is not taken for the one that somebody did", async () => {
    const { upstream, hub, a, b } = await three();
    upstream.stop({ threadId: 1, ...alone });
    upstream.stop({ threadId: 2, ...alone });
    await a.ok("next", { threadId: 1, singleThread: true });
    upstream.emit("continued", { threadId: 2, allThreadsContinued: false });
    await b.fails("notStopped", "next", { threadId: 2 });
    const late = await enter(connect(hub, "late").client);
    assert.deepEqual(late.events("stopped"), []);
  });

  test("two resumes of two threads: the error of one reopens its own stop", async () => {
    const { upstream, a, b, c } = await three();
    upstream.stop({ threadId: 1, ...alone });
    upstream.stop({ threadId: 2, ...alone });
    upstream.hold("next");
    const one = a.request("next", { threadId: 1 });
    const two = b.request("next", { threadId: 2 });
    upstream.handlers.next = ({ threadId }) => (threadId === 1 ? new Error("no") : undefined);
    upstream.releaseAll();
    assert.deepEqual([(await one).success, (await two).success], [false, true]);
    delete upstream.handlers.next;
    await c.ok("next", { threadId: 1 });
    await c.fails("notStopped", "next", { threadId: 2 });
  });

  test("a stop of one thread says nothing of the other's resume that is under way", async () => {
    const { upstream, a, b } = await three();
    upstream.stop({ threadId: 1, ...alone });
    upstream.hold("next");
    const resumed = a.ok("next", { threadId: 1 });
    upstream.stop({ threadId: 2, ...alone });
    assert.deepEqual(b.events("continued"), []);
    upstream.releaseAll();
    await resumed;
    assert.deepEqual(
      b.events("continued").map(({ threadId }) => threadId),
      [1],
    );
    await b.ok("next", { threadId: 2 });
  });

  test("a thread that ends stands no more", async () => {
    const { upstream, hub } = await three();
    upstream.stop({ threadId: 1, ...alone });
    upstream.emit("thread", { reason: "exited", threadId: 1 });
    const late = await enter(connect(hub, "late").client);
    assert.deepEqual(late.events("stopped"), []);
  });

  test("thread ids that change at every stop", async () => {
    const { upstream, a, b } = await three();
    for (let threadId = 1; threadId < 4; threadId++) {
      upstream.stop({ threadId });
      await a.ok("next", { threadId });
      await b.fails("notStopped", "next", { threadId });
    }
    assert.deepEqual(moves(b), ["stopped", "continued", "stopped", "continued", "stopped", "continued"]);
  });
});

describe("handles of a stop that is over", () => {
  const USES: [string, Record<string, unknown>][] = [
    ["scopes", { frameId: 1 }],
    ["variables", { variablesReference: 1 }],
    ["setVariable", { variablesReference: 1, name: "x", value: "1" }],
    ["evaluate", { expression: "x", frameId: 1, context: "watch" }],
    ["evaluate", { expression: "x", frameId: 1 }],
    ["setExpression", { expression: "x", value: "1", frameId: 1 }],
    ["stepInTargets", { frameId: 1 }],
    ["restartFrame", { frameId: 1 }],
    ["stepIn", { threadId: 1, targetId: 4 }],
    ["goto", { threadId: 1, targetId: 5 }],
    ["dataBreakpointInfo", { name: "x", variablesReference: 1 }],
  ];

  /** Asks for all that gives out handles. */
  async function look(client: MemoryClient) {
    await client.ok("stackTrace", T1);
    await client.ok("scopes", { frameId: 1 });
    await client.ok("variables", { variablesReference: 1 });
    await client.ok("stepInTargets", { frameId: 1 });
    await client.ok("gotoTargets", { source: { path: "/p/a.c" }, line: 9 });
  }

  test("are refused, never passed, though the same numbers mean something again", async () => {
    const { upstream, a, b } = await three();
    upstream.stop();
    await look(a);
    await look(b);
    await b.ok("next", T1);
    for (const [command, args] of USES) await a.fails("staleHandle", command, args);
    upstream.stop();
    await look(b);
    const count = upstream.received.length;
    for (const [command, args] of USES) await a.fails("staleHandle", command, args);
    assert.equal(upstream.received.length, count, "nothing was passed");
    await look(a);
    for (const [command, args] of USES.filter(
      ([name]) => !["restartFrame", "stepIn", "goto"].includes(name),
    )) {
      await a.ok(command, args);
    }
  });

  test("sent before the new stop was seen, are of the old one", async () => {
    const { upstream, a, b } = await three();
    upstream.stop();
    await look(a);
    const seenThen = a.messages.length;
    await b.ok("next", T1);
    upstream.stop();
    a.seen = () => a.messages.length;
    await look(a);
    a.seen = () => seenThen;
    await a.fails("staleHandle", "scopes", { frameId: 1 });
  });

  test("an answer that comes after the resume gives out nothing", async () => {
    const { upstream, a, b } = await three();
    upstream.stop();
    upstream.hold("stackTrace");
    const trace = a.ok("stackTrace", T1);
    await b.ok("next", T1);
    upstream.releaseAll();
    await trace;
    await a.fails("staleHandle", "scopes", { frameId: 1 });
    upstream.stop();
    await a.fails("staleHandle", "scopes", { frameId: 1 });
  });

  test("asked for while it ran, answered at the stop: good for that stop only", async () => {
    const { upstream, b } = await three();
    upstream.hold("stackTrace");
    const trace = b.ok("stackTrace", T1);
    upstream.stop();
    upstream.releaseAll();
    await trace;
    await b.ok("scopes", { frameId: 1 });
    await b.ok("next", T1);
    upstream.stop();
    await b.fails("staleHandle", "scopes", { frameId: 1 });
  });

  test("what was printed or typed is the adapter's to end, and what is in it; a watch's result is of its stop", async () => {
    const { upstream, a, b, c } = await three();
    upstream.handlers.variables = ({ variablesReference: parent }) => ({
      variables: [{ name: "in it", value: "{…}", variablesReference: Number(parent) + 1 }],
    });
    upstream.handlers.evaluate = ({ context }) => ({
      result: "{…}",
      variablesReference: context === "watch" ? 900 : 70,
      valueLocationReference: 71,
    });
    upstream.emit("output", { output: "an object", variablesReference: 50 });
    upstream.stop();
    upstream.emit("output", { output: "another", variablesReference: 60, locationReference: 66 });
    upstream.emit("output", { output: "a place", locationReference: 67 });
    for (const client of [b, c]) {
      await client.ok("evaluate", { expression: "x", context: "repl" });
      await client.ok("evaluate", { expression: "x", context: "watch" });
      await client.ok("variables", { variablesReference: 900 });
      for (const variablesReference of [50, 60, 70]) await client.ok("variables", { variablesReference });
    }
    await a.ok("next", T1);
    for (const again of [() => undefined, () => upstream.stop(), () => (b.seen = () => 0)]) {
      again();
      for (const client of [b, c]) {
        for (const parent of [50, 60, 70])
          for (const variablesReference of [parent, parent + 1])
            await client.ok("variables", { variablesReference });
        for (const locationReference of [66, 67, 71]) await client.ok("locations", { locationReference });
        for (const variablesReference of [900, 901])
          await client.fails("staleHandle", "variables", { variablesReference });
      }
    }
  });

  test("a reference of 0 is none", async () => {
    const { upstream, a, b } = await three();
    upstream.stop();
    for (const client of [a, b]) await client.ok("dataBreakpointInfo", { name: "x", variablesReference: 0 });
  });

  test("a client that joined later has none", async () => {
    const { upstream, hub, a } = await three();
    upstream.emit("output", { output: "an object", variablesReference: 50 });
    upstream.stop();
    await look(a);
    const late = await enter(connect(hub, "late").client, VSCODE);
    await late.fails("staleHandle", "scopes", { frameId: 1 });
    assert.equal(late.events("output")[0]?.variablesReference, undefined);
    await late.fails("staleHandle", "variables", { variablesReference: 50 });
    await look(late);
  });
});
