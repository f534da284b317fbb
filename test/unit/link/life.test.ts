import assert from "node:assert/strict";
import { createServer, connect, type Socket } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import fc from "fast-check";
import { AppError } from "../../../src/common/errors.ts";
import { acceptLink } from "../../../src/link/hostHandshake.ts";
import { encodeFrame, encodeFrameJson, encodePing, FrameType } from "../../../src/link/frames.ts";
import { openLink } from "../../../src/link/openLink.ts";
import type { Channel } from "../../../src/transport/channel.ts";
import { LINK_MAGIC } from "../../../src/transport/protocolDetection.ts";
import { memoryPair } from "../../support/memory.ts";
import {
  ACCEPT,
  CALM,
  HELLO,
  IDENTITY,
  RawPeer,
  WELCOME,
  connectLinks,
  handlers,
  hear,
  json,
  next,
  pair,
  rawGuest,
  streamClosed,
} from "./helpers.ts";

const REASON = new AppError("closed", "The server has ended.", { hint: "Come back." });

for (const side of ["guest", "host"] as const) {
  for (const reason of [undefined, REASON]) {
    test(`the ${side} closes ${reason === undefined ? "without" : "with"} a reason: all learn it, all is freed`, async (t) => {
      const ports: Promise<AppError | undefined>[] = [];
      const links = await connectLinks(t, {
        handlers: { openSession: (request) => ports.push(hear(request.accept()).closed) },
      });
      const port = hear(await links.guest.openSession("s"));
      const ends = [port.closed, ...ports, next(links.guest.onClose), next(links.host.onClose)];
      links[side].close(reason);
      links[side].close(new AppError("internal", "Twice is once."));
      for (const end of await Promise.all(ends)) {
        assert.deepEqual([end?.code, end?.message, end?.hint], [reason?.code, reason?.message, reason?.hint]);
      }
      assert.equal(port.port.send(json("{}")), false);
      links.host.notify("access", { access: "view" });
      await assert.rejects(links.guest.request("say", { text: "" }), { code: "closed" });
      await Promise.all([streamClosed(links.near.stream), streamClosed(links.far.stream)]);
    });
  }
}

test("what was sent before the close arrives before it", async (t) => {
  const { guest, host } = await connectLinks(t, {
    handlers: {
      openSession(request) {
        const port = request.accept();
        port.start();
        port.send(json("last words"));
        host.close(REASON);
      },
    },
  });
  const port = await guest.openSession("s");
  const heard = hear(port);
  assert.equal((await heard.closed)?.message, REASON.message);
  assert.equal(heard.messages[0]?.body.toString(), "last words");
});

test("a link and a port that end before start() say so at start()", async (t) => {
  const { near, far } = pair(t);
  const accepted = acceptLink(far, ACCEPT);
  const guest = await openLink(near, IDENTITY, { timing: CALM });
  const host = await accepted;
  near.stream.destroy();
  await streamClosed(near.stream);
  const closed = next(guest.onClose);
  guest.start();
  assert.equal((await closed)?.code, "closed");
  const hostClosed = next(host.onClose);
  host.start(handlers());
  assert.equal((await hostClosed)?.code, "closed");
});

test("a peer that vanishes ends everything, also in the middle of a frame", async (t) => {
  const { guest, host, near } = await connectLinks(t);
  const port = hear(await guest.openSession("s"));
  const ends = [next(host.onClose), next(guest.onClose), port.closed];
  near.stream.destroy();
  for (const end of await Promise.all(ends)) assert.equal(end?.code, "closed");

  const second = await rawGuest(t);
  const closed = next(second.host.onClose);
  second.near.stream.end(Buffer.from([0, 0, 0]));
  assert.match((await closed)?.message ?? "", /middle of a frame/u);
  await streamClosed(second.far.stream);
});

test("pings are answered and measure the latency", async (t) => {
  const { guest, host, near } = await connectLinks(t, {
    accept: { timing: { ...CALM, pingMs: 5 } },
    open: { timing: { ...CALM, pingMs: 5 } },
  });
  while (guest.connection.latencyMs === undefined || host.connection.latencyMs === undefined)
    await once(near.stream, "data");
  assert.ok(guest.connection.latencyMs >= 0 && host.connection.latencyMs >= 0);
});

test("a silent peer is gone; one that only pings is not; a PONG that nobody wants is ignored", async (t) => {
  const { peer, host } = await rawGuest(t, {}, { ...CALM, pingMs: 10 });
  let over = false;
  const closed = next(host.onClose).then((error) => ((over = true), error));
  const nonce = Buffer.from("12345678");
  for (let turn = 0; turn < 10; turn += 1) {
    peer.write([...encodePing(FrameType.ping, nonce), ...encodePing(FrameType.pong, nonce)]);
    assert.deepEqual(await peer.expect(FrameType.pong), nonce);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(over, false);
  assert.match((await closed)?.message ?? "", /Nothing came/u);
  assert.equal((await peer.expectClose()).code, "timeout");
});

test("a peer that does not read the CLOSE is cut off", async (t) => {
  const { host, near, far } = await rawGuest(t, {}, { ...CALM, lingerMs: 10 });
  near.stream.pause();
  host.close();
  await streamClosed(far.stream);
});

test("over TCP: a fault is told although more bytes were on their way, and no timer stays", async (t) => {
  const server = createServer({ allowHalfOpen: true });
  t.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const client = connect({ port: address.port, host: "127.0.0.1", allowHalfOpen: true });
  const [socket] = (await once(server, "connection")) as [Socket];
  t.after(() => socket.destroy());
  t.after(() => client.destroy());
  const channel = (stream: Socket): Channel => ({
    stream: stream.on("error", () => {}),
    peer: { transport: "tcp", address: "test", local: true },
  });
  const accepted = acceptLink(channel(socket), ACCEPT);
  const peer = new RawPeer(channel(client));
  peer.write([LINK_MAGIC, ...encodeFrameJson(FrameType.hello, HELLO)]);
  const host = await accepted;
  const closed = next(host.onClose);
  host.start(handlers());
  await peer.expect(FrameType.welcome);
  peer.write([...encodeFrame(0x1f, []), Buffer.alloc(2_000_000)]);
  assert.equal((await closed)?.code, "protocol");
  assert.equal((await peer.expectClose()).code, "protocol");
  peer.stream.end();
  await streamClosed(socket);
  // CALM's deadlines are a minute: a timer that was left would keep this process as long.
});

const frame = fc
  .record({
    type: fc.oneof(fc.constantFrom(...Object.values(FrameType)), fc.integer({ min: 0, max: 255 })),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text)),
      fc.json({ maxDepth: 1 }).map((text) => Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.from(text)])),
    ),
  })
  .map(({ type, payload }) => Buffer.concat(encodeFrame(type, [payload])));
const traffic = fc.array(
  fc.oneof(
    frame,
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.constant(
      Buffer.concat(encodeFrameJson(FrameType.control, { id: 1, method: "say", params: { text: "x" } })),
    ),
  ),
  { maxLength: 8 },
);

test("fuzz: whatever a guest sends, before or after admission, the link waits or is closed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), traffic, async (admitted, chunks) => {
      const { near, far } = memoryPair();
      const accepted = acceptLink(far, ACCEPT);
      if (admitted)
        near.stream.write(Buffer.concat([LINK_MAGIC, ...encodeFrameJson(FrameType.hello, HELLO)]));
      near.stream.resume();
      let closed: Promise<unknown> = accepted.catch((error: unknown) => assert.ok(error instanceof AppError));
      if (admitted) {
        const host = await accepted;
        closed = next(host.onClose);
        host.start(handlers());
      }
      for (const chunk of chunks) near.stream.write(chunk);
      near.stream.end();
      await closed;
      await Promise.all([streamClosed(near.stream), streamClosed(far.stream)]);
    }),
    { numRuns: 300 },
  );
});

test("fuzz: whatever a host sends, before or after admission, the guest's link waits or is closed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), traffic, async (admitted, chunks) => {
      const { near, far } = memoryPair();
      const opened = openLink(near, IDENTITY, { timing: CALM });
      far.stream.resume();
      if (admitted) far.stream.write(Buffer.concat(encodeFrameJson(FrameType.welcome, WELCOME)));
      let closed: Promise<unknown> = opened.catch((error: unknown) => assert.ok(error instanceof AppError));
      if (admitted) {
        const guest = await opened;
        closed = next(guest.onClose);
        guest.start();
        guest.openSession("s").then(hear, (error: unknown) => assert.ok(error instanceof AppError));
      }
      for (const chunk of chunks) far.stream.write(chunk);
      far.stream.end();
      await closed;
      await Promise.all([streamClosed(near.stream), streamClosed(far.stream)]);
    }),
    { numRuns: 300 },
  );
});
