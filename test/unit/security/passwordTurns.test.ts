import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import { describe, test } from "node:test";
import { setImmediate as settled } from "node:timers/promises";
import fc from "fast-check";
import { AppError } from "../../../src/common/errors.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import { GUESS_RULES, GuessBudget } from "../../../src/security/password/guessBudget.ts";
import { PasswordTurns } from "../../../src/security/password/passwordTurns.ts";
import { VirtualClock } from "../../support/virtualClock.ts";
import type { PeerGroup } from "../../../src/transport/peerGroup.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const PATIENCE = LIMITS.passwordWaitMs;
const never = new AbortController().signal;
setMaxListeners(0, never);

function group(network: string, peer = ""): PeerGroup {
  return { network, peer: `${network}.${peer}` };
}

/** Guesses that are made, in virtual time. */
class Guesses {
  readonly clock = new VirtualClock();
  readonly turns = new PasswordTurns(this.clock);
  answered = 0;
  refused = 0;

  /** Resolves with the time at which it was answered, or undefined. */
  async guess(by: PeerGroup, isWrong = false): Promise<number | undefined> {
    try {
      await this.turns.next(by, PATIENCE, never);
      this.answered += 1;
      if (isWrong) this.turns.settle(by, false);
      return this.clock.now();
    } catch (thrown) {
      assert.equal(AppError.from(thrown).code, "busy");
      this.refused += 1;
      return undefined;
    }
  }

  /** Guesses wrong again and again, by so many connections at once. */
  attack(by: PeerGroup, connections: number, until: number): void {
    const again = () => {
      if (this.clock.now() >= until) return;
      const turn = this.turns.next(by, PATIENCE, never);
      void turn.then(
        () => {
          this.answered += 1;
          this.clock.schedule(1, () => {
            this.turns.settle(by, false);
            again();
          });
        },
        () => this.clock.schedule(500, again),
      );
    };
    for (let each = 0; each < connections; each++) again();
  }

  async pass(ms: number, stepMs = 50): Promise<void> {
    for (let gone = 0; gone < ms; gone += stepMs) {
      this.clock.advance(stepMs);
      await settled();
    }
  }
}

describe("wrong guesses at a password", () => {
  test("of one peer: some are free, then each waits twice as long, and never longer than two seconds", () => {
    let now = 0;
    const budget = new GuessBudget(() => now);
    const waits: number[] = [];
    for (let guess = 0; guess < GUESS_RULES.peer.free + 8; guess++) {
      waits.push(budget.waitMs(group("n")));
      now += budget.waitMs(group("n"));
      budget.answered(group("n"));
      budget.failed(group("n"));
    }
    const { free } = GUESS_RULES.peer;
    assert.deepEqual(waits.slice(0, free), Array(free).fill(0));
    assert.deepEqual(
      waits.slice(free).map((ms) => Math.round(ms)),
      [0, 100, 200, 400, 800, 1600, 2000, 2000],
    );
    assert.equal(budget.inARow(group("n")), free + 8);
    budget.answered(group("n"));
    budget.proved(group("n"));
    assert.equal(budget.waitMs(group("n")), 0);
    assert.equal(budget.inARow(group("n")), 0);
  });

  test("from many addresses of a network are slowed together", async () => {
    const guesses = new Guesses();
    const until = 3 * 60 * SECOND;
    // One machine that owns a /24.
    for (let address = 0; address < 250; address++) guesses.attack(group("n", String(address)), 1, until);
    await guesses.pass(until, 500);
    assert.ok(guesses.answered <= GUESS_RULES.network.free + 10 + until / 1000, String(guesses.answered));
  });

  test("from whatever many networks are ten a second in all, and it is remembered who made them", async () => {
    let now = 0;
    const budget = new GuessBudget(() => now);
    let answered = 0;
    let most = 0;
    for (let network = 0; now < HOUR; network++) {
      const by = group(String(network));
      now += budget.waitMs(by);
      budget.answered(by);
      answered += 1;
      most = Math.max(most, budget.size);
    }
    assert.ok(answered <= GUESS_RULES.server.free + 36_000 + 10, String(answered));
    // The addresses that an attacker does not have at all come as cheap: what is remembered stays bounded.
    assert.ok(most <= 15_000, String(most));
  });

  test("that were made before are not forgotten for those of ten thousand other addresses", () => {
    let now = 0;
    const budget = new GuessBudget(() => now);
    for (let guess = 0; guess < 40; guess++) {
      budget.answered(group("guesser"));
      budget.failed(group("guesser"));
    }
    for (let other = 0; other < 3_000; other++) {
      budget.answered(group(String(other)));
      now += 100;
    }
    assert.equal(budget.isFresh(group("guesser")), false);
    assert.equal(budget.inARow(group("guesser")), 40);
  });
});

describe("the right password is answered", () => {
  test("at once, while another address guesses without pause", async () => {
    const guesses = new Guesses();
    guesses.attack(group("n", "guesser"), 32, HOUR);
    await guesses.pass(60 * SECOND);
    const before = guesses.clock.now();
    assert.equal(await guesses.guess(group("m", "guest")), before);
  });

  test("within seconds, while all other addresses of its network guess without pause", async () => {
    const guesses = new Guesses();
    for (let address = 0; address < 250; address++) guesses.attack(group("n", String(address)), 1, HOUR);
    await guesses.pass(60 * SECOND, 250);
    const before = guesses.clock.now();
    const guest = guesses.guess(group("n", "guest"));
    await guesses.pass(5 * SECOND);
    assert.ok(((await guest) ?? Infinity) - before <= 3 * SECOND);
  });

  test("within seconds, while hundreds of networks guess without pause", async () => {
    const guesses = new Guesses();
    for (let network = 0; network < 300; network++) guesses.attack(group(String(network)), 1, HOUR);
    await guesses.pass(60 * SECOND, 250);
    const before = guesses.clock.now();
    const guest = guesses.guess(group("its own"));
    await guesses.pass(3 * SECOND);
    assert.ok(((await guest) ?? Infinity) - before <= 2 * SECOND);
  });

  test("within seconds also to one who shares the guesser's address", async () => {
    const guesses = new Guesses();
    guesses.attack(group("n"), 1, HOUR);
    await guesses.pass(5 * 60 * SECOND, 250);
    const before = guesses.clock.now();
    const guest = guesses.guess(group("n"));
    await guesses.pass(6 * SECOND);
    assert.ok(((await guest) ?? Infinity) - before <= 4 * SECOND);
  });

  test("to all of a class behind one address, some of whom mistype", async () => {
    const guesses = new Guesses();
    const waits: number[] = [];
    await Promise.all(
      Array.from({ length: 200 }, async (_, guest) => {
        const at = await guesses.guess(group("school"));
        waits.push(at ?? Infinity);
        // What a guest's proof takes.
        guesses.clock.schedule(400, () => guesses.turns.settle(group("school"), guest % 10 !== 0));
      }).concat(guesses.pass(20 * SECOND)),
    );
    assert.equal(guesses.refused, 0);
    assert.ok(Math.max(...waits) <= 20 * SECOND, String(Math.max(...waits)));
  });
});

describe("turns at guessing", { timeout: 120_000 }, () => {
  test("are refused, with the time, where they do not come in the guest's time", async () => {
    const guesses = new Guesses();
    for (let guess = 0; guess < GUESS_RULES.peer.free + 7; guess++)
      await Promise.all([guesses.guess(group("n"), true), guesses.pass(2 * SECOND)]);
    void guesses.guess(group("n"));
    await assert.rejects(guesses.turns.next(group("n"), 100, never), (thrown: unknown) => {
      const error = AppError.from(thrown);
      assert.equal(error.code, "busy");
      assert.match(error.toLine(), /Try again in \d+ seconds\./);
      return true;
    });
  });

  test("of those that leave are not waited for", async () => {
    const guesses = new Guesses();
    for (let guess = 0; guess < GUESS_RULES.peer.free + 1; guess++) await guesses.guess(group("n"), true);
    const leaving = new AbortController();
    const left = guesses.turns.next(group("n"), PATIENCE, leaving.signal);
    leaving.abort(new AppError("closed", "It left."));
    await assert.rejects(left, /It left/);
    const next = guesses.guess(group("n"));
    await guesses.pass(150);
    assert.equal(typeof (await next), "number");
  });

  test("are waited for by so many at most, and who has most of them loses one", async () => {
    const guesses = new Guesses();
    // The server's own budget is used up, so that all wait.
    for (let guess = 0; guess <= GUESS_RULES.server.free; guess++)
      await guesses.guess(group(String(guess)), true);
    const crowd = Array.from({ length: LIMITS.passwordsWaiting }, (_, index) =>
      guesses.guess(group("crowd", String(index % 16)), true),
    );
    const guest = guesses.guess(group("guest"));
    await settled();
    assert.equal(guesses.refused, 1);
    await guesses.pass(SECOND);
    assert.equal(typeof (await guest), "number");
    await guesses.pass(PATIENCE);
    await Promise.all(crowd);
  });

  test("property: no peer gets more answers in any time than its budget, nor its network, nor all together", async () => {
    const step = fc.record({
      network: fc.nat(3),
      peer: fc.nat(3),
      passes: fc.nat(4_000),
      breaksOff: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 150 }), async (steps) => {
        const guesses = new Guesses();
        const answers = new Map<string, number>();
        const count = (key: string) => answers.set(key, (answers.get(key) ?? 0) + 1);
        const made: Promise<unknown>[] = [];
        for (const { network, peer, passes, breaksOff } of steps) {
          const by = group(String(network), String(peer));
          const leaving = new AbortController();
          const turn = guesses.turns.next(by, PATIENCE, leaving.signal);
          const answered = () => {
            [by.peer, by.network, "all"].forEach(count);
            guesses.turns.settle(by, false);
          };
          made.push(turn.then(answered, () => {}));
          if (breaksOff) guesses.clock.schedule(passes / 2, () => leaving.abort());
          guesses.clock.advance(passes);
          await Promise.resolve();
        }
        await settled();
        const gone = guesses.clock.now();
        for (const [key, made] of answers) {
          const rule = key === "all" ? "server" : key.includes(".") ? "peer" : "network";
          const { free, firstMs, lastMs } = GUESS_RULES[rule];
          assert.ok(
            made <= free + Math.log2(lastMs / firstMs) + 3 + gone / lastMs,
            `${key}: ${made} in ${gone} ms`,
          );
        }
        guesses.clock.advance(2 * PATIENCE);
        await Promise.all(made);
      }),
      { numRuns: 60 },
    );
  });

  test("property: whoever else guesses, who waits alone at its address is answered in seconds", async () => {
    const attackers = fc.array(
      fc.record({ network: fc.nat(60), peer: fc.nat(5), connections: fc.integer({ min: 1, max: 6 }) }),
      {
        maxLength: 120,
      },
    );
    await fc.assert(
      fc.asyncProperty(attackers, fc.nat(60), async (all, network) => {
        const guesses = new Guesses();
        for (const { network, peer, connections } of all)
          guesses.attack(group(String(network), String(peer)), connections, HOUR);
        await guesses.pass(30 * SECOND, 250);
        const before = guesses.clock.now();
        const guest = guesses.guess(group(String(network), "guest"));
        await guesses.pass(10 * SECOND, 100);
        assert.ok(((await guest) ?? Infinity) - before <= 5 * SECOND);
      }),
      { numRuns: 15 },
    );
  });
});
