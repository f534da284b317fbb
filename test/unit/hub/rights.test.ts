import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { REQUESTS } from "../../../src/dap/requests.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { Sessions } from "../../../src/hub/sessions.ts";
import { ALL_CAPABILITIES, ARGUMENTS } from "./everything.ts";
import { CAPABILITIES, FakeUpstream } from "./fakeUpstream.ts";
import { MemoryClient, VSCODE, connect, enter, settle } from "./memoryClient.ts";

describe("what the adapter is protected from", () => {
  test("what its capabilities do not offer, and lacking or wrong arguments", async () => {
    const upstream = new FakeUpstream({ capabilities: {} });
    const hub = new Hub(upstream);
    await enter(connect(hub, "driver").client);
    const client = await enter(connect(hub, "guest").client);
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
    const hub = new Hub(upstream);
    const driver = await enter(connect(hub, "driver").client);
    const guest = await enter(connect(hub, "guest").client);
    for (const client of [driver, guest]) {
      await client.fails("unknownCommand", "own/request");
      await client.ok("compileUnits", { moduleId: "1" });
    }
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
    const upstream = new FakeUpstream({ capabilities: { ...CAPABILITIES, ...ALL_CAPABILITIES } });
    const sessions = new Sessions(upstream);
    const host = new MemoryClient("host");
    sessions.joinRoot(host.port, sessions.admit({ name: "Hoa", address: "here", access: "full" }));
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
