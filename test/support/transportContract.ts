import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { afterEach, describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { AppError, type ErrorCode } from "../../src/common/errors.ts";
import { once as next } from "../../src/common/event.ts";
import type { Channel, Listener, WaitOptions } from "../../src/transport/channel.ts";

/** How the contract suite gets at a transport. */
export interface TransportFixture {
  /** Listens at an address of its own; `connect` connects to it. */
  listen(): Promise<ListeningFixture>;
  /** Connects to an address at which nobody listens; absent if one waits there until somebody does. */
  readonly connectToNothing?: (wait?: WaitOptions) => Promise<Channel>;
  /** Connects to somebody who never answers; absent if the transport cannot have that. */
  readonly connectToSilence?: (wait: WaitOptions) => Promise<Channel>;
  /** How many channels may be open at once; default 50. */
  readonly manyChannels?: number;
  /** How many bytes are many; default 64 MiB. */
  readonly manyBytes?: number;
  /** Whether only this machine's users can be at the other end; default true. */
  readonly local?: boolean;
  /** Frees what outlives a test. */
  dispose?(): Promise<void>;
}

export interface ListeningFixture {
  readonly listener: Listener;
  connect(wait?: WaitOptions): Promise<Channel>;
}

const MiB = 1024 * 1024;

/** The contract of `Channel` and `Listener`: every transport passes it. */
export function describeTransport(
  name: string,
  fixture: TransportFixture,
  skip: string | false = false,
): void {
  describe(`transport ${name}`, { skip, timeout: 120_000 }, () => {
    const cleanUps: (() => unknown)[] = [];

    afterEach(async () => {
      for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
      await fixture.dispose?.();
    });

    const keep = (channel: Channel): Duplex => {
      cleanUps.push(() => channel.stream.destroy());
      return channel.stream;
    };
    const listen = async (): Promise<ListeningFixture> => {
      const listening = await fixture.listen();
      cleanUps.push(() => listening.listener.close());
      return listening;
    };
    /** Two ends of one channel: near has connected, far was yielded. */
    const open = async (from?: ListeningFixture): Promise<{ near: Duplex; far: Duplex }> => {
      const listening = from ?? (await listen());
      const [near, far] = await Promise.all([listening.connect(), next(listening.listener.onChannel)]);
      return { near: keep(near), far: keep(far) };
    };

    test("bytes arrive in order, both ways at once", async () => {
      const { near, far } = await open();
      const sent = Buffer.concat(Array.from({ length: 2000 }, (_, i) => Buffer.from(`${i},`)));
      const write = async (stream: Duplex) => {
        // Sizes that fit no buffer's size evenly.
        for (let at = 0, size = 1; at < sent.length; at += size, size = (size * 7 + 3) % 997) {
          if (size === 0) size = 1;
          if (!stream.write(sent.subarray(at, at + size))) await once(stream, "drain");
        }
        stream.end();
      };
      const [atFar, atNear] = await Promise.all([readAll(far), readAll(near), write(near), write(far)]);
      assert.deepEqual(atFar, sent);
      assert.deepEqual(atNear, sent);
    });

    test("what is sent before anybody reads or subscribes is not lost", async () => {
      const listening = await listen();
      const near = keep(await listening.connect());
      near.end("early");
      await once(near, "finish");
      const far = keep(await next(listening.listener.onChannel));
      assert.equal((await readAll(far)).toString(), "early");
    });

    for (const whoEnds of ["near", "far"] as const) {
      test(`half-close: ${whoEnds} ends, the other answers after that`, async () => {
        const ends = await open();
        const first = ends[whoEnds];
        const second = whoEnds === "near" ? ends.far : ends.near;
        const closed = Promise.all([once(first, "close"), once(second, "close")]);
        first.end("question");
        assert.equal((await readAll(second)).toString(), "question");
        assert.equal(second.writable, true);
        // More than goes into any one buffer, so that it surely is sent after the end was seen.
        const answer = Buffer.alloc(MiB, "answer");
        second.end(answer);
        assert.deepEqual(await readAll(first), answer);
        await closed;
        assert.equal(first.errored ?? second.errored, null);
      });

      test(`abrupt close by ${whoEnds} is seen by one who reads, and nothing crashes`, async () => {
        const ends = await open();
        const [gone, left] = whoEnds === "near" ? [ends.near, ends.far] : [ends.far, ends.near];
        left.resume();
        const seen = endOf(left);
        gone.destroy();
        await seen;
      });

      test(`abrupt close by ${whoEnds} is seen by one who writes`, async () => {
        const ends = await open();
        const [gone, left] = whoEnds === "near" ? [ends.near, ends.far] : [ends.far, ends.near];
        left.resume();
        const closed = new Promise<void>((resolve) => left.once("close", resolve));
        gone.destroy();
        while (!left.destroyed) {
          left.write("anybody there?");
          await nextTurn();
        }
        await closed;
      });
    }

    test("an abrupt close with unread bytes is seen, and nothing crashes", async () => {
      const { near, far } = await open();
      near.write(Buffer.alloc(4 * MiB));
      await once(far, "readable");
      const closed = new Promise<void>((resolve) => near.once("close", resolve));
      near.resume();
      far.destroy();
      await closed;
    });

    test("a reader that does not read bounds what a writer can get rid of; reading lets it go on", async () => {
      const { near, far } = await open();
      const chunk = Buffer.alloc(64 * 1024, 7);
      let drained = 0;
      near.on("drain", () => drained++);
      let written = 0;
      const bound = 32 * MiB;
      for (let stuck = false; !stuck;) {
        assert.ok(written < bound, `${written} bytes were taken though nobody reads`);
        written += chunk.length;
        stuck = !near.write(chunk) && !(await drainsSoon(near));
      }
      assert.ok(near.writableLength <= near.writableHighWaterMark + chunk.length);

      const before = drained;
      const drain = once(near, "drain");
      const atFar = count(far);
      await drain;
      assert.equal(drained, before + 1);
      near.end();
      assert.equal(await atFar, written);
    });

    test("many bytes arrive complete", async () => {
      const { near, far } = await open();
      const total = fixture.manyBytes ?? 64 * MiB;
      const [sent, received] = [createHash("sha256"), createHash("sha256")];
      far.on("data", (chunk: Buffer) => received.update(chunk));
      const ended = once(far, "end");
      const block = Buffer.alloc(100_003);
      for (let left = total, i = 0; left > 0; left -= block.length, i++) {
        for (let at = 0; at + 4 <= block.length; at += 4096)
          block.writeUInt32LE((i * 2654435761 + at) >>> 0, at);
        const part = Buffer.from(block.subarray(0, left));
        sent.update(part);
        if (!near.write(part)) await once(near, "drain");
      }
      near.end();
      await ended;
      assert.equal(received.digest("hex"), sent.digest("hex"));
    });

    test("bytes written one by one", async () => {
      const { near, far } = await open();
      const sent = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251));
      const received = readAll(far);
      for (const byte of sent) near.write(Buffer.of(byte));
      near.end();
      assert.deepEqual(await received, sent);
    });

    test("connecting can be cancelled, before it starts and while it is under way", async () => {
      const listening = await listen();
      await failsWith("aborted", listening.connect({ signal: AbortSignal.abort() }));
      const controller = new AbortController();
      const connecting = listening.connect({ signal: controller.signal });
      controller.abort();
      await failsWith("aborted", connecting);
      // A signal that aborts later leaves the channel alone.
      const later = new AbortController();
      const near = keep(await listening.connect({ signal: later.signal }));
      later.abort();
      await nextTurn();
      assert.equal(near.destroyed, false);
    });

    const { connectToSilence } = fixture;
    // Only of transports on which a peer can be there and say nothing while one connects.
    if (connectToSilence !== undefined) {
      test("connecting has a deadline", async () => {
        await failsWith("timeout", connectToSilence({ timeoutMs: 50 }));
        const controller = new AbortController();
        const connecting = connectToSilence({ signal: controller.signal });
        await nextTurn();
        controller.abort();
        await failsWith("aborted", connecting);
      });
    }

    test("many channels at once do not mix", async () => {
      const listening = await listen();
      const names = Array.from({ length: fixture.manyChannels ?? 50 }, (_, i) => `channel ${i}`);
      listening.listener.onChannel((channel) => {
        const far = keep(channel);
        far.pipe(far);
      });
      const answers = names.map(async (name) => {
        const near = keep(await listening.connect());
        near.end(name.repeat(1000));
        return (await readAll(near)).toString();
      });
      assert.deepEqual(
        await Promise.all(answers),
        names.map((name) => name.repeat(1000)),
      );
    });

    test("closing the listener leaves its channels alive, and lets nobody in any more", async () => {
      const listening = await listen();
      const { near, far } = await open(listening);
      await listening.listener.close();
      near.end("still here");
      assert.equal((await readAll(far)).toString(), "still here");
      far.end("me too");
      assert.equal((await readAll(near)).toString(), "me too");
      if (fixture.connectToNothing !== undefined) await failsWith("connectFailed", listening.connect());
    });

    test("a listener may be closed twice, also at the same time", async () => {
      const { listener } = await listen();
      await Promise.all([listener.close(), listener.close()]);
      await listener.close();
    });

    test("a channel that nobody took is cut off when its listener closes", async () => {
      const listening = await listen();
      const near = keep(await listening.connect());
      near.resume();
      const seen = endOf(near);
      await listening.listener.close();
      await seen;
    });

    const { connectToNothing } = fixture;
    if (connectToNothing !== undefined) {
      test("connecting to nothing is a clear error", async () => {
        const error = await failsWith("connectFailed", connectToNothing());
        assert.notEqual(error.hint, undefined);
        assert.doesNotMatch(error.message, /\bE[A-Z]{4,}/, "codes of the system are not for people");
      });
    }

    test("both sides know who the other is", async () => {
      const listening = await listen();
      const [near, far] = await Promise.all([listening.connect(), next(listening.listener.onChannel)]);
      keep(near);
      keep(far);
      assert.equal(near.peer.transport, far.peer.transport);
      assert.ok(near.peer.address !== "" && far.peer.address !== "");
      const { local = true } = fixture;
      assert.deepEqual([near.peer.local, far.peer.local], [local, local]);
      assert.equal(near.stream.allowHalfOpen && far.stream.allowHalfOpen, true);
      assert.ok(near.stream.listenerCount("error") > 0 && far.stream.listenerCount("error") > 0);
    });
  });
}

/** Asserts that a promise rejects with an AppError of this code, and gives the error. */
export async function failsWith(code: ErrorCode, promise: Promise<unknown>): Promise<AppError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof AppError, `expected an AppError ${code}, got ${String(thrown)}`);
  assert.equal(thrown.code, code, thrown.toLine());
  return thrown;
}

/** Everything up to the end. Not by async iteration, which destroys the stream at its end. */
export function readAll(stream: Duplex): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.once("end", () => resolve(Buffer.concat(chunks)));
    stream.once("close", () => reject(new Error("closed before its end", { cause: stream.errored })));
  });
}

async function count(stream: Duplex): Promise<number> {
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => (bytes += chunk.length));
  await once(stream, "end");
  return bytes;
}

/** How one sees that the other side is gone: an end (a transport may not know better), or a close. */
function endOf(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    stream.once("end", resolve);
    stream.once("close", () => resolve());
  });
}

/** Whether the stream drains within many turns of the event loop: if not, only a reader can make it. */
async function drainsSoon(stream: Duplex): Promise<boolean> {
  for (let turn = 0; turn < 200; turn++) {
    if (!stream.writableNeedDrain) return true;
    await nextTurn();
  }
  return false;
}
