import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { type JsonObject, isObject } from "../../../src/dap/messages.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { Sessions } from "../../../src/hub/sessions.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { MemoryClient, type Message, VSCODE, connect, enter, participant, settle } from "./memoryClient.ts";

const source = { path: "/p/a.c" };

describe("requests of the adapter", () => {
  test("runInTerminal goes to the one who started the session, and to nobody else", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const [driver, guest] = [connect(hub, "driver").client, connect(hub, "guest").client];
    await enter(driver);
    await enter(guest);
    const asked: Message[] = [];
    driver.onReverse = (request) => {
      asked.push(request);
      return { processId: 7 };
    };
    guest.onReverse = () => assert.fail("a guest was asked");
    const outcome = await upstream.reverse("runInTerminal", { args: ["x"], cwd: "/" });
    assert.equal(String(outcome.body), '{"processId":7}');
    assert.match(asked[0]?.text ?? "", /"arguments":\{"args":\["x"\],"cwd":"\/"\}/);
    assert.equal((await upstream.reverse("own/request")).message, "notSupported");
    driver.onReverse = () => new Error("no terminal");
    assert.deepEqual(await upstream.reverse("runInTerminal"), {
      success: false,
      message: "no terminal",
      body: undefined,
    });
  });

  test("is answered with an error if that one leaves, is not there, or cannot", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const driver = connect(hub, "driver").client;
    await enter(driver);
    await enter(connect(hub, "guest").client);
    driver.onReverse = () => undefined;
    const waiting = upstream.reverse("runInTerminal");
    driver.vanish();
    assert.equal((await waiting).success, false);
    assert.equal((await upstream.reverse("runInTerminal")).success, false);
    const other = new FakeUpstream();
    await enter(connect(new Hub(other), "driver").client, { adapterID: "fake" });
    assert.equal((await other.reverse("runInTerminal")).message, "notSupported");
  });

  for (const [who, more, expected] of [
    ["a plain client", { kind: "dap" }, ["runInTerminal"]],
    ["a guest of the link", { kind: "guest" }, []],
    [
      "the host's own editor",
      { kind: "host", isHost: true },
      ["runInTerminal", "launchVSCode", "own/request"],
    ],
  ] as const) {
    test(`${who} that has started the session is asked for ${expected.join(", ") || "nothing"}`, async () => {
      const upstream = new FakeUpstream();
      const driver = connect(new Hub(upstream), "driver", more).client;
      await enter(driver);
      const asked: unknown[] = [];
      driver.onReverse = ({ command }) => {
        asked.push(command);
        return {};
      };
      for (const command of ["runInTerminal", "launchVSCode", "own/request"]) {
        const { success } = await upstream.reverse(command, {});
        assert.equal(success, (expected as readonly string[]).includes(command), command);
      }
      assert.deepEqual(asked, expected);
    });
  }

  test("who shows the host's ticket has come through a server all the same", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const { client, inner } = connect(hub, "driver");
    await enter(client);
    inner.participant = participant("host", { kind: "host", isHost: true });
    client.onReverse = () => assert.fail("it was asked");
    assert.equal((await upstream.reverse("launchVSCode")).message, "notSupported");
  });

  test("startDebugging is refused where children are not served", async () => {
    const upstream = new FakeUpstream();
    await enter(connect(new Hub(upstream), "driver").client);
    assert.equal(
      (await upstream.reverse("startDebugging", { request: "attach", configuration: {} })).success,
      false,
    );
  });
});

async function serve(manners: Record<string, JsonObject>) {
  const upstream = new FakeUpstream();
  const sessions = new Sessions(upstream);
  const clients: Record<string, MemoryClient> = {};
  const invitations: Record<string, JsonObject[]> = {};
  for (const [name, profile] of Object.entries(manners)) {
    const client = new MemoryClient(name);
    const participant = sessions.admit({ name, address: "memory", access: "full" });
    sessions.joinRoot(client.port, participant).onGone(() => sessions.leave(participant));
    const invited: JsonObject[] = [];
    invitations[name] = invited;
    client.onReverse = ({ command, text }) => {
      const message: unknown = JSON.parse(text);
      assert.equal(command, "startDebugging");
      if (isObject(message) && isObject(message.arguments)) invited.push(message.arguments);
      return {};
    };
    await enter(client, profile, { type: "debug-server", name: `${name}'s`, remote: "tcp:…" });
    clients[name] = client;
  }
  return { upstream, sessions, clients, invitations };
}

/** A new connection that follows an invitation. */
async function follow(sessions: Sessions, name: string, configuration: JsonObject): Promise<MemoryClient> {
  const client = new MemoryClient(name);
  const participant = sessions.admit({ address: "memory", access: "full" });
  sessions.joinRoot(client.port, participant).onGone(() => sessions.leave(participant));
  await client.ok("initialize", VSCODE);
  await client.ok("attach", configuration);
  return client;
}

/** The host's own window initializes and starts the adapter, which agrees. */
function startByWindow({ window }: Hub, command: "launch" | "attach"): void {
  window?.sent({ command: "initialize", args: VSCODE })({ success: true });
  window?.sent({ command, args: {} })({ success: true });
}

function configurationOf(invitation: JsonObject | undefined): JsonObject {
  assert.ok(isObject(invitation?.configuration));
  return invitation.configuration;
}

describe("child sessions", () => {
  afterEach(() => mock.timers.reset());

  test("the host starts the child; everybody who can is invited through the same server", async () => {
    const { upstream, sessions, clients, invitations } = await serve({
      a: VSCODE,
      b: VSCODE,
      old: { adapterID: "x" },
    });
    await clients.a?.ok("setBreakpoints", { source, breakpoints: [{ line: 3 }] });
    await clients.a?.ok("setDataBreakpoints", { breakpoints: [{ dataId: "x" }] });
    const started = await upstream.reverse("startDebugging", {
      request: "launch",
      configuration: { type: "fake-child", name: "worker", port: 5 },
    });
    assert.equal(started.success, true);
    await settle();
    const [child] = upstream.children;
    assert.ok(child);
    assert.deepEqual(child.last("launch").args, { type: "fake-child", name: "worker", port: 5 });
    assert.deepEqual(
      sessions.list().map(({ id, name, parent }) => [id, name, parent]),
      [
        ["1", "fake", undefined],
        ["2", "worker", "1"],
      ],
    );
    assert.equal(invitations.old?.length, 0);
    for (const name of ["a", "b"]) {
      const invitation = invitations[name]?.[0];
      assert.equal(invitation?.request, "attach");
      const { debugServerTicket, ...configuration } = configurationOf(invitation);
      assert.equal(typeof debugServerTicket, "string");
      assert.deepEqual(configuration, {
        type: "debug-server",
        name: "worker",
        remote: "tcp:…",
        request: "attach",
        debugServerSession: "2",
      });
    }
    assert.notEqual(
      configurationOf(invitations.a?.[0]).debugServerTicket,
      configurationOf(invitations.b?.[0]).debugServerTicket,
    );
    assert.deepEqual(child.commands("configurationDone"), [], "it waits for those who were invited");
    const client = await follow(sessions, "a in child", configurationOf(invitations.a?.[0]));
    await client.ok("configurationDone");
    await settle();
    assert.deepEqual(child.breakpoints.get("/p/a.c"), [{ line: 3 }], "it inherits breakpoints");
    assert.deepEqual(child.commands("setDataBreakpoints"), []);
    assert.equal(child.commands("configurationDone").length, 1);
    assert.equal(sessions.participants().length, 3, "with its ticket it stays the same participant");
    child.stop();
    assert.equal(client.events("stopped").length, 1);
    assert.deepEqual(clients.a?.events("stopped"), []);
    const late = await follow(sessions, "b in child", configurationOf(invitations.b?.[0]));
    await late.ok("configurationDone");
    assert.equal(late.events("stopped").length, 1);
    assert.deepEqual(late.events("capabilities").length, 1);
  });

  test("nobody can be invited: the child runs at once", async () => {
    const { upstream } = await serve({ old: { adapterID: "x" } });
    await upstream.reverse("startDebugging", { request: "attach", configuration: {} });
    await settle();
    assert.equal(upstream.children[0]?.commands("configurationDone").length, 1);
  });

  test("all refuse, or none comes: the child runs on", async () => {
    const { upstream, clients } = await serve({ a: VSCODE, b: VSCODE });
    for (const client of Object.values(clients)) client.onReverse = () => new Error("no");
    await upstream.reverse("startDebugging", { request: "attach", configuration: {} });
    await settle();
    assert.equal(upstream.children[0]?.commands("configurationDone").length, 1);
    mock.timers.enable({ apis: ["setTimeout"] });
    for (const client of Object.values(clients)) client.onReverse = () => ({});
    await upstream.reverse("startDebugging", { request: "attach", configuration: {} });
    await settle();
    assert.equal(upstream.children[1]?.commands("configurationDone").length, 0);
    mock.timers.tick(10_000);
    await settle();
    assert.equal(upstream.children[1]?.commands("configurationDone").length, 1);
  });

  test("debugpy's own event does the same", async () => {
    const { upstream, invitations, clients } = await serve({ a: VSCODE });
    upstream.emit("debugpyAttach", { name: "Subprocess 5", connect: { port: 5 } });
    await settle();
    assert.deepEqual(upstream.children[0]?.last("attach").args, {
      name: "Subprocess 5",
      connect: { port: 5 },
    });
    assert.equal(invitations.a?.length, 1);
    assert.deepEqual(clients.a?.events("debugpyAttach"), []);
  });

  test("a late client is invited to those that go on", async () => {
    const { upstream, sessions } = await serve({ a: VSCODE });
    for (let i = 0; i < 2; i++)
      await upstream.reverse("startDebugging", { request: "attach", configuration: { name: `c${i}` } });
    await settle();
    upstream.children[0]?.end();
    const late = new MemoryClient("late");
    const names: unknown[] = [];
    late.onReverse = ({ text }) => {
      names.push(
        (JSON.parse(text) as { arguments: { configuration: JsonObject } }).arguments.configuration.name,
      );
      return {};
    };
    sessions.joinRoot(late.port, sessions.admit({ address: "memory", access: "full" }));
    await enter(late);
    assert.deepEqual(names, ["c1"]);
    assert.deepEqual(
      sessions.list().map(({ id }) => id),
      ["1", "3"],
    );
  });

  test("a late client that cannot be invited gets the child session instead of a parent without a program", async () => {
    const { upstream, sessions } = await serve({ a: VSCODE });
    const start = { request: "attach", configuration: { name: "worker" } };
    await upstream.reverse("startDebugging", start);
    await settle();
    upstream.children[0]?.stop({ threadId: 7 });
    const join = async (profile: JsonObject) => {
      const client = new MemoryClient("late");
      sessions.joinRoot(client.port, sessions.admit({ address: "memory", access: "full" }));
      await client.ok("initialize", profile);
      await client.ok("attach", {});
      await client.ok("configurationDone");
      await settle();
      return client.events("stopped").map(({ threadId }) => threadId);
    };
    assert.deepEqual(await join({ adapterID: "old" }), [7]);
    assert.deepEqual(await join(VSCODE), []);
    // A parent that debugs something itself is what one means by the session.
    upstream.emit("process", { name: "parent" });
    assert.deepEqual(await join({ adapterID: "old" }), []);
  });

  test("a child that the host's own window has started: guests are invited, now and later", async () => {
    const upstream = new FakeUpstream();
    const sessions = new Sessions(upstream, { windowOf: "Hana" });
    startByWindow(sessions.root, "launch");
    upstream.emit("initialized");
    const guest = async (name: string) => {
      const client = new MemoryClient(name);
      const names: unknown[] = [];
      client.onReverse = ({ text }) => {
        names.push(
          (JSON.parse(text) as { arguments: { configuration: JsonObject } }).arguments.configuration.name,
        );
        return {};
      };
      sessions.joinRoot(client.port, sessions.admit({ name, address: "memory", access: "full" }));
      await enter(client);
      return names;
    };
    const early = await guest("early");
    const [root] = sessions.list();
    assert.ok(root);
    sessions.addChild(root, new FakeUpstream(), "worker");
    await settle();
    assert.deepEqual(early, ["worker"]);
    assert.deepEqual(await guest("late"), ["worker"]);
    assert.deepEqual(
      sessions.participants().map(({ name }) => name),
      ["Hana", "early", "late"],
    );
  });

  test("a parent without a program leaves it to the children to tell of breakpoints, and of who set them", async () => {
    const { upstream, sessions, clients } = await serve({ a: VSCODE });
    await clients.a?.ok("setBreakpoints", { source, breakpoints: [{ line: 3 }] });
    await upstream.reverse("startDebugging", { request: "attach", configuration: { name: "worker" } });
    await settle();
    const join = async (configuration: JsonObject) => {
      const client = await follow(sessions, "late", configuration);
      await client.ok("configurationDone");
      await settle();
      return client;
    };
    const [parent, child] = [await join({}), await join({ debugServerSession: "2" })];
    assert.deepEqual(parent.events("breakpoint"), []);
    assert.equal(child.events("breakpoint")[0]?.reason, "new");
    await clients.a?.ok("setBreakpoints", { source, breakpoints: [{ line: 3 }, { line: 4 }] });
    assert.equal(parent.events("breakpoint").length, 0);
    assert.doesNotMatch(parent.lines().join(), /sets a breakpoint/);
  });

  test("a parent without a program, in the host's window: it has no breakpoints, and its end is told in the child", async () => {
    const upstream = new FakeUpstream();
    const sessions = new Sessions(upstream, { windowOf: "Hana" });
    const [root] = sessions.list();
    assert.ok(root);
    startByWindow(root.hub, "launch");
    upstream.emit("initialized");
    const child = sessions.addChild(root, new FakeUpstream(), "worker");
    startByWindow(child.hub, "attach");
    await settle();
    const guest = await follow(sessions, "Gil", {});
    const inChild = await follow(sessions, "Gil", { debugServerSession: child.id });
    await inChild.ok("configurationDone");
    const answer = await guest.ok("setBreakpoints", { source, breakpoints: [{ line: 3 }, { line: 4 }] });
    assert.deepEqual(answer.breakpoints, [{ verified: false }, { verified: false }]);
    assert.deepEqual(upstream.commands(), []);
    root.hub.window?.sent({ command: "disconnect", args: { terminateDebuggee: true } })({ success: true });
    child.hub.window?.sent({ command: "disconnect", args: {} })({ success: true });
    await settle();
    assert.equal(inChild.lines().filter((line) => line === "Hana ends the session.").length, 1);
  });

  test("an unknown session is an error, and no harm", async () => {
    const { sessions } = await serve({ a: VSCODE });
    const client = new MemoryClient("lost");
    sessions.joinRoot(client.port, sessions.admit({ address: "memory", access: "full" }));
    await client.ok("initialize", VSCODE);
    await client.fails("badArguments", "attach", { debugServerSession: "99" });
    await client.ok("attach", {});
    await client.ok("configurationDone");
    const again = await follow(sessions, "root by its id", { debugServerSession: "1" });
    await again.ok("configurationDone");
  });

  test("a child that cannot be opened is told of, and answered", async () => {
    const { upstream, sessions, clients } = await serve({ a: VSCODE });
    upstream.nextChild = new AppError("connectFailed", "nothing listens there");
    const outcome = await upstream.reverse("startDebugging", { request: "attach", configuration: {} });
    assert.equal(outcome.success, false);
    assert.match(clients.a?.lines().join() ?? "", /nothing listens there/);
    assert.equal(sessions.list().length, 1);
  });

  test("a child whose adapter refuses to start ends", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { upstream, sessions } = await serve({ a: VSCODE });
    const broken = new FakeUpstream();
    broken.handlers.attach = () => new Error("no");
    upstream.nextChild = broken;
    await upstream.reverse("startDebugging", { request: "attach", configuration: {} });
    await settle();
    mock.timers.tick(6_000);
    await settle();
    assert.equal(sessions.list().length, 1);
  });

  test("a child whose parent ended while it was opened is given up", async () => {
    const { upstream, sessions } = await serve({ a: VSCODE });
    const child = new FakeUpstream();
    upstream.nextChild = child;
    const started = upstream.reverse("startDebugging", { request: "attach", configuration: {} });
    upstream.end();
    assert.equal((await started).success, false);
    assert.ok(child.disposed);
    assert.equal(sessions.list().length, 1);
  });

  test("the parent's end ends the children, and theirs; a child's end ends nothing else", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { upstream, sessions, clients } = await serve({ a: VSCODE });
    await upstream.reverse("startDebugging", { request: "attach", configuration: {} });
    await settle();
    const [child] = upstream.children;
    assert.ok(child);
    await child.reverse("startDebugging", { request: "attach", configuration: {} });
    await child.reverse("startDebugging", { request: "attach", configuration: {} });
    await settle();
    assert.equal(sessions.list().length, 4);
    child.children[0]?.end();
    assert.equal(sessions.list().length, 3);
    let ended = 0;
    sessions.onEnd(() => ended++);
    upstream.end();
    await settle();
    mock.timers.tick(10_000);
    await settle();
    mock.timers.tick(10_000);
    await settle();
    assert.ok(child.disposed);
    assert.ok(child.children[1]?.disposed);
    assert.equal(ended, 1);
    assert.deepEqual(
      sessions.list().map(({ id }) => id),
      ["1"],
    );
    assert.equal(clients.a?.events("terminated").length, 1);
  });
});

describe("participants", () => {
  test("keep their breakpoints while one of their connections is there", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const { client, participant } = connect(hub, "first");
    await enter(client);
    await client.ok("setBreakpoints", { source, breakpoints: [{ line: 3 }] });
    const second = new MemoryClient("second");
    hub.join(second.port, participant);
    await enter(second);
    client.vanish();
    await settle();
    assert.deepEqual(upstream.breakpoints.get("/p/a.c"), [{ line: 3 }]);
    second.vanish();
    await settle();
    assert.deepEqual(upstream.breakpoints.get("/p/a.c"), []);
  });

  test("come, are named, and go, and the others are told", async () => {
    const upstream = new FakeUpstream();
    const sessions = new Sessions(upstream);
    const client = (name: string | undefined) => {
      const memory = new MemoryClient(name ?? "?");
      const participant = sessions.admit({ name, address: "10.0.0.1", access: "control" });
      sessions.joinRoot(memory.port, participant).onGone(() => sessions.leave(participant));
      return { memory, participant };
    };
    const [ana, other, nameless] = [client("Ana"), client("Ana"), client(undefined)];
    assert.deepEqual(sessions.participants(), [], "nobody has said a word");
    for (const { memory } of [ana, other, nameless]) await enter(memory);
    assert.deepEqual(
      sessions.participants().map(({ name }) => name),
      ["Ana", "Ana 2", "Visual Studio Code"],
    );
    assert.ok(ana.memory.lines().includes("Ana 2 has joined (10.0.0.1, control)."));
    other.memory.vanish();
    assert.ok(ana.memory.lines().includes("Ana 2 has left."));
    const silent = client("never says a word");
    silent.memory.vanish();
    assert.ok(!ana.memory.lines().join().includes("never"));
  });
});
