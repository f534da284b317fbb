import assert from "node:assert/strict";
import type { NetConnectOpts } from "node:net";
import { type TestContext, describe, test } from "node:test";
import { AppError } from "../../src/common/errors.ts";
import { LINK_MAGIC } from "../../src/transport/protocolDetection.ts";
import { pipePath } from "../../src/transport/pipePath.ts";
import { userDirectory } from "../../src/transport/userDirectory.ts";
import { DapClient } from "../support/dapClient.ts";
import { holdOpen } from "../support/holdOpen.ts";
import { joinLinked } from "../support/linked.ts";
import { OPENINGS } from "../support/openings.ts";
import { withDeadline } from "../support/process.ts";
import { type Served, serveUpstream } from "../support/served.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";

/** As many connections as may be in their turn at the same time. */
const ATTACKERS = 64;

/** What an attacker says before it stops: none of it is enough to come in. */
const SAYS: Readonly<Record<string, Uint8Array>> = {
  "say nothing": Buffer.alloc(0),
  "say the beginning of plain DAP": Buffer.from("Content-Length: "),
  "say that a message follows": Buffer.from("Content-Length: 60000\r\n\r\n{"),
  "say the link's magic": LINK_MAGIC,
  "say half of a HELLO": (OPENINGS["link"] ?? Buffer.alloc(0)).subarray(0, 40),
};

async function serve(t: TestContext, string: string): Promise<Served> {
  const upstream = new FakeUpstream();
  upstream.endAtDisconnect();
  // Guests with a password are all of this one thread, in which each needs a quarter of a second for itself.
  const admissionMs = string.includes("password") ? 60_000 : undefined;
  const served = await serveUpstream(upstream, {
    string,
    ...(admissionMs === undefined ? {} : { admissionMs }),
  });
  t.after(() => served.close());
  if (!string.includes("password")) await start(t, served);
  return served;
}

/** The program is started by a client that stays. */
async function start(t: TestContext, { server, port }: Served): Promise<void> {
  const { address } = server;
  const client = await DapClient.connect(address.kind === "npipe" ? await pipeOf(address.pipe) : { port });
  t.after(() => client.kill());
  await client.request("initialize", { adapterID: "fake" });
  await client.request("launch", {});
}

async function pipeOf(name: string): Promise<{ path: string }> {
  return { path: pipePath(process.platform, name, undefined, await userDirectory()) };
}

/** Connections that stop after `says`, from four addresses where there are any; each is dialled again as soon as it is closed. */
async function attack(t: TestContext, where: NetConnectOpts, says: Uint8Array): Promise<void> {
  const from = (index: number) => ("port" in where ? { localAddress: `127.0.0.${2 + (index % 4)}` } : {});
  const held = holdOpen(ATTACKERS, (index) => ({ ...where, ...from(index) }), says);
  t.after(async () => (await held)());
  await withDeadline(held, "the attackers are connected");
}

/** Half of them over the link, half plain DAP; how each came in, `in` or why not. */
async function joinAll(t: TestContext, link: string, dap: NetConnectOpts, count: number): Promise<string[]> {
  const outcome = (work: Promise<unknown>) =>
    work.then(
      () => "in",
      (thrown: unknown) => AppError.from(thrown).code,
    );
  const joins = Array.from({ length: count }, async (_, index) => {
    if (index % 2 === 0) {
      const joined = await joinLinked(link, `guest ${index}`);
      t.after(() => joined.link.close());
      return;
    }
    const client = await DapClient.connect(dap);
    t.after(() => client.kill());
    const { success, message } = await client.raw("initialize", { adapterID: "fake" });
    if (!success) throw new AppError("refused", message ?? "");
  });
  return withDeadline(Promise.all(joins.map(outcome)), `${count} guests`, 60_000);
}

const allIn = (count: number) => Array.from({ length: count }, () => "in");

describe("clients that join while others hold connections open", { timeout: 240_000 }, () => {
  for (const [name, says] of Object.entries(SAYS)) {
    test(`two hundred guests of one address are all in while 64 connections ${name} and dial again`, async (t) => {
      const served = await serve(t, "tcp:port=0,maxclients=256");
      const dap = { port: served.port, host: "127.0.0.1" };
      await attack(t, dap, says);
      const outcomes = await joinAll(t, `tcp:server=127.0.0.1,port=${served.port}`, dap, 200);
      assert.deepEqual(outcomes, allIn(200));
    });
  }

  test("guests of a pipe are all in while 64 connections say nothing", async (t) => {
    const served = await serve(t, "npipe:pipe=pending-%d");
    const { address } = served.server;
    assert.ok(address.kind === "npipe");
    const where = await pipeOf(address.pipe);
    await attack(t, where, Buffer.alloc(0));
    const outcomes = await joinAll(t, `npipe:server=localhost,pipe=${address.pipe}`, where, 50);
    assert.deepEqual(outcomes, allIn(50));
  });

  test("fifty that join at once are all in, twenty times", async (t) => {
    const served = await serve(t, "tcp:port=0");
    const dap = { port: served.port, host: "127.0.0.1" };
    for (let round = 0; round < 20; round++) {
      await t.test(`round ${round + 1}`, async (inner) => {
        const outcomes = await joinAll(inner, `tcp:server=127.0.0.1,port=${served.port}`, dap, 50);
        assert.deepEqual(outcomes, allIn(50));
      });
      const empty = async () => {
        while (served.sessions.participants().length > 1)
          await new Promise((resolve) => setImmediate(resolve));
      };
      await withDeadline(empty(), "all have left");
    }
  });

  test("guests with the right password are all in while 64 connections say nothing", async (t) => {
    const served = await serve(t, "tcp:port=0,bind=127.0.0.1,password=zq7Kx");
    await attack(t, { port: served.port, host: "127.0.0.1" }, Buffer.alloc(0));
    const text = `tcp:server=127.0.0.1,port=${served.port},password=zq7Kx`;
    const joins = Array.from({ length: 12 }, async (_, index) => {
      const joined = await joinLinked(text, `guest ${index}`, { timeoutMs: 60_000 });
      t.after(() => joined.link.close());
    });
    await withDeadline(Promise.all(joins), "twelve guests", 90_000);
  });
});
