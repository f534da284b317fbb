import assert from "node:assert/strict";
import { type NetConnectOpts, type Socket, connect } from "node:net";
import { type TestContext, describe, test } from "node:test";
import { LIMITS } from "../../src/common/limits.ts";
import { LINK_MAGIC } from "../../src/transport/protocolDetection.ts";
import { pipePath } from "../../src/transport/pipePath.ts";
import { userDirectory } from "../../src/transport/userDirectory.ts";
import { DapClient } from "../support/dapClient.ts";
import { OPENINGS } from "../support/openings.ts";
import { withDeadline } from "../support/process.ts";
import { type Served, serveUpstream } from "../support/served.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";

const PROFILE = { adapterID: "fake" };

interface Scene {
  readonly upstream: FakeUpstream;
  readonly served: Served;
  readonly where: { readonly path: string } | { readonly port: number; readonly host: string };
}

async function serve(t: TestContext, string: string, admissionMs?: number): Promise<Scene> {
  const upstream = new FakeUpstream();
  upstream.endAtDisconnect();
  const served = await serveUpstream(upstream, {
    string,
    ...(admissionMs === undefined ? {} : { admissionMs }),
  });
  t.after(() => served.close());
  const { address } = served.server;
  const where =
    address.kind === "npipe"
      ? { path: pipePath(process.platform, address.pipe, undefined, await userDirectory()) }
      : { port: served.port, host: "127.0.0.1" };
  return { upstream, served, where };
}

/** A peer of which the test writes every byte. */
class Peer {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  received = 0;

  constructor(t: TestContext, where: NetConnectOpts) {
    this.socket = connect(where);
    this.socket.on("error", () => {});
    this.socket.on("data", (chunk: Buffer) => (this.received += chunk.length));
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
    t.after(() => this.socket.destroy());
  }

  get open(): Promise<void> {
    return withDeadline(new Promise((resolve) => this.socket.once("connect", () => resolve())), "connected");
  }
}

/** Resolves when the server has so many connections that were neither let in nor turned away. */
async function halfOpen(served: Served, count: number): Promise<void> {
  const reached = async () => {
    while (served.server.halfOpen !== count) await new Promise((resolve) => setImmediate(resolve));
  };
  await withDeadline(reached(), `${count} half open`);
}

/** What a peer does that takes long, or more than it may; it goes on until it is cut off. */
const SLOW: Readonly<Record<string, (socket: Socket) => void>> = {
  "says nothing": () => {},
  "says a part of what plain DAP begins with": (socket) => socket.write("Content-"),
  "begins plain DAP and says nothing more": (socket) => socket.write("Content-Length: "),
  "sends a byte now and then": (socket) => drip(socket, OPENINGS["plain DAP"] ?? Buffer.alloc(0)),
  "sends headers for ever, a byte at a time": (socket) =>
    drip(socket, Buffer.from(`Content-Length: 5\r\n${"X: y\r\n".repeat(1000)}`)),
  "sends headers for ever, as fast as it can": (socket) =>
    flood(socket, Buffer.from("Content-Length: 5\r\n"), Buffer.from("X: y\r\n".repeat(100))),
  "says that a message of one byte too many follows": (socket) =>
    socket.write(`Content-Length: ${LIMITS.messageBytesBeforeAdmission + 1}\r\n\r\n`),
  "sends half of a message": (socket) => socket.write("Content-Length: 60000\r\n\r\n{"),
  "says the link's magic and nothing more": (socket) => socket.write(LINK_MAGIC),
  "says the link's HELLO, a byte now and then": (socket) => drip(socket, OPENINGS.link ?? Buffer.alloc(0)),
  "says that a frame of one byte too many follows": (socket) => {
    const length = Buffer.alloc(5);
    length.writeUInt32BE(LIMITS.messageBytesBeforeAdmission + 1);
    socket.write(Buffer.concat([LINK_MAGIC, length]));
  },
  "sends frames that may be skipped, for ever": (socket) =>
    flood(socket, LINK_MAGIC, Buffer.alloc(600, Buffer.from([0, 0, 0, 2, 0xff, 0]))),
};

function drip(socket: Socket, bytes: Buffer): void {
  let at = 0;
  // So slowly that it is cut off long before the end.
  const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 50);
  socket.once("close", () => clearInterval(timer));
}

function flood(socket: Socket, first: Buffer, then: Buffer): void {
  socket.write(first);
  const more = () => {
    while (!socket.destroyed && socket.write(then));
  };
  socket.on("drain", more);
  more();
}

for (const string of ["tcp:port=0", "npipe:pipe=slow-%d"]) {
  describe(`before admission: ${string}`, () => {
    for (const [name, act] of Object.entries(SLOW)) {
      test(`who ${name} is cut off, and nobody is disturbed`, async (t) => {
        const { upstream, served, where } = await serve(t, string, 400);
        const peers = [new Peer(t, where), new Peer(t, where)];
        await Promise.all(peers.map(({ open }) => open));
        for (const { socket } of peers) act(socket);
        // Meanwhile somebody honest comes in and works.
        const client = await DapClient.connect(where);
        t.after(() => client.kill());
        await client.request("initialize", PROFILE);
        await client.request("launch", {});
        await withDeadline(Promise.all(peers.map(({ closed }) => closed)), "both are cut off");
        await halfOpen(served, 0);
        assert.deepEqual(upstream.commands(), ["initialize", "launch"]);
        await client.request("threads");
        assert.equal(served.sessions.participants().length, 1);
      });
    }

    test("who does not read why it is turned away holds nothing up", async (t) => {
      const { upstream, served, where } = await serve(t, `${string},maxclients=1`);
      const client = await DapClient.connect(where);
      t.after(() => client.kill());
      await client.request("initialize", PROFILE);
      await client.request("launch", {});
      const deaf = Object.values(OPENINGS).map((opening) => {
        const peer = new Peer(t, where);
        peer.socket.pause();
        peer.socket.write(opening);
        return peer;
      });
      await halfOpen(served, 0);
      // It is let go even though it neither reads nor closes.
      for (const { socket } of deaf) socket.resume();
      await withDeadline(Promise.all(deaf.map(({ closed }) => closed)), "they are let go");
      assert.deepEqual(upstream.commands(), ["initialize", "launch"]);
    });

    test("who has not said who they are takes no guest's place", async (t) => {
      const { served, where } = await serve(t, `${string},maxclients=1`);
      const silent = ["", "Content-Length: ", LINK_MAGIC].map((bytes) => {
        const peer = new Peer(t, where);
        peer.socket.write(bytes);
        return peer;
      });
      await Promise.all(silent.map(({ open }) => open));
      const client = await DapClient.connect(where);
      t.after(() => client.kill());
      await client.request("initialize", PROFILE);
      assert.equal(served.sessions.root.clients.size, 1);
      const second = await DapClient.connect(where);
      assert.equal((await second.raw("initialize", PROFILE)).message, "busy");
      await client.kill();
    });
  });
}

describe("connections that are not in yet", () => {
  const from = (port: number, localAddress: string): NetConnectOpts => ({
    host: "127.0.0.1",
    port,
    localAddress,
  });

  test("are so many in all, the longest silent one gives way, and others come in meanwhile", async (t) => {
    const { upstream, served } = await serve(t, "tcp:port=0", 60_000);
    const peers: Peer[] = [];
    // In order, so that it is known which one is the oldest.
    for (let each = 0; each < LIMITS.pendingClients; each++) {
      const peer = new Peer(t, from(served.port, "127.0.0.2"));
      await peer.open;
      peers.push(peer);
    }
    await halfOpen(served, LIMITS.pendingClients);
    const [oldest] = peers;
    const client = await served.connect();
    t.after(() => client.kill());
    assert.equal((await client.raw("initialize", PROFILE)).success, true);
    // A client that is let in before the grace is over makes nobody give way; one that stays silent, too, does.
    const newest = new Peer(t, from(served.port, "127.0.0.2"));
    await newest.open;
    await withDeadline(oldest?.closed ?? Promise.reject(new Error("none")), "the oldest is cut off");
    await halfOpen(served, LIMITS.pendingClients);
    assert.equal([...peers, newest].filter(({ socket }) => socket.destroyed).length, 1);
    assert.deepEqual(upstream.commands(), ["initialize"]);
  });

  test("take the memory of so many messages at most, and all go with the server", async (t) => {
    const { upstream, served } = await serve(t, "tcp:port=0");
    const before = process.memoryUsage().arrayBuffers;
    const peers = Array.from(
      { length: 2 * LIMITS.pendingClientsInTurn },
      (_, index) => new Peer(t, from(served.port, `127.0.0.${2 + (index % 4)}`)),
    );
    // Each with all that it may send, those that wait for their turn as well.
    for (const { socket } of peers)
      socket.write(`Content-Length: ${LIMITS.messageBytesBeforeAdmission}\r\n\r\n${"x".repeat(60_000)}`);
    await halfOpen(served, peers.length);
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 4 * peers.length * LIMITS.messageBytesBeforeAdmission, `${grown} bytes`);
    await served.server.close();
    await withDeadline(Promise.all(peers.map(({ closed }) => closed)), "all go");
    await halfOpen(served, 0);
    assert.deepEqual(upstream.commands(), []);
  });
});
