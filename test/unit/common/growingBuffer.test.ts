import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { GrowingBuffer } from "../../../src/common/growingBuffer.ts";

const KiB = 1024;

test("property: whatever the pieces, it is whole when all has come, and takes nothing of what follows", () => {
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 * KiB }), { maxLength: 6 });
  fc.assert(
    fc.property(pieces, fc.nat(64), (parts, rest) => {
      const all = Buffer.concat(parts);
      const length = Math.max(0, all.length - rest);
      const buffer = new GrowingBuffer(length);
      let taken = 0;
      for (const part of parts) {
        assert.equal(buffer.whole === undefined, taken < length);
        taken += buffer.take(Buffer.from(part), 0);
      }
      assert.equal(taken, length);
      assert.ok(buffer.whole?.equals(all.subarray(0, length)));
    }),
    { numRuns: 50 },
  );
});

test("a length that is merely stated costs 64 KiB, and the rest at most three times what has come", (t) => {
  const allocations = t.mock.method(Buffer, "allocUnsafeSlow").mock;
  const allocated = () => allocations.calls.map(({ arguments: [size] }) => size);
  const buffer = new GrowingBuffer(64 * KiB * KiB);
  assert.deepEqual(allocated(), [64 * KiB]);
  for (let come = KiB; come <= KiB * KiB; come += KiB) {
    buffer.take(Buffer.alloc(KiB), 0);
    // What it has, and while it grows what it had.
    const [had = 0, has = 0] = [0, 0, ...allocated()].slice(-2);
    assert.ok(had + has <= Math.max(64 * KiB, 3 * come), `${had} + ${has} for ${come}`);
  }
});
