import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  detectProtocol,
  LINK_MAGIC,
  type DetectedProtocol,
  readProtocol,
} from "../../../src/transport/protocolDetection.ts";
import { memoryPair } from "../../support/memory.ts";
import { failsWith, readAll } from "../../support/transportContract.ts";

const CLIENT_HELLO = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);
const DAP = Buffer.from("Content-Length: 12\r\n\r\n");
const LINK = Buffer.concat([LINK_MAGIC, Buffer.from([0, 1, 2])]);

/** What is sent, what it is, and after how many bytes that is plain. */
const SAMPLES: readonly [string, Buffer, DetectedProtocol, number][] = [
  ["TLS 1.3's ClientHello", CLIENT_HELLO, "tls", 6],
  ["a ClientHello of any minor version and length", Buffer.from([22, 3, 255, 255, 255, 1]), "tls", 6],
  ["another TLS handshake message", Buffer.from([22, 3, 3, 0, 9, 2]), "unknown", 6],
  ["SSL 2", Buffer.from([128, 46, 1, 3, 1, 0]), "unknown", 1],
  ["a TLS record of another major version", Buffer.from([22, 2, 0, 0, 9, 1]), "unknown", 2],
  ["a TLS alert", Buffer.from([21, 3, 3, 0, 2, 1]), "unknown", 1],
  ["the link", LINK, "link", 8],
  ["another version of the link", Buffer.from("DBGSRV2\n"), "unknown", 7],
  ["the link with a carriage return", Buffer.from("DBGSRV1\r\n"), "unknown", 8],
  ["plain DAP", DAP, "dap", 16],
  ["DAP without the space", Buffer.from("Content-Length:12\r\n\r\n"), "unknown", 16],
  ["DAP in small letters", Buffer.from("content-length: 12\r\n"), "unknown", 1],
  ["DAP that begins with another header", Buffer.from("Content-Type: x\r\n"), "unknown", 9],
  ["a browser's GET", Buffer.from("GET / HTTP/1.1\r\n"), "unknown", 1],
  ["a browser's POST", Buffer.from("POST / HTTP/1.1\r\n"), "unknown", 1],
  ["DELETE and CONNECT begin like ours", Buffer.from("DELETE / HTTP/1.1\r\n"), "unknown", 2],
  ["CONNECT", Buffer.from("CONNECT h:1 HTTP/1.1\r\n"), "unknown", 2],
  ["a line end", Buffer.from("\n"), "unknown", 1],
  ["zeros", Buffer.alloc(32), "unknown", 1],
];

describe("first bytes", () => {
  for (const [name, bytes, opening, decidedAfter] of SAMPLES) {
    test(`${name}: ${opening} after ${decidedAfter}`, async () => {
      for (let length = 0; length <= bytes.length; length++) {
        const expected = length < decidedAfter ? "undecided" : opening;
        assert.equal(detectProtocol(bytes.subarray(0, length)), expected, `${length} bytes`);
      }
      for (let split = 0; split <= bytes.length; split++) {
        const { near, far } = memoryPair({ forth: { chunkSizes: [Math.max(1, split), 1_000_000] } });
        near.stream.end(bytes);
        assert.equal(await readProtocol(far.stream), opening, `split after ${split}`);
        assert.deepEqual(await readAll(far.stream), bytes, `split after ${split}`);
      }
    });
  }

  test("is decided, whatever the chunks, as by looking at one byte after the other; no byte is lost", async () => {
    const start = fc.constantFrom(CLIENT_HELLO, LINK, DAP, Buffer.from("GET /"));
    const garbled = fc.tuple(start, fc.uint8Array({ maxLength: 3 }), fc.nat(16)).map(([bytes, other, at]) =>
      // Overwritten somewhere: most interesting are those that almost fit.
      Buffer.concat([bytes.subarray(0, at), other, bytes.subarray(at + other.length)]),
    );
    const bytes = fc.oneof(
      garbled,
      start,
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
    );
    const chunks = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(bytes, chunks, async (sent, chunkSizes) => {
        const steps = Array.from({ length: sent.length + 1 }, (_, i) => detectProtocol(sent.subarray(0, i)));
        const expected = steps.find((step) => step !== "undecided");
        // Once decided, more bytes change nothing.
        const after = steps.slice(steps.findIndex((step) => step !== "undecided"));
        if (expected !== undefined) assert.ok(after.every((step) => step === expected));

        const { near, far } = memoryPair({ forth: { chunkSizes } });
        near.stream.end(sent);
        if (expected === undefined) {
          await failsWith("closed", readProtocol(far.stream));
          return;
        }
        assert.equal(await readProtocol(far.stream), expected);
        assert.deepEqual(await readAll(far.stream), sent);
      }),
      { numRuns: 300 },
    );
  });

  test("decides before the peer has sent the rest, and leaves the way back alone", async () => {
    const { near, far } = memoryPair();
    near.stream.write("G");
    assert.equal(await readProtocol(far.stream), "unknown");
    far.stream.end("bye");
    assert.equal((await readAll(near.stream)).toString(), "bye");
  });

  test("the stream may be read in any way afterwards", async () => {
    for (const read of ["data", "readable", "iterator"] as const) {
      const { near, far } = memoryPair({ forth: { chunkSizes: [5] } });
      near.stream.write(DAP);
      assert.equal(await readProtocol(far.stream), "dap");
      near.stream.end("{}");
      const parts: Buffer[] = [];
      if (read === "iterator") for await (const part of far.stream) parts.push(part as Buffer);
      else if (read === "data") parts.push(await readAll(far.stream));
      else {
        far.stream.on("readable", () => {
          for (let part: unknown; Buffer.isBuffer((part = far.stream.read()));) parts.push(part);
        });
        await once(far.stream, "end");
      }
      assert.equal(Buffer.concat(parts).toString(), `${DAP.toString()}{}`, read);
    }
  });

  test("a peer that says nothing, or too little, meets the deadline; its bytes are still there", async () => {
    for (const said of ["", "Content-Len"]) {
      const { near, far } = memoryPair();
      near.stream.write(said);
      await failsWith("timeout", readProtocol(far.stream, { timeoutMs: 20 }));
      near.stream.end();
      assert.equal((await readAll(far.stream)).toString(), said);
    }
  });

  test("can be cancelled, and leaves no listener behind", async () => {
    const { far } = memoryPair();
    const before = far.stream.eventNames().map((name) => [name, far.stream.listenerCount(name)]);
    const controller = new AbortController();
    const waiting = readProtocol(far.stream, { signal: controller.signal });
    controller.abort();
    await failsWith("aborted", waiting);
    await failsWith("aborted", readProtocol(far.stream, { signal: AbortSignal.abort() }));
    assert.deepEqual(
      far.stream.eventNames().map((name) => [name, far.stream.listenerCount(name)]),
      before,
    );
  });

  test("a peer that leaves first: closed, whether in order, abruptly or long ago", async () => {
    const ended = memoryPair();
    ended.near.stream.end("DBG");
    await failsWith("closed", readProtocol(ended.far.stream));
    await failsWith("closed", readProtocol(ended.far.stream));

    const cut = memoryPair({ forth: { cutAfter: 3 } });
    cut.near.stream.write(LINK);
    await failsWith("closed", readProtocol(cut.far.stream));
    await failsWith("closed", readProtocol(cut.far.stream));
  });
});
