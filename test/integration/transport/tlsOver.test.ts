import assert from "node:assert/strict";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import tls from "node:tls";
import { once as next } from "../../../src/common/event.ts";
import type { Channel, Listener } from "../../../src/transport/channel.ts";
import { readProtocol } from "../../../src/transport/protocolDetection.ts";
import { memoryPair } from "../../support/memory.ts";
import { connectPipe, listenPipe } from "../../../src/transport/pipe.ts";
import { connectTcp, listenTcp } from "../../../src/transport/tcp.ts";
import { readAll } from "../../support/transportContract.ts";

// What TLS over any channel needs of a channel's stream. With a shared key, so that no certificate is needed: which is
// TLS 1.2 in Node, but what matters here is below that.
const KEY = Buffer.alloc(32, 5);
const OPTIONS = { ciphers: "PSK-AES128-GCM-SHA256", minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;

const directory = await mkdtemp(path.join(os.tmpdir(), "dbgsrv-"));
after(() => rm(directory, { recursive: true, force: true }));

async function yielded(listener: Listener, connect: () => Promise<Channel>): Promise<[Channel, Channel]> {
  const pair = await Promise.all([connect(), next(listener.onChannel)]);
  await listener.close();
  return pair;
}

const TRANSPORTS: Record<string, () => Promise<[Channel, Channel]>> = {
  async tcp() {
    const listener = await listenTcp({ ports: { first: 0, last: 0 }, bind: "127.0.0.1" });
    return yielded(listener, () => connectTcp({ host: "127.0.0.1", port: listener.port }));
  },
  async pipe() {
    const listener = await listenPipe({ name: "tls", directory });
    return yielded(listener, () => connectPipe({ name: "tls", directory }));
  },
  async memory() {
    const { near, far } = memoryPair({ forth: { chunkSizes: [1, 700, 3] }, back: { chunkSizes: [2, 900] } });
    return [near, far];
  },
};

async function openTls([near, far]: [Channel, Channel]): Promise<[tls.TLSSocket, tls.TLSSocket]> {
  const client = tls.connect({
    socket: near.stream,
    ...OPTIONS,
    pskCallback: () => ({ psk: KEY, identity: "guest" }),
    checkServerIdentity: () => undefined,
  });
  const secure = once(client, "secureConnect");
  assert.equal(await readProtocol(far.stream), "tls");
  // The types do not know that this is an option of the server's side as well.
  const options: tls.TLSSocketOptions & { pskCallback(): Buffer } = {
    isServer: true,
    ...OPTIONS,
    pskCallback: () => KEY,
  };
  const server = new tls.TLSSocket(far.stream, options);
  await secure;
  return [client, server];
}

for (const [name, open] of Object.entries(TRANSPORTS)) {
  describe(`TLS over ${name}`, { timeout: 30_000 }, () => {
    test("begins with the bytes that were looked at; carries bytes both ways; half-closes", async () => {
      const channels = await open();
      const [client, server] = await openTls(channels);
      const question = Buffer.alloc(300_000, "question ");
      const answer = Buffer.alloc(300_000, "answer ");
      const streams: Duplex[] = [client, server, channels[0].stream, channels[1].stream];
      const closed = Promise.all(
        streams.map((stream) => new Promise((resolve) => stream.once("close", resolve))),
      );
      client.end(question);
      assert.deepEqual(await readAll(server), question);
      server.end(answer);
      assert.deepEqual(await readAll(client), answer);
      await closed;
    });

    test("an abrupt close below is seen above, and a close above closes below", async () => {
      const channels = await open();
      const [client, server] = await openTls(channels);
      client.on("error", () => {}).resume();
      server.on("error", () => {}).resume();
      const gone = new Promise<void>((resolve) => client.once("end", resolve).once("close", () => resolve()));
      const below = new Promise((resolve) => channels[1].stream.once("close", resolve));
      server.destroy();
      await below;
      await gone;
      client.destroy();
    });
  });
}
