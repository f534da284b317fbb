import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import type { Participant } from "../../../src/hub/client.ts";
import { type ServerDirectory, classicTime } from "../../../src/hub/console.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { type NewParticipant, Sessions } from "../../../src/hub/sessions.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { MemoryClient, connect, enter } from "./memoryClient.ts";

interface Guest {
  readonly client: MemoryClient;
  readonly participant: Participant;
  /** Types something into the debug console; resolves with what is shown. */
  readonly type: (expression: string) => Promise<unknown>;
}

async function guest(sessions: Sessions, name: string, more: Partial<NewParticipant> = {}): Promise<Guest> {
  const client = new MemoryClient(name);
  const participant = sessions.admit({ name, address: "tcp 10.0.0.2:5000", access: "control", ...more });
  sessions.joinRoot(client.port, participant).onGone(() => sessions.leave(participant));
  await enter(client);
  const type = async (expression: string) =>
    (await client.ok("evaluate", { expression, context: "repl" })).result;
  return { client, participant, type };
}

function serving(list: ServerDirectory["list"]): ServerDirectory & { readonly told: unknown[] } {
  const told: unknown[] = [];
  return {
    told,
    list,
    tellToEnd(id, by) {
      if (!list().some((server) => server.id === id))
        throw new AppError("badArguments", `There is no server ${id} here any more.`);
      told.push([id, by]);
    },
    free: () => Promise.resolve(),
  };
}

const TWO = [
  { id: 0, address: "tcp:port=5005" },
  { id: 2, address: "npipe:pipe=x,password=*" },
];

describe("WinDbg's commands in a debug console", () => {
  test(".servers, also for those who may only look", async () => {
    const upstream = new FakeUpstream();
    const sessions = new Sessions(upstream);
    await guest(sessions, "driver");
    const { type } = await guest(sessions, "looker", { access: "view" });
    assert.equal(await type(".servers"), "No server is listed.");
    sessions.servers = serving(() => TWO);
    assert.equal(
      await type(" .servers "),
      "0 - Debugger Server - tcp:port=5005\n2 - Debugger Server - npipe:pipe=x,password=*",
    );
    assert.deepEqual(upstream.commands("evaluate"), []);
  });

  test(".clients: who, from where, since when inactive, with what right; all of them, also of other sessions", async (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: new Date(2026, 10, 25, 1, 26, 48) });
    const upstream = new FakeUpstream();
    const sessions = new Sessions(upstream, { windowOf: "Hoa" });
    for (const command of ["initialize", "launch"])
      sessions.root.window?.sent({ command, args: {} })({ success: true });
    upstream.emit("initialized");
    const ana = await guest(sessions, "ana@devbox", { access: "full" });
    t.mock.timers.setTime(new Date(2026, 11, 5, 13, 0, 7).getTime());
    const bo = await guest(sessions, "Bo", { access: "view", address: "npipe x" });
    assert.equal(
      await bo.type(".clients"),
      "Hoa (this window), last active Wed Nov 25 01:26:48 2026, full\n" +
        "ana@devbox (tcp 10.0.0.2:5000), last active Wed Nov 25 01:26:48 2026, full\n" +
        "Bo (npipe x), last active Sat Dec  5 13:00:07 2026, view (you)",
    );
    assert.match(String(await ana.type(".clients")), /Sat Dec {2}5 13:00:07 2026, full \(you\)\nBo/);
  });

  test("a time as asctime writes it", () => {
    assert.equal(classicTime(new Date(2027, 0, 1, 0, 0, 0).getTime()), "Fri Jan  1 00:00:00 2027");
    assert.equal(classicTime(new Date(2026, 11, 31, 23, 59, 59).getTime()), "Thu Dec 31 23:59:59 2026");
  });

  test(".echo says something to all others, in words that steer no terminal, and not too many", async () => {
    const upstream = new FakeUpstream();
    const sessions = new Sessions(upstream);
    const said: unknown[] = [];
    sessions.onChat(({ participant, text }) => said.push([participant.name, text]));
    const b = await guest(sessions, "b");
    const c = await guest(sessions, "c", { access: "view" });
    assert.equal(await c.type(".echo  hello there"), "hello there");
    assert.equal(b.client.lines().at(-1), "c: hello there");
    assert.ok(!c.client.lines().includes("c: hello there"));
    await c.type(".echo \u001b[31mred\u202e");
    assert.equal(b.client.lines().at(-1), "c: \ufffd[31mred\ufffd");
    await c.type(`.echo ${"x".repeat(LIMITS.echoLength * 2)}`);
    assert.equal(b.client.lines().at(-1)?.length, "c: ".length + LIMITS.echoLength);
    assert.deepEqual(said.slice(0, 2), [
      ["c", "hello there"],
      ["c", "\ufffd[31mred\ufffd"],
    ]);
    assert.deepEqual(upstream.commands("evaluate"), []);
  });

  test(".endsrv: needs full, a number, and a server of that number", async () => {
    const sessions = new Sessions(new FakeUpstream());
    const servers = serving(() => TWO);
    sessions.servers = servers;
    const ana = await guest(sessions, "Ana", { access: "full" });
    const bo = await guest(sessions, "Bo");
    const refused = async ({ client }: Guest, code: string, expression: string) =>
      (await client.fails(code, "evaluate", { expression })).text;
    assert.match(await refused(bo, "notAllowed", ".endsrv 0"), /\.endsrv needs the right \\"full\\"/);
    for (const wrong of [".endsrv", ".endsrv x", ".endsrv -1", ".endsrv 0 1", ".endsrv 1e1"])
      assert.match(await refused(ana, "badArguments", wrong), /number of a server, as in \.endsrv 0/);
    assert.match(await refused(ana, "badArguments", ".endsrv 1"), /There is no server 1/);
    assert.deepEqual(servers.told, []);
    assert.equal(
      await ana.type(".endsrv 2"),
      "Server told to exit.  Actual exit may be delayed until the next connection attempt.",
    );
    assert.deepEqual(servers.told, [[2, "Ana"]]);
  });

  test(".remote_exit: answered, then let go in order; the program and the others stay", async () => {
    const upstream = new FakeUpstream();
    const sessions = new Sessions(upstream);
    const removals: unknown[] = [];
    sessions.onRemoved(({ participant, reason }) => removals.push([participant.name, reason]));
    const ana = await guest(sessions, "Ana", { access: "full" });
    const bo = await guest(sessions, "Bo", { access: "view" });
    const from = bo.client.messages.length;
    assert.equal(await bo.type(".remote_exit"), "");
    assert.deepEqual(bo.client.trace(from), ["response:evaluate", "event:output", "event:terminated"]);
    assert.match(bo.client.lines().at(-1) ?? "", /You have left; the session goes on\./);
    assert.ok(bo.client.closed);
    assert.deepEqual(removals, [["Bo", undefined]]);
    assert.ok(ana.client.lines().includes("Bo has left."));
    // Also the one who started the program only leaves.
    await ana.type(".remote_exit");
    assert.ok(ana.client.closed);
    assert.deepEqual(upstream.commands("disconnect", "terminate"), []);
    assert.deepEqual(sessions.participants(), []);
  });

  test(".remote_exit is not for the host", async () => {
    const sessions = new Sessions(new FakeUpstream());
    const host = await guest(sessions, "host", { access: "full", isHost: true });
    await host.client.fails("notAllowed", "evaluate", { expression: ".remote_exit" });
    assert.ok(!host.client.closed);
  });

  test("are no commands: other words, other contexts, before the start, with nothing around the hub", async () => {
    const upstream = new FakeUpstream();
    const sessions = new Sessions(upstream);
    const ana = await guest(sessions, "Ana");
    const looker = await guest(sessions, "looker", { access: "view" });
    for (const [expression, context] of [
      [".echoes", "repl"],
      ["x.clients", "repl"],
      [".detach", "repl"],
      [".clients", "watch"],
      [".clients", "hover"],
    ]) {
      await ana.client.ok("evaluate", { expression, context });
      assert.equal(upstream.last("evaluate").args.expression, expression);
      await looker.client.fails("notAllowed", "evaluate", { expression, context });
    }
    await looker.client.fails("notAllowed", "evaluate", { expression: 7 });
    const stranger = new MemoryClient("stranger");
    sessions.joinRoot(stranger.port, sessions.admit({ address: "x", access: "full" }));
    await stranger.fails("protocol", "evaluate", { expression: ".clients" });

    const alone = new FakeUpstream();
    const { client } = connect(new Hub(alone), "a");
    await enter(client);
    await client.ok("evaluate", { expression: ".clients" });
    assert.equal(alone.last("evaluate").args.expression, ".clients");
  });
});
