import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { AppError } from "../../../../src/common/errors.ts";
import { once as onceFired } from "../../../../src/common/event.ts";
import type { Peer, TcpConnection } from "../../../../src/transport/channel.ts";
import { VirtualClock } from "../../../support/virtualClock.ts";
import type { ConnectionTable, Finding } from "../../../../src/transport/peerUser/connectionTable.ts";
import { peerUser, PeerUsers } from "../../../../src/transport/peerUser/peerUser.ts";
import { ProcNet } from "../../../../src/transport/peerUser/procNet.ts";
import { tcpPeer } from "../../../../src/transport/peer.ts";
import { connectTcp, listenTcp } from "../../../../src/transport/tcp.ts";
import { TestProcess } from "../../../support/process.ts";

const never = new AbortController().signal;

function peerAt(port: number): Peer {
  const address = "127.0.0.1";
  const connection = { local: { address, port: 5005 }, remote: { address, port }, inode: port };
  return { ...tcpPeer(address, port), connection };
}

/** A table whose reads the test ends, one by one. */
class HeldTable implements ConnectionTable {
  readonly reads: { readonly wanted: readonly TcpConnection[]; end(finding: Finding | AppError): void }[] =
    [];
  own: Promise<string> = Promise.resolve("1000");

  ownUser(): Promise<string> {
    return this.own;
  }

  find(wanted: readonly TcpConnection[]): Promise<Map<TcpConnection, Finding>> {
    return new Promise((resolve, reject) => {
      this.reads.push({
        wanted,
        end(finding) {
          if (finding instanceof AppError) reject(finding);
          else resolve(new Map(wanted.map((each) => [each, finding])));
        },
      });
    });
  }

  /** Ends the read that is under way. */
  async end(finding: Finding | AppError): Promise<void> {
    await turn();
    this.reads.at(-1)?.end(finding);
    await turn();
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const owner = (user: string): Finding => ({ kind: "owner", user });

function setUp() {
  const [table, clock] = [new HeldTable(), new VirtualClock()];
  return { table, clock, users: new PeerUsers(table, clock) };
}

describe("the user of a peer", () => {
  test("is this process's own, or another", async () => {
    const { table, users } = setUp();
    const found = users.find(peerAt(1), never);
    await table.end(owner("1000"));
    assert.deepEqual(await found, { kind: "known", user: "1000", isOwn: true });
    const other = users.find(peerAt(2), never);
    await table.end(owner("0"));
    assert.deepEqual(await other, { kind: "known", user: "0", isOwn: false });
  });

  test("costs a burst of 200 two reads, of which the second begins after all of them came", async () => {
    const { table, users } = setUp();
    const first = users.find(peerAt(1), never);
    await turn();
    assert.equal(table.reads.length, 1);
    const others = Array.from({ length: 199 }, (_, i) =>
      users.find(peerAt(2 + i), new AbortController().signal),
    );
    await turn();
    assert.equal(table.reads.length, 1, "none of them is answered by the read that had begun");
    await table.end(owner("1"));
    assert.deepEqual(await first, { kind: "known", user: "1", isOwn: false });
    assert.equal(table.reads[1]?.wanted.length, 199);
    await table.end(owner("1000"));
    for (const user of await Promise.all(others))
      assert.deepEqual(user, { kind: "known", user: "1000", isOwn: true });
    assert.equal(table.reads.length, 2);
  });

  test("is looked for again where the table has changed while it was read", async () => {
    for (const kind of ["missing", "ambiguous"] as const) {
      const { table, clock, users } = setUp();
      const found = users.find(peerAt(1), never);
      await table.end({ kind });
      clock.advance(10);
      await table.end(owner("1000"));
      assert.deepEqual(await found, { kind: "known", user: "1000", isOwn: true });
    }
  });

  test("is unknown if the table never has it", async () => {
    for (const kind of ["missing", "ambiguous"] as const) {
      const { table, clock, users } = setUp();
      const found = users.find(peerAt(1), never);
      for (let reads = 0; reads < 4; reads++) {
        await table.end({ kind });
        clock.advance(160);
      }
      assert.equal((await found).kind, "unknown");
      assert.equal(table.reads.length, 4);
    }
  });

  test("is unknown at once if the other end is closed", async () => {
    const { table, users } = setUp();
    const found = users.find(peerAt(1), never);
    await table.end({ kind: "closed" });
    assert.deepEqual(await found, { kind: "unknown", reason: "The other side has closed the connection." });
  });

  test("is waited for until the other side accepts, or the waiter gives up", async () => {
    const { table, clock, users } = setUp();
    const giveUp = new AbortController();
    const [patient, impatient] = [users.find(peerAt(1), never), users.find(peerAt(2), giveUp.signal)];
    for (let reads = 0; reads < 30; reads++) {
      await table.end({ kind: "pending" });
      clock.advance(160);
    }
    const reason = new AppError("timeout", "The admission took longer than 10 s.");
    giveUp.abort(reason);
    await assert.rejects(impatient, reason);
    await table.end(owner("1000"));
    assert.equal((await patient).kind, "known");
    assert.equal(clock.waiting, 0);
  });

  test("is given up while a read is under way, and before one", async () => {
    const { table, users } = setUp();
    const giveUp = new AbortController();
    const waiting = users.find(peerAt(1), giveUp.signal);
    await turn();
    giveUp.abort(new AppError("aborted", "Enough."));
    await assert.rejects(waiting, { code: "aborted" });
    await assert.rejects(users.find(peerAt(2), giveUp.signal), { code: "aborted" });
    // The table's failure then is nobody's.
    await table.end(new AppError("notAvailable", "It cannot be read."));
  });

  test("is unknown if the table cannot be read, until it can", async () => {
    const { table, users } = setUp();
    const found = users.find(peerAt(1), never);
    await table.end(new AppError("notAvailable", "/proc/net/tcp cannot be read."));
    assert.deepEqual(await found, { kind: "unknown", reason: "/proc/net/tcp cannot be read." });
    table.own = Promise.reject(new AppError("notAvailable", "This user stands for others as well."));
    const next = new PeerUsers(table);
    assert.deepEqual(await next.find(peerAt(1), never), {
      kind: "unknown",
      reason: "This user stands for others as well.",
    });
    table.own = Promise.resolve("1000");
    const again = next.find(peerAt(2), never);
    await table.end(owner("1000"));
    assert.equal((await again).kind, "known");
  });

  test("is asked of TCP only", async () => {
    const { users } = setUp();
    const pipe: Peer = { transport: "npipe", address: "x", local: true };
    assert.equal((await users.find(pipe, never)).kind, "unknown");
  });
});

describe("the user of a real peer, on this system", () => {
  const own = { kind: "known", user: String(process.geteuid?.()), isOwn: true };

  test("is found from the server's side and from the client's, by IPv4 and IPv6", async () => {
    const listener = await listenTcp({ ports: { first: 0, last: 0 }, loopback: true });
    for (const host of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
      const accepted = onceFired(listener.onChannel);
      const near = await connectTcp({ host, port: listener.port });
      const far = await accepted;
      assert.deepEqual(await peerUser(far.peer, never), own, host);
      assert.deepEqual(await peerUser(near.peer, never), own, host);
      near.stream.end();
      await once(far.stream.resume(), "end");
      assert.deepEqual(await peerUser(far.peer, never), own, `${host}: half closed`);
      near.stream.destroy();
      far.stream.destroy();
    }
    await listener.close();
  });

  test("is unknown when it has closed, whatever the table shows then", async () => {
    const listener = await listenTcp({ ports: { first: 0, last: 0 }, loopback: true });
    const accepted = onceFired(listener.onChannel);
    const near = await connectTcp({ host: "127.0.0.1", port: listener.port });
    const far = await accepted;
    near.stream.destroy();
    await once(far.stream.resume(), "end");
    assert.equal((await peerUser(far.peer, never)).kind, "unknown");
    far.stream.destroy();
    await listener.close();
  });

  test("is waited for while its listener does not accept", async () => {
    // It reads its input and does nothing else meanwhile: it does not accept either.
    const program = `
      const { readSync, writeSync } = require("node:fs");
      const server = require("node:net").createServer().listen(0, "127.0.0.1", () => {
        writeSync(1, server.address().port + "\\n");
        readSync(0, Buffer.alloc(1));
      });`;
    const listener = new TestProcess(process.execPath, ["-e", program]);
    try {
      const port = Number((await listener.waitLine(/^\d+$/))[0]);
      const { stream, peer } = await connectTcp({ host: "127.0.0.1", port });
      const { connection } = peer;
      assert.ok(connection !== undefined);
      const found = await new ProcNet().find([connection]);
      assert.deepEqual(found.get(connection), { kind: "pending" });
      const user = peerUser(peer, never);
      listener.child.stdin?.write("\n");
      assert.deepEqual(await user, own);
      stream.destroy();
    } finally {
      await listener.kill();
    }
  });
});
