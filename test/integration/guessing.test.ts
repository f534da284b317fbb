import assert from "node:assert/strict";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type TestContext, describe, test } from "node:test";
import { build } from "esbuild";
import { GUESS_RULES } from "../../src/security/password/guessBudget.ts";
import { guessAll } from "../support/guesser.ts";
import { joinLinked } from "../support/linked.ts";
import { TestProcess, withDeadline } from "../support/process.ts";
import { type Served, serveUpstream } from "../support/served.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";

const PASSWORD = "zq7Kx";
/** All of 127.0.0.0/8 is this machine on Linux only. */
const skip = process.platform !== "linux" && "needs more than one loopback address";

interface Scene {
  readonly served: Served;
  readonly upstream: FakeUpstream;
}

async function serve(t: TestContext): Promise<Scene> {
  const upstream = new FakeUpstream();
  const served = await serveUpstream(upstream, { string: `tcp:port=0,bind=127.0.0.1,password=${PASSWORD}` });
  t.after(() => served.close());
  return { upstream, served };
}

/** A guest with the right password comes in. */
async function join(t: TestContext, { port }: Served): Promise<void> {
  const text = `tcp:server=127.0.0.1,port=${port},password=${PASSWORD}`;
  const joined = await withDeadline(
    joinLinked(text, "Ana", { timeoutMs: 60_000 }),
    "the guest comes in",
    60_000,
  );
  t.after(() => joined.link.close());
}

/** Guesses go on until the test is over; resolves when so many were made. */
async function guessWithoutPause(
  t: TestContext,
  { port }: Served,
  addresses: readonly string[],
  connections: number,
  count: number,
): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {};
  const over = new AbortController();
  let made = 0;
  await withDeadline(
    new Promise<void>((resolve) => {
      const told = (outcome: string) => {
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        if (++made === count) resolve();
      };
      const all = guessAll(port, addresses, connections, over.signal, told);
      t.after(async () => {
        over.abort();
        await all;
      });
    }),
    `${count} guesses`,
    120_000,
  );
  return { ...outcomes };
}

/** So many are answered in that time. */
function mostAnswers(ms: number): number {
  const { free, firstMs, lastMs } = GUESS_RULES.peer;
  return free + Math.log2(lastMs / firstMs) + 3 + ms / lastMs;
}

describe("guesses at the password without pause", { timeout: 300_000, skip }, () => {
  for (const [name, addresses] of Object.entries({
    "from one address": ["127.0.0.2"],
    "spread over the addresses of loopback": Array.from(
      { length: 200 },
      (_, index) => `127.0.1.${index + 1}`,
    ),
  })) {
    test(`${name}: few are answered, and the host is told`, async (t) => {
      const { served, upstream } = await serve(t);
      const told: { from: string; count: number }[] = [];
      served.server.onWrongPassword((attempt) => told.push(attempt));
      const began = performance.now();
      // Most are sent away: more would wait before theirs than can be answered in their time.
      const outcomes = await guessWithoutPause(t, served, addresses, 40, 300);
      const { answered = 0, busy = 0, ...others } = outcomes;
      assert.deepEqual(others, {});
      assert.ok(busy > 0);
      assert.ok(answered >= 10 && answered <= mostAnswers(performance.now() - began), String(answered));
      assert.ok(told.length >= 10, String(told.length));
      assert.equal(new Set(told.map(({ from }) => from)).size, 1);
      assert.equal(upstream.received.length, 0);
    });
  }

  test("by one connection at a time: the right password of the same user comes in meanwhile", async (t) => {
    const { served } = await serve(t);
    await guessWithoutPause(t, served, ["127.0.0.2"], 1, GUESS_RULES.peer.free + 6);
    await join(t, served);
  });

  test(
    "by another local user, with many connections: the right password of this user comes in at once",
    { skip: process.getuid?.() !== 0 && "needs to become another user" },
    async (t) => {
      const { served } = await serve(t);
      const told = new Set<string>();
      served.server.onWrongPassword(({ from }) => told.add(from));
      const guesser = await startGuesser(t, served.port, 32);
      await guesser.waitLine(/guess: busy/, 120_000);
      await join(t, served);
      // It was answered, but refused no one else.
      assert.deepEqual([...told], ["local:user 65534"]);
    },
  );
});

/** A program of another user's. */
async function startGuesser(t: TestContext, port: number, connections: number): Promise<TestProcess> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "guesser-"));
  await chmod(folder, 0o755);
  const outfile = path.join(folder, "guesser.cjs");
  await build({
    entryPoints: ["test/support/guesserProgram.ts"],
    outfile,
    bundle: true,
    platform: "node",
    logLevel: "error",
  });
  const user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
  const guesser = new TestProcess("setpriv", [
    ...user,
    process.execPath,
    outfile,
    String(port),
    String(connections),
  ]);
  t.after(async () => {
    await guesser.kill();
    await rm(folder, { recursive: true });
  });
  return guesser;
}
