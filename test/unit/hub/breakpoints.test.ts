import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonObject, objects } from "../../../src/dap/messages.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { type FakeOptions, FakeUpstream } from "./fakeUpstream.ts";
import { VSCODE, connect, enter, settle } from "./memoryClient.ts";

const source = { path: "/p/a.c" };
const at = (...lines: number[]): JsonObject => ({ source, breakpoints: lines.map((line) => ({ line })) });
const PLAIN = { adapterID: "fake", clientID: "other" };

async function two(options: FakeOptions = {}) {
  const upstream = new FakeUpstream(options);
  const hub = new Hub(upstream);
  const a = await enter(connect(hub, "a").client, PLAIN);
  const b = await enter(connect(hub, "b").client, PLAIN);
  return { upstream, hub, a, b };
}

function ids(body: JsonObject): unknown[] {
  return objects(body.breakpoints).map(({ id }) => id);
}

describe("a single client sees the adapter's own ids", () => {
  for (const kind of ["stable", "zero", "fresh", "renumbered"] as const) {
    test(`ids ${kind}: the same bytes as without the hub`, async () => {
      const upstream = new FakeUpstream({ ids: kind });
      const bare = new FakeUpstream({ ids: kind });
      const client = await enter(connect(new Hub(upstream), "a").client);
      for (const lines of [[3, 5], [5], [1, 5, 3], [], [3, 3, 5], [5, 3]]) {
        const args = at(...lines);
        const through = await client.request("setBreakpoints", args);
        const direct = await new Promise<Buffer | undefined>((resolve) => {
          bare.request("setBreakpoints", Buffer.from(JSON.stringify(args)), ({ body }) => resolve(body));
        });
        assert.ok(through.text.includes(String(direct)), `${through.text} is not ${String(direct)}`);
      }
      assert.deepEqual(upstream.last("setBreakpoints").args, at(5, 3));
    });
  }

  test("and its odd answers as they are", async () => {
    const upstream = new FakeUpstream();
    const client = await enter(connect(new Hub(upstream), "a").client);
    for (const odd of ["{}", '{"breakpoints":[]}', '{"breakpoints":[{"id":1,"verified":true}],"more":1}']) {
      upstream.handlers.setBreakpoints = () => Buffer.from(odd);
      const { text } = await client.request("setBreakpoints", at(3, 5));
      if (odd.includes("id")) assert.match(text, /"more":1/);
      else assert.ok(text.includes(odd), text);
    }
    const none = '{"breakpoints":[{"verified":true}]}';
    upstream.handlers.setExceptionBreakpoints = () => Buffer.from(none);
    const { text } = await client.request("setExceptionBreakpoints", { filters: ["raised"] });
    assert.ok(text.includes(none), text);
  });

  test("its own lines go to the adapter also when they are where another of its breakpoints was moved", async () => {
    const upstream = new FakeUpstream({ moves: (line) => (line === 3 ? 5 : line) });
    const client = await enter(connect(new Hub(upstream), "a").client);
    await client.ok("setBreakpoints", at(3));
    await client.ok("setBreakpoints", at(3, 5));
    assert.deepEqual(upstream.last("setBreakpoints").args, at(3, 5));
    await client.ok("setBreakpoints", at(5));
    assert.deepEqual(upstream.last("setBreakpoints").args, at(5));
  });

  test("the adapter's breakpoint events reach it as the bytes that came", async () => {
    const upstream = new FakeUpstream({ ids: "zero" });
    const client = await enter(connect(new Hub(upstream), "a").client);
    await client.ok("setBreakpoints", at(3));
    for (const body of [
      '{"reason" : "changed","breakpoint":{"id":0,"verified":true,"line":4}}',
      '{"reason" : "new","breakpoint":{"id":77,"verified":true}}',
    ]) {
      upstream.emit("breakpoint", body);
      assert.ok(client.messages.at(-1)?.text.includes(body));
    }
  });
});

describe("two clients", () => {
  test("both breakpoints are in force; each answer is its own list's", async () => {
    const { upstream, a, b } = await two();
    assert.deepEqual(ids(await a.ok("setBreakpoints", at(3))), [1]);
    assert.deepEqual(ids(await b.ok("setBreakpoints", at(5))), [2]);
    assert.deepEqual(upstream.last("setBreakpoints").args.breakpoints, [{ line: 5 }, { line: 3 }]);
    assert.deepEqual(b.events("breakpoint"), [
      { reason: "new", breakpoint: { id: 1, verified: true, line: 3, source } },
    ]);
    assert.deepEqual(
      a.events("breakpoint").map(({ reason }) => reason),
      ["new"],
    );
    await a.ok("setBreakpoints", at());
    assert.deepEqual(upstream.last("setBreakpoints").args.breakpoints, [{ line: 5 }]);
    assert.deepEqual(b.events("breakpoint").at(-1), {
      reason: "removed",
      breakpoint: { id: 1, verified: false },
    });
    assert.deepEqual(b.lines().slice(-2), [
      "a sets a breakpoint at a.c:3.",
      "a removes a breakpoint at a.c:3.",
    ]);
  });

  for (const kind of ["stable", "zero", "fresh", "renumbered", "none"] as const) {
    test(`the adapter's events and hits come under each one's own ids (ids ${kind})`, async () => {
      const { upstream, a, b } = await two({ ids: kind });
      const [first] = ids(await a.ok("setBreakpoints", at(3)));
      const [second] = ids(await b.ok("setBreakpoints", at(5)));
      assert.notEqual(first, undefined);
      const [told] = b.events("breakpoint").map(({ breakpoint }) => breakpoint as JsonObject);
      assert.notEqual(told?.id, second);
      if (kind === "none") return;
      const last = await a.ok("setBreakpoints", at(3));
      // What the adapter calls A's breakpoint now.
      const [now] = ids(last);
      upstream.emit("breakpoint", { reason: "changed", breakpoint: { id: now, verified: false } });
      assert.equal((b.events("breakpoint").at(-1)?.breakpoint as JsonObject).id, told?.id);
      upstream.stop({ reason: "breakpoint", hitBreakpointIds: [now] });
      assert.deepEqual(a.events("stopped").at(-1)?.hitBreakpointIds, [now]);
      assert.deepEqual(b.events("stopped").at(-1)?.hitBreakpointIds, [told?.id]);
    });
  }

  test("one that the adapter gives no id any more keeps none of its ids: a later word on that is about something else", async () => {
    const { upstream, a } = await two();
    const [first] = ids(await a.ok("setBreakpoints", at(3)));
    upstream.handlers.setBreakpoints = () => ({ breakpoints: [{ verified: false, message: "no" }] });
    const list = { source, breakpoints: [{ line: 3, condition: "nonsense" }] };
    const [now] = ids(await a.ok("setBreakpoints", list));
    assert.notEqual(now, first);
    assert.deepEqual(ids(await a.ok("setBreakpoints", list)), [now]);
  });

  test("one who leaves takes along what only it set, and nothing of the others", async () => {
    const { upstream, a, b } = await two();
    await a.ok("setBreakpoints", at(3, 5));
    await b.ok("setBreakpoints", at(5, 7));
    a.vanish();
    await settle();
    assert.deepEqual(upstream.breakpoints.get("/p/a.c"), [{ line: 5 }, { line: 7 }]);
    assert.deepEqual(b.events("breakpoint").at(-1)?.reason, "removed");
  });

  test("an error of the adapter leaves everything as it was", async () => {
    const { upstream, a, b } = await two();
    await a.ok("setBreakpoints", at(3));
    upstream.handlers.setBreakpoints = () => new Error("no");
    await b.fails("adapterFailed", "setBreakpoints", at(5));
    delete upstream.handlers.setBreakpoints;
    assert.deepEqual(a.events("breakpoint"), []);
    await b.ok("setBreakpoints", at(7));
    assert.deepEqual(upstream.last("setBreakpoints").args.breakpoints, [{ line: 7 }, { line: 3 }]);
  });

  test("a joining client learns what became of its own breakpoints before its snapshot", async () => {
    const { upstream, hub, a } = await two();
    await a.ok("setBreakpoints", at(3));
    const late = connect(hub, "late").client;
    await late.ok("initialize", PLAIN);
    await late.ok("attach");
    const [three, five] = ids(await late.ok("setBreakpoints", at(3, 5)));
    upstream.emit("breakpoint", { reason: "changed", breakpoint: { id: five, verified: true, line: 5 } });
    await a.ok("setBreakpoints", at());
    assert.deepEqual(late.events("breakpoint"), [
      { reason: "changed", breakpoint: { id: five, verified: true, line: 5 } },
      { reason: "removed", breakpoint: { id: three, verified: false } },
    ]);
    await late.ok("configurationDone");
    assert.equal(late.events("breakpoint").length, 2);
  });

  test("different files do not wait for each other; the same file is asked for one at a time", async () => {
    const { upstream, a, b } = await two();
    upstream.hold("setBreakpoints");
    const all = [
      a.ok("setBreakpoints", at(3)),
      b.ok("setBreakpoints", at(5)),
      b.ok("setBreakpoints", { source: { path: "/p/b.c" }, breakpoints: [{ line: 1 }] }),
    ];
    assert.equal(upstream.holding.length, 2);
    while (upstream.release());
    await Promise.all(all);
    assert.deepEqual(upstream.breakpoints.get("/p/a.c"), [{ line: 5 }, { line: 3 }]);
  });

  test("a client's wish counts as its own if it was written before it was told of the other's", async () => {
    const { upstream, a, b } = await two();
    upstream.hold("setBreakpoints");
    const all = [a.ok("setBreakpoints", at(3)), b.ok("setBreakpoints", at(3))];
    while (upstream.release());
    await Promise.all(all);
    assert.deepEqual(b.events("breakpoint"), [], "it is answered, not told");
    upstream.releaseAll();
    a.vanish();
    await settle();
    assert.deepEqual(upstream.breakpoints.get("/p/a.c"), [{ line: 3 }]);
  });

  test("VS Code's takes over what it is told of; its user may then remove it", async () => {
    const { upstream, hub, a } = await two({ moves: (line) => line + 1 });
    await a.ok("setBreakpoints", at(3));
    for (const over of ["link", "plain DAP"] as const) {
      const vscode = connect(hub, over).client;
      if (over === "link") vscode.seen = () => vscode.messages.length;
      await enter(vscode, VSCODE);
      assert.deepEqual((vscode.events("breakpoint")[0]?.breakpoint as JsonObject).line, 4);
      if (over === "plain DAP") {
        // What has reached such a client is not known: only what it has listed can it drop.
        await vscode.ok("setBreakpoints", at());
        assert.deepEqual(upstream.breakpoints.get("/p/a.c"), [{ line: 3 }]);
        await vscode.ok("setBreakpoints", at(4));
        assert.deepEqual(upstream.breakpoints.get("/p/a.c"), [{ line: 3 }], "never the moved line");
      }
      await vscode.ok("setBreakpoints", at());
      assert.deepEqual(upstream.breakpoints.get("/p/a.c"), []);
      await a.ok("setBreakpoints", at());
      await a.ok("setBreakpoints", at(3));
      vscode.vanish();
    }
  });

  test("VS Code's that was here before lists what it was told then: that is no breakpoint of its own", async () => {
    const { upstream, hub, a } = await two({ column: 15 });
    await a.ok("setBreakpoints", at(3));
    const again = connect(hub, "again").client;
    await again.ok("initialize", VSCODE);
    await again.ok("attach", {});
    const moved = { source: { path: "/p/a.c" }, breakpoints: [{ line: 3, column: 15 }] };
    const { breakpoints } = await again.ok("setBreakpoints", moved);
    assert.deepEqual(
      objects(breakpoints).map(({ verified, line, column }) => ({ verified, line, column })),
      [{ verified: true, line: 3, column: 15 }],
    );
    assert.deepEqual(upstream.breakpoints.get("/p/a.c"), [{ line: 3 }]);
    assert.deepEqual(a.events("breakpoint"), []);
    again.vanish();
    await settle();
    assert.deepEqual(upstream.breakpoints.get("/p/a.c"), [{ line: 3 }]);
  });
});

describe("the other kinds", () => {
  const KINDS: [string, string, JsonObject, JsonObject][] = [
    ["function", "setFunctionBreakpoints", { name: "f" }, { name: "g" }],
    ["data", "setDataBreakpoints", { dataId: "x", accessType: "write" }, { dataId: "x", accessType: "read" }],
    [
      "instruction",
      "setInstructionBreakpoints",
      { instructionReference: "0x1" },
      { instructionReference: "0x1", offset: 4 },
    ],
  ];
  for (const [name, command, one, other] of KINDS) {
    test(`${name} breakpoints are shared`, async () => {
      const { upstream, hub, a, b } = await two();
      await a.ok(command, { breakpoints: [one] });
      await b.ok(command, { breakpoints: [other] });
      assert.deepEqual(upstream.breakpoints.get(command), [other, one]);
      assert.equal(a.events("breakpoint").length, 1);
      const late = await enter(connect(hub, "late").client, PLAIN);
      assert.equal(late.events("breakpoint").length, 2);
      await a.ok(command, { breakpoints: [] });
      assert.deepEqual(upstream.breakpoints.get(command), [other]);
      b.vanish();
      await settle();
      assert.deepEqual(upstream.breakpoints.get(command), []);
    });
  }

  test("exception filters are the union; a filter with a condition is the same filter", async () => {
    const { upstream, a, b } = await two();
    await a.ok("setExceptionBreakpoints", { filters: ["raised"] });
    await b.ok("setExceptionBreakpoints", { filters: ["uncaught"] });
    assert.deepEqual(upstream.last("setExceptionBreakpoints").args, { filters: ["uncaught", "raised"] });
    await b.ok("setExceptionBreakpoints", {
      filters: [],
      filterOptions: [{ filterId: "uncaught", condition: "x" }],
    });
    assert.deepEqual(upstream.last("setExceptionBreakpoints").args, {
      filters: ["raised"],
      filterOptions: [{ filterId: "uncaught", condition: "x" }],
    });
    await b.ok("setExceptionBreakpoints", { filters: [] });
    assert.deepEqual(upstream.last("setExceptionBreakpoints").args, { filters: ["raised"] });
    assert.deepEqual(a.events("breakpoint"), []);
  });

  test("answers to exception filters are each one's own, whatever the order in which they were asked for", async () => {
    const { upstream, a, b } = await two();
    upstream.handlers.setExceptionBreakpoints = ({ filters, filterOptions }) => ({
      breakpoints: [...(filters as string[]), ...objects(filterOptions).map(({ filterId }) => filterId)].map(
        (message) => ({
          verified: true,
          message,
        }),
      ),
    });
    await a.ok("setExceptionBreakpoints", { filters: ["raised"] });
    const body = await b.ok("setExceptionBreakpoints", {
      filters: ["other"],
      filterOptions: [{ filterId: "own" }],
    });
    assert.deepEqual(
      objects(body.breakpoints).map(({ message }) => message),
      ["other", "own"],
    );
  });
});

describe("breakpoints without end", () => {
  const many = (from: number, count: number) => at(...Array.from({ length: count }, (_, i) => from + i));

  test("of several clients in one file: what is too much is refused, what was there stays, and less of it is taken", async () => {
    const { upstream, a, b } = await two();
    await a.ok("setBreakpoints", many(1, 1000));
    await b.fails("tooLarge", "setBreakpoints", many(2001, 25));
    assert.equal(upstream.breakpoints.get(source.path)?.length, 1000);
    await b.ok("setBreakpoints", many(2001, 24));
    await b.ok("setBreakpoints", many(1, 1000));
    await a.ok("setBreakpoints", at());
    assert.ok((upstream.breakpoints.get(source.path)?.length ?? 0) <= 1024);
  });

  test("in one file after the other: so many files, of which those without any do not count; so many in all", async () => {
    const { a, b } = await two();
    const inFile = (name: number, count: number) => ({ ...many(1, count), source: { path: `/p/${name}.c` } });
    for (let file = 0; file < 1024; file++) await a.ok("setBreakpoints", inFile(file, 1));
    await b.fails("tooLarge", "setBreakpoints", inFile(5000, 1));
    await b.ok("setBreakpoints", inFile(7, 1));
    await a.ok("setBreakpoints", inFile(8, 0));
    await b.ok("setBreakpoints", inFile(5000, 1));
    await b.fails("tooLarge", "setBreakpoints", inFile(5001, 1));
    for (let file = 10; file < 17; file++) await b.ok("setBreakpoints", inFile(file, 1024));
    await b.fails("tooLarge", "setBreakpoints", inFile(17, 1024));
  });
});
