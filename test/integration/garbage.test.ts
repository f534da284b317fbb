import assert from "node:assert/strict";
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { type TestContext, after, before, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { encodeHeader } from "../../src/dap/codec.ts";
import { requestParts } from "../../src/dap/messages.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";
import { withDeadline } from "../support/process.ts";
import { type Served, serveUpstream } from "../support/served.ts";

/** A message as plain DAP sends it. */
function framed(body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([encodeHeader(bytes.length), bytes]);
}

const REQUEST = '{"seq":1,"type":"request","command":"threads"}';

/** What a port is sent by browsers, scanners and broken programs. Each is cut off; some are told why first. */
const GARBAGE: Readonly<Record<string, { send: Buffer | string; told?: RegExp }>> = {
  "HTTP GET": { send: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" },
  "HTTP POST with DAP in its body": {
    send: `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${framed(REQUEST).length}\r\n\r\n${framed(REQUEST).toString()}`,
  },
  "the header in another case": { send: `content-length: ${REQUEST.length}\r\n\r\n${REQUEST}` },
  "random bytes": { send: Buffer.from("9f8e7d6c5b4a39281706f5e4d3c2b1a0", "hex") },
  "a line end": { send: "\r\n" },
  "a Content-Length of 1 GiB": { send: `Content-Length: ${1024 ** 3}\r\n\r\n` },
  "a Content-Length beyond numbers": { send: `Content-Length: ${"9".repeat(400)}\r\n\r\n` },
  "a negative Content-Length": { send: "Content-Length: -5\r\n\r\n" },
  "a header without end": { send: `Content-Length: 5\r\nX: ${"x".repeat(10_000)}` },
  "invalid UTF-8": {
    send: framed(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])),
    told: /not a JSON object|neither/,
  },
  "invalid JSON": { send: framed('{"seq":1,"type":"request",'), told: /not a JSON object/ },
  "JSON that is no DAP": {
    send: framed('{"jsonrpc":"2.0","id":1,"method":"x"}'),
    told: /neither a request nor/,
  },
  "JSON that is no object": { send: framed("[1,2,3]"), told: /not a JSON object/ },
  "deep nesting": { send: framed("[".repeat(60_000)), told: /not a JSON object/ },
  "an event, as if it were an adapter": {
    send: framed('{"seq":1,"type":"event","event":"terminated"}'),
    told: /neither a request nor/,
  },
};

async function dial(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await withDeadline(once(socket, "close"), "the server cuts it off");
  return Buffer.concat(chunks).toString("utf8");
}

describe("garbage on the port", () => {
  let served: Served;
  const upstream = new FakeUpstream();
  const reached = () => upstream.commands().length;

  before(async () => {
    served = await serveUpstream(upstream, { access: "full" });
    const client = await served.connect();
    await client.request("initialize", { adapterID: "fake" });
    await client.request("launch", {});
  });
  after(() => served.close());

  for (const [name, { send, told }] of Object.entries(GARBAGE)) {
    test(`${name}: cut off, and nothing of it reaches the adapter`, async (t) => {
      const before = reached();
      const socket = await dial(t, served.port);
      socket.write(send);
      const answer = await readToEnd(socket);
      if (told === undefined) assert.equal(answer.includes('"success":true'), false);
      else assert.match(answer, told);
      assert.equal(reached(), before);
    });
  }

  test("a TLS hello, while the server has no certificate: denied", async (t) => {
    const socket = connectTls({ port: served.port, host: "127.0.0.1", rejectUnauthorized: false });
    t.after(() => socket.destroy());
    const [error] = (await withDeadline(once(socket, "error"), "TLS fails")) as [NodeJS.ErrnoException];
    assert.equal(error.code, "ERR_SSL_TLSV1_ALERT_ACCESS_DENIED");
  });

  test("a request before initialize, and one of every wrong kind: answered, and nothing reaches the adapter", async () => {
    const before = reached();
    for (const [command, args] of [
      ["threads", undefined],
      ["launch", {}],
      ["continue", { threadId: 1 }],
      ["initialize", {}],
    ] as const) {
      const client = await served.connect();
      const answer = await client.raw(command, args);
      assert.equal(answer.success, false, command);
      await client.kill();
    }
    assert.equal(reached(), before);
  });

  test("the connection ends in the middle of a message", async (t) => {
    const socket = await dial(t, served.port);
    const [whole] = requestParts(1, "initialize", Buffer.from('{"adapterID":"x"}'));
    socket.end(framed(whole ?? "").subarray(0, 30));
    await readToEnd(socket);
  });

  test("connections that say nothing take no place from those who do", async (t) => {
    const silent = await Promise.all(Array.from({ length: 15 }, () => dial(t, served.port)));
    const client = await served.connect();
    assert.equal((await client.raw("initialize", { adapterID: "fake" })).success, true);
    await client.kill();
    for (const socket of silent) assert.equal(socket.destroyed, false);
  });

  test("the session is as it was", async () => {
    const client = await served.connect();
    await client.request("initialize", { adapterID: "fake" });
    await client.request("attach", {});
    const { threads } = await client.request("threads");
    assert.ok(threads.length > 0);
    client.assertNoFaults();
  });
});
