import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { AppError } from "../../../../src/common/errors.ts";
import type { Connection } from "../../../../src/transport/serial/connection.ts";
import {
  encodeSerialFrame,
  type SerialFrame,
  SERIAL_VERSION,
} from "../../../../src/transport/serial/frames.ts";
import { SerialSimulation, type SimulationOptions } from "../../../support/serialSimulation.ts";
import { type Deed, Model, type Plan } from "./model.ts";

const BAUDS = [1200, 9600, 57_600, 115_200, 921_600];

const faults = fc.record({
  bitErrorRate: fc.constantFrom(0, 0, 0.0005, 0.001, 0.005),
  burstBytes: fc.constantFrom(8, 32, 200),
  dropRate: fc.constantFrom(0, 0, 0.0002, 0.001),
  duplicateRate: fc.constantFrom(0, 0, 0.0002, 0.001),
  jitterMs: fc.constantFrom(0, 5, 100),
});

const deed: fc.Arbitrary<Deed> = fc.record({
  afterMs: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 30_000 })),
  what: fc.constantFrom<Deed["what"]>(
    "restartNear",
    "restartFar",
    "cut",
    "mend",
    "mend",
    "stall",
    "read",
    "read",
    "reset",
    "connect",
    "connect",
    "garbage",
  ),
});

const plan = (bytes: number): fc.Arbitrary<Plan> =>
  fc.record({
    seed: fc.nat(),
    baud: fc.constantFrom(...BAUDS),
    faults,
    bytes: fc.constant(bytes),
    deeds: fc.array(deed, { maxLength: 12 }),
  });

interface Seen {
  readonly connection: Connection;
  readonly parts: Buffer[];
  readonly reasons: AppError[];
  finished: boolean;
  text(): string;
}

function watch(connection: Connection): Seen {
  const parts: Buffer[] = [];
  const seen: Seen = {
    connection,
    parts,
    reasons: [],
    finished: false,
    text: () => Buffer.concat(parts).toString(),
  };
  const listen = () => {
    for (let part = connection.read(); part !== undefined; part = connection.read()) parts.push(part);
  };
  connection.listener = {
    readable: listen,
    finished: () => (seen.finished = true),
    broken: (reason) => seen.reasons.push(reason),
  };
  listen();
  return seen;
}

/** Two ends, one connection, both sides watched. */
function joined(options: Partial<SimulationOptions> = {}) {
  const sim = new SerialSimulation({ baud: 115_200, ...options });
  const arrived: Seen[] = [];
  sim.far.link.listen(7, (connection) => arrived.push(watch(connection)));
  const near = watch(sim.near.link.connect(7, sim.now));
  sim.until(() => arrived.length > 0, 5000, "a connection");
  const [far] = arrived;
  assert.ok(far !== undefined);
  return { sim, near, far, arrived };
}

describe("serial datalink", () => {
  test("what goes in comes out, once and in order, through any faults; nobody waits for ever", () => {
    fc.assert(
      fc.property(plan(20_000), (some) => new Model(some).run()),
      { numRuns: 150, endOnFailure: process.env["SERIAL_FRAMES"] !== undefined },
    );
  });

  // By command: SERIAL_FRAMES=5000000 for a run of millions.
  test("the same, over many frames", () => {
    const wanted = Number(process.env["SERIAL_FRAMES"] ?? 100_000);
    let frames = 0;
    for (let seed = 1; frames < wanted; seed++) {
      const [some] = fc.sample(plan(200_000), { numRuns: 1, seed });
      assert.ok(some !== undefined);
      const model = new Model({ ...some, baud: Math.max(some.baud, 9600) });
      try {
        model.run();
      } catch (thrown) {
        throw new Error(`seed ${seed}: ${JSON.stringify(some)}`, { cause: thrown });
      }
      frames += model.frames;
    }
    assert.ok(frames >= wanted);
  });

  for (const baud of [9600, 115_200, 921_600]) {
    test(`a clean line of ${baud} baud carries 90 % of its rate as payload, both ways at once`, () => {
      const { sim, near, far } = joined({ baud });
      const feed = ({ connection }: Seen) => {
        while (connection.write(Buffer.alloc(4096, 1)));
      };
      for (const side of [near, far]) {
        side.connection.listener.drained = () => feed(side);
        feed(side);
      }
      sim.run(60_000);
      const most = (60 * baud) / 10;
      for (const { parts } of [near, far]) assert.ok(Buffer.concat(parts).length >= 0.9 * most);
    });
  }

  test("several connections share the line evenly", () => {
    const { sim, near, arrived } = joined();
    const others = [watch(sim.near.link.connect(7, sim.now)), watch(sim.near.link.connect(7, sim.now))];
    sim.until(() => arrived.length === 3, 5000, "the others");
    for (const { connection } of [near, ...others]) {
      const feed = () => {
        while (connection.write(Buffer.alloc(4096, 1)));
      };
      connection.listener.drained = feed;
      feed();
    }
    sim.run(30_000);
    const amounts = arrived.map(({ parts }) => Buffer.concat(parts).length);
    assert.ok(Math.max(...amounts) < 1.05 * Math.min(...amounts), String(amounts));
  });

  test("a reader that does not read stops its writer, holds little, and harms no other channel", () => {
    const { sim, near, far } = joined();
    far.connection.listener = {};
    let written = 0;
    const feed = () => {
      do written += 4096;
      while (near.connection.write(Buffer.alloc(4096, 1)));
    };
    near.connection.listener.drained = feed;
    feed();
    const other = watch(sim.near.link.connect(7, sim.now));
    other.connection.write(Buffer.from("not stuck"));
    sim.run(60_000);
    const stuck = written;
    assert.ok(stuck < 100_000, `${stuck} bytes were taken`);
    sim.run(60_000);
    assert.equal(written, stuck);
    assert.deepEqual(near.reasons, [], "one who waits is not gone");

    const parts: Buffer[] = [];
    for (let part = far.connection.read(); part !== undefined; part = far.connection.read()) parts.push(part);
    sim.run(1000);
    assert.ok(written > stuck, "reading lets it go on");
  });

  for (const [ms, survives] of [
    [8000, true],
    [40_000, false],
  ] as const) {
    test(`a line that is cut for ${ms / 1000} s ${survives ? "goes on" : "is given up by both"}`, () => {
      const { sim, near, far } = joined();
      near.connection.write(Buffer.from("before "));
      sim.run(100);
      sim.forth.cut = sim.back.cut = true;
      near.connection.write(Buffer.from("during "));
      far.connection.write(Buffer.from("answer"));
      sim.run(ms);
      sim.forth.cut = sim.back.cut = false;
      if (survives) {
        near.connection.write(Buffer.from("after"));
        sim.run(5000);
        assert.deepEqual([far.text(), near.text()], ["before during after", "answer"]);
        assert.deepEqual([...near.reasons, ...far.reasons], []);
      } else {
        for (const { reasons } of [near, far])
          assert.deepEqual(
            reasons.map(({ code }) => code),
            ["closed"],
          );
      }
    });
  }

  test("half-close: the end of one direction leaves the other open", () => {
    const { sim, near, far } = joined();
    near.connection.write(Buffer.from("question"));
    near.connection.end();
    sim.run(2000);
    assert.deepEqual([far.text(), far.connection.ended, near.finished], ["question", true, true]);
    far.connection.write(Buffer.from("answer"));
    sim.run(2000);
    assert.deepEqual([near.text(), near.connection.ended], ["answer", false]);
    far.connection.end();
    sim.run(2000);
    assert.deepEqual([near.connection.ended, far.finished, near.connection.state], [true, true, "settled"]);
  });

  test("a peer that was restarted is noticed at the next word, and never mixed up with before", () => {
    for (const who of ["near", "far"] as const) {
      const { sim, near, far } = joined();
      near.connection.write(Buffer.alloc(3000, "a"));
      far.connection.write(Buffer.alloc(3000, "b"));
      // In the middle of a frame.
      sim.run(30);
      sim[who].restart();
      sim.far.link.listen(7, (connection) => arrivedAnew.push(watch(connection)));
      const arrivedAnew: Seen[] = [];
      const left = who === "near" ? far : near;
      sim.until(() => left.reasons.length > 0, 6000, "it is noticed");
      assert.equal(left.reasons[0]?.code, "closed");
      const anew = watch(sim.near.link.connect(7, sim.now));
      anew.connection.write(Buffer.from("anew"));
      sim.until(() => arrivedAnew[0]?.text() === "anew", 6000, "a new connection");
    }
  });

  test("who asks in vain is told why: nobody on that channel, nobody at all, another version", () => {
    const sim = new SerialSimulation({ baud: 115_200 });
    const refused = watch(sim.near.link.connect(9, sim.now));
    sim.until(() => refused.reasons.length > 0, 1000, "a refusal");
    assert.deepEqual(
      [refused.reasons[0]?.code, refused.reasons[0]?.message],
      ["connectFailed", "The other side serves nothing on channel 9."],
    );
    sim.forth.cut = true;
    const alone = watch(sim.near.link.connect(9, sim.now));
    sim.until(() => alone.reasons.length > 0, 10_000, "giving up");
    assert.equal(alone.reasons[0]?.code, "connectFailed");

    const versions: number[] = [];
    const open: SerialFrame = { type: "open", channel: 9, to: 0, from: 5, version: SERIAL_VERSION + 1 };
    sim.far.link.listen(9, () => versions.push(1));
    sim.far.link.receive(encodeSerialFrame(open), sim.now);
    sim.run(1000);
    assert.deepEqual(versions, []);
  });

  test("connections have a limit: more are told to come again, and the places of the ended are free", () => {
    const sim = new SerialSimulation({ baud: 921_600 });
    sim.far.link.listen(7, (connection) => watch(connection));
    const many = Array.from({ length: 256 }, () => watch(sim.near.link.connect(7, sim.now)));
    assert.throws(() => sim.near.link.connect(7, sim.now), { code: "busy" });
    sim.run(2000);
    for (const { connection } of many.slice(0, 10)) sim.near.link.reset(connection);
    sim.run(1000);
    assert.equal(watch(sim.near.link.connect(7, sim.now)).reasons.length, 0);
  });

  test("frames that fit nowhere are harmless", () => {
    const { sim, near, far } = joined();
    const id = () => fc.constantFrom(0, near.connection.id, far.connection.id, 12345);
    const u16 = fc.integer({ min: 0, max: 0xffff });
    const alien = fc.record({
      type: fc.constantFrom("open", "accept", "data", "end", "ack", "ping", "refuse"),
      channel: fc.constantFrom(7, 8),
      to: fc.constantFrom(0, 12345),
      from: id(),
      version: fc.constantFrom(1, 9),
      sequence: u16,
      ack: u16,
      window: fc.integer({ min: 0, max: 255 }),
      selective: fc.uint8Array({ maxLength: 8 }),
      reason: fc.integer({ min: 0, max: 255 }),
      payload: fc.constant(Buffer.from("alien")),
    }) as fc.Arbitrary<SerialFrame>;
    fc.assert(
      fc.property(alien, (frame) => {
        sim.near.link.receive(encodeSerialFrame(frame), sim.now);
        sim.far.link.receive(encodeSerialFrame(frame), sim.now);
        sim.run(5);
      }),
      { numRuns: 300 },
    );
    near.connection.write(Buffer.from("well"));
    sim.run(5000);
    assert.equal(far.text(), "well");
  });
});
