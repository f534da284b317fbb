import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LIMITS } from "../../../src/common/limits.ts";
import {
  encodeDap,
  encodeFrame,
  encodeFrameJson,
  FrameDecoder,
  frameLimit,
  FrameType,
  HOST_FRAMES,
} from "../../../src/link/frames.ts";
import { LINK_LIMITS } from "../../../src/link/limits.ts";
import { LINK_MAGIC } from "../../../src/transport/protocolDetection.ts";

interface Frame {
  readonly type: number;
  readonly payload: string;
}

/** All frames of `chunks`, and the fault if there was one. */
function decode(chunks: readonly Buffer[], options: { magic?: boolean; admitted?: boolean } = {}) {
  const decoder = new FrameDecoder({ expectMagic: options.magic === true });
  if (options.admitted !== false) decoder.admit();
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    decoder.feed(chunk);
    for (let step = decoder.next(); step.kind !== "more"; step = decoder.next()) {
      if (step.kind === "fault") return { frames, fault: step.error, midFrame: decoder.midFrame };
      if (step.kind === "frame") frames.push({ type: step.type, payload: step.payload.toString("hex") });
    }
  }
  return { frames, fault: undefined, midFrame: decoder.midFrame };
}

const known = fc.constantFrom(...Object.values(FrameType));
const anyFrame = fc.record({
  type: fc.oneof(known, fc.integer({ min: 0x8c, max: 0xff })),
  payload: fc.uint8Array({ maxLength: 300 }),
});

function encodeAll(frames: readonly { type: number; payload: Uint8Array }[]): Buffer {
  return Buffer.concat(frames.flatMap(({ type, payload }) => encodeFrame(type, [payload])));
}

/** Cuts `bytes` at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return sorted.slice(1).map((end, index) => Buffer.from(bytes.subarray(sorted[index], end)));
}

test("frames come out as they went in, however the bytes are cut; ignorable unknown ones are skipped", () => {
  fc.assert(
    fc.property(fc.array(anyFrame), fc.array(fc.nat()), (frames, places) => {
      const bytes = Buffer.concat([LINK_MAGIC, encodeAll(frames)]);
      const expected = frames
        .filter(({ type }) => type < 0x80)
        .map(({ type, payload }) => ({ type, payload: Buffer.from(payload).toString("hex") }));
      const result = decode(cut(bytes, places), { magic: true });
      assert.deepEqual(result, { frames: expected, fault: undefined, midFrame: false });
    }),
  );
});

test("a split at every byte, and one byte at a time", () => {
  const bytes = Buffer.concat([
    LINK_MAGIC,
    ...encodeFrameJson(FrameType.hello, { a: 1 }),
    Buffer.from([0, 0, 0, 3, 0x90, 1, 2]),
    Buffer.from([0, 0, 0, 1, 0x91]),
    ...encodeDap(7, 8, [Buffer.from("{}"), Buffer.from("x")]),
    ...encodeFrame(FrameType.ping, []),
  ]);
  const whole = decode([bytes], { magic: true });
  assert.equal(whole.frames.length, 3);
  for (let at = 0; at <= bytes.length; at += 1)
    assert.deepEqual(decode(cut(bytes, [at]), { magic: true }), whole);
  assert.deepEqual(
    decode(
      [...bytes].map((byte) => Buffer.from([byte])),
      { magic: true },
    ),
    whole,
  );
  for (let end = 1; end < bytes.length; end += 1) {
    const part = decode([bytes.subarray(0, end)], { magic: true });
    assert.equal(part.fault, undefined);
  }
  assert.equal(decode([bytes.subarray(0, bytes.length - 1)], { magic: true }).midFrame, true);
});

test("a reader that stops between frames loses nothing when more is fed meanwhile", () => {
  const decoder = new FrameDecoder({ expectMagic: false });
  const one = Buffer.concat(encodeFrameJson(FrameType.wait, { ms: 1 }));
  decoder.feed(Buffer.concat([one, one, one.subarray(0, 3)]));
  assert.equal(decoder.next().kind, "frame");
  decoder.feed(one.subarray(3));
  assert.deepEqual(
    [decoder.next().kind, decoder.next().kind, decoder.next().kind],
    ["frame", "frame", "more"],
  );
});

test("before admission small frames without end are too many", () => {
  const ignorable = Buffer.concat(encodeFrame(0xbf, [Buffer.alloc(3)]));
  for (const admitted of [false, true]) {
    const decoder = new FrameDecoder({ expectMagic: false });
    if (admitted) decoder.admit();
    decoder.feed(
      Buffer.concat(
        Array.from({ length: LINK_LIMITS.bytesBeforeAdmission / ignorable.length + 1 }, () => ignorable),
      ),
    );
    let step = decoder.next();
    while (step.kind === "skipped") step = decoder.next();
    assert.equal(step.kind, admitted ? "more" : "fault");
  }
});

test("every limit, one byte below and above, before and after admission", () => {
  const types = [...Object.values(FrameType), 0xbf];
  for (const admitted of [false, true]) {
    for (const type of types) {
      const header = (length: number) => {
        const bytes = Buffer.from([0, 0, 0, 0, type]);
        bytes.writeUInt32BE(length, 0);
        return bytes;
      };
      const limit = frameLimit(type, admitted ? HOST_FRAMES : undefined);
      assert.equal(decode([header(limit)], { admitted }).fault, undefined, `${type}`);
      const above = decode([header(limit + 1)], { admitted });
      assert.equal(above.fault?.code, admitted ? "tooLarge" : "protocol");
      assert.match(above.fault.message, new RegExp(`${limit + 1} bytes`, "u"));
    }
  }
  assert.equal(frameLimit(FrameType.dap, undefined), LIMITS.messageBytesBeforeAdmission);
});

test("the largest DAP message passes, and is copied into place from its chunks", () => {
  const body = Buffer.alloc(LIMITS.messageBytes, 0x20);
  const bytes = Buffer.concat(encodeDap(1, 0, [body]));
  const decoder = new FrameDecoder({ expectMagic: false });
  decoder.admit();
  for (let at = 0; at < bytes.length; at += 65536) {
    decoder.feed(bytes.subarray(at, at + 65536));
    const step = decoder.next();
    if (at + 65536 < bytes.length) assert.equal(step.kind, "more");
    else assert.ok(step.kind === "frame" && step.payload.subarray(8).equals(body));
  }
});

test("garbage: a wrong magic at its first wrong byte, an empty frame, an unknown type, a huge length", () => {
  assert.match(decode([Buffer.from("DBGX")], { magic: true }).fault?.message ?? "", /does not speak/u);
  assert.match(decode([Buffer.from([0, 0, 0, 0])]).fault?.message ?? "", /no type/u);
  assert.match(decode([Buffer.from([0, 0, 0, 1, 0x0e])]).fault?.message ?? "", /0x0e are unknown/u);
  assert.match(decode([Buffer.from("Content-Length: 10")]).fault?.message ?? "", /does not speak/u);
  assert.match(decode([Buffer.from([0xff, 0xff, 0xff, 0xff])]).fault?.message ?? "", /does not speak/u);
});

test("a fault is final", () => {
  const decoder = new FrameDecoder({ expectMagic: false });
  decoder.feed(Buffer.from([0, 0, 0, 0]));
  assert.equal(decoder.next().kind, "fault");
  decoder.feed(Buffer.concat(encodeFrameJson(FrameType.wait, {})));
  assert.equal(decoder.next().kind, "fault");
});

test("arbitrary bytes never throw", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.boolean(), (chunks, admitted) => {
      decode(
        chunks.map((chunk) => Buffer.from(chunk)),
        { admitted },
      );
    }),
  );
});

test("encoding copies no part, and a small frame does not keep its chunk alive", () => {
  const part = Buffer.from("{}");
  assert.equal(encodeDap(1, 2, [part])[1], part);
  const small = Buffer.concat(encodeFrameJson(FrameType.wait, { ms: 1 }));
  const chunk = Buffer.concat([small, Buffer.alloc(60_000)]);
  const decoder = new FrameDecoder({ expectMagic: false });
  decoder.feed(chunk);
  const step = decoder.next();
  assert.ok(step.kind === "frame" && step.payload.buffer !== chunk.buffer);
});
