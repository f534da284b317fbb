import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import { withDeadline } from "../support/process.ts";
import { OPENINGS } from "../support/openings.ts";
import { type Served, serveUpstream } from "../support/served.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";

const SECONDS = Number(process.env["FUZZ_SECONDS"] ?? 8) / 2;
const SEED = process.env["FUZZ_SEED"] ? Number(process.env["FUZZ_SEED"]) : undefined;
/** How much more memory than before may be in use at the end, in bytes; fast-check itself keeps some. */
const GROWTH = 64 * 1024 * 1024;

/** One change to bytes, at that fraction of them. */
interface Mutation {
  readonly kind: "flip" | "set" | "insert" | "delete" | "repeat" | "cut";
  readonly at: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom("flip", "set", "insert", "delete", "repeat", "cut"),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(64),
  bytes: fc.uint8Array({ maxLength: 32 }),
});

function mutate(bytes: Buffer, { kind, at, length, bytes: other }: Mutation): Buffer {
  const start = Math.floor(at * bytes.length);
  const [head, tail] = [bytes.subarray(0, start), bytes.subarray(start)];
  switch (kind) {
    case "flip": {
      const copy = Buffer.from(bytes);
      if (start < copy.length) copy[start] = (copy[start] ?? 0) ^ (1 << (length & 7));
      return copy;
    }
    case "set":
      return Buffer.concat([head, other, tail.subarray(other.length)]);
    case "insert":
      return Buffer.concat([head, other, tail]);
    case "delete":
      return Buffer.concat([head, tail.subarray(length)]);
    case "repeat":
      return Buffer.concat([head, ...Array.from({ length: 1 + (length & 7) }, () => tail)]);
    case "cut":
      return Buffer.from(head);
  }
}

const bytes = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 512 }).map((array) => Buffer.from(array)) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...Object.values(OPENINGS)), fc.array(mutation, { maxLength: 6 }))
      .map(([opening, mutations]) => mutations.reduce(mutate, opening)),
  },
);

/** How it is sent: in pieces that end at these fractions, and how the peer goes. */
const peer = fc.record({
  bytes,
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
  goes: fc.constantFrom("end", "reset", "waits"),
});

describe("whatever somebody sends who has not been let in", () => {
  for (const [kind, string] of [
    ["without credentials", "tcp:port=0,access=full"],
    ["with a password", "tcp:port=0,bind=127.0.0.1,access=full,password=zq7Kx"],
  ] as const)
    test(`a server ${kind} neither falls nor hangs, forgets them, and their bytes stay outside`, async (t) => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => unhandled.push(reason);
      process.on("unhandledRejection", note).on("uncaughtExceptionMonitor", note);
      t.after(() => process.off("unhandledRejection", note).off("uncaughtExceptionMonitor", note));

      const lasting = await serve(string);
      t.after(() => lasting.close());
      const before = process.memoryUsage().rss;
      const property = fc.asyncProperty(fc.array(peer, { minLength: 1, maxLength: 14 }), async (peers) => {
        // A host that is asked is asked less and less often about one peer: here each time as if for the first time.
        const served = kind === "without credentials" ? await serve(string) : lasting;
        await attack(served, peers);
        assert.deepEqual(unhandled, []);
        if (served !== lasting) await served.close();
      });
      const details = await fc.check(property, {
        seed: SEED,
        interruptAfterTimeLimit: SECONDS * 1000,
        numRuns: Infinity,
        markInterruptAsFailure: false,
      });
      assert.equal(details.failed, false, fc.defaultReportMessage(details));
      t.diagnostic(`${details.numRuns} runs, seed ${details.seed}`);
      assert.ok(process.memoryUsage().rss - before < GROWTH + details.numRuns * 100, "memory does not grow");

      // And the next client is heard.
      await attack(lasting, [{ bytes: OPENINGS["link"] ?? Buffer.alloc(0), cuts: [], goes: "waits" }]);
      const client = await lasting.connect();
      const told = kind === "with a password" ? "passwordRequired" : "timeout";
      assert.equal((await client.raw("initialize", { adapterID: "fake" })).message, told);
      await client.closed;
    });
});

/** Whoever says who they are is turned away, so that nothing of anybody's may reach the adapter. */
async function serve(string: string): Promise<Served & { readonly upstream: FakeUpstream }> {
  const upstream = new FakeUpstream();
  upstream.endAtDisconnect();
  const served = await serveUpstream(upstream, {
    string,
    // The machine may be busy, and the client that is to be heard is in this process, too.
    admissionMs: 250,
    admit: (_, { signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("gone")))),
    questionMs: 30,
  });
  return { ...served, upstream };
}

/** Resolves when the server has let go of all of them, and nothing of theirs has come in. */
async function attack(
  served: Awaited<ReturnType<typeof serve>>,
  peers: readonly { readonly bytes: Buffer; readonly cuts: readonly number[]; readonly goes: string }[],
): Promise<void> {
  const ends = peers.map(async ({ bytes: all, cuts, goes }) => {
    const socket = connect(served.port, "127.0.0.1");
    socket.on("error", () => {});
    const closed = new Promise<void>((resolve) => socket.resume().once("close", () => resolve()));
    await Promise.race([new Promise((resolve) => socket.once("connect", resolve)), closed]);
    const places = [...cuts.map((cut) => Math.floor(cut * all.length)), all.length].sort((a, b) => a - b);
    let from = 0;
    for (const place of places) {
      socket.write(all.subarray(from, place));
      from = place;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (goes === "end") socket.end();
    if (goes === "reset") socket.resetAndDestroy();
    await withDeadline(closed, "the server lets go", 10_000);
  });
  await Promise.all(ends);
  await withDeadline(
    (async () => {
      while (served.server.halfOpen > 0) await new Promise((resolve) => setImmediate(resolve));
    })(),
    "nobody is half inside",
  );
  assert.deepEqual(served.upstream.commands(), []);
  assert.equal(served.sessions.root.clients.size, 0);
}
