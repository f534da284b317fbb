import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACCESS_LEVELS, type Access, allows } from "../../../src/common/access.ts";
import { REQUESTS } from "../../../src/dap/requests.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { Sessions } from "../../../src/hub/sessions.ts";
import { CAPABILITIES, FakeUpstream } from "./fakeUpstream.ts";
import { MemoryClient, VSCODE, connect, enter, settle } from "./memoryClient.ts";

/** Every capability that any request needs. */
const ALL = Object.fromEntries(
  [...REQUESTS.values()].flatMap(({ capability }) => (capability === undefined ? [] : [[capability, true]])),
);

const ARGUMENTS = {
  adapterID: "fake",
  threadId: 1,
  frameId: 1,
  variablesReference: 1,
  targetId: 4,
  locationReference: 6,
  source: { path: "/p/a.c" },
  breakpoints: [],
  filters: [],
  sourceReference: 0,
  line: 1,
  column: 1,
  name: "x",
  text: "x",
  value: "1",
  expression: "x",
  memoryReference: "0x1",
  count: 1,
  instructionCount: 1,
  data: "AA==",
  args: [],
  cwd: "/",
  configuration: {},
  request: "attach",
};

async function served(access: Access) {
  const upstream = new FakeUpstream({ capabilities: { ...CAPABILITIES, ...ALL } });
  const hub = new Hub(upstream);
  const driver = await enter(connect(hub, "driver").client);
  const { client, participant } = connect(hub, "guest", { access });
  await enter(client);
  upstream.stop();
  upstream.handlers.scopes = () => ({
    scopes: [{ name: "l", variablesReference: 1, declarationLocationReference: 6 }],
  });
  for (const [command, args] of [
    ["stackTrace", { threadId: 1 }],
    ["scopes", { frameId: 1 }],
    ["stepInTargets", { frameId: 1 }],
  ] as const) {
    await client.ok(command, args);
  }
  return { upstream, hub, driver, client, participant };
}

describe("every request of DAP, with every right", () => {
  for (const access of ACCESS_LEVELS) {
    for (const [command, rule] of REQUESTS) {
      const allowed = allows(access, rule.access);
      test(`${access}: ${command} is ${allowed ? "let through" : "refused"}`, async () => {
        const { upstream, client } = await served(access);
        const count = upstream.received.length;
        const { message, success } = await client.request(command, ARGUMENTS);
        if (!allowed) {
          assert.equal(message, "notAllowed");
          assert.equal(success, false);
          assert.equal(upstream.received.length, count, "nothing reaches the adapter");
        } else {
          assert.notEqual(message, "notAllowed");
          // The starting requests are refused a second time, and reverse ones from a client always.
          if (rule.kind !== "reverse" && rule.kind !== "lifecycle") assert.equal(success, true, message);
        }
      });
    }

    test(`${access}: a custom request needs control`, async () => {
      const { upstream, client } = await served(access);
      const { success, message } = await client.request("own/request", { x: 1 });
      assert.equal(success, access !== "view", message);
      assert.equal(upstream.commands("own/request").length, access === "view" ? 0 : 1);
    });

    test(`${access}: the capabilities say what it may do`, async () => {
      const upstream = new FakeUpstream({ capabilities: { ...CAPABILITIES, ...ALL } });
      const hub = new Hub(upstream);
      await enter(connect(hub, "driver").client);
      const capabilities = await connect(hub, "guest", { access }).client.ok("initialize", VSCODE);
      for (const capability of Object.keys(ALL)) {
        // One that several requests need is offered to who may send them all.
        const needs = [...REQUESTS.values()].filter((rule) => rule.capability === capability);
        assert.equal(
          capabilities[capability],
          needs.every((rule) => allows(access, rule.access)),
          capability,
        );
      }
      assert.equal(capabilities.supportTerminateDebuggee, access === "full");
      assert.equal(capabilities.supportsConfigurationDoneRequest, true);
    });
  }
});

describe("what the adapter is protected from", () => {
  test("what its capabilities do not offer, and lacking or wrong arguments", async () => {
    const upstream = new FakeUpstream({ capabilities: {} });
    const client = await enter(connect(new Hub(upstream), "a").client);
    const count = upstream.received.length;
    for (const [command, rule] of REQUESTS) {
      if (rule.capability !== undefined) await client.fails("notSupported", command, ARGUMENTS);
      else if (rule.required !== undefined && rule.kind !== "lifecycle") {
        await client.fails("badArguments", command);
        await client.fails("badArguments", command, "[]");
        await client.fails("badArguments", command, '"text"');
      }
    }
    await client.fails("notSupported", "cancel", { requestId: 1 });
    assert.equal(upstream.received.length, count);
    await client.ok("threads", "[1]");
    assert.equal(upstream.last("threads").raw, undefined, "arguments are an object, or none");
  });

  test("requests that an adapter of its kind does not know", async () => {
    const upstream = new FakeUpstream({ names: ["lldb-dap-19"] });
    const client = await enter(connect(new Hub(upstream), "a").client);
    await client.fails("unknownCommand", "own/request");
    await client.ok("compileUnits", { moduleId: "1" });
    assert.deepEqual(upstream.commands("own/request"), []);
  });

  test("text that means one thing to us and another to it", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    await enter(connect(hub, "driver").client);
    const client = await enter(connect(hub, "guest", { access: "view" }).client);
    const text = String.raw`{"seq":50,"type":"request","command":"source","arguments":{"sourceReference":7},"\u0061rguments":{"sourceReference":0}}`;
    await client.send(text, 50);
    for (const { args } of upstream.received.filter(({ command }) => command === "source")) {
      assert.notEqual(args.sourceReference, 7);
    }
  });

  test("depth", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const driver = await enter(connect(hub, "driver").client);
    const { client, inner } = connect(hub, "guest");
    await enter(client, { ...VSCODE, linesStartAt1: false });
    const deep = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    void client.request("evaluate", `{"expression":"x","x":${deep}}`);
    assert.ok(inner.gone, "it is let go");
    await driver.ok("threads");
  });
});

describe("rights", () => {
  test("may change while somebody is there", async () => {
    const upstream = new FakeUpstream({ capabilities: { ...CAPABILITIES, ...ALL } });
    const sessions = new Sessions(upstream);
    const host = new MemoryClient("host");
    sessions.joinRoot(host.port, sessions.admit({ name: "host", address: "here", access: "full" }));
    await enter(host);
    const guest = new MemoryClient("guest");
    const participant = sessions.admit({ name: "guest", address: "there", access: "view" });
    sessions.joinRoot(guest.port, participant);
    await enter(guest);
    upstream.stop();
    await guest.fails("notAllowed", "next", { threadId: 1 });
    sessions.setAccess(participant, "control");
    const capabilities = guest.events("capabilities").at(-1)?.capabilities as Record<string, unknown>;
    assert.equal(capabilities.supportsSetVariable, true);
    assert.equal(capabilities.supportsTerminateRequest, false);
    await guest.ok("next", { threadId: 1 });
    assert.ok(host.lines().includes("guest may now control."));
    sessions.setAccess(participant, "view");
    await guest.fails("notAllowed", "evaluate", { expression: "x" });
    const count = guest.events("capabilities").length;
    sessions.setAccess(participant, "view");
    assert.equal(guest.events("capabilities").length, count);
  });

  test("view starts no program, and lets none run that waits for its first client", async () => {
    const fresh = new FakeUpstream();
    const looker = connect(new Hub(fresh), "looker", { access: "view" }).client;
    await looker.fails("notAllowed", "initialize", VSCODE);
    assert.deepEqual(fresh.commands(), []);

    const held = new FakeUpstream();
    const start = { request: "launch", configuration: {}, adapterID: "fake" } as const;
    const hub = new Hub(held, { start, holdForClient: true });
    await settle();
    await enter(connect(hub, "looker", { access: "view" }).client);
    assert.equal(held.commands("configurationDone").length, 0);
    await enter(connect(hub, "driver", { access: "control" }).client);
    assert.equal(held.commands("configurationDone").length, 1);
  });

  test("view does not take the place of a driver that leaves before it has started", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const driver = connect(hub, "driver").client;
    await driver.ok("initialize", VSCODE);
    const looker = connect(hub, "looker", { access: "view" }).client;
    await looker.ok("initialize", VSCODE);
    const second = connect(hub, "second", { access: "control" }).client;
    await second.ok("initialize", VSCODE);
    const looks = looker.ok("attach", {});
    const starts = second.ok("launch", { program: "p" });
    driver.vanish();
    await Promise.all([starts, looks]);
    assert.deepEqual(upstream.received.filter(({ command }) => command !== "initialize")[0]?.args, {
      program: "p",
    });
  });

  test("capabilities that come later are masked as well", async () => {
    const upstream = new FakeUpstream({ capabilities: {} });
    const hub = new Hub(upstream);
    const driver = await enter(connect(hub, "driver").client);
    const guest = await enter(connect(hub, "guest", { access: "control" }).client);
    upstream.emit(
      "capabilities",
      '{ "capabilities":{"supportsTerminateRequest":true,"supportsSetVariable":true}}',
    );
    assert.ok(driver.messages.at(-1)?.text.includes('{ "capabilities":{"supportsTerminateRequest":true'));
    assert.deepEqual(guest.events("capabilities"), [
      { capabilities: { supportsTerminateRequest: false, supportsSetVariable: true } },
    ]);
    await driver.ok("terminate");
  });

  test("view reads no source but those that the session has named", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    await enter(connect(hub, "driver").client);
    const guest = await enter(connect(hub, "guest", { access: "view" }).client);
    const secret = { source: { path: "/etc/shadow" }, sourceReference: 0 };
    await guest.fails("notAllowed", "source", secret);
    await guest.fails("notAllowed", "source", { sourceReference: 9 });
    upstream.stop();
    await guest.ok("stackTrace", { threadId: 1 });
    await guest.ok("source", { source: { path: "/p/a.c" }, sourceReference: 0 });
    upstream.emit("loadedSource", { reason: "new", source: { sourceReference: 9 } });
    await guest.ok("source", { sourceReference: 9 });
    await guest.fails("notAllowed", "source", {
      source: { path: "/etc/shadow", sourceReference: 9 },
      sourceReference: 9,
    });
    assert.equal(upstream.commands("source").length, 2);
  });

  test("a file counts as named if the adapter has named it of itself", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const driver = await enter(connect(hub, "driver").client);
    // What a client has said, the adapter repeats.
    upstream.emit("breakpoint", {
      reason: "changed",
      breakpoint: { id: 1, source: { path: "/etc/passwd" } },
    });
    assert.equal(hub.names("/etc/passwd"), false);
    // Its content is the adapter's to give, whatever lies at that path.
    upstream.emit("loadedSource", { reason: "new", source: { path: "/p/eval.c", sourceReference: 9 } });
    assert.equal(hub.names("/p/eval.c"), false);
    upstream.emit("loadedSource", { reason: "new", source: { path: "/p/b.c", sourceReference: 0 } });
    upstream.emit("output", { output: "x", source: { path: "file:///p/c%20d.c" } });
    assert.ok(hub.names("/p/b.c") && hub.names("/p/c d.c"));
    assert.equal(hub.names("/p/a.c"), false);
    upstream.stop();
    await driver.ok("stackTrace", { threadId: 1 });
    assert.ok(hub.names("/p/a.c"));
    assert.equal(hub.names("/p/../p/a.c"), false);
  });

  test("somebody may be removed, with a reason", async () => {
    const sessions = new Sessions(new FakeUpstream());
    const guest = new MemoryClient("guest");
    const participant = sessions.admit({ name: "guest", address: "there", access: "control" });
    const { AppError } = await import("../../../src/common/errors.ts");
    sessions.joinRoot(guest.port, participant).onGone(() => sessions.leave(participant));
    await enter(guest);
    sessions.remove(participant, new AppError("refused", "The host has removed you."));
    assert.ok(guest.closed);
    assert.match(guest.lines().at(-1) ?? "", /removed you/);
    assert.equal(guest.events("terminated").length, 1);
    assert.deepEqual(sessions.participants(), []);
  });
});
