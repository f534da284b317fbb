import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { AppError } from "../../../src/common/errors.ts";
import { Backoff } from "../../../src/transport/backoff.ts";
import { ReverseDialer } from "../../../src/transport/reverseDialer.ts";
import type { Channel, WaitOptions } from "../../../src/transport/channel.ts";
import { VirtualClock } from "../../support/virtualClock.ts";
import { memoryPair } from "../../support/memory.ts";
import { abortable } from "../../../src/transport/deadline.ts";

/** The bound of each delay: what comes out if the dice show the most. */
const BOUNDS = [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];

describe("back-off", () => {
  test("delays are anything up to a bound that doubles, to half a minute", () => {
    const [longest, shortest] = [new Backoff(() => 1), new Backoff(() => 0)];
    for (const bound of BOUNDS) {
      assert.equal(longest.next(), bound);
      assert.equal(shortest.next(), 0);
    }
    longest.reset();
    assert.equal(longest.next(), 250);
    const even = new Backoff();
    for (let i = 0; i < 2000; i++) assert.ok(even.next() <= 30_000);
  });
});

type Answer = AppError | Channel | "nothing";

const refused = (message = "nobody listens there") => new AppError("connectFailed", message);

/** A dialer whose calls are answered in turn; when there is no answer left, they are refused. */
function dialing(t: TestContext, answers: Answer[]) {
  const clock = new VirtualClock();
  const state = { calls: 0 };
  const connect = async ({ signal }: WaitOptions) => {
    state.calls++;
    const answer = answers.shift() ?? refused();
    if (answer === "nothing") return abortable(new Promise<never>(() => {}), signal ?? t.signal);
    if (answer instanceof AppError) throw answer;
    return answer;
  };
  const dialer = new ReverseDialer({ host: "box", port: 5005, connect, clock, random: () => 1 });
  t.after(() => dialer.close());
  const news: (string | undefined)[] = [];
  dialer.onChanged(() => news.push(dialer.dialing === undefined ? "in" : dialer.dialing.lastError?.message));
  const channels: Channel[] = [];
  dialer.onChannel((channel) => channels.push(channel));
  return {
    dialer,
    clock,
    news,
    channels,
    /** How often it has called. */
    calls: () => state.calls,
    pass: async (ms: number): Promise<void> => {
      clock.advance(ms);
      await settled();
    },
  };
}

/** Streams close, and promises resolve, within a few turns. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await nextTurn();
}

describe("a listener that dials", () => {
  test("calls at once, then later and later; says why, once", async (t) => {
    const { calls, pass, news, dialer, channels } = dialing(t, [refused("a"), refused("a"), refused("b")]);
    assert.deepEqual(dialer.dialing, { host: "box", port: 5005, lastError: undefined });
    await settled();
    let expected = 1;
    for (const bound of BOUNDS) {
      await pass(bound - 1);
      assert.equal(calls(), expected);
      await pass(1);
      assert.equal(calls(), ++expected);
    }
    assert.deepEqual(news, ["a", "b", "nobody listens there"]);
    assert.deepEqual(channels, []);
  });

  test("does not call while a channel is open; calls again soon when a guest has gone", async (t) => {
    const [first, second] = [memoryPair(), memoryPair()];
    const answers = [refused(), refused(), refused(), refused(), first.near, second.near];
    const { calls, pass, news, dialer, channels } = dialing(t, answers);
    await settled();
    for (const bound of BOUNDS.slice(0, 4)) await pass(bound);
    assert.deepEqual(channels, [first.near]);
    assert.notEqual(dialer.dialing, undefined, "who has only answered is no guest yet");
    dialer.admitted();
    assert.ok(dialer.dialing === undefined);
    await pass(60_000);
    assert.equal(calls(), 5);
    first.far.stream.destroy();
    first.near.stream.destroy();
    await settled();
    assert.deepEqual(dialer.dialing, { host: "box", port: 5005, lastError: undefined });
    await pass(250);
    assert.deepEqual(channels, [first.near, second.near]);
    assert.deepEqual(news, ["nobody listens there", "in", undefined]);
  });

  test("who answers and does not come in is called less and less often", async (t) => {
    const pairs = Array.from({ length: BOUNDS.length }, () => memoryPair());
    const { pass, news, channels, dialer } = dialing(
      t,
      pairs.map(({ near }) => near),
    );
    await settled();
    for (const [index, bound] of BOUNDS.entries()) {
      assert.equal(channels.length, index + 1);
      pairs[index]?.near.stream.destroy();
      await settled();
      await pass(bound - 1);
      assert.equal(channels.length, index + 1);
      await pass(1);
    }
    assert.deepEqual(news.slice(0, 1), ["box:5005 answered, but did not come in."]);
    assert.equal(dialer.dialing?.lastError?.code, "connectFailed");
  });

  test("who answers and is not let in is told of, with the reason and the way out; another reason is news", async (t) => {
    const [first, second] = [memoryPair(), memoryPair()];
    const { pass, news, dialer } = dialing(t, [first.near, second.near]);
    await settled();
    dialer.refused(new AppError("refused", "It is another user's.", { hint: "Give it a password." }));
    first.near.stream.destroy();
    await settled();
    assert.equal(dialer.dialing?.lastError?.code, "refused");
    const line = "box:5005 answered, but was not let in. It is another user's. Give it a password.";
    assert.equal(dialer.dialing.lastError.toLine(), line);
    await pass(250);
    second.near.stream.destroy();
    await settled();
    assert.deepEqual(news, [
      "box:5005 answered, but was not let in. It is another user's.",
      "box:5005 answered, but did not come in.",
    ]);
  });

  for (const [name, answers] of [
    ["between two calls", []],
    ["during a call", ["nothing"]],
  ] as const) {
    test(`closed ${name}, it calls no more`, async (t) => {
      const { dialer, calls, clock, pass } = dialing(t, [...answers]);
      await settled();
      await Promise.all([dialer.close(), dialer.close()]);
      await settled();
      assert.equal(clock.waiting, 0);
      await pass(60_000);
      assert.equal(calls(), 1);
    });
  }

  test("closed while a channel is open, it leaves that alone", async (t) => {
    const pair = memoryPair();
    const { dialer, calls, pass } = dialing(t, [pair.near]);
    await settled();
    dialer.admitted();
    await dialer.close();
    await settled();
    assert.equal(pair.near.stream.destroyed, false);
    pair.near.stream.destroy();
    pair.far.stream.destroy();
    await pass(60_000);
    assert.equal(calls(), 1);
  });
});
