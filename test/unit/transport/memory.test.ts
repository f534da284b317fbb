import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { VirtualClock } from "../../support/virtualClock.ts";
import { type MemoryOptions, memoryPair } from "../../support/memory.ts";
import type { LineFaults } from "../../support/memoryLine.ts";
import { readAll } from "../../support/transportContract.ts";

const SENT = Buffer.from(Array.from({ length: 20_000 }, (_, i) => i % 256));

async function received(forth: LineFaults): Promise<Buffer> {
  const { near, far } = memoryPair({ forth });
  near.stream.end(SENT);
  return readAll(far.stream);
}

function openWith(options: MemoryOptions) {
  const pair = memoryPair(options);
  const chunks: Buffer[] = [];
  pair.far.stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { ...pair, chunks, text: () => Buffer.concat(chunks).toString() };
}

describe("virtual clock", () => {
  test("runs what is due, in order of time, then of scheduling; new tasks as well", () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    const at = (name: string) => () => ran.push(`${name}@${clock.now()}`);
    clock.schedule(20, at("late"));
    clock.schedule(10, at("first"));
    clock.schedule(10, () => clock.schedule(5, at("new")));
    clock.schedule(10, at("second"));
    clock.schedule(12, at("never")).dispose();
    clock.advance(9);
    assert.deepEqual(ran, []);
    clock.advance(6);
    assert.deepEqual(ran, ["first@10", "second@10", "new@15"]);
    assert.equal(clock.waiting, 1);
    clock.advance(100);
    assert.deepEqual(ran.at(-1), "late@20");
    assert.equal(clock.now(), 115);
  });
});

describe("memory channel", () => {
  test("latency passes on the clock alone, and several chunks are on their way at once", async () => {
    const clock = new VirtualClock();
    const { near, far, text } = openWith({ clock, forth: { latencyMs: 50 }, back: { latencyMs: 50 } });
    const nearText = readAll(near.stream);
    near.stream.write("a");
    clock.advance(10);
    near.stream.write("b");
    await nextTurn();
    clock.advance(39);
    assert.equal(text(), "");
    clock.advance(1);
    await nextTurn();
    assert.equal(text(), "a");
    clock.advance(10);
    await nextTurn();
    assert.equal(text(), "ab");
    far.stream.end("c");
    await nextTurn();
    clock.advance(50);
    assert.equal((await nearText).toString(), "c");
  });

  test("chunks have the sizes that were asked for", async () => {
    const { near, far, chunks } = openWith({ forth: { chunkSizes: [1, 3, 2] } });
    near.stream.end(SENT.subarray(0, 10));
    await once(far.stream, "end");
    assert.deepEqual(
      chunks.map(({ length }) => length),
      [1, 3, 2, 1, 3],
    );
    assert.deepEqual(Buffer.concat(chunks), SENT.subarray(0, 10));
  });

  test("the same seed garbles the same bytes, whatever the chunks; another seed others", async () => {
    const rates = { dropRate: 0.01, flipRate: 0.01, duplicateRate: 0.01 };
    const first = await received({ ...rates, seed: 7 });
    assert.deepEqual(await received({ ...rates, seed: 7, chunkSizes: [13, 1] }), first);
    assert.notDeepEqual(await received({ ...rates, seed: 8 }), first);
    assert.notDeepEqual(first, SENT);
  });

  test("each fault does what it says, about as often as it says", async () => {
    const dropped = await received({ dropRate: 0.1, seed: 3 });
    assert.ok(dropped.length > 17_500 && dropped.length < 18_500);
    const doubled = await received({ duplicateRate: 0.1, seed: 3 });
    assert.ok(doubled.length > 21_500 && doubled.length < 22_500);
    const flipped = await received({ flipRate: 0.1, seed: 3 });
    assert.equal(flipped.length, SENT.length);
    const differences = [...flipped].map((byte, i) => byte ^ (SENT[i] ?? 0)).filter((bits) => bits !== 0);
    assert.ok(differences.length > 1500 && differences.length < 2500);
    assert.deepEqual(
      [...new Set(differences)].sort((a, b) => a - b),
      [1, 2, 4, 8, 16, 32, 64, 128],
    );
    assert.equal((await received({ dropRate: 1 })).length, 0);
  });

  test("stalls at its byte, and goes on when told to", async () => {
    const { near, far, forth, text } = openWith({ forth: { stallAfter: 4 } });
    near.stream.end("stallgo");
    await once(far.stream, "data");
    await nextTurn();
    assert.equal(text(), "stal");
    forth.resume();
    await once(far.stream, "end");
    assert.equal(text(), "stallgo");
  });

  test("a stalled line bounds its writer", async () => {
    const { near, far, forth } = openWith({ forth: { capacity: 1000 } });
    forth.stall();
    assert.equal(near.stream.write(SENT), false);
    await nextTurn();
    assert.equal(forth.used, 1000);
    assert.equal(near.stream.writableLength, SENT.length);
    forth.resume();
    await once(near.stream, "drain");
    near.stream.end();
    await once(far.stream, "end");
    assert.equal(forth.used, 0);
  });

  test("is cut after its byte: both sides see a reset, the bytes before it arrive", async () => {
    const { near, far, text } = openWith({ forth: { cutAfter: 3 } });
    const errors = Promise.all([once(near.stream, "error"), once(far.stream, "error")]);
    near.stream.write("abcdef");
    for (const [error] of await errors) assert.equal((error as NodeJS.ErrnoException).code, "ECONNRESET");
    assert.equal(text(), "abc");
    assert.deepEqual([near.stream.destroyed, far.stream.destroyed], [true, true]);
  });

  test("one who has ended and closed is not a reset: what it sent arrives", async () => {
    const clock = new VirtualClock();
    const { near, far, text } = openWith({ clock, forth: { latencyMs: 10 } });
    far.stream.end();
    near.stream.resume();
    near.stream.end("last words");
    clock.advance(0);
    await once(near.stream, "close");
    const ended = once(far.stream, "end");
    clock.advance(10);
    await ended;
    assert.equal(text(), "last words");
  });
});
