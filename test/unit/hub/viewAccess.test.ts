import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { LIMITS } from "../../../src/common/limits.ts";
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
      "a-b",
      "price-tax",
      "0x10-1",
      "-1",
      "1e3",
      "0x",
      "0b1",
      "main",
      "$x",
      "$_siginfo",
      "1\n-interpreter-exec",
      "1\n",
      "0x10 ",
      "\u0661",
      "123e4567-e89b-12d3-a456-426614174000",
      "",
    ]) {
      await client.fails("notAllowed", "readMemory", { memoryReference, count: 1 });
      await client.fails("notAllowed", "disassemble", { memoryReference, instructionCount: 1 });
    }
    assert.deepEqual(upstream.commands("readMemory", "disassemble"), []);
    const references = ["0x7fff01", "0X7FFF01", "4096", "0"];
    for (const memoryReference of references) await client.ok("readMemory", { memoryReference, count: 1 });
    assert.equal(upstream.commands("readMemory").length, references.length);
  });

  test("while a reference that the adapter has given to it may be anything, also after the next stop", async () => {
    const { upstream, hub, driver, client } = await servedTo("view");
    const reads = (memoryReference: string) => client.ok("readMemory", { memoryReference, count: 1 });
    const refused = (memoryReference: string) =>
      client.fails("notAllowed", "readMemory", { memoryReference, count: 1 });
    const variable = (memoryReference: string) => ({
      variables: [{ name: "x", value: '"memoryReference":"in()"', variablesReference: 0, memoryReference }],
    });
    // What others are given, and what a client has named itself, is not the client's.
    upstream.handlers.variables = () => variable('&(a["\u00e9"])');
    upstream.handlers.evaluate = () => ({ result: "1", variablesReference: 0, memoryReference: "&(f())" });
    await driver.ok("stackTrace", { threadId: 1 });
    await driver.ok("scopes", { frameId: 1 });
    await driver.ok("variables", { variablesReference: 1 });
    await driver.ok("evaluate", { expression: "f()", frameId: 1, context: "watch" });
    for (const reference of ['&(a["\u00e9"])', "&(f())", "in()"]) await refused(reference);
    await client.ok("variables", { variablesReference: 1 });
    await reads('&(a["\u00e9"])');
    await refused("in()");
    upstream.handlers.stackTrace = () => ({
      stackFrames: [{ id: 1, name: "f", line: 1, column: 1, instructionPointerReference: "*pc" }],
    });
    await driver.ok("continue", { threadId: 1 });
    upstream.stop();
    await client.ok("stackTrace", { threadId: 1 });
    await driver.ok("continue", { threadId: 1 });
    upstream.stop();
    for (const reference of ['&(a["\u00e9"])', "*pc"]) await reads(reference);
    // Each guest for itself.
    const other = await enter(connect(hub, "other", { access: "view" }).client);
    await other.fails("notAllowed", "readMemory", { memoryReference: "*pc", count: 1 });
  });

  test("nor asks it for more than a query may, or for what is no whole number", async () => {
    const { upstream, client } = await servedTo("view");
    const memory = { memoryReference: "1", count: 1 };
    const code = { memoryReference: "1", instructionCount: 1 };
    const { memoryReadBytes, instructions, items } = LIMITS;
    for (const [command, args, name, most] of [
      ["readMemory", memory, "count", memoryReadBytes],
      ["disassemble", code, "instructionCount", instructions],
      ["disassemble", code, "instructionOffset", instructions],
      ["variables", { variablesReference: 1 }, "count", items],
      ["stackTrace", { threadId: 1 }, "levels", items],
      ["modules", {}, "moduleCount", items],
    ] as const) {
      await client.ok(command, { ...args, [name]: most });
      await client.fails("tooLarge", command, { ...args, [name]: most + 1 });
      await client.fails("badArguments", command, { ...args, [name]: 0.5 });
      if (!name.endsWith("Offset")) await client.fails("badArguments", command, { ...args, [name]: -1 });
    }
    await client.ok("disassemble", { ...code, instructionOffset: -instructions });
    await client.fails("tooLarge", "disassemble", { ...code, instructionOffset: -instructions - 1 });
    const count = upstream.received.length;
    for (const offset of [0.1, 1e300, 2 ** 60])
      for (const command of ["readMemory", "disassemble"])
        await client.fails("badArguments", command, { ...memory, ...code, offset });
    const infinite = `{"seq":90,"type":"request","command":"readMemory","arguments":{"memoryReference":"1","count":1e999}}`;
    assert.equal((await client.send(infinite, 90)).success, false);
    assert.equal(upstream.received.length, count);
    await client.ok("readMemory", { ...memory, offset: -4096 });
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
        format: { parameters: true, own: injected, [injected]: true, other: true },
      }),
      { threadId: 1, format: { parameters: true } },
    );
    assert.deepEqual(
      await sent("variables", { variablesReference: 1, VariablesReference: 99, start: "0", filter: "named" }),
      { variablesReference: 1, filter: "named" },
    );
    for (const filter of [injected, "Named", "indexed,named", "", "x"])
      await client.fails("notAllowed", "variables", { variablesReference: 1, filter });
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

  test("and a name of a source only if the adapter has called one so", async () => {
    const { upstream, client } = await servedTo("view");
    upstream.emit("loadedSource", { reason: "new", source: { name: "a.c", path: "/p/a.c" } });
    for (const name of ["f()", "A.C", "", "/p/a.c"]) {
      await client.ok("source", { source: { name, path: "/p/a.c" }, sourceReference: 0 });
      assert.deepEqual(upstream.last("source").args, { source: { path: "/p/a.c" }, sourceReference: 0 });
    }
    await client.ok("source", { source: { name: "a.c", path: "/p/a.c" }, sourceReference: 0 });
    assert.deepEqual(upstream.last("source").args, {
      source: { name: "a.c", path: "/p/a.c" },
      sourceReference: 0,
    });
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
