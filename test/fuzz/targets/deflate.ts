import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import { AppError } from "../../../src/common/errors.ts";
import { Deflater, Inflater } from "../../../src/link/deflate.ts";
import {
  DEFLATED,
  FrameType,
  HEADER_BYTES,
  encodeFrame,
  frameLimit,
  HOST_FRAMES,
} from "../../../src/link/frames.ts";
import type { Target } from "../harness/fuzz.ts";
import { mutate } from "../harness/mutate.ts";
import type { Random } from "../harness/random.ts";
import { hostFrame } from "../linkSeeds.ts";

const LENGTH_BYTES = 4;

/** A little data that says that it becomes, or does become, much. */
function bomb(random: Random): Buffer {
  const length = random.pick([0, 1, 1024, 2 ** 20, 2 ** 20 - 1, 0xffffffff]);
  const data = deflateRawSync(Buffer.alloc(random.pick([0, 1, 1024, 2 ** 20, 2 ** 20 + 1])));
  const header = Buffer.alloc(LENGTH_BYTES);
  header.writeUInt32BE(length);
  return Buffer.concat(
    encodeFrame(FrameType.control | DEFLATED, [header, data, random.bytes(random.pick([0, 0, 4]))]),
  );
}

/** Compressed frames (feature `deflate`). */
export const deflate: Target = {
  name: "deflate",
  inputs: 15_000,
  make(random) {
    const deflater = new Deflater();
    return random.list(1, 5, () => {
      if (random.chance(0.02)) return bomb(random);
      const frame = Buffer.concat(deflater.encode([hostFrame(random, ["listClients"])]));
      return mutate(random, frame, 0.1);
    });
  },
  run(inputs) {
    const inflater = new Inflater();
    const [deflater, twin] = [new Deflater(), new Inflater()];
    let valid = 0;
    for (const frame of inputs) {
      const type = frame[HEADER_BYTES - 1] ?? 0;
      if ((type & DEFLATED) === 0) continue;
      const plain = type & ~DEFLATED;
      const payload = inflater.decode(plain, frame.subarray(HEADER_BYTES));
      // The link ends with a fault.
      if (payload instanceof AppError) break;
      valid++;
      assert.equal(payload.length, frame.readUInt32BE(HEADER_BYTES));
      assert.ok(payload.length < frameLimit(plain, HOST_FRAMES));
      // What came out is what goes in and comes out again.
      const again = Buffer.concat(deflater.encode(encodeFrame(plain, [payload])));
      const twice =
        ((again[HEADER_BYTES - 1] ?? 0) & DEFLATED) === 0
          ? again.subarray(HEADER_BYTES)
          : twin.decode(plain, again.subarray(HEADER_BYTES));
      assert.ok(!(twice instanceof AppError) && twice.equals(payload));
    }
    return valid;
  },
};
