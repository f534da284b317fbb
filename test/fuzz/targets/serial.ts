import assert from "node:assert/strict";
import { randomNumbers } from "../../support/memoryLine.ts";
import { FrameSplitter, decodeCobs, encodeCobs } from "../../../src/transport/serial/cobs.ts";
import type { Connection } from "../../../src/transport/serial/connection.ts";
import { Datalink } from "../../../src/transport/serial/datalink.ts";
import {
  type SerialFrame,
  MAX_FRAME,
  MAX_PAYLOAD,
  MAX_WINDOW,
  decodeFrame,
  encodeSerialFrame,
} from "../../../src/transport/serial/frames.ts";
import { type Target, assertSame } from "../harness/fuzz.ts";
import { mutate } from "../harness/mutate.ts";
import { type Random, split } from "../harness/random.ts";

const CHANNELS = [0, 3];

/** A frame with a right checksum: whoever sits at the line can make one of whatever content. */
function anyFrame(random: Random, to: number): SerialFrame {
  const channel = random.chance(0.9) ? random.pick(CHANNELS) : random.below(256);
  const sequence = random.chance(0.8) ? random.below(4) : random.below(0x10000);
  const ack = random.chance(0.8) ? random.below(4) : random.below(0x10000);
  const common = { channel, to };
  switch (random.below(8)) {
    case 0:
    case 1:
      return {
        ...common,
        type: random.pick(["open", "accept"]),
        from: random.below(4),
        version: random.chance(0.9) ? 1 : random.below(256),
      };
    case 2:
    case 3:
    case 4:
      return {
        ...common,
        type: random.chance(0.9) ? "data" : "end",
        sequence,
        ack,
        window: random.below(256),
        payload: random.bytes(random.pick([8, 8, MAX_PAYLOAD])),
      };
    case 5:
      return {
        ...common,
        type: random.pick(["ack", "ping"]),
        ack,
        window: random.below(256),
        selective: random.bytes(MAX_WINDOW / 8),
      };
    case 6:
      return { ...common, type: "refuse", reason: random.below(5) };
    default:
      return { ...common, type: "reset" };
  }
}

function encodedFrame(random: Random, to: number): Buffer {
  const encoded = encodeSerialFrame(anyFrame(random, to));
  return random.chance(0.1) ? mutate(random, Buffer.concat([encoded, Buffer.of(0)]), 1) : encoded;
}

function framesIn(chunks: readonly Buffer[]): string[] {
  const splitter = new FrameSplitter(MAX_FRAME);
  const frames: string[] = [];
  for (const chunk of chunks)
    splitter.push(chunk, (frame) => frames.push(Buffer.from(frame).toString("latin1")));
  return frames;
}

/** What comes over a serial line: byte stuffing and frames. */
export const serialFrames: Target = {
  name: "serial-frames",
  inputs: 150_000,
  make: (random) =>
    random.list(1, 6, () =>
      random.chance(0.1)
        ? random.bytes(random.pick([20, 2 * MAX_FRAME]))
        : encodedFrame(random, random.below(4)),
    ),
  run(inputs, random) {
    const bytes = Buffer.concat(inputs);
    const frames = framesIn([bytes]);
    assertSame(framesIn(split(random, bytes)), frames, "split otherwise");
    let valid = 0;
    for (const encoded of frames) {
      assert.ok(encoded.length > 0 && encoded.length <= MAX_FRAME);
      const raw = Buffer.from(encoded, "latin1");
      const plain = decodeCobs(raw);
      if (plain !== undefined)
        assert.ok(plain.length < raw.length && decodeCobs(encodeCobs(plain))?.equals(plain));
      const frame = decodeFrame(raw);
      if (frame === undefined) continue;
      valid++;
      if ("payload" in frame) assert.ok(frame.payload.length <= MAX_PAYLOAD);
      if ("selective" in frame) assert.ok(frame.selective.length <= MAX_WINDOW / 8);
      assertSame(decodeFrame(encodeSerialFrame(frame).subarray(0, -1)), frame, "encoded anew");
    }
    return Math.min(inputs.length, valid);
  },
};

/** As docs/PROTOCOL.md has it: a window of frames each way for each connection, and what waits to be sent. */
const MOST_HELD = MAX_WINDOW * MAX_PAYLOAD + 64 * 1024;

/** Both ends of a serial datalink: what a peer of ours makes of frames of whatever content. */
export const datalink: Target = {
  name: "datalink",
  inputs: 60_000,
  make: (random) =>
    random.list(4, 24, () =>
      encodedFrame(random, random.chance(0.9) ? random.between(1, 4) : random.below(2 ** 32)),
    ),
  run(inputs, random) {
    let ids = 0;
    const link = new Datalink({ baud: 115_200, random: () => ++ids });
    const connections: Connection[] = [];
    const use = (connection: Connection) => {
      connections.push(connection);
      const read = () => {
        while (connection.read() !== undefined);
      };
      const reads = random.chance(0.7);
      connection.listener = {
        opened: () => connection.write(Buffer.from("hello")),
        drained: () => {},
        readable: () => reads && read(),
        finished: () => {},
        broken: () => {},
      };
    };
    link.listen(0, use);
    let now = 0;
    use(link.connect(3, now));
    const random32 = randomNumbers(inputs.length);
    let valid = 0;
    for (const input of inputs) {
      for (const piece of split(random, input)) link.receive(piece, now);
      if (decodeFrame(input.subarray(0, -1)) !== undefined) valid++;
      now += random32() * 200;
      link.tick(now);
      for (let sent = 0; sent < 100; sent++) {
        const bytes = link.transmit(now);
        if (bytes === undefined) break;
        // What we send is of our own protocol.
        for (const frame of framesIn([bytes])) assert.ok(decodeFrame(Buffer.from(frame, "latin1")));
      }
      assert.ok(link.held <= connections.length * MOST_HELD);
      assert.ok(!Number.isNaN(link.deadline));
    }
    return valid;
  },
};
