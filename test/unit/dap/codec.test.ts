import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { LIMITS } from "../../../src/common/limits.ts";
import { DapDecoder, encodeHeader } from "../../../src/dap/codec.ts";

function frame(body: string | Buffer, header?: string): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([
    header === undefined ? encodeHeader(bytes.length) : Buffer.from(header, "latin1"),
    bytes,
  ]);
}

/** Decodes the chunks; the bodies are copied, as they are views. */
function decode(chunks: readonly Buffer[], maxBodyBytes?: number) {
  const decoder =
    maxBodyBytes === undefined ? new DapDecoder() : new DapDecoder(() => ({ bytes: maxBodyBytes }));
  const bodies: string[] = [];
  let fault: string | undefined;
  for (const chunk of chunks)
    fault ??= decoder.push(chunk, (body) => bodies.push(body.toString("latin1")))?.code;
  return { bodies, fault, idle: decoder.idle };
}

const MESSAGES = [
  frame("{}"),
  frame(""),
  frame('{"a":1}', "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 7\r\n\r\n"),
  frame("x\r\n\r\nContent-Length: 5\r\n\r\n"),
  frame("äöü"),
  frame("y", "content-LENGTH:1\r\nX: y\r\n\r\n"),
  frame("z", "Content-Length :   1  \r\n\r\n"),
];
const WHOLE = Buffer.concat(MESSAGES);
const BODIES = ["{}", "", '{"a":1}', "x\r\n\r\nContent-Length: 5\r\n\r\n", "Ã¤Ã¶Ã¼", "y", "z"];

describe("the codec", () => {
  test("takes several messages in one chunk, and odd headers", () => {
    assert.deepEqual(decode([WHOLE]), { bodies: BODIES, fault: undefined, idle: true });
  });

  test("takes them split at every byte", () => {
    for (let at = 0; at <= WHOLE.length; at++) {
      const { bodies, fault } = decode([WHOLE.subarray(0, at), WHOLE.subarray(at)]);
      assert.deepEqual(bodies, BODIES, `split at ${at}`);
      assert.equal(fault, undefined);
    }
    assert.deepEqual(decode([...WHOLE].map((byte) => Buffer.from([byte]))).bodies, BODIES);
  });

  test("takes any messages in any chunks", () => {
    const bodies = fc.array(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(bodies, fc.array(fc.nat({ max: 3_000 }), { maxLength: 20 }), (all, cuts) => {
        const whole = Buffer.concat(all.map((body) => frame(body)));
        const at = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end));
        const decoded = decode(chunks);
        assert.deepEqual(
          decoded.bodies,
          all.map((body) => body.toString("latin1")),
        );
        assert.ok(decoded.idle);
      }),
    );
  });

  test("never throws on arbitrary bytes, and decodes nothing after a fault", () => {
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom("Content-Length: ", "\r\n", "\r\n\r\n", "5", "-1", "99999999999999999999", ":", "{}")
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (chunks) => {
        const decoder = new DapDecoder(() => ({ bytes: 1_000 }));
        let faulted = false;
        for (const chunk of chunks) {
          const fault = decoder.push(chunk, () => assert.ok(!faulted));
          if (faulted) assert.ok(fault !== undefined);
          faulted = fault !== undefined;
        }
        if (faulted)
          assert.equal(
            decoder.push(frame("{}"), () => assert.fail("decoded after a fault"))?.name,
            "AppError",
          );
      }),
      { numRuns: 500 },
    );
  });

  test("knows whether the stream may end here", () => {
    const whole = frame("{}");
    for (let at = 0; at <= whole.length; at++) {
      assert.equal(decode([whole.subarray(0, at)]).idle, at === 0 || at === whole.length, String(at));
    }
  });
});

describe("limits", () => {
  const headerOf = (bytes: number): Buffer => {
    const end = "Content-Length: 0\r\n\r\n";
    return Buffer.from(`X: ${"x".repeat(bytes - end.length - 5)}\r\n${end}`);
  };

  test("a header may have 4 KiB, with its empty line", () => {
    assert.equal(headerOf(LIMITS.headerBytes).length, LIMITS.headerBytes);
    for (const size of [1, 7, 5_000]) {
      const split = (bytes: Buffer) => {
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
        return chunks;
      };
      assert.deepEqual(decode(split(headerOf(LIMITS.headerBytes))), {
        bodies: [""],
        fault: undefined,
        idle: true,
      });
      assert.equal(decode(split(headerOf(LIMITS.headerBytes + 1))).fault, "tooLarge");
    }
  });

  test("a header without end costs no more than that", () => {
    for (const chunk of [Buffer.alloc(1, "x"), Buffer.alloc(1000, "\r\n"), Buffer.alloc(1 << 20, "x")]) {
      const decoder = new DapDecoder();
      let pushed = 0;
      while (decoder.push(chunk, () => assert.fail("a message")) === undefined) pushed += chunk.length;
      assert.ok(pushed <= LIMITS.headerBytes);
    }
  });

  test("a body's length is checked before anything is stored for it", () => {
    for (const length of ["1073741824", "67108865", "999999999999999"]) {
      const before = process.memoryUsage().arrayBuffers;
      assert.equal(decode([Buffer.from(`Content-Length: ${length}\r\n\r\n{`)]).fault, "tooLarge");
      assert.ok(process.memoryUsage().arrayBuffers - before < 10 << 20);
    }
    assert.equal(decode([frame("12345")], 4).fault, "tooLarge");
    assert.equal(decode([frame("1234")], 4).fault, undefined);
  });

  test("and may be raised when the peer is admitted", () => {
    let bytes = 4;
    const decoder = new DapDecoder(() => ({ bytes }));
    const bodies: string[] = [];
    const fault = decoder.push(Buffer.concat([frame("1234"), frame("12345678")]), (body) => {
      bodies.push(body.toString());
      bytes = 8;
    });
    assert.equal(fault, undefined);
    assert.deepEqual(bodies, ["1234", "12345678"]);
  });

  test("what is no length is a fault", () => {
    for (const value of ["", "-1", "1.5", "0x10", "1e3", "five", "9999999999999999", "1 2"]) {
      assert.equal(decode([Buffer.from(`Content-Length: ${value}\r\n\r\n`)]).fault, "protocol", value);
    }
    for (const text of [
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "\r\n\r\n",
      "Content-Type: x\r\n\r\n",
      "\u0016\u0003\u0001\r\n\r\n",
    ]) {
      assert.equal(decode([Buffer.from(text, "latin1")]).fault, "protocol", text);
    }
  });
});
