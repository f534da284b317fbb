import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LIMITS } from "../../../src/common/limits.ts";
import { AdapterDecoder, type LargeMessage } from "../../../src/dap/adapterDecoder.ts";
import { encodeHeader } from "../../../src/dap/codec.ts";

const framed = (text: string) => Buffer.concat([encodeHeader(Buffer.byteLength(text)), Buffer.from(text)]);

function reading(wanted: number | undefined = undefined) {
  const decoder = new AdapterDecoder();
  const [bodies, junk, skipped]: [string[], string[], LargeMessage[]] = [[], [], []];
  decoder.reader = {
    wantsWhole: (seq) => wanted !== undefined && (seq === undefined || seq === wanted),
    junk: (text) => junk.push(text),
    skipped: (message) => skipped.push(message),
  };
  let bytes = 0;
  const take = (body: Buffer) => {
    bytes += body.length;
    bodies.push(body.length < 1000 ? body.toString() : `${body.length} bytes`);
  };
  return { decoder, bodies, junk, skipped, take, received: () => bytes };
}

describe("what stands where a header should be is passed over, wherever its bytes are split", () => {
  for (const [between, isTold] of [
    ["note: ready\n", true],
    ["warning: something\r\n", true],
    ["no line end", true],
    ["\r\n", false],
    ["\r\n\r\n\r\n", false],
    ["Log: hello\r\n\r\n", true],
    ["X-Note: 1\n", true],
    ["Content-Length: many\r\n\r\n", true],
    ["the answer has Content-Length: 5\r\n\r\nhello", true],
    ["Content-Length: 7 \n", false],
    ["Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n", false],
    [`${"x".repeat(3 * LIMITS.headerBytes)}\r\n\r\n${"y".repeat(100)}`, true],
  ] as const)
    test(JSON.stringify(between.slice(0, 40)), () => {
      // A body in which there is what looks like a header.
      const inner = '{"a":"Content-Length: 3\\r\\n\\r\\n{}"}';
      const all = Buffer.concat([framed('{"n":1}'), Buffer.from(between), framed(inner), framed('{"n":2}')]);
      const step = all.length > 1000 ? 97 : 1;
      for (let at = 1; at < all.length; at += step) {
        const { decoder, bodies, junk, skipped, take } = reading();
        for (const chunk of [all.subarray(0, at), all.subarray(at)]) decoder.push(chunk, take);
        assert.deepEqual(bodies, ['{"n":1}', inner, '{"n":2}'], `split at ${at}`);
        assert.equal(junk.length, isTold ? 1 : 0, junk.join());
        if (isTold) assert.ok(between.startsWith((junk[0] ?? "").slice(0, between.length)), junk[0]);
        assert.deepEqual(skipped, []);
        assert.ok(decoder.idle);
      }
      const { decoder, bodies, take } = reading();
      for (const byte of all) decoder.push(Buffer.of(byte), take);
      assert.equal(bodies.length, 3);
    });
});

describe("a message over the limit", () => {
  const filler = Buffer.alloc(1024 * 1024, '\\"{,');
  /** The text of a message with a body of 70 MiB between `before` and `after`, piece by piece. */
  function* large(before: string, after: string): Generator<Buffer> {
    const length = before.length + 70 * filler.length + after.length;
    yield encodeHeader(length);
    yield Buffer.from(before);
    for (let i = 0; i < 70; i++) yield filler;
    yield Buffer.from(after);
  }
  const body = '"body":{"result":"';

  for (const [where, before, after] of [
    [
      "before",
      '{"seq":9,"type":"response","request_seq":7,"command":"evaluate","success":true,"body":{"result":"',
      '"}}',
    ],
    [
      "behind",
      `{${body}`,
      '","type":"event","request_seq":1},"command":"evaluate","request_seq":7,"seq":9,"success":true,"type":"response"}',
    ],
  ] as const) {
    test(`is passed over by its length: its members ${where} the body say whose it is`, () => {
      const { decoder, bodies, skipped, take } = reading();
      for (const piece of large(before, after)) decoder.push(piece, take);
      decoder.push(framed('{"n":2}'), take);
      assert.deepEqual(bodies, ['{"n":2}']);
      const [only] = skipped;
      assert.deepEqual(
        [skipped.length, only?.type, only?.request_seq, only?.command],
        [1, "response", 7, "evaluate"],
      );
      assert.ok((only?.bytes ?? 0) > LIMITS.messageBytes);
    });

    test(`comes whole to who wants it, members ${where} the body; another does not`, () => {
      for (const wanted of [7, 8]) {
        const { decoder, skipped, take, received } = reading(wanted);
        for (const piece of large(before, after)) decoder.push(piece, take);
        assert.equal(skipped.length, wanted === 7 ? 0 : 1);
        assert.equal(received() > LIMITS.messageBytes, wanted === 7);
        assert.ok(decoder.idle);
      }
    });
  }
});
