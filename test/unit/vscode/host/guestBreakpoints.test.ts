import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonObject, isObject, objects } from "../../../../src/dap/messages.ts";
import type { Participant } from "../../../../src/hub/client.ts";
import { codeOf } from "../../../../src/vscode/host/breakpointLists.ts";
import { OtherSession } from "../../../../src/vscode/host/otherSession.ts";
import { FUNCTIONS } from "../../../../src/vscode/host/windowSession.ts";
import { MemoryClient, VSCODE, settle } from "../../hub/memoryClient.ts";
import { FakeList } from "./fakeList.ts";
import { FakeWindow } from "./fakeWindow.ts";

const PATH = "/p/a.c";
const KEY = `source ${PATH}`;
const EVIL = "require('fs').writeFileSync('/tmp/x', '')";

/** A window with a session that is served, in which Ana is. */
async function served(options: { other?: boolean } = {}) {
  const list = new FakeList();
  const other =
    options.other === true ? await FakeWindow.started({ list, id: "other", name: "Other" }) : undefined;
  const window = await FakeWindow.started({ list, id: "served", name: "Served" });
  const ana = await join(window);
  return { list, window, other, ana };
}

/** A guest whom the session has let in, as by a server. */
async function join(window: FakeWindow, name = "Ana"): Promise<{ client: MemoryClient; who: Participant }> {
  const who = window.sessions.admit({ name, address: "memory", access: "control", kind: "guest" });
  const client = new MemoryClient(name);
  window.sessions.join(window.session.id, client.port, who);
  await client.ok("initialize", VSCODE);
  await client.ok("attach", {});
  await client.ok("configurationDone");
  return { client, who };
}

function startOther(list: FakeList): Promise<FakeWindow> {
  return FakeWindow.started({ list, id: "other", name: "Other" });
}

const set = (...breakpoints: JsonObject[]) => ({ source: { path: PATH }, breakpoints });

/** Until nothing is on its way any more, also what the window sends in later turns. */
async function rest(): Promise<void> {
  for (let i = 0; i < 8; i++) await settle();
}

/** All that an adapter was ever asked to evaluate at breakpoints. */
function evaluated(window: FakeWindow | undefined): string {
  return JSON.stringify(
    window?.adapter.received
      .filter(({ command }) => command.endsWith("Breakpoints"))
      .map(({ args }) => args.breakpoints),
  );
}

const lines = (list: FakeList, key = KEY) => list.specs(key).map(({ line, condition }) => [line, condition]);

describe("a guest's condition while another session runs in the window", () => {
  test("is not in VS Code's list and not in the other program, and stops the guest's own", async () => {
    const { list, window, other, ana } = await served({ other: true });
    const { breakpoints } = await ana.client.ok("setBreakpoints", set({ line: 5, condition: EVIL }));
    await rest();
    assert.deepEqual(
      objects(breakpoints).map(({ verified, line }) => [verified, line]),
      [[true, 5]],
    );
    assert.deepEqual(window.inForce(PATH), [`5 ${EVIL}`]);
    assert.deepEqual(lines(list), []);
    assert.doesNotMatch(evaluated(other), /writeFileSync/);
    assert.deepEqual(
      list.guests.held().map(({ spec, guest, others }) => [spec.condition, guest, others]),
      [[EVIL, ana.who.id, ["Other"]]],
    );
  });

  for (const [field, value] of [
    ["condition", EVIL],
    ["logMessage", `{${EVIL}}`],
    ["hitCondition", EVIL],
  ] as const)
    test(`so is a ${field}`, async () => {
      const { list, window, other, ana } = await served({ other: true });
      await ana.client.ok("setBreakpoints", set({ line: 5, [field]: value }));
      await rest();
      assert.deepEqual(lines(list), []);
      assert.doesNotMatch(evaluated(other), /writeFileSync/);
      assert.match(evaluated(window), /writeFileSync/);
    });

  test("is taken out before a session that starts later gets the list, also where VS Code's message is on its way", async () => {
    const { list, window, ana } = await served();
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: EVIL }));
    await rest();
    assert.deepEqual(lines(list), [[5, EVIL]]);
    // VS Code has made its message before it hears of the removal.
    const message = {
      source: { path: PATH },
      lines: [3, 5],
      breakpoints: [{ line: 3 }, { line: 5, condition: EVIL }],
    };
    const other = new FakeWindow({ list, id: "other", name: "Other" });
    assert.deepEqual(lines(list), []);
    const starting = other.start();
    const seen = await other.send("setBreakpoints", message);
    await starting;
    await rest();
    assert.doesNotMatch(evaluated(other), /writeFileSync/);
    assert.deepEqual(
      objects(other.adapter.received.find(({ command }) => command === "setBreakpoints")?.args.breakpoints),
      [{ line: 3 }],
    );
    // VS Code is answered for each that it has listed.
    const { breakpoints } = isObject(seen.body) ? seen.body : {};
    assert.deepEqual(
      objects(breakpoints).map(({ verified }) => verified),
      [true, false],
    );
    assert.deepEqual(window.inForce(PATH), [`5 ${EVIL}`]);
  });

  test("its own program is never without it while it goes out of VS Code's list and comes back", async () => {
    const { list, window, ana } = await served();
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: "i > 3" }));
    await rest();
    const before = window.adapter.received.length;
    const other = await startOther(list);
    await rest();
    assert.deepEqual(lines(list), []);
    other.end();
    await rest();
    assert.deepEqual(lines(list), [[5, "i > 3"]]);
    assert.deepEqual(list.guests.held(), []);
    const sent = window.adapter.received.slice(before).filter(({ command }) => command === "setBreakpoints");
    assert.ok(sent.length >= 2);
    for (const { args } of sent)
      assert.deepEqual(
        objects(args.breakpoints).map(({ condition }) => condition),
        ["i > 3"],
      );
    // For the guest nothing has happened.
    assert.deepEqual(ana.client.events("breakpoint"), []);
    ana.client.vanish();
    await rest();
    assert.deepEqual(lines(list), []);
    assert.deepEqual(window.inForce(PATH), []);
  });

  test("the host sets and removes others beside it", async () => {
    const { list, window, other, ana } = await served({ other: true });
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: "i > 3" }));
    window.setBreakpoint(PATH, { line: 8, condition: "own > 1" });
    await rest();
    assert.deepEqual(window.inForce(PATH), ["8 own > 1", "5 i > 3"]);
    assert.deepEqual(other?.inForce(PATH), ["8 own > 1"]);
    assert.deepEqual(
      ana.client.events("breakpoint").map(({ reason }) => reason),
      ["new"],
    );
    window.removeBreakpoint(PATH, 8);
    await rest();
    assert.deepEqual(window.inForce(PATH), ["5 i > 3"]);
    assert.deepEqual(list.guests.held().length, 1);
  });

  test("the host clicks at its place: the host's counts, and removes it with the next click", async () => {
    const { list, window, ana } = await served({ other: true });
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: "i > 3" }));
    window.setBreakpoint(PATH, { line: 5 });
    await rest();
    assert.deepEqual(window.inForce(PATH), ["5"]);
    assert.deepEqual(list.guests.held(), []);
    window.removeBreakpoint(PATH, 5);
    await rest();
    assert.deepEqual(window.inForce(PATH), []);
    assert.deepEqual(
      ana.client
        .events("breakpoint")
        .map(({ reason }) => reason)
        .at(-1),
      "removed",
    );
  });

  test("the guest changes and removes it", async () => {
    const { list, window, other, ana } = await served({ other: true });
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: "i > 3" }));
    await ana.client.ok(
      "setBreakpoints",
      set({ line: 5, condition: "i > 4" }, { line: 6, logMessage: "{i}" }),
    );
    await rest();
    assert.deepEqual(window.inForce(PATH), ["5 i > 4", "6 {i}"]);
    await ana.client.ok("setBreakpoints", set({ line: 6, logMessage: "{i}" }));
    await rest();
    assert.deepEqual(window.inForce(PATH), ["6 {i}"]);
    await ana.client.ok("setBreakpoints", set());
    assert.deepEqual(window.inForce(PATH), []);
    assert.deepEqual(list.guests.held(), []);
    assert.deepEqual(other?.adapter.commands("setBreakpoints"), []);
  });

  test("the host switches breakpoints off: the guest's held ones too, where VS Code says so", async () => {
    const { window, ana } = await served({ other: true });
    window.setBreakpoint(PATH, { line: 8 });
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: "i > 3" }));
    await rest();
    window.activate(false);
    await rest();
    assert.deepEqual(window.inForce(PATH), []);
    window.activate(true);
    await rest();
    assert.deepEqual(window.inForce(PATH), ["8", "5 i > 3"]);
  });
});

describe("who of a window's sessions is another", () => {
  test("of two that start together only one is served", async () => {
    const list = new FakeList();
    const [window, other] = await Promise.all([
      FakeWindow.started({ list, id: "served" }),
      FakeWindow.started({ list, id: "other" }),
    ]);
    const { client } = await join(window);
    await client.ok("setBreakpoints", set({ line: 5, condition: EVIL }));
    await rest();
    assert.deepEqual(lines(list), []);
    assert.doesNotMatch(evaluated(other), /writeFileSync/);
  });

  test("not a child: it gets the condition by VS Code's list, or as it starts while that is held", async () => {
    const { list, window, ana } = await served();
    await window.stop();
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: "i > 3" }));
    const child = await FakeWindow.started({ parent: window, id: "child" });
    await rest();
    assert.deepEqual(lines(list), [[5, "i > 3"]]);
    const other = await startOther(list);
    await rest();
    assert.deepEqual(lines(list), []);
    const second = await FakeWindow.started({ parent: window, id: "child 2" });
    await rest();
    assert.deepEqual(second.inForce(PATH), ["5 i > 3"]);
    // A child's own program, and one that is a session of its own.
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: "i > 4" }));
    await rest();
    for (const each of [window, child, second]) assert.deepEqual(each.inForce(PATH), ["5 i > 4"], each.id);
    assert.deepEqual(other.inForce(PATH), []);
  });

  test("of another tree the host is told the session that was started, not its children", async () => {
    const { list, window, ana } = await served();
    const other = await startOther(list);
    const child = await FakeWindow.started({ parent: other, id: "child", name: "other.js [1]" });
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: "i > 3" }));
    await rest();
    const names = () => list.guests.held().map(({ others }) => others);
    assert.deepEqual(names(), [["Other"]]);
    other.end();
    assert.deepEqual(names(), [["other.js [1]"]]);
    child.end();
    assert.deepEqual(names(), []);
    assert.deepEqual(window.inForce(PATH), ["5 i > 3"]);
  });

  test("a child's session ends before its guest leaves: what came by it goes with the guest", async () => {
    const { list, window } = await served();
    const child = await FakeWindow.started({ parent: window, id: "child" });
    const ben = await join(child, "Ben");
    await ben.client.ok("setBreakpoints", set({ line: 5, condition: EVIL }));
    child.end();
    await rest();
    assert.deepEqual(lines(list), [[5, EVIL]]);
    window.sessions.leave(ben.who);
    await rest();
    assert.deepEqual(lines(list), []);
    assert.deepEqual(window.inForce(PATH), []);
  });

  test("one in which this window is a guest itself", async () => {
    const { list, window, ana } = await served();
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: EVIL }));
    await rest();
    // As the tracker does it (tracker.ts).
    list.guests.sessionStarted("guest", "guest", "Elsewhere");
    const other = new OtherSession(
      { tree: "guest", placeKey: (place) => window.placeKey(place) },
      list.guests,
    );
    assert.deepEqual(lines(list), []);
    const args: JsonObject = set({ line: 3, condition: "own" }, { line: 5, condition: EVIL });
    const message = { seq: 7, type: "request", command: "setBreakpoints", arguments: args };
    other.heardWindow(message);
    assert.deepEqual(args.breakpoints, [{ line: 3, condition: "own" }]);
    const response = {
      type: "response",
      request_seq: 7,
      success: true,
      body: { breakpoints: [{ verified: true }] },
    };
    other.heardAdapter(response);
    assert.deepEqual(response.body.breakpoints, [{ verified: true }, { verified: false }]);
  });
});

describe("what a guest has set goes with the guest", () => {
  for (const [how, leave] of [
    ["leaves", ({ ana }) => ana.client.vanish()],
    ["may only look from now on", ({ window, ana }) => window.sessions.setAccess(ana.who, "view")],
    ["'s session ends", ({ window }) => window.end()],
  ] satisfies [string, (all: Awaited<ReturnType<typeof served>>) => void][])
    test(`who${how.startsWith("'") ? "" : " "}${how} while it is held`, async () => {
      const all = await served({ other: true });
      await all.ana.client.ok("setBreakpoints", set({ line: 5, condition: EVIL }, { line: 6 }));
      await rest();
      leave(all);
      await rest();
      all.other?.end();
      await rest();
      assert.deepEqual(lines(all.list), []);
      assert.deepEqual(all.list.guests.held(), []);
      if (how !== "'s session ends") assert.deepEqual(all.window.inForce(PATH), []);
      assert.deepEqual(all.list.stored, []);
    });

  test("its session ends: nothing of it is in VS Code's list for the next one", async () => {
    const { list, window, ana } = await served();
    window.setBreakpoint(PATH, { line: 3, condition: "own" });
    await rest();
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: EVIL }, { line: 6 }));
    await rest();
    assert.equal(lines(list).length, 3);
    window.end();
    assert.deepEqual(lines(list), [[3, "own"]]);
    const next = await startOther(list);
    await next.send("setBreakpoints", set({ line: 3, condition: "own" }, { line: 5, condition: EVIL }));
    assert.deepEqual(next.inForce(PATH), ["3 own"]);
  });

  test("what a guest makes of the host's own breakpoint never comes into the list, and is undone", async () => {
    const { list, window, ana } = await served();
    window.setBreakpoint(PATH, { line: 5 });
    await rest();
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: EVIL }));
    await rest();
    assert.deepEqual(lines(list), [[5, undefined]]);
    assert.deepEqual(window.inForce(PATH), [`5 ${EVIL}`]);
    const other = await startOther(list);
    await other.send("setBreakpoints", set({ line: 5 }));
    assert.deepEqual(other.inForce(PATH), ["5"]);
    ana.client.vanish();
    await rest();
    assert.deepEqual(window.inForce(PATH), ["5"]);
    assert.deepEqual(lines(list), [[5, undefined]]);
    window.end();
    assert.deepEqual(lines(list), [[5, undefined]]);
  });

  test("the host's own, changed by a guest: the host changes or removes it after that", async () => {
    const { list, window, ana } = await served();
    window.setBreakpoint(PATH, { line: 5 });
    window.setBreakpoint(PATH, { line: 6 });
    await rest();
    await ana.client.ok(
      "setBreakpoints",
      set({ line: 5, condition: "i > 3" }, { line: 6, condition: "i > 3" }),
    );
    list.edit(KEY, 5, { condition: "own" });
    await rest();
    assert.deepEqual(window.inForce(PATH), ["5 own", "6 i > 3"]);
    window.removeBreakpoint(PATH, 6);
    await rest();
    assert.deepEqual(window.inForce(PATH), ["5 own"]);
    ana.client.vanish();
    await rest();
    assert.deepEqual(window.inForce(PATH), ["5 own"]);
  });

  test("one that the host edits is the host's from then on, as far as it is", async () => {
    const { list, window, ana } = await served();
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: EVIL }));
    list.edit(KEY, 5, { logMessage: "here" });
    await rest();
    await startOther(list);
    await rest();
    assert.deepEqual(lines(list), []);
    assert.deepEqual(window.inForce(PATH), [`5 ${EVIL} here`]);
  });
});

describe("two breakpoints of a guest at one place, of which VS Code keeps one", () => {
  const two = set({ line: 5, condition: "i > 3" }, { line: 5, condition: "i < 1" });

  for (const [what, other] of [
    ["the second lives beside VS Code's list", false],
    ["both do while another session runs", true],
  ] as const)
    test(what, async () => {
      const { list, window, ana } = await served({ other });
      const { breakpoints } = await ana.client.ok("setBreakpoints", two);
      await rest();
      assert.deepEqual(
        objects(breakpoints).map(({ verified }) => verified),
        [true, true],
      );
      assert.deepEqual(window.inForce(PATH), ["5 i > 3", "5 i < 1"]);
      assert.deepEqual(lines(list), other ? [] : [[5, "i > 3"]]);
      assert.deepEqual(
        list.guests.held().map(({ isSecond }) => isSecond),
        other ? [false, false] : [true],
      );
      window.setBreakpoint(PATH, { line: 9 });
      await rest();
      assert.equal(window.inForce(PATH).length, 3);
      ana.client.vanish();
      await rest();
      assert.deepEqual(window.inForce(PATH), ["9"]);
      assert.deepEqual(list.guests.held(), []);
    });

  test("while another session comes and goes they stay in force", async () => {
    const { list, window, ana } = await served();
    await ana.client.ok("setBreakpoints", two);
    await rest();
    const other = await startOther(list);
    await rest();
    assert.deepEqual(lines(list), []);
    assert.deepEqual(window.inForce(PATH).sort(), ["5 i < 1", "5 i > 3"]);
    other.end();
    await rest();
    assert.deepEqual(lines(list), [[5, "i > 3"]]);
    assert.deepEqual(window.inForce(PATH).sort(), ["5 i < 1", "5 i > 3"]);
  });

  for (const [who, remove] of [
    [
      "the guest",
      async ({ ana }) => void (await ana.client.ok("setBreakpoints", set({ line: 5, condition: "i < 1" }))),
    ],
    ["the host", async ({ window }) => Promise.resolve(window.removeBreakpoint(PATH, 5))],
  ] satisfies [string, (all: Awaited<ReturnType<typeof served>>) => Promise<void>][])
    test(`${who} removes the first: the second takes its place`, async () => {
      const all = await served();
      await all.ana.client.ok("setBreakpoints", two);
      await rest();
      await remove(all);
      await rest();
      assert.deepEqual(all.window.inForce(PATH), ["5 i < 1"]);
      assert.deepEqual(lines(all.list), [[5, "i < 1"]]);
      assert.deepEqual(all.list.guests.held(), []);
      all.window.removeBreakpoint(PATH, 5);
      await rest();
      assert.deepEqual(all.window.inForce(PATH), []);
    });

  test("beside the host's own, of which the guest makes the first", async () => {
    const { list, window, ana } = await served();
    window.setBreakpoint(PATH, { line: 5 });
    await rest();
    await ana.client.ok("setBreakpoints", two);
    await rest();
    assert.deepEqual(window.inForce(PATH), ["5 i > 3", "5 i < 1"]);
    assert.deepEqual(lines(list), [[5, undefined]]);
    ana.client.vanish();
    await rest();
    assert.deepEqual(window.inForce(PATH), ["5"]);
  });
});

describe("breakpoints of guests without code", () => {
  test("are in VS Code's list, but stop no program of another session", async () => {
    const { list, window, other, ana } = await served({ other: true });
    await ana.client.ok("setBreakpoints", set({ line: 5 }));
    await rest();
    assert.deepEqual(lines(list), [[5, undefined]]);
    assert.deepEqual(window.inForce(PATH), ["5"]);
    assert.deepEqual(other?.inForce(PATH), []);
    const [sent] = (other?.got ?? []).filter(({ command }) => command === "setBreakpoints");
    assert.deepEqual(sent?.body, { breakpoints: [{ verified: false }] });
  });

  test("on a function: by its name; what is no name is code", async () => {
    const { list, window, other, ana } = await served({ other: true });
    const names = ["main", "Shop::add", `(${EVIL})`];
    await ana.client.ok("setFunctionBreakpoints", { breakpoints: names.map((name) => ({ name })) });
    await rest();
    assert.deepEqual(
      list.specs(FUNCTIONS).map(({ name }) => name),
      ["main", "Shop::add"],
    );
    assert.deepEqual(window.inForce("setFunctionBreakpoints").sort(), [...names].sort());
    assert.deepEqual(other?.inForce("setFunctionBreakpoints"), []);
  });

  test("names are told from code", () => {
    for (const name of ["main", "shop.Cart.add", "ns::Cart::~Cart", "größe", "$f"])
      assert.deepEqual(codeOf(FUNCTIONS, { name }), [], name);
    for (const name of ["f()", "a b", "a;b", "/x/", "a[0]", "*f", "a->b", "f\nquit", "", "`f`", "a..b", "-x"])
      assert.equal(codeOf(FUNCTIONS, { name }).length, name === "" ? 0 : 1, name);
  });
});

describe("the host's own conditions", () => {
  test("reach every session, also one that says what a guest's says", async () => {
    const { list, window, other, ana } = await served({ other: true });
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: "i > 3" }));
    window.setBreakpoint(PATH, { line: 9, condition: "i > 3" });
    await rest();
    assert.deepEqual(other?.inForce(PATH), ["9 i > 3"]);
    assert.deepEqual(window.inForce(PATH), ["9 i > 3", "5 i > 3"]);
    assert.equal(list.guests.held().length, 1);
  });
});

describe("a window that was not closed in order", () => {
  test("leaves no guest's breakpoint for the next session; the host's stay", async () => {
    const { list, window, ana } = await served();
    window.setBreakpoint(PATH, { line: 3, condition: "own" });
    await rest();
    await ana.client.ok("setBreakpoints", set({ line: 5, condition: EVIL }, { line: 6 }));
    await rest();
    const next = new FakeList(list);
    const cleared = next.guests.cleared();
    // A session that starts before VS Code has told of its breakpoints.
    const session = await FakeWindow.started({ list: next, id: "next" });
    await session.send("setBreakpoints", set({ line: 3, condition: "own" }, { line: 5, condition: EVIL }));
    assert.deepEqual(session.inForce(PATH), ["3 own"]);
    next.remember(list);
    await cleared;
    assert.deepEqual(lines(next), [[3, "own"]]);
    assert.deepEqual(next.stored, []);
    await new FakeList(next).guests.cleared();
  });
});
