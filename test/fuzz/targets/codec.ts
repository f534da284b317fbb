import assert from "node:assert/strict";
import { DapDecoder, encodeHeader } from "../../../src/dap/codec.ts";
import { type Target, assertSame } from "../harness/fuzz.ts";
import { largestAllocation } from "../harness/allocations.ts";
import { mutate } from "../harness/mutate.ts";
import { type Random, split } from "../harness/random.ts";

/** As for a peer before admission, but small enough to be passed often. */
const MOST_BYTES = 2048;

function header(random: Random, length: number): string {
  const plain = `Content-Length: ${length}\r\n\r\n`;
  if (random.chance(0.7)) return plain;
  return random.pick([
    `content-length:${length}\r\n\r\n`,
    `Content-Type: x\r\nContent-Length: ${length}\r\n\r\n`,
    `Content-Length: ${length}\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n`,
    `Content-Length: ${length}\r\nContent-Length: 5\r\n\r\n`,
    `Content-Length: 0${length}\r\n\r\n`,
    `Content-Length: ${length + random.between(-3, 3)}\r\n\r\n`,
    `Content-Length: ${random.pick(["", "-1", "1e3", "0x10", "9".repeat(30), "2049", "4294967296", "5 5"])}\r\n\r\n`,
    `X: ${"x".repeat(random.below(4200))}\r\n${plain}`,
    `Content-Length: ${length}\n\n`,
    `__proto__: 1\r\n${plain}`,
  ]);
}

interface Decoded {
  /** As Latin-1, which is fast to compare. */
  readonly bodies: readonly string[];
  readonly fault: string | undefined;
  readonly idle: boolean;
}

function decode(chunks: readonly Buffer[]): Decoded {
  const decoder = new DapDecoder(() => ({ bytes: MOST_BYTES }));
  const bodies: string[] = [];
  let fault: string | undefined;
  for (const chunk of chunks) {
    const before = bodies.length;
    const error = decoder.push(chunk, (body) => bodies.push(body.toString("latin1")));
    if (fault !== undefined) assertSame([error?.message, bodies.length], [fault, before], "after a fault");
    fault = error?.message;
  }
  return { bodies, fault, idle: fault === undefined && decoder.idle };
}

/** DAP's base protocol, of whoever speaks plain DAP to us: clients and adapters. */
export const codec: Target = {
  name: "codec",
  inputs: 150_000,
  make: (random) =>
    random.list(1, 4, () => {
      const body = random.chance(0.02) ? Buffer.alloc(random.below(4096)) : random.bytes(40);
      return mutate(random, Buffer.concat([Buffer.from(header(random, body.length)), body]), 0.15);
    }),
  run(inputs, random) {
    const bytes = Buffer.concat(inputs);
    const whole = decode([bytes]);
    // Not each time: it is slow.
    if (random.chance(0.02)) {
      const largest = largestAllocation(() => decode([bytes]));
      assert.ok(largest <= Math.max(MOST_BYTES, bytes.length), `${largest} bytes were allocated at once`);
    }
    for (const body of whole.bodies) assert.ok(body.length <= MOST_BYTES);
    assertSame(decode(split(random, bytes)), whole, "split otherwise");
    const encoded = whole.bodies.flatMap((body) => [encodeHeader(body.length), Buffer.from(body, "latin1")]);
    const again = decode([Buffer.concat(encoded)]);
    assertSame(again, { bodies: whole.bodies, fault: undefined, idle: true }, "encoded anew");
    return Math.min(inputs.length, whole.bodies.length);
  },
};
