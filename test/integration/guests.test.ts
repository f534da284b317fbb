import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type TestContext, describe, test } from "node:test";
import { parseServer } from "../../src/address/parse.ts";
import type { AppError } from "../../src/common/errors.ts";
import { type Event, once } from "../../src/common/event.ts";
import { SessionHost, type HostedServer } from "../../src/host/sessionHost.ts";
import { Registry } from "../../src/host/registry.ts";
import type { Participant } from "../../src/hub/client.ts";
import { Sessions } from "../../src/hub/sessions.ts";
import type { GuestLink } from "../../src/link/guestLink.ts";
import { DapClient } from "../support/dapClient.ts";
import { editorOver, joinLinked } from "../support/linked.ts";
import { withDeadline } from "../support/process.ts";
import { heard, initializeArguments, outputOf } from "../support/scenario.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";

interface Guest {
  readonly client: DapClient;
  readonly participant: Participant;
  /** Of those who came over the link. */
  readonly link: GuestLink | undefined;
}

/** A host with a TCP server and a pipe, whose session has been started. */
interface Scene {
  readonly host: SessionHost;
  readonly upstream: FakeUpstream;
  readonly servers: readonly [HostedServer, HostedServer];
  /** Comes in by a server over plain DAP, and starts the session or joins it. */
  readonly plain: (server: HostedServer, name: string) => Promise<Guest>;
  /** The same over the link. */
  readonly linked: (server: HostedServer, name: string) => Promise<Guest>;
}

let pipes = 0;

async function serve(t: TestContext): Promise<Scene> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "dsg-"));
  const upstream = new FakeUpstream();
  upstream.endAtDisconnect();
  const host = new SessionHost(new Sessions(upstream), { registry: new Registry(directory) });
  const leave: (() => unknown)[] = [];
  t.after(async () => {
    await Promise.all(leave.map((each) => each()));
    await host.close("The test is over.");
    rmSync(directory, { recursive: true, force: true });
  });
  const [tcp, pipe] = await host.serve(
    ["tcp:port=0,access=full", `npipe:pipe=guests_%d_${pipes++},access=full`].map((text) => {
      const parsed = parseServer(text);
      assert.ok(parsed.ok, text);
      return parsed.value;
    }),
  );
  assert.ok(tcp !== undefined && pipe !== undefined);
  const enter = async (client: DapClient, name: string, link?: GuestLink): Promise<Guest> => {
    leave.push(() => client.kill());
    const joined = once(host.sessions.onJoined);
    await client.request("initialize", { ...initializeArguments("fake"), clientName: name });
    await client.request("launch", {});
    await client.request("configurationDone");
    return { client, participant: await joined, link };
  };
  return {
    host,
    upstream,
    servers: [tcp, pipe],
    async plain({ server }, name) {
      const port = "ports" in server.address ? server.address.ports.first : 0;
      return enter(await DapClient.connect({ port }, { checkSeq: true }), name);
    },
    async linked({ join }, name) {
      const joined = await joinLinked(join, name);
      leave.push(() => joined.link.close());
      return enter(editorOver(await joined.openSession()), name, joined.link);
    },
  };
}

/** Counts how often it fires. */
function count(event: Event<unknown>): () => number {
  let fired = 0;
  event(() => fired++);
  return () => fired;
}

async function typed({ client }: Guest, expression: string): Promise<string> {
  return (await client.request("evaluate", { expression, context: "repl" })).result;
}

/** Waits until somebody was let go; resolves with what their debug console says. */
async function letGo({ client, link }: Guest): Promise<string> {
  await client.waitEvent("terminated");
  if (link === undefined) await client.closed;
  client.assertNoFaults();
  return outputOf(client);
}

const linkEnd = ({ link }: Guest): Promise<AppError | undefined> => {
  assert.ok(link !== undefined);
  return withDeadline(once(link.onClose), "the end of the link");
};

describe("what the host sees of its guests", () => {
  test("who, by which server, how, with what, how far away, since when", async (t) => {
    const { host, servers, plain, linked } = await serve(t);
    const before = Date.now();
    await plain(servers[0], "Emacs");
    const lin = await linked(servers[1], "Lin");
    const seen = () =>
      host
        .guests()
        .map(({ participant, server, kind, program }) => [participant.name, server, kind, program]);
    assert.deepEqual(seen(), [
      ["Emacs", 0, "dap", "Emacs"],
      ["Lin", 1, "guest", "Test Editor"],
    ]);
    // The host's ping is answered before the second question is asked.
    await lin.link?.request("listClients", {});
    const { clients = [] } = (await lin.link?.request("listClients", {})) ?? {};
    const [first, second] = host.guests();
    assert.equal(first?.latencyMs, undefined);
    assert.ok((second?.latencyMs ?? 0) > 0);
    for (const guest of host.guests())
      assert.ok(
        before <= guest.joinedAt && guest.joinedAt <= guest.lastActiveAt && guest.lastActiveAt <= Date.now(),
      );
    // And what the guests see of each other, whichever server they came by.
    assert.deepEqual(
      clients.map(({ name, kind, access, joinedAt }) => [name, kind, access, joinedAt]),
      [
        ["Emacs", "dap", "full", first?.joinedAt],
        ["Lin", "guest", "full", second?.joinedAt],
      ],
    );
    lin.link?.close();
    await once(host.sessions.onLeft);
    assert.deepEqual(seen(), [["Emacs", 0, "dap", "Emacs"]]);
  });

  test("activity shows, but is no change that everybody is told of", async (t) => {
    const { host, servers, linked } = await serve(t);
    const lin = await linked(servers[0], "Lin");
    const changes = count(host.sessions.onChanged);
    for (const act of [
      () => lin.client.request("threads"),
      () => lin.link?.request("say", { text: "hello" }),
    ]) {
      lin.participant.lastActiveAt = 0;
      const from = Date.now();
      await act();
      assert.ok((host.guests()[0]?.lastActiveAt ?? 0) >= from);
    }
    assert.equal(changes(), 0);
  });

  test("chat reaches everybody else, whichever server they came by", async (t) => {
    const { host, servers, plain, linked } = await serve(t);
    const [dora, lin, max] = [
      await plain(servers[0], "Dora"),
      await linked(servers[0], "Lin"),
      await linked(servers[1], "Max"),
    ];
    const chat = once(host.sessions.onChat);
    assert.ok(max.link !== undefined);
    const said = once(max.link.on("said"));
    await typed(dora, ".echo hello");
    assert.deepEqual(await said, { client: dora.participant.id, name: "Dora", text: "hello" });
    assert.deepEqual(await chat, { participant: dora.participant, text: "hello" });
    for (const { client } of [lin, max]) await heard(client, "Dora: hello");
  });
});

describe("the host decides", () => {
  for (const kind of ["plain", "linked"] as const) {
    test(`${kind}: what somebody may do from now on`, async (t) => {
      const { host, servers, ...scene } = await serve(t);
      await scene.plain(servers[0], "driver");
      const guest = await scene[kind](servers[0], "Gil");
      const changes = count(host.sessions.onChanged);
      const told = guest.link && once(guest.link.on("access"));
      host.setAccess(guest.participant.id, "view");
      assert.equal((await guest.client.raw("evaluate", { expression: "x" })).message, "notAllowed");
      assert.deepEqual(await told, kind === "linked" ? { access: "view" } : undefined);
      assert.equal(changes(), 1);
      assert.equal(host.guests()[1]?.participant.access, "view");
      assert.match(await typed(guest, ".clients"), /^Gil \(.*, view \(you\)$/m);
    });

    test(`${kind}: that somebody goes, and they are told why`, async (t) => {
      const { host, servers, ...scene } = await serve(t);
      const driver = await scene.plain(servers[0], "driver");
      const guest = await scene[kind](servers[0], "Gil");
      const end = guest.link && linkEnd(guest);
      host.removeGuest(guest.participant.id, "Lunch.");
      assert.match(await letGo(guest), /^Debug Server: Lunch\.$/m);
      const reason = await end;
      assert.equal(reason?.message, kind === "linked" ? "Lunch." : undefined);
      await heard(driver.client, "Gil has left.");
      assert.equal(host.guests().length, 1);
      assert.throws(() => host.removeGuest(guest.participant.id), { code: "badArguments" });
    });
  }

  test("not about itself", async (t) => {
    const { host } = await serve(t);
    const window = new Sessions(new FakeUpstream(), { windowOf: "Hoa" });
    const other = new SessionHost(window, { registry: new Registry(t.name) });
    const [self] = other.guests();
    assert.deepEqual([self?.kind, self?.server, self?.participant.name], ["host", undefined, "Hoa"]);
    assert.throws(() => other.setAccess(self?.participant.id ?? -1, "view"), { code: "notAllowed" });
    assert.throws(() => other.removeGuest(self?.participant.id ?? -1), { code: "notAllowed" });
    assert.throws(() => host.setAccess(99, "view"), { code: "badArguments" });
  });

  test("a guest with every right may remove one who came by another server", async (t) => {
    const { servers, linked } = await serve(t);
    const [lin, max] = [await linked(servers[0], "Lin"), await linked(servers[1], "Max")];
    const end = linkEnd(max);
    await lin.link?.request("removeClient", { client: max.participant.id });
    assert.match(await letGo(max), /Lin has removed you\./);
    assert.equal((await end)?.code, "refused");
  });
});

describe("WinDbg's commands, over sockets", () => {
  for (const kind of ["plain", "linked"] as const) {
    test(`${kind}: .servers, .clients`, async (t) => {
      const { servers, ...scene } = await serve(t);
      const guest = await scene[kind](servers[0], "Gil");
      const listed = servers.map(({ id, server }) => `${id} - Debugger Server - ${server.connectionString}`);
      assert.equal(await typed(guest, ".servers"), listed.join("\n"));
      assert.match(listed[0] ?? "", /^0 - Debugger Server - tcp:port=\d+,access=full$/);
      assert.match(
        await typed(guest, ".clients"),
        /^Gil \(tcp 127\.0\.0\.1:\d+\), last active \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}, full \(you\)$/,
      );
    });

    test(`${kind}: .endsrv of the own server: answered, then let go with all others of it, who learn why`, async (t) => {
      const { host, servers, upstream, ...scene } = await serve(t);
      const stays = await scene.linked(servers[1], "Sam");
      const guest = await scene[kind](servers[0], "Gil");
      const [dora, lin] = [await scene.plain(servers[0], "Dora"), await scene.linked(servers[0], "Lin")];
      const closed = once(host.onServerClosed);
      assert.match(await typed(guest, `.endsrv ${servers[0].id}`), /^Server told to exit\. {2}Actual exit/);
      for (const gone of [guest, dora, lin])
        assert.match(await letGo(gone), /Gil has ended this server; the debug session goes on\./);
      assert.equal((await closed).id, servers[0].id);
      assert.equal(
        await typed(stays, ".servers"),
        `1 - Debugger Server - ${servers[1].server.connectionString}`,
      );
      assert.match(outputOf(stays.client), /^Gil ends server 0\.$/m);
      assert.deepEqual(host.guests().length, 1);
      assert.equal((await stays.client.raw("evaluate", { expression: ".endsrv 0" })).message, "badArguments");
      assert.deepEqual(upstream.commands("disconnect", "terminate"), []);
    });

    test(`${kind}: .remote_exit: answered, then out, and the program goes on`, async (t) => {
      const { host, servers, upstream, ...scene } = await serve(t);
      const guest = await scene[kind](servers[0], "Gil");
      const other = await scene.plain(servers[0], "other");
      const end = guest.link && linkEnd(guest);
      assert.equal(await typed(guest, ".remote_exit"), "");
      assert.match(await letGo(guest), /You have left; the session goes on\./);
      assert.equal(await end, undefined, "in order");
      if (kind === "linked") await guest.client.request("disconnect", { terminateDebuggee: true });
      await heard(other.client, "Gil has left.");
      assert.equal(host.guests().length, 1);
      assert.deepEqual(upstream.commands("disconnect", "terminate"), []);
    });
  }

  test("the link's own request to end a server is answered before it does", async (t) => {
    const { servers, linked } = await serve(t);
    const lin = await linked(servers[0], "Lin");
    const end = linkEnd(lin);
    await assert.rejects(async () => lin.link?.request("endServer", { server: 7 }), { code: "badArguments" });
    assert.deepEqual(await lin.link?.request("endServer", { server: servers[0].id }), {});
    assert.equal((await end)?.message, "Lin has ended this server; the debug session goes on.");
  });
});
