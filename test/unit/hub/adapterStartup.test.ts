import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import { Hub } from "../../../src/hub/hub.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { type MemoryClient, VSCODE, connect, enter, settle } from "./memoryClient.ts";

const STARTS = ["initialize", "launch", "attach", "configurationDone"];

async function served(options: ConstructorParameters<typeof FakeUpstream>[0] = {}) {
  const upstream = new FakeUpstream(options);
  const hub = new Hub(upstream);
  const driver = connect(hub, "driver").client;
  await enter(driver, VSCODE, { program: "/p/a" });
  return { upstream, hub, driver };
}

describe("the first client drives", () => {
  for (const initialized of ["atLaunch", "afterInitialize"] as const) {
    test(`its requests reach the adapter as written, in order (initialized ${initialized})`, async () => {
      const { upstream, driver } = await served({ initialized });
      assert.deepEqual(upstream.commands(), ["initialize", "launch", "configurationDone"]);
      assert.equal(upstream.last("launch").raw, '{"program":"/p/a"}');
      assert.equal(driver.events("initialized").length, 1);
    });
  }

  test("bodies are passed as the bytes that came", async () => {
    const { upstream, driver } = await served();
    const odd = '{ "threads" : [ {"id":1,"name":"\\u006dain", "x":1.0e0} ] }';
    upstream.handlers.threads = () => Buffer.from(odd);
    const response = await driver.request("threads");
    assert.ok(response.text.includes(odd), response.text);
    upstream.emit("custom", '{ "a" : [1.0] }');
    assert.ok(driver.messages.at(-1)?.text.includes('{ "a" : [1.0] }'));
    upstream.emit("invalidated", '{ "areas" : ["all"] }');
    assert.ok(driver.messages.at(-1)?.text.includes('{ "areas" : ["all"] }'));
    upstream.emit("invalidated");
    assert.ok(!driver.messages.at(-1)?.text.includes('"body"'));
  });

  test("its arguments are passed as written, also to requests that the hub deals with", async () => {
    const { upstream, driver } = await served();
    const text = '{ "source": {"path" : "/p/a.c"}, "breakpoints":[{"line":3 }], "x":1.0 }';
    await driver.ok("setBreakpoints", text);
    assert.equal(upstream.last("setBreakpoints").raw, text);
    await driver.ok("setExceptionBreakpoints", '{ "filters" : ["a"], "z":{} }');
    assert.equal(upstream.last("setExceptionBreakpoints").raw, '{ "filters" : ["a"], "z":{} }');
  });

  test("the adapter's errors are its own", async () => {
    const { upstream, driver } = await served();
    upstream.handlers.threads = () => new Error("no threads today");
    const response = await driver.fails("adapterFailed", "threads");
    assert.match(response.text, /no threads today/);
  });

  test("what the adapter said before anybody was there reaches the one who drives", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    upstream.emit("output", { category: "telemetry", output: "hello" });
    upstream.emit("debugpySockets", { sockets: [] });
    const driver = await enter(connect(hub, "driver").client);
    assert.deepEqual(driver.trace().slice(0, 3), [
      "event:output",
      "event:debugpySockets",
      "response:initialize",
    ]);
    const late = await enter(connect(hub, "late").client);
    assert.deepEqual(late.events("debugpySockets"), []);
  });

  test("a second of each of its starting requests does not go upstream while somebody else is there", async () => {
    const { upstream, hub, driver } = await served();
    await enter(connect(hub, "guest").client);
    for (const command of STARTS) await driver.fails("protocol", command, { adapterID: "fake" });
    assert.deepEqual(upstream.commands(), ["initialize", "launch", "configurationDone"]);
  });

  test("pipelined initialize and launch come through in order", async () => {
    const upstream = new FakeUpstream();
    const { client } = connect(new Hub(upstream), "driver");
    const answers = [client.request("initialize", VSCODE), client.request("launch", { program: "x" })];
    await settle();
    assert.deepEqual(
      (await Promise.all(answers)).map(({ success }) => success),
      [true, true],
    );
    assert.deepEqual(upstream.commands(), ["initialize", "launch"]);
  });

  test("configurationDone before initialized is the adapter's business", async () => {
    const upstream = new FakeUpstream({ initialized: "never" });
    const { client } = connect(new Hub(upstream), "driver");
    await client.ok("initialize", VSCODE);
    await client.ok("launch");
    await client.ok("configurationDone");
    assert.deepEqual(upstream.commands(), ["initialize", "launch", "configurationDone"]);
  });

  test("a launch that fails may be tried again, with its configuration", async () => {
    const upstream = new FakeUpstream();
    upstream.handlers.launch = ({ good }) => (good === true ? undefined : new Error("no such program"));
    const { client } = connect(new Hub(upstream), "driver");
    await client.ok("initialize", VSCODE);
    await client.fails("adapterFailed", "launch");
    await client.ok("launch", { good: true });
    await client.ok("configurationDone");
    assert.deepEqual(upstream.commands(), ["initialize", "launch", "launch", "configurationDone"]);
  });

  test("an initialize that fails hands the turn on, and both end up in the session", async () => {
    const upstream = new FakeUpstream();
    let tries = 0;
    upstream.handlers.initialize = () =>
      tries++ === 0 ? new Error("not like this") : { supportsConfigurationDoneRequest: true };
    const hub = new Hub(upstream);
    const [first, second] = [connect(hub, "first").client, connect(hub, "second").client];
    const failed = first.fails("adapterFailed", "initialize", VSCODE);
    const worked = second.ok("initialize", VSCODE);
    await Promise.all([failed, worked]);
    await second.ok("launch");
    await second.ok("configurationDone");
    upstream.stop();
    await enter(first);
    assert.equal(first.events("stopped").length, 1);
  });
});

describe("whoever comes later", () => {
  test("is answered without the adapter: initialize, launch, initialized, configurationDone", async () => {
    const { upstream, hub } = await served();
    const before = upstream.commands();
    const late = connect(hub, "late").client;
    const capabilities = await late.ok("initialize", VSCODE);
    assert.equal(capabilities.supportsSetVariable, true);
    await late.ok("attach", {});
    assert.equal(late.events("initialized").length, 1);
    await late.ok("configurationDone");
    assert.deepEqual(upstream.commands(), before);
    for (const command of STARTS) await late.fails("protocol", command, { adapterID: "fake" });
    assert.deepEqual(upstream.commands(), before);
  });

  test("waits for the first one's initialize", async () => {
    const upstream = new FakeUpstream();
    upstream.hold("initialize");
    const hub = new Hub(upstream);
    const [first, second] = [connect(hub, "first").client, connect(hub, "second").client];
    const one = first.ok("initialize", VSCODE);
    const two = second.ok("initialize", VSCODE);
    const start = second.request("launch");
    await settle();
    assert.equal(second.pending, 2);
    upstream.releaseAll();
    await Promise.all([one, two]);
    assert.deepEqual(upstream.commands(), ["initialize"]);
    await enterRest(first);
    assert.equal((await start).success, true);
    assert.deepEqual(upstream.commands(), ["initialize", "launch", "configurationDone"]);
  });

  test("joins while the session starts: initialized when the adapter says so, no event before its snapshot", async () => {
    const upstream = new FakeUpstream();
    upstream.hold("launch");
    const hub = new Hub(upstream);
    const [first, second] = [connect(hub, "first").client, connect(hub, "second").client];
    await first.ok("initialize", VSCODE);
    await second.ok("initialize", VSCODE);
    const launched = first.ok("launch");
    await second.ok("launch");
    assert.equal(second.events("initialized").length, 0);
    upstream.releaseAll();
    await launched;
    assert.equal(second.events("initialized").length, 1);
    upstream.emit("output", { output: "early" });
    upstream.stop();
    assert.deepEqual(second.events("stopped"), []);
    await second.ok("configurationDone");
    assert.deepEqual(second.trace().slice(-3), [
      "response:configurationDone",
      "event:output",
      "event:stopped",
    ]);
    assert.equal(upstream.commands("configurationDone").length, 0, "the driver has not configured yet");
    await first.ok("configurationDone");
    assert.equal(upstream.commands("configurationDone").length, 1);
  });

  test("sends nothing to an adapter that has not been started", async () => {
    const upstream = new FakeUpstream();
    upstream.hold("initialize");
    const hub = new Hub(upstream);
    const [first, second] = [connect(hub, "first").client, connect(hub, "second").client];
    void first.request("initialize", VSCODE);
    void second.request("initialize", VSCODE);
    await second.fails("protocol", "threads");
    upstream.releaseAll();
    await settle();
    await second.fails("protocol", "threads");
    assert.deepEqual(upstream.commands(), ["initialize"]);
  });

  test("before initialize nothing is answered but with an error; disconnect is", async () => {
    const { hub } = await served();
    const { client } = connect(hub, "late");
    await client.fails("protocol", "threads");
    await client.fails("protocol", "launch");
    await client.fails("protocol", "custom");
    await client.ok("disconnect");
    assert.ok(client.closed);
  });

  test("an adapter's launch that fails tells those who have joined it", async () => {
    const upstream = new FakeUpstream();
    upstream.hold("launch");
    upstream.handlers.launch = () => new Error("no such program");
    const hub = new Hub(upstream);
    const [first, second] = [connect(hub, "first").client, connect(hub, "second").client];
    await first.ok("initialize", VSCODE);
    await second.ok("initialize", VSCODE);
    const launched = first.fails("adapterFailed", "launch");
    await second.ok("launch");
    upstream.releaseAll();
    await launched;
    assert.ok(second.closed);
    assert.equal(second.events("terminated").length, 1);
    assert.match(second.lines().join("\n"), /could not be started/);
  });
});

async function enterRest(client: MemoryClient) {
  const launched = client.ok("launch");
  await settle();
  await client.ok("configurationDone");
  await launched;
}

describe("the driver leaves", () => {
  test("fresh: nothing has happened", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const { client } = connect(hub, "first");
    client.vanish();
    await enter(connect(hub, "second").client);
    assert.deepEqual(upstream.commands(), ["initialize", "launch", "configurationDone"]);
  });

  for (const initialized of ["atLaunch", "afterInitialize"] as const) {
    test(`initializing: the next one starts it (initialized ${initialized})`, async () => {
      const upstream = new FakeUpstream({ initialized });
      upstream.hold("initialize");
      const hub = new Hub(upstream);
      const [first, second] = [connect(hub, "first").client, connect(hub, "second").client];
      void first.request("initialize", VSCODE);
      const answered = second.ok("initialize", VSCODE);
      first.vanish();
      upstream.releaseAll();
      await answered;
      await enterRest(second);
      assert.equal(second.events("initialized").length, 1);
      assert.deepEqual(upstream.commands(), ["initialize", "launch", "configurationDone"]);
    });

    test(`initialized: the one who waits starts it (initialized ${initialized})`, async () => {
      const upstream = new FakeUpstream({ initialized });
      const hub = new Hub(upstream);
      const [first, second] = [connect(hub, "first").client, connect(hub, "second").client];
      await first.ok("initialize", VSCODE);
      await second.ok("initialize", VSCODE);
      const launched = second.ok("launch", { mine: true });
      await settle();
      assert.equal(second.pending, 1);
      first.vanish();
      await launched;
      assert.equal(second.events("initialized").length, 1);
      await second.ok("configurationDone");
      assert.deepEqual(upstream.commands(), ["initialize", "launch", "configurationDone"]);
      assert.deepEqual(upstream.last("launch").args, { mine: true });
      upstream.stop();
      assert.equal(second.events("stopped").length, 1);
    });
  }

  test("starting: the hub configures when the adapter is ready", async () => {
    const upstream = new FakeUpstream();
    upstream.hold("launch");
    const hub = new Hub(upstream);
    const { client } = connect(hub, "first");
    await client.ok("initialize", VSCODE);
    void client.request("launch");
    client.vanish();
    upstream.releaseAll();
    await settle();
    assert.deepEqual(upstream.commands(), ["initialize", "launch", "configurationDone"]);
  });

  test("before configurationDone: the hub does it, without its breakpoints", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const { client } = connect(hub, "first");
    await client.ok("initialize", VSCODE);
    await client.ok("launch");
    await client.ok("setBreakpoints", { source: { path: "/p/a.c" }, breakpoints: [{ line: 3 }] });
    client.vanish();
    await settle();
    assert.equal(upstream.commands().at(-1), "configurationDone");
    assert.deepEqual(upstream.breakpoints.get("/p/a.c"), []);
  });

  test("before configurationDone, with a joined one: that one completes it", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const [first, second] = [connect(hub, "first").client, connect(hub, "second").client];
    await first.ok("initialize", VSCODE);
    await first.ok("launch");
    await second.ok("initialize", VSCODE);
    await second.ok("launch");
    first.vanish();
    assert.equal(upstream.commands("configurationDone").length, 0);
    await second.ok("configurationDone");
    await settle();
    assert.equal(upstream.commands("configurationDone").length, 1);
  });

  test("before configurationDone, and the joined one leaves as well: the hub completes it", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const [first, second] = [connect(hub, "first").client, connect(hub, "second").client];
    await first.ok("initialize", VSCODE);
    await first.ok("launch");
    await second.ok("initialize", VSCODE);
    await second.ok("launch");
    first.vanish();
    second.vanish();
    await settle();
    assert.equal(upstream.commands("configurationDone").length, 1);
  });

  test("started: the session goes on", async () => {
    const { upstream, hub, driver } = await served();
    const late = await enter(connect(hub, "late").client);
    await driver.ok("disconnect");
    upstream.stop();
    assert.equal(late.events("stopped").length, 1);
    assert.deepEqual(upstream.commands("disconnect"), []);
    await late.ok("disconnect");
    assert.deepEqual(upstream.commands("disconnect"), [], "the last one leaves a program that runs on");
  });
});

describe("headless", () => {
  const start = { request: "launch", configuration: { program: "/p/a" }, adapterID: "fake" } as const;

  test("starts and configures by itself", async () => {
    const upstream = new FakeUpstream();
    new Hub(upstream, { start });
    await settle();
    assert.deepEqual(upstream.commands(), ["initialize", "launch", "configurationDone"]);
    assert.equal(upstream.last("launch").raw, '{"program":"/p/a"}');
  });

  test("holds for the first client, which configures it with its breakpoints", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream, { start, holdForClient: true });
    await settle();
    assert.deepEqual(upstream.commands(), ["initialize", "launch"]);
    const { client } = connect(hub, "first");
    await client.ok("initialize", VSCODE);
    await client.ok("attach");
    await client.ok("setBreakpoints", { source: { path: "/p/a.c" }, breakpoints: [{ line: 3 }] });
    await client.ok("configurationDone");
    await settle();
    assert.equal(upstream.commands("configurationDone").length, 1);
    assert.deepEqual(upstream.breakpoints.get("/p/a.c"), [{ line: 3 }]);
  });

  test("holds on if that client leaves before it is done", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream, { start, holdForClient: true });
    const { client } = connect(hub, "first");
    await client.ok("initialize", VSCODE);
    await client.ok("attach");
    client.vanish();
    await settle();
    assert.equal(upstream.commands("configurationDone").length, 0);
    await enter(connect(hub, "second").client);
    assert.equal(upstream.commands("configurationDone").length, 1);
  });

  for (const command of ["initialize", "launch"] as const) {
    test(`says why ${command} failed`, async () => {
      const upstream = new FakeUpstream();
      upstream.handlers[command] = () => new Error("no such program");
      const reasons: string[] = [];
      new Hub(upstream, { start: { ...start, onFailed: ({ message }) => reasons.push(message) } });
      await settle();
      assert.equal(reasons.length, 1);
      assert.match(reasons[0] ?? "", /no such program/);
    });
  }
});

describe("clients that never send configurationDone", () => {
  afterEach(() => mock.timers.reset());

  async function joining() {
    const { upstream, hub } = await served();
    upstream.stop();
    mock.timers.enable({ apis: ["setTimeout"] });
    const late = connect(hub, "late").client;
    await late.ok("initialize", VSCODE);
    await late.ok("attach");
    return { upstream, late };
  }

  test("get the snapshot 250 ms after the first answer that follows initialized", async () => {
    const { late } = await joining();
    mock.timers.tick(300);
    assert.deepEqual(late.events("stopped"), []);
    await late.ok("threads");
    mock.timers.tick(249);
    assert.deepEqual(late.events("stopped"), []);
    mock.timers.tick(1);
    assert.equal(late.events("stopped").length, 1);
  });

  test("get it also if they ask on and on", async () => {
    const { late } = await joining();
    for (let i = 0; i < 4; i++) {
      await late.ok("threads");
      mock.timers.tick(100);
    }
    assert.equal(late.events("stopped").length, 1);
  });

  test("get it also if they ask nothing", async () => {
    const { late } = await joining();
    mock.timers.tick(2_000);
    assert.equal(late.events("stopped").length, 1);
  });

  test("are only slow, maybe: a late one is answered, does nothing, and the adapter hears nothing of it", async () => {
    const { upstream, late } = await joining();
    mock.timers.tick(2_000);
    await late.ok("configurationDone");
    assert.equal(late.events("stopped").length, 1);
    assert.deepEqual(upstream.commands("configurationDone"), ["configurationDone"]);
  });
});

describe("the snapshot", () => {
  test("is in order, bounded, and stopped comes last", async () => {
    const { upstream, hub, driver } = await served();
    await driver.ok("setBreakpoints", { source: { path: "/p/a.c" }, breakpoints: [{ line: 3 }] });
    upstream.emit("process", { name: "old" });
    upstream.emit("process", { name: "a" });
    upstream.emit("thread", { reason: "started", threadId: 1 });
    upstream.emit("thread", { reason: "started", threadId: 2 });
    upstream.emit("thread", { reason: "exited", threadId: 2 });
    upstream.emit("module", { reason: "new", module: { id: 1, name: "m" } });
    upstream.emit("module", { reason: "changed", module: { id: 1, name: "m", symbolStatus: "loaded" } });
    upstream.emit("module", { reason: "new", module: { id: 2, name: "n" } });
    upstream.emit("module", { reason: "removed", module: { id: 2 } });
    upstream.emit("loadedSource", { reason: "new", source: { path: "/p/a.c" } });
    upstream.emit("output", { output: "hello\n", variablesReference: 9 });
    upstream.emit("output", { category: "telemetry", output: "no" });
    upstream.emit("progressStart", { progressId: "p", title: "loading" });
    upstream.emit("progressUpdate", { progressId: "p", percentage: 50 });
    upstream.emit("progressStart", { progressId: "q", title: "done" });
    upstream.emit("progressEnd", { progressId: "q" });
    upstream.stop();
    const late = connect(hub, "late").client;
    await late.ok("initialize", VSCODE);
    await late.ok("attach");
    const before = late.messages.length;
    await late.ok("configurationDone");
    assert.deepEqual(late.trace(before), [
      "response:configurationDone",
      "event:process",
      "event:thread",
      "event:module",
      "event:loadedSource",
      "event:breakpoint",
      "event:output",
      "event:progressStart",
      "event:stopped",
    ]);
    assert.deepEqual(late.events("process"), [{ name: "a" }]);
    assert.deepEqual(late.events("module"), [
      { reason: "new", module: { id: 1, name: "m", symbolStatus: "loaded" } },
    ]);
    assert.deepEqual(late.events("output"), [{ output: "hello\n" }]);
    assert.deepEqual(late.events("progressStart"), [{ progressId: "p", title: "loading", percentage: 50 }]);
    assert.equal(late.events("breakpoint")[0]?.reason, "new");
  });

  test("of a program that runs holds no stop; of several stopped threads each, in order", async () => {
    const { upstream, hub, driver } = await served();
    upstream.stop();
    await driver.ok("continue", { threadId: 1 });
    const running = await enter(connect(hub, "running").client);
    assert.deepEqual(running.events("stopped"), []);
    upstream.stop({ threadId: 2, allThreadsStopped: false });
    upstream.stop({ threadId: 1, allThreadsStopped: false });
    const late = await enter(connect(hub, "late").client);
    assert.deepEqual(
      late.events("stopped").map(({ threadId }) => threadId),
      [2, 1],
    );
  });

  test("keeps the newest MiB of output", async () => {
    const { upstream, hub } = await served();
    const line = "x".repeat(64 * 1024);
    for (let i = 0; i < 64; i++) upstream.emit("output", { output: `${i} ${line}` });
    const late = await enter(connect(hub, "late").client);
    const outputs = late.events("output").map(({ output }) => Number(String(output).split(" ")[0]));
    assert.ok(outputs.length >= 14 && outputs.length <= 16, String(outputs.length));
    assert.equal(outputs.at(-1), 63);
    assert.deepEqual(
      outputs,
      [...outputs].sort((a, b) => a - b),
    );
  });

  test("tells of the end, when it is over but somebody is still there", async () => {
    const { upstream, hub } = await served();
    upstream.stop();
    upstream.emit("exited", { exitCode: 3 });
    upstream.emit("terminated", {});
    const late = await enter(connect(hub, "late").client);
    assert.deepEqual(late.trace().slice(-2), ["event:exited", "event:terminated"]);
    assert.deepEqual(late.events("stopped"), []);
  });
});

describe("the end", () => {
  afterEach(() => mock.timers.reset());

  test("disconnect means leave; the session goes on", async () => {
    const { upstream, hub } = await served();
    const late = connect(hub, "late").client;
    await enter(late);
    await late.ok("disconnect", { restart: false, terminateDebuggee: false });
    assert.ok(late.closed);
    assert.deepEqual(upstream.commands("disconnect"), []);
  });

  test("terminateDebuggee needs full, and says so", async () => {
    const { upstream, hub, driver } = await served();
    const guest = connect(hub, "guest", { access: "control" }).client;
    await enter(guest);
    await guest.fails("notAllowed", "disconnect", { terminateDebuggee: true });
    assert.deepEqual(upstream.commands("disconnect"), []);
    await guest.ok("disconnect");
    const full = connect(hub, "full", { access: "full" }).client;
    await enter(full);
    await full.ok("disconnect", '{ "terminateDebuggee" : true}');
    assert.equal(upstream.last("disconnect").raw, '{ "terminateDebuggee" : true}');
    assert.equal(driver.events("terminated").length, 1);
  });

  test("terminate and restart need full, and a guest's restart does not carry its own configuration", async () => {
    const { upstream, hub, driver } = await served();
    const guest = connect(hub, "guest", { access: "control" }).client;
    await enter(guest);
    await guest.fails("notAllowed", "terminate");
    await guest.fails("notAllowed", "restart");
    const full = connect(hub, "full").client;
    await enter(full);
    await full.ok("restart", { arguments: { type: "debug-server" } });
    assert.equal(upstream.last("restart").raw, undefined);
    await driver.ok("restart", '{"arguments":{"program" :"b"}}');
    assert.equal(upstream.last("restart").raw, '{"arguments":{"program" :"b"}}');
    await full.ok("terminate");
    assert.equal(upstream.commands("terminate").length, 1);
    assert.match(driver.lines().join("\n"), /full restarts the program/);
  });

  test("a restart is a resume: the others see the program run", async () => {
    const { upstream, hub, driver } = await served();
    const other = await enter(connect(hub, "other").client);
    upstream.stop();
    await driver.ok("restart");
    assert.equal(other.events("continued").length, 1);
    assert.deepEqual(driver.events("continued"), []);
    upstream.stop({ reason: "entry" });
    assert.deepEqual(
      other.trace().filter((line) => /stopped|continued/.test(line)),
      ["event:stopped", "event:continued", "event:stopped"],
    );
  });

  test("the last one out after terminated takes the adapter along", async () => {
    const { upstream, hub, driver } = await served();
    const late = await enter(connect(hub, "late").client);
    upstream.emit("terminated");
    await late.ok("disconnect");
    assert.deepEqual(upstream.commands("disconnect"), []);
    mock.timers.enable({ apis: ["setTimeout"] });
    await driver.ok("disconnect", '{"restart" :false}');
    assert.equal(upstream.last("disconnect").raw, '{"restart" :false}');
    upstream.emit("output", { output: "last words" });
    assert.equal(driver.lines().at(-1), "last words");
    mock.timers.tick(1_000);
    assert.ok(upstream.disposed);
    assert.equal(driver.events("terminated").length, 1);
    assert.notEqual(hub.ended, undefined);
  });

  test("the last one vanishing after terminated does as well", async () => {
    const { upstream, driver } = await served();
    upstream.emit("terminated");
    driver.vanish();
    assert.equal(upstream.commands("disconnect").length, 1);
  });

  test("an adapter that never answers disconnect is ended all the same", async () => {
    const { upstream, hub, driver } = await served();
    upstream.hold("disconnect");
    upstream.emit("terminated");
    mock.timers.enable({ apis: ["setTimeout"] });
    const answer = driver.request("disconnect");
    mock.timers.tick(5_000);
    mock.timers.tick(5_000);
    assert.ok(upstream.disposed);
    assert.notEqual(hub.ended, undefined);
    assert.equal((await answer).type, "response");
  });

  test("two who end it at the same moment disconnect the adapter once", async () => {
    const { upstream, hub, driver } = await served();
    const late = await enter(connect(hub, "late").client);
    const ends = [
      driver.ok("disconnect", { terminateDebuggee: true }),
      late.ok("disconnect", { terminateDebuggee: true }),
    ];
    await Promise.all(ends);
    assert.equal(upstream.commands("disconnect").length, 1);
  });

  test("the host's leaving ends the session for all", async () => {
    for (const leave of ["disconnect", "vanish"] as const) {
      const upstream = new FakeUpstream();
      const hub = new Hub(upstream);
      const host = connect(hub, "host", { isHost: true }).client;
      await enter(host);
      const guest = await enter(connect(hub, "guest").client);
      if (leave === "disconnect") await host.ok("disconnect");
      else host.vanish();
      await settle();
      assert.equal(upstream.commands("disconnect").length, 1, leave);
      assert.equal(guest.events("terminated").length, 1, leave);
    }
  });

  test("the adapter dies: every request is answered, then one line and one terminated for each", async () => {
    const { upstream, hub, driver } = await served();
    const late = await enter(connect(hub, "late").client);
    const joining = connect(hub, "joining").client;
    await joining.ok("initialize", VSCODE);
    await joining.ok("attach");
    upstream.stop();
    const commands = ["threads", "stackTrace", "continue", "setBreakpoints", "evaluate", "pause"];
    upstream.hold(...commands);
    const args = { threadId: 1, source: { path: "/p/a.c" }, breakpoints: [], expression: "x" };
    const waiting = [driver, late].flatMap((client) =>
      commands.map((command) => client.request(command, args)),
    );
    await settle();
    upstream.end();
    for (const response of await Promise.all(waiting)) assert.equal(response.success, false);
    for (const client of [driver, late, joining]) {
      assert.equal(client.pending, 0, client.name);
      assert.equal(client.events("terminated").length, 1, client.name);
      assert.deepEqual(client.lines().filter((line) => line.includes("SIGSEGV")).length, 1, client.name);
    }
    await late.fails("closed", "threads");
    await late.ok("disconnect");
    const after = await enter(connect(hub, "after").client);
    assert.equal(after.events("terminated").length, 1);
  });

  test("an adapter that ends after terminated ends without another word, however often it said so", async () => {
    const { upstream, driver } = await served();
    upstream.emit("terminated");
    upstream.emit("terminated");
    const before = driver.messages.length;
    upstream.end({ expected: true, reason: "The debug session has ended." });
    assert.deepEqual(driver.trace(before), []);
    assert.equal(driver.events("terminated").length, 2, "as the adapter said it");
  });

  test("end() disconnects in order, and gives up an adapter that does not answer", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    for (const answers of [true, false]) {
      const { upstream, hub, driver } = await served();
      if (!answers) upstream.hold("disconnect");
      hub.end("The server has been stopped.", true);
      await settle();
      assert.deepEqual(upstream.last("disconnect").args, { terminateDebuggee: true });
      assert.match(driver.lines().at(-1) ?? "", /has been stopped/);
      // The adapter's own word on it comes after ours.
      upstream.emit("terminated");
      assert.equal(driver.events("terminated").length, 1);
      mock.timers.tick(5_000);
      mock.timers.tick(1_000);
      assert.ok(upstream.disposed);
      assert.equal(driver.events("terminated").length, 1);
    }
  });

  test("nothing stays pending for a client that has gone", async () => {
    const { upstream, hub, driver } = await served();
    const late = connect(hub, "late");
    await enter(late.client);
    upstream.stop();
    upstream.hold("stackTrace", "continue");
    void late.client.request("stackTrace", { threadId: 1 });
    const same = driver.ok("stackTrace", { threadId: 1 });
    late.client.vanish();
    upstream.releaseAll();
    await same;
    assert.ok(late.inner.gone);
    assert.equal(late.inner.underWay(3), undefined);
    assert.equal(hub.clients.size, 1);
    upstream.emit("output", { output: "x" });
  });
});
