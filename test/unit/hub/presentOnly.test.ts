import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Hub } from "../../../src/hub/hub.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { VSCODE, connect, enter } from "./memoryClient.ts";

const PLAIN = { adapterID: "fake", clientID: "other" };

describe("who joins is told what is true now", () => {
  test("after a restart: the new program, not the end of the old one, also where that is told after the restart began", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const a = await enter(connect(hub, "a").client, VSCODE);
    upstream.emit("process", { name: "p", systemProcessId: 1 });
    upstream.emit("thread", { reason: "started", threadId: 3 });
    upstream.hold("restart");
    const restarted = a.ok("restart");
    upstream.emit("exited", { exitCode: 9 });
    upstream.emit("process", { name: "p", systemProcessId: 2 });
    upstream.emit("thread", { reason: "started", threadId: 7 });
    upstream.releaseAll();
    await restarted;
    const late = await enter(connect(hub, "late").client, PLAIN);
    assert.deepEqual(late.events("exited"), []);
    assert.deepEqual(late.events("process"), [{ name: "p", systemProcessId: 2 }]);
    assert.deepEqual(late.events("thread"), [{ reason: "started", threadId: 7 }]);
    upstream.emit("exited", { exitCode: 1 });
    const last = await enter(connect(hub, "last").client, PLAIN);
    assert.deepEqual(last.events("exited"), [{ exitCode: 1 }]);
  });

  test("one that a client has listed is not the adapter's own, also if the adapter speaks of it before it answers", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const a = await enter(connect(hub, "a").client, VSCODE);
    upstream.hold("setBreakpoints");
    const source = { path: "/p/a.c" };
    const set = a.ok("setBreakpoints", { source, breakpoints: [{ line: 3 }] });
    upstream.emit("breakpoint", { reason: "new", breakpoint: { id: 1, verified: true, line: 3 } });
    upstream.releaseAll();
    await set;
    const late = await enter(connect(hub, "late").client, PLAIN);
    assert.equal(late.events("breakpoint").length, 1);
    await a.ok("setBreakpoints", { source, breakpoints: [] });
    const last = await enter(connect(hub, "last").client, PLAIN);
    assert.deepEqual(last.events("breakpoint"), []);
  });

  test("the adapter's own breakpoints, as they are now", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    await enter(connect(hub, "a").client, VSCODE);
    const own = (reason: string, id: number, line: number) =>
      upstream.emit("breakpoint", { reason, breakpoint: { id, verified: true, line } });
    own("new", 900, 3);
    own("new", 901, 4);
    own("changed", 900, 5);
    own("removed", 901, 4);
    const late = await enter(connect(hub, "late").client, PLAIN);
    assert.deepEqual(late.events("breakpoint"), [
      { reason: "new", breakpoint: { id: 900, verified: true, line: 5 } },
    ]);
  });
});
