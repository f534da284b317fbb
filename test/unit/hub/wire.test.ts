import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeJson, objects } from "../../../src/dap/messages.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { VSCODE, connect, enter, settle } from "./memoryClient.ts";

const T1 = { threadId: 1 };

async function alone(options: ConstructorParameters<typeof FakeUpstream>[0] = {}) {
  const upstream = new FakeUpstream(options);
  const hub = new Hub(upstream);
  const driver = await enter(connect(hub, "driver").client);
  return { upstream, hub, driver };
}

async function withGuest(options: ConstructorParameters<typeof FakeUpstream>[0] = {}) {
  const { upstream, hub, driver } = await alone(options);
  const guest = await enter(connect(hub, "guest").client);
  return { upstream, hub, driver, guest };
}

describe("from the first byte", () => {
  test("whoever is there first hears the adapter before it says a word, and in the adapter's order", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    upstream.emit("output", { category: "telemetry", output: "before anybody came" });
    const { client } = connect(hub, "driver");
    upstream.emit("debugpySockets", { sockets: [] });
    assert.deepEqual(client.trace(), ["event:output", "event:debugpySockets"]);
    upstream.hold("initialize");
    const initialized = client.ok("initialize", VSCODE);
    upstream.emit("output", { output: "while it is initialized" });
    upstream.releaseAll();
    await initialized;
    assert.deepEqual(client.trace(2), ["event:output", "response:initialize"]);
  });

  test("only who may steer is waited for, and who goes hands it on", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const looker = connect(hub, "looker", { access: "view" }).client;
    const [first, second] = [connect(hub, "first").client, connect(hub, "second").client];
    upstream.emit("output", { output: "hello" });
    assert.deepEqual(
      [looker, first, second].map((client) => client.messages.length),
      [0, 1, 0],
    );
    first.vanish();
    assert.deepEqual(second.trace(), ["event:output"]);
    upstream.emit("output", { output: "once" });
    await enter(second);
    assert.equal(second.events("output").filter(({ output }) => output === "once").length, 1);
  });

  test("if another is faster, that one drives, and the first joins with its snapshot", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const [silent, fast] = [connect(hub, "silent").client, connect(hub, "fast").client];
    upstream.emit("output", { category: "telemetry", output: "hello" });
    await enter(fast);
    assert.deepEqual(fast.trace().slice(0, 2), ["event:output", "response:initialize"]);
    upstream.stop();
    assert.deepEqual(silent.events("stopped"), []);
    await enter(silent);
    assert.equal(silent.events("stopped").length, 1);
  });

  test("its requests before initialize are refused by the adapter, not by us", async () => {
    const upstream = new FakeUpstream();
    for (const command of ["threads", "launch", "own", "configurationDone"])
      upstream.handlers[command] = () => new Error("initialize me first");
    const { client } = connect(new Hub(upstream), "driver");
    for (const command of ["threads", "launch", "own", "configurationDone"]) {
      const { text } = await client.fails("adapterFailed", command);
      assert.match(text, /initialize me first/);
    }
    upstream.handlers.launch = () => undefined;
    await client.ok("initialize", VSCODE);
    await client.ok("launch");
  });

  test("what it sends without waiting for initialize goes on at once, and others wait for that answer", async () => {
    const upstream = new FakeUpstream();
    upstream.hold("initialize", "launch");
    const hub = new Hub(upstream);
    const { client } = connect(hub, "driver");
    const sent = [client.ok("initialize", VSCODE), client.ok("launch"), client.ok("threads")];
    assert.deepEqual(upstream.commands(), ["initialize", "launch", "threads"]);
    const guest = connect(hub, "guest").client;
    const joining = [guest.ok("initialize", VSCODE), guest.ok("attach")];
    await settle();
    assert.deepEqual(guest.trace(), []);
    upstream.releaseAll();
    const [capabilities] = await Promise.all(joining);
    assert.equal(capabilities?.supportsConfigurationDoneRequest, true);
    assert.equal(capabilities?.supportsSetVariable, true);
    await Promise.all(sent);
  });

  test("pipelined, and the adapter refuses both: the next one may try", async () => {
    const upstream = new FakeUpstream();
    for (const command of ["initialize", "launch"]) upstream.handlers[command] = () => new Error("no");
    const hub = new Hub(upstream);
    const [first, second] = [connect(hub, "first").client, connect(hub, "second").client];
    const failed = [
      first.fails("adapterFailed", "initialize", VSCODE),
      first.fails("adapterFailed", "launch"),
    ];
    const next = second.ok("initialize", VSCODE);
    delete upstream.handlers.initialize;
    upstream.handlers.initialize = () =>
      upstream.commands("initialize").length === 1
        ? new Error("no")
        : { supportsConfigurationDoneRequest: true };
    await Promise.all(failed);
    await next;
  });
});

describe("messages pass whole", () => {
  test("members beside the body of an event, for all who are here; of an answer; of a request of the adapter", async () => {
    const { upstream, hub, driver, guest } = await withGuest();
    upstream.stop();
    const clients = [driver, guest];
    const rest = ',"statistics":{"memory":1.0}';
    for (const [event, body] of [
      ["output", { output: "x" }],
      ["stopped", { reason: "pause", threadId: 1, allThreadsStopped: true }],
      ["continued", { threadId: 1 }],
      ["invalidated", {}],
      ["breakpoint", { reason: "new", breakpoint: { id: 77, verified: true } }],
      ["own", undefined],
      ["terminated", undefined],
    ] as const) {
      upstream.emit(event, body, rest);
      for (const client of clients) {
        const last = client.messages.findLast((message) => message.event === event);
        assert.ok(last?.text.includes(rest), `${event}: ${last?.text}`);
      }
    }
    const asked = driver.request("threads");
    upstream
      .last("threads")
      .answer({ success: true, body: encodeJson({ threads: [] }), rest: Buffer.from(',"took":3') });
    assert.match((await asked).text, /"body":\{"threads":\[\]\},"took":3\}$/);
    hub.end("over");
  });

  test("an event that the driver announced no support for is its adapter's business; others get what they know", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const plain = { adapterID: "fake" };
    const driver = await enter(connect(hub, "driver").client, plain);
    const guest = await enter(connect(hub, "guest").client, plain);
    upstream.stop();
    for (const event of ["invalidated", "memory", "progressStart"]) upstream.emit(event, { progressId: "p" });
    for (const event of ["invalidated", "memory", "progressStart"]) {
      assert.equal(driver.events(event).length, 1, event);
      assert.equal(guest.events(event).length, 0, event);
    }
    assert.equal(driver.events("stopped").length, 1);
  });
});

describe("a lone driver is refused by its adapter only", () => {
  test("capabilities, arguments, references, frames, stops, requests of its own", async () => {
    const { upstream, driver } = await alone({ capabilities: {}, names: ["lldb-dap"] });
    upstream.stop();
    await driver.ok("stackTrace", T1);
    await driver.ok("scopes", { frameId: 1 });
    for (const [command, args] of [
      ["next", T1],
      ["next", T1],
      ["continue", {}],
      ["continue", undefined],
      ["scopes", { frameId: 1 }],
      ["scopes", { frameId: 4711 }],
      ["scopes", undefined],
      ["variables", { variablesReference: 1 }],
      ["dataBreakpointInfo", { name: "x", variablesReference: 0 }],
      ["setExpression", { expression: "x" }],
      ["readMemory", {}],
      ["cancel", { progressId: "p" }],
      ["own/request", { a: 1 }],
      ["pause", T1],
    ] as const) {
      const before = upstream.received.length;
      await driver.ok(command, args);
      assert.equal(upstream.received.length, before + 1, command);
      assert.equal(upstream.received.at(-1)?.raw, args && JSON.stringify(args), command);
    }
    upstream.emit("terminated");
    await driver.ok("threads");
    await driver.ok("next", T1);
  });

  test("a breakpoint of an adapter without ids has none", async () => {
    const { upstream, driver } = await alone({ ids: "none" });
    const answer = '{ "breakpoints" : [ {"verified":true } ] }';
    upstream.handlers.setBreakpoints = () => Buffer.from(answer);
    const { text } = await driver.request("setBreakpoints", {
      source: { path: "/p/a.c" },
      breakpoints: [{ line: 3 }],
    });
    assert.ok(text.includes(answer), text);
  });

  test("nor is it told as new to the driver that has set it, now or when somebody else changes something there", async () => {
    const { upstream, hub, driver } = await alone({ ids: "none" });
    const list = (...lines: number[]) => ({
      source: { path: "/p/a.c" },
      breakpoints: lines.map((line) => ({ line })),
    });
    await driver.ok("setBreakpoints", list(3));
    const guest = await enter(connect(hub, "guest").client);
    await guest.ok("setBreakpoints", list(5));
    assert.deepEqual(
      driver
        .events("breakpoint")
        .map(({ reason, breakpoint }) => [reason, (breakpoint as { line: number }).line]),
      [["new", 5]],
    );
    assert.equal(objects(upstream.last("setBreakpoints").args.breakpoints).length, 2);
  });

  test("what it asks twice at the same moment is asked twice", async () => {
    const { upstream, driver } = await alone();
    upstream.stop();
    upstream.hold("threads", "pause", "evaluate");
    const twice = [T1, T1].flatMap((args) => [
      driver.ok("threads"),
      driver.ok("pause", args),
      driver.ok("evaluate", { expression: "i++", context: "watch" }),
    ]);
    assert.equal(upstream.commands("threads", "pause", "evaluate").length, 6);
    upstream.releaseAll();
    await Promise.all(twice);
  });

  test("rights and bounds bind it all the same, unless it is local", async () => {
    const upstream = new FakeUpstream({ capabilities: { supportsTerminateRequest: true } });
    const hub = new Hub(upstream);
    const driver = await enter(connect(hub, "driver", { access: "control" }).client);
    await driver.fails("notAllowed", "terminate");
    assert.deepEqual(upstream.commands("terminate"), []);
  });
});

describe("with somebody else there", () => {
  test("the driver is refused what could harm the adapter, and what it asks of a stop that the other has ended", async () => {
    const { upstream, driver, guest } = await withGuest({ capabilities: {} });
    upstream.stop();
    await driver.ok("stackTrace", T1);
    await driver.fails("notSupported", "loadedSources");
    await driver.fails("badArguments", "scopes");
    await guest.ok("next", T1);
    await driver.fails("notStopped", "next", T1);
    await driver.fails("staleHandle", "scopes", { frameId: 1 });
    upstream.stop();
    await driver.fails("staleHandle", "scopes", { frameId: 1 });
    await driver.ok("continue");
  });

  test("but not what it asks of one that it has ended itself", async () => {
    const { upstream, driver, guest } = await withGuest();
    upstream.stop();
    for (const client of [driver, guest]) {
      await client.ok("stackTrace", T1);
      await client.ok("scopes", { frameId: 1 });
    }
    await driver.ok("next", T1);
    await driver.ok("next", T1);
    await driver.ok("variables", { variablesReference: 1 });
    await guest.fails("staleHandle", "variables", { variablesReference: 1 });
    upstream.stop();
    await driver.ok("variables", { variablesReference: 1 });
    await guest.fails("staleHandle", "variables", { variablesReference: 1 });
  });
});

describe("a session that begins again", () => {
  test("a second initialized: the driver configures again; what others want is sent before its configurationDone", async () => {
    const { upstream, driver, guest } = await withGuest();
    await driver.ok("setBreakpoints", { source: { path: "/p/a.c" }, breakpoints: [{ line: 1 }] });
    await guest.ok("setBreakpoints", { source: { path: "/p/b.c" }, breakpoints: [{ line: 2 }] });
    const from = upstream.received.length;
    const [seen, seenByGuest] = [driver.messages.length, guest.messages.length];
    upstream.emit("initialized");
    assert.deepEqual(driver.trace(seen), ["event:initialized"]);
    await driver.ok("setBreakpoints", { source: { path: "/p/a.c" }, breakpoints: [{ line: 1 }] });
    await driver.ok("configurationDone");
    await driver.fails("protocol", "configurationDone");
    assert.deepEqual(
      upstream.received.slice(from).map(({ command, args }) => [command, args.source ?? null]),
      [
        ["setBreakpoints", { path: "/p/a.c" }],
        ["setBreakpoints", { path: "/p/b.c" }],
        ["configurationDone", null],
      ],
    );
    assert.deepEqual(guest.trace(seenByGuest), []);
  });

  test("a second initialized, and the driver is alone: nothing is added to what it sends", async () => {
    const { upstream, driver } = await alone();
    await driver.ok("setBreakpoints", { source: { path: "/p/a.c" }, breakpoints: [{ line: 1 }] });
    const from = upstream.received.length;
    upstream.emit("initialized");
    await driver.ok("configurationDone");
    await driver.ok("configurationDone");
    assert.deepEqual(
      upstream.received.slice(from).map(({ command }) => command),
      ["configurationDone", "configurationDone"],
    );
  });

  test("a second initialized without a driver: the hub configures again", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream, { start: { request: "launch", configuration: {}, adapterID: "fake" } });
    await settle();
    const guest = await enter(connect(hub, "guest").client);
    await guest.ok("setBreakpoints", { source: { path: "/p/b.c" }, breakpoints: [{ line: 2 }] });
    const from = upstream.received.length;
    upstream.emit("initialized");
    await settle();
    assert.deepEqual(
      upstream.received.slice(from).map(({ command }) => command),
      ["setBreakpoints", "configurationDone"],
    );
  });

  test("a second initialize and launch on one connection; who comes later joins what there is now", async () => {
    const { upstream, hub, driver } = await alone();
    upstream.stop();
    upstream.emit("exited", { exitCode: 1 });
    upstream.emit("terminated");
    upstream.handlers.initialize = () => ({ supportsConfigurationDoneRequest: true, supportsStepBack: true });
    assert.equal((await driver.ok("initialize", { ...VSCODE, linesStartAt1: false })).supportsStepBack, true);
    const launched = driver.ok("launch", { again: true });
    await settle();
    await driver.ok("configurationDone");
    await launched;
    assert.deepEqual(upstream.commands("initialize", "launch", "configurationDone"), [
      ...["initialize", "launch", "configurationDone"],
      ...["initialize", "launch", "configurationDone"],
    ]);
    const guest = await enter(connect(hub, "guest").client);
    assert.deepEqual(
      [...guest.events("exited"), ...guest.events("terminated"), ...guest.events("stopped")],
      [],
    );
    upstream.handlers.stackTrace = () => ({ stackFrames: [{ id: 1, name: "f", line: 4, column: 1 }] });
    upstream.stop();
    const frames = (await guest.ok("stackTrace", T1)).stackFrames as { line: number }[];
    assert.equal(frames[0]?.line, 5, "its lines start at 1, those of the adapter now at 0");
  });

  test("a second initialize that the adapter refuses changes nothing", async () => {
    const { upstream, hub, driver } = await alone();
    upstream.handlers.initialize = () => new Error("once is enough");
    assert.match((await driver.fails("adapterFailed", "initialize", VSCODE)).text, /once is enough/);
    upstream.stop();
    assert.equal(driver.events("stopped").length, 1);
    const guest = await enter(connect(hub, "guest").client);
    assert.equal(guest.events("stopped").length, 1);
  });
});

describe("the end", () => {
  test("a local editor's disconnect: the adapter's own last words reach it, and none of ours", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const editor = await enter(connect(hub, "editor", { isHost: true }).client);
    const guest = await enter(connect(hub, "guest").client);
    await editor.ok("disconnect");
    assert.deepEqual(editor.events("terminated"), []);
    assert.equal(guest.events("terminated").length, 1);
    upstream.emit("terminated", {}, ',"statistics":{}');
    assert.equal(editor.events("terminated").length, 1);
    assert.match(editor.messages.at(-1)?.text ?? "", /"statistics":\{\}\}$/);
    assert.equal(guest.events("terminated").length, 1);
    upstream.dispose();
  });

  test("a local editor's disconnect before initialize is the adapter's to answer", async () => {
    const upstream = new FakeUpstream();
    const editor = connect(new Hub(upstream), "editor", { isHost: true }).client;
    await editor.ok("disconnect");
    assert.deepEqual(upstream.commands(), ["disconnect"]);
    upstream.dispose();
  });
});
