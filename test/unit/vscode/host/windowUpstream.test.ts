import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonObject, objects } from "../../../../src/dap/messages.ts";
import { type Joined, VSCODE, connect, settle } from "../../hub/memoryClient.ts";
import { FUNCTIONS } from "../../../../src/vscode/host/windowSession.ts";
import { FakeWindow } from "./fakeWindow.ts";

const SOURCE = { path: "/p/a.c" };

/** A guest that joins the window's session, as another VS Code does. */
async function join(window: FakeWindow, name = "Ana"): Promise<Joined> {
  const joined = connect(window.sessions.root, name, { id: name.length + 100 });
  await joined.client.ok("initialize", VSCODE);
  await joined.client.ok("attach", {});
  await joined.client.ok("configurationDone");
  return joined;
}

/** Until nothing is on its way any more, also what the window sends in later turns. */
async function rest(): Promise<void> {
  for (let i = 0; i < 6; i++) await settle();
}

const lineOf = (body: JsonObject) => objects([body.breakpoint])[0]?.line;

describe("a guest joins a window's session that runs", () => {
  test("at a stop it sees the present, and the adapter is asked nothing that it must not be", async () => {
    const window = await FakeWindow.started();
    window.adapter.emit("output", { category: "stdout", output: "before\n" });
    window.setBreakpoint("/p/a.c", { line: 7 });
    await window.stop({ reason: "breakpoint" });
    await rest();
    const before = window.adapter.received.length;
    const { client } = await join(window);
    assert.deepEqual(window.adapter.received.slice(before), []);
    assert.equal(client.events("stopped").length, 1);
    assert.deepEqual(client.events("breakpoint").map(lineOf), [7]);
    assert.ok(client.lines().includes("before"));
    const { stackFrames } = await client.ok("stackTrace", { threadId: 1 });
    assert.equal(objects(stackFrames)[0]?.name, "at stop 1");
  });

  test("whoever comes before the session has started waits for the window to start it", async () => {
    const window = new FakeWindow();
    const { client } = connect(window.sessions.root, "early");
    const initialized = client.ok("initialize", VSCODE);
    const attached = client.ok("attach", {});
    await rest();
    assert.deepEqual(window.adapter.commands(), []);
    await window.send("initialize", VSCODE);
    assert.equal((await initialized).supportsConfigurationDoneRequest, true);
    await window.send("launch", { type: "fake", request: "launch" });
    await attached;
    await client.ok("configurationDone");
    assert.deepEqual(window.adapter.commands(), ["initialize", "launch"]);
  });
});

describe("requests of guests", () => {
  test("reach the adapter as they were written, and are answered in the adapter's order", async () => {
    const window = await FakeWindow.started();
    await window.stop();
    const { client } = await join(window);
    const args = { threadId: 1, levels: 3, extra: { deep: [1, "ü"] } };
    await client.ok("stackTrace", args);
    assert.deepEqual(window.adapter.last("stackTrace").args, args);
    await client.ok("threads");
    assert.equal(window.adapter.last("threads").raw, undefined);
  });

  test("progress has the guest's own number, and none where the window has asked", async () => {
    const window = await FakeWindow.started();
    await window.stop();
    const { client } = await join(window);
    for (const asker of ["guest", "window"]) {
      window.adapter.hold("evaluate");
      const args = { expression: "slow()", context: "repl" };
      const answer = asker === "guest" ? client.request("evaluate", args) : window.send("evaluate", args);
      await rest();
      const { seq } = window.adapter.last("evaluate");
      window.adapter.emit("progressStart", { progressId: asker, title: "t", requestId: seq });
      const own = asker === "guest" ? { requestId: client.sent } : {};
      assert.deepEqual(client.events("progressStart").at(-1), { progressId: asker, title: "t", ...own });
      const seen = window.got.findLast(({ event }) => event === "progressStart");
      assert.deepEqual(seen?.body, { progressId: asker, title: "t", requestId: seq });
      window.adapter.releaseAll();
      await answer;
    }
  });

  test("a guest's mistake does not pop up in the host's window, but the guest is shown it", async () => {
    const window = await FakeWindow.started();
    await window.stop();
    const { client } = await join(window);
    window.adapter.handlers["evaluate"] = () => new Error("no such name");
    const answer = await client.fails("adapterFailed", "evaluate", { expression: "x", context: "repl" });
    assert.match(answer.text, /no such name/);
    const seen = window.got.findLast(({ command }) => command === "evaluate");
    assert.equal(seen?.success, false);
    assert.doesNotMatch(JSON.stringify(seen), /"showUser":true/);
  });

  test("what a guest changes makes the window and the others look again, and a line says who did it", async () => {
    const window = await FakeWindow.started();
    const said: string[] = [];
    window.sessions.onSaid(({ line }) => said.push(line));
    await window.stop();
    const { client } = await join(window);
    const other = await join(window, "Benjamin");
    const { scopes } = await client.ok("scopes", await frameOf(client));
    const { variablesReference } = objects(scopes)[0] ?? {};
    await client.ok("setVariable", { variablesReference, name: "x", value: "5" });
    assert.ok(window.got.some(({ event }) => event === "invalidated"));
    assert.equal(other.client.events("invalidated").length, 1);
    assert.deepEqual(said.slice(-1), ["Ana sets x = 5."]);
  });
});

async function frameOf(client: Joined["client"]): Promise<JsonObject> {
  const { stackFrames } = await client.ok("stackTrace", { threadId: 1 });
  return { frameId: objects(stackFrames)[0]?.id };
}

describe("steps", () => {
  test("of a guest are the window's own, with the guest's arguments", async () => {
    const window = await FakeWindow.started();
    await window.stop();
    const { client } = await join(window);
    await client.ok("next", { threadId: 1, granularity: "instruction" });
    assert.deepEqual(window.ran, ["workbench.action.debug.stepOver"]);
    assert.deepEqual(window.adapter.last("next").args, { threadId: 1, granularity: "instruction" });
    assert.deepEqual(window.adapter.commands("next"), ["next"]);
  });

  test("of a thread that the window does not know go to the adapter, and the window is told that it runs", async () => {
    const window = await FakeWindow.started();
    window.adapter.stop({ threadId: 9 });
    const { client } = await join(window);
    await client.ok("continue", { threadId: 9 });
    assert.deepEqual(window.ran, []);
    const event = window.got.findLast((message) => message.event === "continued");
    assert.deepEqual(event?.body, { threadId: 9, allThreadsContinued: true });
  });

  test("that the window does not make are made without it", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const window = await FakeWindow.started();
    await window.stop();
    const { client } = await join(window);
    window.obedient = false;
    const answered = client.ok("next", { threadId: 1 });
    await rest();
    assert.deepEqual(window.adapter.commands("next"), []);
    t.mock.timers.tick(3_000);
    await answered;
    assert.deepEqual(window.adapter.commands("next"), ["next"]);
  });

  test("of the host: guests see the program run, also where the adapter does not say so", async () => {
    const window = await FakeWindow.started();
    await window.stop();
    const { client } = await join(window);
    await window.send("next", { threadId: 1 });
    assert.equal(client.events("continued").length, 1);
    assert.ok(client.lines().includes("Hana steps over."));
    await client.fails("notStopped", "next", { threadId: 1 });
    window.adapter.stop();
    assert.equal(client.events("stopped").length, 2);
  });

  test("a step that fails leaves everybody stopped", async () => {
    const window = await FakeWindow.started();
    await window.stop();
    const { client } = await join(window);
    window.adapter.handlers["next"] = () => new Error("cannot step here");
    await window.send("next", { threadId: 1 });
    assert.equal(client.events("continued").length, 0);
    await client.ok("stackTrace", { threadId: 1 });
  });
});

describe("breakpoints", () => {
  const set = (...specs: JsonObject[]) => ({ source: SOURCE, breakpoints: specs });

  test("of a guest are in the host's gutter, and go with the guest", async () => {
    const window = await FakeWindow.started();
    window.setBreakpoint("/p/a.c", { line: 3 });
    await rest();
    const { client } = await join(window);
    const { breakpoints } = await client.ok("setBreakpoints", set({ line: 5, column: 1 }));
    assert.deepEqual(
      objects(breakpoints).map(({ verified, line }) => [verified, line]),
      [[true, 5]],
    );
    assert.deepEqual(window.gutter("/p/a.c"), [3, 5]);
    await rest();
    // Nobody takes the window's list, which has the guest's in it, for the host's doing.
    assert.deepEqual(
      client.lines().filter((line) => line.startsWith("Hana")),
      [],
    );
    client.vanish();
    await rest();
    assert.deepEqual(window.gutter("/p/a.c"), [3]);
    assert.deepEqual(
      objects(window.adapter.last("setBreakpoints").args.breakpoints).map(({ line }) => line),
      [3],
    );
  });

  test("of the host reach the guests; what the host removes is gone, whoever set it", async () => {
    const window = await FakeWindow.started();
    const { client } = await join(window);
    window.setBreakpoint("/p/a.c", { line: 3, condition: "x > 1" });
    await rest();
    assert.deepEqual(
      client.events("breakpoint").map(({ reason }) => reason),
      ["new"],
    );
    await client.ok("setBreakpoints", set({ line: 5 }));
    await rest();
    window.removeBreakpoint("/p/a.c", 5);
    await rest();
    assert.deepEqual(
      client.events("breakpoint").map(({ reason }) => reason),
      ["new", "removed"],
    );
    assert.ok(client.lines().includes("Hana removes a breakpoint at a.c:5."));
  });

  test("a guest that shows the host's breakpoint may remove it", async () => {
    const window = await FakeWindow.started();
    window.setBreakpoint("/p/a.c", { line: 3 });
    window.setBreakpoint("/p/a.c", { line: 4 });
    await rest();
    const { client } = await join(window);
    client.seen = () => client.messages.length;
    await client.ok("setBreakpoints", set({ line: 4 }));
    await rest();
    assert.deepEqual(window.gutter("/p/a.c"), [4]);
  });

  test("the host sets one while a guest's is on its way: both are there", async () => {
    const window = await FakeWindow.started();
    const { client } = await join(window);
    window.adapter.hold("setBreakpoints");
    const first = client.ok("setBreakpoints", set({ line: 5 }));
    window.setBreakpoint("/p/a.c", { line: 8 });
    const second = client.ok("setBreakpoints", set({ line: 5 }, { line: 6 }));
    await rest();
    window.adapter.releaseAll();
    await first;
    await second;
    await rest();
    assert.deepEqual(window.gutter("/p/a.c"), [5, 8, 6]);
    assert.deepEqual(client.events("breakpoint").map(lineOf), [8]);
  });

  test("that the adapter moves are found where they are", async () => {
    const window = await FakeWindow.started({ moves: (line) => line + 1 });
    const { client } = await join(window);
    const { breakpoints } = await client.ok("setBreakpoints", set({ line: 5 }));
    assert.deepEqual(
      objects(breakpoints).map(({ line }) => line),
      [6],
    );
    await client.ok("setBreakpoints", set());
    await rest();
    assert.deepEqual(window.gutter("/p/a.c"), []);
  });

  test("that another session's adapter has moved within their line are found, and not set twice", async () => {
    const window = await FakeWindow.started();
    const { client } = await join(window);
    await client.ok("setBreakpoints", set({ line: 5 }));
    // As VS Code shows it once a child session's adapter has answered with a column.
    window.list.show("source /p/a.c", 5, { column: 3 });
    const other = await join(window, "Benjamin");
    await other.client.ok("setBreakpoints", set({ line: 5 }));
    assert.deepEqual(window.gutter("/p/a.c"), [5]);
    for (const guest of [client, other.client]) guest.vanish();
    await rest();
    assert.deepEqual(window.gutter("/p/a.c"), []);
  });

  test("switched off by the host for now, they are still wanted", async () => {
    const window = await FakeWindow.started();
    const { client } = await join(window);
    await client.ok("setBreakpoints", set({ line: 5 }));
    window.activate(false);
    await rest();
    assert.deepEqual(
      client.events("breakpoint").map(({ reason }) => reason),
      ["changed"],
    );
    window.activate(true);
    await rest();
    client.vanish();
    await rest();
    assert.deepEqual(window.gutter("/p/a.c"), []);
  });

  test("on functions, too", async () => {
    const window = await FakeWindow.started();
    const { client } = await join(window);
    await client.ok("setFunctionBreakpoints", { breakpoints: [{ name: "main" }] });
    assert.deepEqual(
      window.list.specs(FUNCTIONS).map(({ name }) => name),
      ["main"],
    );
    client.vanish();
    await rest();
    assert.deepEqual(window.list.specs(FUNCTIONS), []);
  });

  test("of kinds that VS Code keeps to itself: what guests want comes after what the window sends", async () => {
    const window = await FakeWindow.started();
    const { client } = await join(window);
    await client.ok("setExceptionBreakpoints", { filters: ["thrown"] });
    await window.send("setExceptionBreakpoints", { filters: ["uncaught"] });
    await rest();
    assert.deepEqual(window.adapter.last("setExceptionBreakpoints").args, {
      filters: ["uncaught", "thrown"],
    });
  });
});

describe("the end", () => {
  test("the host stops the session: guests are told who did", async () => {
    const window = await FakeWindow.started();
    const { client } = await join(window);
    await window.send("disconnect", { terminateDebuggee: true });
    window.upstream.ended("The debug session has ended.");
    assert.equal(client.events("terminated").length, 1);
    assert.ok(
      client.lines().some((line) => line.includes("The host has ended the session.")),
      client.lines().join(),
    );
  });

  test("the program ends: no guest, no disconnect of ours, no request left open", async () => {
    const window = await FakeWindow.started();
    const { client } = await join(window);
    window.adapter.hold("threads");
    const asked = client.request("threads");
    window.adapter.emit("terminated");
    window.upstream.ended("The debug session has ended.");
    assert.equal((await asked).success, false);
    assert.deepEqual(window.adapter.commands("disconnect", "terminate"), []);
    assert.equal(client.events("terminated").length, 1);
  });

  test("a guest that leaves harms nobody; one with the right may stop the session as the host would", async () => {
    const window = await FakeWindow.started();
    const { client } = await join(window);
    await client.ok("disconnect", {});
    assert.deepEqual(window.ran, []);
    const other = await join(window, "Full");
    await other.client.ok("terminate");
    assert.deepEqual(window.ran, ["workbench.action.debug.stop"]);
  });

  test("messages that are no DAP harm nothing", async () => {
    const window = await FakeWindow.started();
    for (const message of [
      undefined,
      null,
      1,
      "x",
      [],
      {},
      { type: "response" },
      { type: "event" },
      { type: "request" },
    ]) {
      window.upstream.heardAdapter(message);
      window.upstream.heardWindow(message);
    }
    const { client } = await join(window);
    await client.ok("threads");
  });
});
