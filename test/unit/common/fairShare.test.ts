import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { FairShare, type Share } from "../../../src/common/fairShare.ts";

const KiB = 1024;
/** As fairShare.ts has it: what a turn may cost beside others, and alone. */
const TURN = 16 * KiB;
const TURN_ALONE = 1024 * KiB;

/** Clients whose messages have a cost and take a time; the order in which they are handled is what comes out. */
class Scene {
  readonly handled: string[] = [];
  now = 0;
  readonly #deferred: (() => void)[] = [];
  readonly #later: { readonly at: number; readonly run: () => void }[] = [];
  readonly #turns = new FairShare((run) => this.#deferred.push(run), {
    now: () => this.now,
    after: (ms, run) => this.#later.push({ at: this.now + ms, run }),
    written: (run) => run(),
  });

  /** Each of its messages takes so many milliseconds. */
  client(name: string, ms = 0): Sender {
    const waiting: number[] = [];
    const share: Share = this.#turns.join(() => {
      while (waiting.length > 0) {
        if (share.spent) return true;
        share.charge(waiting.shift() ?? 0);
        this.now += ms;
        this.handled.push(name);
      }
      return false;
    });
    return {
      share,
      waiting,
      send: (...costs) => {
        waiting.push(...costs);
        share.wake();
      },
    };
  }

  /** The next turn of the event loop; false if nothing waits for one. */
  turn(): boolean {
    const run = this.#deferred.shift();
    run?.();
    return run !== undefined;
  }

  all(): void {
    while (this.turn());
  }

  /** Lets time go by, in which all is handled that may be. */
  pass(ms: number): void {
    const end = this.now + ms;
    this.all();
    while (this.now < end) {
      this.now++;
      for (const due of this.#later.filter(({ at }) => at <= this.now)) {
        this.#later.splice(this.#later.indexOf(due), 1);
        due.run();
      }
      this.all();
    }
  }

  get timers(): number {
    return this.#later.length;
  }

  /** What was handled since the last call, in short: `A3 B1`. */
  take(): string {
    const runs: { name: string; count: number }[] = [];
    for (const name of this.handled.splice(0)) {
      const last = runs.at(-1);
      if (last?.name === name) last.count++;
      else runs.push({ name, count: 1 });
    }
    return runs.map(({ name, count }) => `${name}${count}`).join(" ");
  }
}

interface Sender {
  readonly share: Share;
  readonly waiting: readonly number[];
  send(...costs: number[]): void;
}

const times = (count: number, cost: number) => new Array<number>(count).fill(cost);

describe("fair share", () => {
  test("who is alone has all handled as it comes, up to a mebibyte before others are heard", () => {
    const scene = new Scene();
    const a = scene.client("A");
    a.send(...times(1000, KiB));
    assert.equal(scene.take(), "A1000");
    scene.turn();
    a.send(...times(3000, KiB));
    assert.equal(scene.take(), `A${TURN_ALONE / KiB}`);
    scene.turn();
    assert.equal(scene.take(), `A${TURN_ALONE / KiB}`);
    scene.all();
    assert.equal(scene.take(), `A${3000 - (2 * TURN_ALONE) / KiB}`);
  });

  test("what is little is handled at once, however much of another waits", () => {
    const scene = new Scene();
    const [a, b] = [scene.client("A"), scene.client("B")];
    a.send(...times(10_000, KiB));
    assert.equal(scene.take(), "A16");
    for (let round = 0; round < 20; round++) {
      b.send(KiB);
      assert.equal(scene.take(), "B1");
      scene.turn();
      assert.equal(scene.take(), "A16");
    }
  });

  test("two that wait take turns, each of the same cost", () => {
    const scene = new Scene();
    const [a, b] = [scene.client("A"), scene.client("B")];
    a.send(...times(64, KiB));
    b.send(...times(16, 4 * KiB));
    scene.all();
    assert.equal(scene.take(), "A16 B4 A16 B4 A16 B4 A16 B4");
  });

  test("what costs more than a turn is waited for as long as it took, if another waits, and else not at all", () => {
    const scene = new Scene();
    const [a, b] = [scene.client("A"), scene.client("B")];
    a.send(5 * TURN, 1, 1);
    b.send(...times(7 * 16, KiB));
    scene.all();
    assert.equal(scene.take(), "A1 B80 A2 B32");
    a.send(5 * TURN, 1);
    scene.turn();
    assert.equal(scene.take(), "A2");
    assert.equal(b.waiting.length, 0);
  });

  test("a cost that comes later counts, too", () => {
    const scene = new Scene();
    const [a, b] = [scene.client("A"), scene.client("B")];
    a.send(1);
    a.share.charge(3 * TURN);
    a.send(1);
    b.send(...times(4 * 16, KiB));
    scene.all();
    assert.equal(scene.take(), "A1 B48 A1 B16");
  });

  test("who has been silent has gathered no turns", () => {
    const scene = new Scene();
    const [a, b] = [scene.client("A"), scene.client("B")];
    for (let round = 0; round < 100; round++) {
      a.send(KiB);
      scene.all();
    }
    scene.take();
    b.send(...times(100, KiB));
    assert.equal(scene.take(), "B16");
  });

  test("who goes has no turn any more, also in the middle of its own", () => {
    const scene = new Scene();
    const [a, b] = [scene.client("A"), scene.client("B")];
    a.send(...times(100, KiB));
    b.send(...times(20, KiB));
    a.share.dispose();
    a.share.dispose();
    a.send(1);
    scene.all();
    assert.equal(scene.take(), "A16 B20");
  });

  test("what comes while another is being handled waits until that turn is over", () => {
    const turns = new FairShare((run) => deferred.push(run));
    const deferred: (() => void)[] = [];
    const order: string[] = [];
    const inner = turns.join(() => {
      order.push("inner");
      return false;
    });
    const outer = turns.join(() => {
      inner.wake();
      outer.wake();
      order.push("outer");
      return false;
    });
    outer.wake();
    deferred.shift()?.();
    assert.deepEqual(order, ["outer", "inner"]);
  });

  test("one whose work throws keeps nobody from their turn", () => {
    const scene = new Scene();
    const turns = new FairShare((run) => deferred.push(run));
    const deferred: (() => void)[] = [];
    const bad = turns.join(() => {
      throw new Error("no");
    });
    let worked = 0;
    const good = turns.join(() => {
      worked++;
      return false;
    });
    assert.throws(() => bad.wake(), /no/);
    good.wake();
    assert.equal(worked, 1);
    assert.equal(scene.take(), "");
  });

  test("who takes long waits for as long as it took, while another is heard, who does not wait meanwhile", () => {
    const scene = new Scene();
    const [a, b] = [scene.client("A", 80), scene.client("B")];
    b.send(1);
    a.send(...times(20, 4 * KiB * KiB));
    assert.equal(scene.take(), "B1 A1");
    scene.all();
    assert.equal(scene.take(), "");
    for (let i = 0; i < 5; i++) {
      b.send(1);
      scene.pass(10);
    }
    assert.equal(scene.take(), "B5");
    scene.pass(30);
    assert.equal(scene.take(), "A1");
    for (let i = 0; i < 10; i++) {
      scene.pass(160);
      b.send(1);
    }
    const [fromA, fromB] = ["A", "B"].map((name) => scene.handled.filter((one) => one === name).length);
    assert.ok(fromA !== undefined && fromA >= 9 && fromA <= 11, String(fromA));
    assert.equal(fromB, 10);
  });

  test("who is alone, or beside others who have been silent for a second, takes all the time", () => {
    const scene = new Scene();
    const a = scene.client("A", 80);
    a.send(...times(5, KiB));
    assert.equal(scene.take(), "A5");
    scene.pass(1_000);
    const b = scene.client("B");
    b.send(1);
    scene.pass(1_001);
    a.send(...times(5, TURN));
    scene.all();
    assert.equal(scene.take(), "B1 A5");
  });

  test("who has what others take turns for handled in less than half of the time never waits for time", () => {
    const scene = new Scene();
    const [a, b] = [scene.client("A", 1), scene.client("B")];
    for (let i = 0; i < 100; i++) {
      a.send(KiB, KiB, KiB);
      b.send(1);
      assert.equal(scene.take(), "A3 B1");
      scene.pass(3);
    }
    assert.equal(scene.timers, 0);
  });

  test("two who take long have half of the time each, whoever else is heard", () => {
    const scene = new Scene();
    const [a, b, c] = [scene.client("A", 10), scene.client("B", 10), scene.client("C")];
    a.send(...times(200, TURN));
    b.send(...times(200, TURN));
    for (let i = 0; i < 20; i++) {
      c.send(1);
      scene.pass(50);
    }
    const count = (name: string) => scene.handled.filter((one) => one === name).length;
    assert.ok(Math.abs(count("A") - count("B")) <= 1, `${count("A")} and ${count("B")}`);
    assert.ok(count("A") >= 45, String(count("A")));
    assert.equal(count("C"), 20);
  });

  test("a message during which the process was stopped for an hour is paid for by a second at most", () => {
    const scene = new Scene();
    const [a, b] = [scene.client("A", 3_600_000), scene.client("B")];
    a.send(1);
    a.send(1);
    b.send(1);
    assert.equal(scene.take(), "A2 B1");
    a.send(1);
    b.send(1);
    assert.equal(scene.take(), "B1");
    scene.pass(900);
    assert.equal(scene.take(), "");
    scene.pass(101);
    assert.equal(scene.take(), "A1");
  });

  test("one timer waits for those that rest, however often there are turns", () => {
    const scene = new Scene();
    const [a, b] = [scene.client("A", 80), scene.client("B")];
    b.send(1);
    a.send(TURN, TURN);
    for (let i = 0; i < 50; i++) {
      b.send(TURN);
      scene.all();
    }
    assert.equal(scene.timers, 1);
  });

  test("property: order is kept, nothing is lost, and of two that wait neither has more than a turn and a message more", () => {
    const costs = fc.array(fc.integer({ min: 1, max: 3 * TURN }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(costs, { minLength: 2, maxLength: 5 }), (all) => {
        const scene = new Scene();
        const senders = all.map((_, i) => scene.client(String(i)));
        all.forEach((list, i) => senders[i]?.send(...list));
        const cost = all.map(() => 0);
        const at = all.map(() => 0);
        const account = () => {
          for (const name of scene.handled.splice(0)) {
            const i = Number(name);
            cost[i] = (cost[i] ?? 0) + (all[i]?.[at[i] ?? 0] ?? 0);
            at[i] = (at[i] ?? 0) + 1;
          }
        };
        account();
        do {
          const waiting = senders.flatMap(({ waiting: left }, i) => (left.length > 0 ? [cost[i] ?? 0] : []));
          if (waiting.length > 1)
            assert.ok(Math.max(...waiting) - Math.min(...waiting) <= 2 * TURN + 3 * TURN, waiting.join());
        } while ((scene.turn(), account(), senders.some(({ waiting }) => waiting.length > 0)));
        assert.deepEqual(
          at,
          all.map(({ length }) => length),
        );
      }),
    );
  });
});
