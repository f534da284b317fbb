import assert from "node:assert/strict";
import { AppError } from "../../../src/common/errors.ts";
import {
  FrameDecoder,
  FrameType,
  HOST_FRAMES,
  encodeAck,
  encodeFrame,
  frameLimit,
  parseAck,
} from "../../../src/link/frames.ts";
import { encodePush, parsePush } from "../../../src/link/push.ts";
import { LINK_MAGIC } from "../../../src/transport/protocolDetection.ts";
import { largestAllocation } from "../harness/allocations.ts";
import { type Target, assertSame } from "../harness/fuzz.ts";
import { mutate } from "../harness/mutate.ts";
import { split } from "../harness/random.ts";
import { HELLO, eitherFrame, guestFrame, hostFrame, jsonFrame } from "../linkSeeds.ts";

interface Decoded {
  readonly frames: readonly { readonly type: number; readonly payload: string }[];
  readonly fault: string | undefined;
  readonly midFrame: boolean;
}

interface Setting {
  readonly expectMagic: boolean;
  readonly admitted: boolean;
  readonly inflates: boolean;
}

function decode(chunks: readonly Buffer[], { expectMagic, admitted, inflates }: Setting): Decoded {
  const decoder = new FrameDecoder({ expectMagic });
  if (admitted) decoder.admit();
  if (inflates) decoder.inflate();
  const frames: { type: number; payload: string }[] = [];
  for (const chunk of chunks) {
    decoder.feed(chunk);
    for (;;) {
      const step = decoder.next();
      if (step.kind === "more") break;
      if (step.kind === "fault") {
        assert.deepEqual(decoder.next(), step);
        return { frames, fault: step.error.message, midFrame: false };
      }
      if (step.kind === "skipped") continue;
      assert.ok(step.payload.length < frameLimit(step.type & 0x3f, admitted ? HOST_FRAMES : undefined));
      frames.push({ type: step.type, payload: step.payload.toString("latin1") });
    }
  }
  return { frames, fault: undefined, midFrame: decoder.midFrame };
}

/** Both sides' bytes of the link, and the payloads that are not JSON. */
export const frames: Target = {
  name: "frames",
  inputs: 100_000,
  make: (random) => {
    const [stream, id] = [random.below(9), random.below(9)];
    return random.list(1, 4, () => {
      const frame = random.pick([
        () => eitherFrame(random),
        () =>
          guestFrame(
            random,
            () => stream,
            () => id,
          ),
        () => hostFrame(random, ["say"]),
        () => Buffer.concat([LINK_MAGIC, jsonFrame(random, FrameType.hello, HELLO)]),
        () => Buffer.concat(encodeFrame(random.below(256), [random.bytes(32)])),
      ])();
      return mutate(random, frame, 0.15);
    });
  },
  run(inputs, random) {
    const bytes = Buffer.concat(inputs);
    const setting = {
      expectMagic: bytes.indexOf(LINK_MAGIC) === 0,
      admitted: random.chance(0.7),
      inflates: random.chance(0.3),
    };
    const whole = decode([bytes], setting);
    assertSame(decode(split(random, bytes), setting), whole, "split otherwise");
    if (random.chance(0.02)) {
      const largest = largestAllocation(() => decode([bytes], setting));
      assert.ok(
        largest < frameLimit(FrameType.dap, setting.admitted ? HOST_FRAMES : undefined),
        `${largest} bytes were allocated at once`,
      );
    }
    for (const { type, payload } of whole.frames) {
      const body = Buffer.from(payload, "latin1");
      const [again] = decode([Buffer.concat(encodeFrame(type, [body]))], {
        ...setting,
        expectMagic: false,
      }).frames;
      assertSame(again, { type, payload }, "encoded anew");
      if (type === FrameType.ack) {
        const count = parseAck(body);
        if (count !== undefined) assert.ok(Buffer.concat(encodeAck(count)).subarray(5).equals(body));
      }
      if (type !== FrameType.push) continue;
      const push = parsePush(body);
      if (push instanceof AppError) continue;
      assert.ok(Buffer.concat(encodePush(push.stream, push.answers)).subarray(5).equals(body));
    }
    return Math.min(inputs.length, whole.frames.length);
  },
};
