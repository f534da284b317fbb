import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { decodeCobs, encodeCobs, FrameSplitter } from "../../../../src/transport/serial/cobs.ts";
import {
  decodeFrame,
  encodeSerialFrame,
  type SerialFrame,
  MAX_FRAME,
  MAX_PAYLOAD,
  sizeOnLine,
} from "../../../../src/transport/serial/frames.ts";

const byte = fc.integer({ min: 0, max: 255 });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const bytes = (maxLength: number) =>
  fc.oneof(
    fc.uint8Array({ maxLength }),
    // Long runs, with few zeros: where the codes are full.
    fc
      .array(fc.constantFrom(0, 1, 1, 1, 255), { maxLength, size: "max" })
      .map((list) => Uint8Array.from(list)),
  );

const common = { channel: byte, to: u32 };
const selective = fc.uint8Array({ maxLength: 8 }).map((bits) => Buffer.from(bits));
const acknowledgement = { ack: u16, window: byte, selective };
const payload = bytes(MAX_PAYLOAD).map((part) => Buffer.from(part));
const frame: fc.Arbitrary<SerialFrame> = fc
  .oneof(
    fc.record({
      ...common,
      type: fc.constantFrom("open" as const, "accept" as const),
      from: u32,
      version: byte,
    }),
    fc.record({
      ...common,
      type: fc.constantFrom("data" as const, "end" as const),
      sequence: u16,
      ack: u16,
      window: byte,
      payload,
    }),
    fc.record({ ...common, type: fc.constantFrom("ack" as const, "ping" as const), ...acknowledgement }),
    fc.record({ ...common, type: fc.constant("refuse" as const), reason: byte }),
    fc.record({ ...common, type: fc.constant("reset" as const) }),
  )
  .map((each) => ({ ...each }));

/** The frames in these bytes, decoded. */
function framesIn(
  chunks: Iterable<Uint8Array>,
  splitter = new FrameSplitter(MAX_FRAME),
): (SerialFrame | undefined)[] {
  const found: (SerialFrame | undefined)[] = [];
  for (const chunk of chunks) splitter.push(chunk, (encoded) => found.push(decodeFrame(encoded)));
  return found;
}

describe("byte stuffing", () => {
  test("gives back what it was given, without a zero between, at one byte in 254", () => {
    fc.assert(
      fc.property(bytes(1100), (content) => {
        const encoded = encodeCobs(content);
        assert.equal(encoded.includes(0), false);
        assert.ok(encoded.length <= content.length + Math.ceil((content.length + 1) / 254));
        assert.deepEqual(decodeCobs(encoded), Buffer.from(content));
      }),
      { numRuns: 500 },
    );
  });

  test("the examples of its paper, and where a run is full", () => {
    const run = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i % 255) + 1));
    for (const [content, encoded] of [
      [[], [1]],
      [[0], [1, 1]],
      [
        [0, 0],
        [1, 1, 1],
      ],
      [
        [0x11, 0x22, 0, 0x33],
        [3, 0x11, 0x22, 2, 0x33],
      ],
      [run(254), [0xff, ...run(254)]],
      [run(255), [0xff, ...run(254), 2, 255]],
      [
        [...run(254), 0],
        [0xff, ...run(254), 1, 1],
      ],
    ] as const) {
      assert.deepEqual(encodeCobs(Buffer.from(content)), Buffer.from(encoded));
      assert.deepEqual(decodeCobs(Buffer.from(encoded)), Buffer.from(content));
    }
  });
});

describe("serial frames", () => {
  test("come out as they went in, wherever they are cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.integer({ min: 1, max: 7 }), (frames, size) => {
        const line = Buffer.concat(frames.map(encodeSerialFrame));
        const chunks = Array.from({ length: Math.ceil(line.length / size) }, (_, i) =>
          line.subarray(i * size, (i + 1) * size),
        );
        assert.deepEqual(framesIn(chunks), frames);
      }),
      { numRuns: 200 },
    );
  });

  test("a frame with one wrong bit is none, and the next one is whole", () => {
    const first = encodeSerialFrame({
      type: "data",
      channel: 3,
      to: 7,
      sequence: 1,
      ack: 2,
      window: 3,
      payload: Buffer.from("\0hello\0"),
    });
    const second: SerialFrame = { type: "reset", channel: 3, to: 9 };
    for (let bit = 0; bit < first.length * 8; bit++) {
      const line = Buffer.concat([first, Buffer.of(0), encodeSerialFrame(second)]);
      line[bit >> 3] = (line[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const found = framesIn([line]);
      assert.deepEqual(found.at(-1), second);
      assert.ok(found.slice(0, -1).every((each) => each === undefined));
    }
  });

  test("garbage of any kind is no frame, and keeps no memory", () => {
    const splitter = new FrameSplitter(MAX_FRAME);
    fc.assert(
      fc.property(bytes(3000), (garbage) => {
        assert.ok(framesIn([garbage], splitter).every((each) => each === undefined));
      }),
      { numRuns: 300 },
    );
    // More than any frame has, and no end: forgotten, and what comes after it is read.
    const long = Buffer.alloc(10 * 1024 * 1024, 1);
    const after: SerialFrame = { type: "reset", channel: 0, to: 1 };
    assert.deepEqual(framesIn([long, Buffer.of(0), encodeSerialFrame(after)], splitter).at(-1), after);
  });

  test("what a data frame takes on the line is known beforehand, and the longest fits", () => {
    for (let length = 0; length <= MAX_PAYLOAD; length++) {
      const encoded = encodeSerialFrame({
        type: "data",
        channel: 1,
        to: 0x01020304,
        sequence: 0x0101,
        ack: 0x0101,
        window: 64,
        payload: Buffer.alloc(length, 1),
      });
      assert.ok(encoded.length <= sizeOnLine(length) && encoded.length >= sizeOnLine(length) - 1);
      assert.ok(encoded.length - 1 <= MAX_FRAME);
    }
  });
});
