import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import type { JsonObject } from "../../../src/dap/messages.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { Sessions } from "../../../src/hub/sessions.ts";
import { ARGUMENTS, servedTo } from "./everything.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { MemoryClient, connect, enter, settle } from "./memoryClient.ts";

// What somebody may try who has the right to look and wants more.

describe("a guest that may only look evaluates nothing", () => {
  test("in whatever context", async () => {
    const { upstream, client } = await servedTo("view");
    for (const context of [undefined, "repl", "watch", "hover", "clipboard", "variables", "other", 7, null])
      await client.fails("notAllowed", "evaluate", { expression: "x()", frameId: 1, context });
    for (const [command, args] of [
      ["completions", { text: "f().", column: 5 }],
      ["dataBreakpointInfo", { name: "f()" }],
      ["setVariable", { variablesReference: 1, name: "x", value: "f()" }],
      ["setExpression", { expression: "x", value: "f()" }],
      ["setBreakpoints", { source: { path: "/p/a.c" }, breakpoints: [{ line: 1, condition: "f()" }] }],
      ["setBreakpoints", { source: { path: "/p/a.c" }, breakpoints: [{ line: 1, logMessage: "{f()}" }] }],
      ["setFunctionBreakpoints", { breakpoints: [{ name: "f", condition: "f()" }] }],
      ["setExceptionBreakpoints", { filters: [], filterOptions: [{ filterId: "all", condition: "f()" }] }],
    ] as const)
      await client.fails("notAllowed", command, args);
    assert.deepEqual(
      upstream.commands("evaluate", "completions", "dataBreakpointInfo", "setVariable", "setBreakpoints"),
      [],
    );
  });

  test("by a reference to memory that is an expression", async () => {
    const { upstream, client } = await servedTo("view");
    for (const memoryReference of [
      'system("id")',
      "f()",
      "x = 1",
      "x=1",
      "x--",
      "x++",
      "a.b",
      "$x",
      "1\n-interpreter-exec",
      "0x10 ",
      "",
    ]) {
      await client.fails("notAllowed", "readMemory", { memoryReference, count: 1 });
      await client.fails("notAllowed", "disassemble", { memoryReference, instructionCount: 1 });
    }
    assert.deepEqual(upstream.commands("readMemory", "disassemble"), []);
    const references = ["0x7fff01", "4096", "main", "123e4567-e89b-12d3-a456-426614174000"];
    for (const memoryReference of references) await client.ok("readMemory", { memoryReference, count: 1 });
    assert.equal(upstream.commands("readMemory").length, references.length);
  });

  test("by arguments of other types, of other names or in other letters than DAP has", async () => {
    const { upstream, client } = await servedTo("view");
    const injected = '1\n-interpreter-exec console "shell id"';
    const sent = async (command: string, args: JsonObject) => {
      await client.ok(command, args);
      return JSON.parse(upstream.last(command).raw ?? "null") as unknown;
    };
    assert.deepEqual(
      await sent("stackTrace", {
        threadId: 1,
        startFrame: injected,
        levels: [injected],
        ThreadId: 2,
        own: { x: 1 },
        format: { parameters: true, own: injected },
      }),
      { threadId: 1, format: { parameters: true } },
    );
    assert.deepEqual(
      await sent("variables", { variablesReference: 1, VariablesReference: 99, start: "0", filter: "named" }),
      { variablesReference: 1, filter: "named" },
    );
    await client.fails("notAllowed", "variables", { variablesReference: 1, filter: injected });
    assert.deepEqual(await sent("threads", { own: injected }), {});
    assert.deepEqual(await sent("readMemory", { memoryReference: "1", count: 1, offset: injected }), {
      memoryReference: "1",
      count: 1,
    });
    await client.fails("badArguments", "readMemory", { memoryReference: "1", count: injected });
    const text = String.raw`{"seq":90,"type":"request","command":"stackTrace","arguments":{"threadId":1,"threadId":1,"\u006fwn":2}}`;
    await client.send(text, 90);
    assert.equal(upstream.last("stackTrace").raw, '{"threadId":1}');
  });

  test("while one that may steer sends what it likes", async () => {
    const { upstream, client } = await servedTo("control");
    const args = '{ "threadId":1, "own":[1], "format":{"own":1} }';
    await client.ok("stackTrace", args);
    assert.equal(upstream.last("stackTrace").raw, args);
    await client.ok("readMemory", { memoryReference: "f()", count: 1 });
    await client.ok("source", { sourceReference: 77 });
  });
});

describe("a guest that may only look names no source that has not come up", () => {
  const REFUSED: readonly JsonObject[] = [
    { source: { path: "/etc/shadow" } },
    { source: { path: ["/etc/shadow"] } },
    { source: { path: { path: "/p/a.c" } } },
    { source: { path: "\\\\192.0.2.1\\share\\a.c" } },
    { source: { path: "//192.0.2.1/share/a.c" } },
    { source: { path: "/p/../p/a.c" } },
    { source: { path: "/P/A.C" } },
    { source: { path: "file:///p/a.c" } },
    { source: { Path: "/etc/shadow" } },
    { source: { path: "/p/a.c", sourceReference: 9 } },
    { source: { path: "/p/a.c", sourceReference: -9 } },
    { source: { path: "/p/a.c", adapterData: { file: "/etc/shadow" } } },
    { source: { name: "a.c" } },
    { source: {} },
  ];

  test("by no request, in no way", async () => {
    const { upstream, client } = await servedTo("view");
    const count = upstream.received.length;
    for (const args of REFUSED) {
      for (const command of ["source", "breakpointLocations", "gotoTargets"])
        await client.fails("notAllowed", command, { ...ARGUMENTS, ...args });
    }
    for (const sourceReference of [1, 2, 3, 1000, -1, 1.5])
      await client.fails("notAllowed", "source", { sourceReference });
    await client.fails("notAllowed", "source", { sourceReference: 0 });
    assert.equal(upstream.received.length, count);
  });

  test("and of one that has, only what an adapter finds it by goes on", async () => {
    const { upstream, client } = await servedTo("view");
    const source = { name: "a.c", path: "/p/a.c", adapterData: { id: 5 } };
    upstream.emit("loadedSource", { reason: "new", source });
    await client.ok("source", {
      source: { ...source, Path: "/etc/shadow", origin: "x", sources: [{ path: "/etc/shadow" }] },
      sourceReference: 0,
      SourceReference: 9,
    });
    assert.deepEqual(upstream.last("source").args, { source, sourceReference: 0 });
  });

  test("a source that a value's location names has come up", async () => {
    const { upstream, client } = await servedTo("view");
    upstream.handlers.locations = () => ({ source: { path: "/p/other.c" }, line: 3 });
    await client.fails("notAllowed", "source", { source: { path: "/p/other.c" }, sourceReference: 0 });
    await client.ok("locations", { locationReference: 6 });
    await client.ok("source", { source: { path: "/p/other.c" }, sourceReference: 0 });
  });
});

describe("a guest that may only look takes nothing from others", () => {
  test("neither a request nor a task of theirs is its to cancel", async () => {
    const { upstream, driver, client } = await servedTo("view");
    upstream.hold("evaluate", "variables");
    const evaluated = driver.ok("evaluate", { expression: "slow()" });
    for (let requestId = 0; requestId < 60; requestId++) await client.ok("cancel", { requestId });
    await client.fails("notAllowed", "cancel", { progressId: "build" });
    await client.fails("notAllowed", "cancel", { requestId: 1, progressId: "build" });
    assert.deepEqual(upstream.commands("cancel"), []);
    upstream.release("evaluate");
    await evaluated;
    // Its own request, which nobody else waits for, is.
    const own = client.send(
      '{"seq":900,"type":"request","command":"variables","arguments":{"variablesReference":1}}',
      900,
    );
    await settle();
    const { seq: mine } = upstream.last("variables");
    await client.ok("cancel", { requestId: 900 });
    assert.deepEqual(upstream.last("cancel").args, { requestId: mine });
    upstream.releaseAll();
    await own;
  });

  test("nor does it answer what the adapter has asked somebody else", async () => {
    const { upstream, driver, client } = await servedTo("view");
    const asked: JsonObject[] = [];
    driver.onReverse = () => undefined;
    const answered = upstream.reverse("runInTerminal", { args: ["x"], cwd: "/" });
    await settle();
    for (const { type, seq } of driver.messages) if (type === "request") asked.push({ seq });
    assert.equal(asked.length, 1);
    for (let requestSeq = 0; requestSeq < 60; requestSeq++) {
      client.inject({
        seq: 900 + requestSeq,
        type: "response",
        request_seq: requestSeq,
        command: "runInTerminal",
        success: true,
        body: { processId: 1 },
      });
    }
    let outcome: unknown;
    void answered.then((value) => (outcome = value));
    await settle();
    assert.equal(outcome, undefined, "only the driver's answer counts");
    driver.vanish();
    assert.equal((await answered).success, false);
  });

  test("nor does a child session wait for it", async () => {
    const upstream = new FakeUpstream();
    const sessions = new Sessions(upstream, {
      start: { request: "launch", configuration: {}, adapterID: "fake" },
    });
    await settle();
    const guest = new MemoryClient("guest");
    sessions.joinRoot(guest.port, sessions.admit({ name: "guest", address: "there", access: "view" }));
    await enter(guest);
    // It says that it will come, and does not.
    await upstream.reverse("startDebugging", { request: "attach", configuration: { name: "child" } });
    await settle();
    assert.equal(guest.messages.filter(({ command }) => command === "startDebugging").length, 1);
    assert.deepEqual(upstream.children[0]?.commands("configurationDone"), ["configurationDone"]);
  });

  test("nor does its refusal let a child session run that waits for somebody else", async () => {
    const upstream = new FakeUpstream();
    const sessions = new Sessions(upstream);
    const driver = new MemoryClient("driver");
    sessions.joinRoot(driver.port, sessions.admit({ name: "driver", address: "here", access: "control" }));
    await enter(driver);
    const looker = new MemoryClient("looker");
    looker.onReverse = () => new Error("no");
    sessions.joinRoot(looker.port, sessions.admit({ name: "looker", address: "there", access: "view" }));
    await enter(looker);
    await upstream.reverse("startDebugging", { request: "attach", configuration: { name: "child" } });
    await settle();
    assert.deepEqual(upstream.children[0]?.commands("configurationDone"), []);
    sessions.end("The test is over.");
  });
});

describe("somebody who loses the right to steer", () => {
  test("does not start the program that they have launched: that is done without them", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const { client, participant } = connect(hub, "driver", { access: "control" });
    await client.ok("initialize", { adapterID: "fake", supportsRunInTerminalRequest: true });
    await client.ok("launch", {});
    participant.access = "view";
    hub.accessChanged(participant);
    await settle();
    assert.equal(upstream.commands("configurationDone").length, 1);
    await client.ok("configurationDone");
    assert.equal(upstream.commands("configurationDone").length, 1);
    // No terminal is opened at somebody who only looks.
    assert.equal((await upstream.reverse("runInTerminal", { args: [], cwd: "/" })).success, false);
  });

  test("launches nothing any more", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const { client, participant } = connect(hub, "driver", { access: "control" });
    await client.ok("initialize", { adapterID: "fake" });
    participant.access = "view";
    hub.accessChanged(participant);
    await client.fails("notAllowed", "launch", { program: "/bin/sh" });
    assert.deepEqual(upstream.commands("launch"), []);
    // The next one who may takes their place.
    const next = connect(hub, "next", { access: "control" }).client;
    await next.ok("initialize", { adapterID: "fake" });
    await next.ok("launch", { program: "p" });
    assert.deepEqual(upstream.last("launch").args, { program: "p" });
  });
});

test("the last to leave a program that has ended says nothing of what becomes of it, without the right to end it", async () => {
  for (const [access, expected] of [
    ["view", { restart: false }],
    ["control", { restart: false }],
    ["full", { terminateDebuggee: true, TerminateDebuggee: true, suspendDebuggee: true }],
  ] as const) {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream, {
      start: { request: "attach", configuration: {}, adapterID: "fake" },
    });
    await settle();
    const { client } = connect(hub, "guest", { access });
    await enter(client);
    upstream.emit("terminated");
    await client.ok("disconnect", {
      terminateDebuggee: true,
      TerminateDebuggee: true,
      suspendDebuggee: true,
    });
    assert.deepEqual(upstream.last("disconnect").args, expected);
    upstream.end();
  }
});

test("a guest is not put in another's place by a ticket that it guesses", async () => {
  const upstream = new FakeUpstream();
  const sessions = new Sessions(upstream);
  const host = new MemoryClient("host");
  const owner = sessions.admit({ name: "host", address: "here", access: "full" });
  sessions.joinRoot(host.port, owner);
  await enter(host);
  const looker = new MemoryClient("looker");
  const inner = sessions.joinRoot(
    looker.port,
    sessions.admit({ name: "looker", address: "there", access: "view" }),
  );
  await looker.ok("initialize", { adapterID: "fake" });
  for (const debugServerTicket of [
    "",
    owner.ticket.slice(1),
    owner.ticket.toUpperCase() + " ",
    1,
    [owner.ticket],
  ]) {
    const wrong = new MemoryClient("wrong");
    const client = sessions.joinRoot(
      wrong.port,
      sessions.admit({ name: "wrong", address: "there", access: "view" }),
    );
    await wrong.ok("initialize", { adapterID: "fake" });
    await wrong.ok("attach", { debugServerSession: "1", debugServerTicket });
    assert.equal(client.participant.access, "view");
  }
  await looker.ok("attach", { debugServerSession: "1", debugServerTicket: "x" });
  assert.equal(inner.participant.access, "view");
  sessions.remove(owner, new AppError("refused", "bye"));
});
