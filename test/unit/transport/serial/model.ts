import assert from "node:assert/strict";
import type { Connection } from "../../../../src/transport/serial/connection.ts";
import { randomNumbers } from "../../../support/memoryLine.ts";
import { SerialSimulation, type WireFaults } from "../../../support/serialSimulation.ts";

/** What is done to the line and to its ends in one run, at which time. */
export interface Deed {
  readonly afterMs: number;
  readonly what:
    "restartNear" | "restartFar" | "cut" | "mend" | "stall" | "read" | "reset" | "connect" | "garbage";
}

export interface Plan {
  readonly seed: number;
  readonly baud: number;
  readonly faults: WireFaults;
  readonly bytes: number;
  readonly deeds: readonly Deed[];
}

const CHANNELS = [0, 3, 254];
const HEADER = 4;
/** A connection at most holds a window of frames, and what waits to be sent: 64 KiB besides our last write. */
const MOST_HELD = 128 * 1024;

/** The byte at this place of what the speaker of that number says: so a reader knows whom it hears. */
function byteAt(speaker: number, place: number): number {
  return (Math.imul(speaker + 1, 2654435761) + Math.imul(place, 40503) + (place >>> 7)) & 0xff;
}

/** One side of a connection: says its number, then the bytes that go with it; checks what it hears. */
class Talker {
  readonly connection: Connection;
  readonly number: number;
  readonly total: number;
  said = 0;
  heard = 0;
  ended = false;
  broken = false;
  finished = false;
  heardFrom: number | undefined;
  readonly #header: number[] = [];
  readonly #model: Model;

  constructor(model: Model, connection: Connection, number: number, total: number) {
    this.#model = model;
    this.connection = connection;
    this.number = number;
    this.total = total;
    connection.listener = {
      opened: () => this.talk(),
      drained: () => this.talk(),
      readable: () => this.listen(),
      finished: () => {
        assert.equal(this.said, this.total);
        this.finished = true;
      },
      broken: () => (this.broken = true),
    };
  }

  get over(): boolean {
    return this.broken || (this.ended && this.finished);
  }

  talk(): void {
    while (this.said < this.total && !this.broken) {
      const size = Math.min(this.total - this.said, 1 + this.#model.pick(3000));
      const bytes = Buffer.allocUnsafe(size);
      for (let i = 0; i < size; i++) bytes[i] = this.#byte(this.said + i);
      this.said += size;
      const more = this.connection.write(bytes);
      if (this.said === this.total) this.connection.end();
      if (!more) return;
    }
  }

  listen(): void {
    if (this.#model.stalled) return;
    for (let part = this.connection.read(); part !== undefined; part = this.connection.read()) {
      for (const byte of part) this.#hear(byte);
    }
    this.ended = this.connection.ended;
  }

  #byte(place: number): number {
    return place < HEADER ? (this.number >>> (8 * place)) & 0xff : byteAt(this.number, place);
  }

  #hear(byte: number): void {
    if (this.heard < HEADER) {
      this.#header.push(byte);
      if (this.heard === HEADER - 1) {
        this.heardFrom = Buffer.from(this.#header).readUInt32LE(0);
        this.#model.pair(this, this.heardFrom);
      }
    } else {
      const expected = byteAt(this.heardFrom ?? 0, this.heard);
      if (byte !== expected) assert.fail(`talker ${this.number}: byte ${this.heard} is wrong`);
    }
    this.heard++;
  }
}

/** Runs a plan, and checks all along that what comes out is what went in, in order, once, at the right one. */
export class Model {
  stalled = false;
  readonly #plan: Plan;
  readonly #sim: SerialSimulation;
  readonly #random: () => number;
  readonly #talkers = new Map<number, Talker>();
  /** Who hears whom: both ways the same. */
  readonly #partners = new Map<number, number>();
  /** Those of before a restart, whose partners must end. */
  #live = new Set<Talker>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#random = randomNumbers(plan.seed);
    const { baud, faults, seed } = plan;
    this.#sim = new SerialSimulation({
      baud,
      seed,
      forth: { ...faults, seed: seed + 1 },
      back: { ...faults, seed: seed + 2 },
    });
    this.#serve();
  }

  get frames(): number {
    return this.#sim.frames;
  }

  pick(most: number): number {
    return Math.floor(this.#random() * most);
  }

  pair(listener: Talker, speaker: number): void {
    const partner = this.#talkers.get(speaker);
    assert.ok(partner !== undefined, "nobody has said this");
    assert.equal(partner.connection.channel, listener.connection.channel);
    assert.ok((this.#partners.get(listener.number) ?? speaker) === speaker);
    this.#partners.set(listener.number, speaker);
    assert.ok((this.#partners.get(speaker) ?? listener.number) === listener.number, "two hear the same one");
    this.#partners.set(speaker, listener.number);
  }

  run(): void {
    this.#connect();
    for (const deed of this.#plan.deeds) {
      this.#pass(deed.afterMs);
      this.#do(deed.what);
    }
    this.#calm();
  }

  #pass(ms: number): void {
    const until = this.#sim.now + ms;
    while (this.#sim.step(until)) this.#checkMemory();
  }

  #checkMemory(): void {
    for (const { link } of [this.#sim.near, this.#sim.far]) {
      assert.ok(link.held <= MOST_HELD * Math.max(1, this.#talkers.size), `${link.held} bytes are held`);
    }
  }

  #do(what: Deed["what"]): void {
    const { near, far, forth, back, now } = this.#sim;
    switch (what) {
      case "restartNear":
      case "restartFar":
        for (const talker of this.#live) {
          const side = talker.number % 2 === 0 ? "restartNear" : "restartFar";
          if (side === what) this.#live.delete(talker);
        }
        (what === "restartNear" ? near : far).restart();
        if (what === "restartFar") this.#serve();
        else this.#connect();
        return;
      case "cut":
      case "mend":
        forth.cut = back.cut = what === "cut";
        return;
      case "stall":
        this.stalled = true;
        return;
      case "read":
        return this.#unstall();
      case "reset": {
        const some = [...this.#live][this.pick(this.#live.size)];
        if (some !== undefined) (some.number % 2 === 0 ? near : far).link.reset(some.connection);
        return;
      }
      case "connect":
        return this.#connect();
      case "garbage": {
        const garbage = Buffer.from(Array.from({ length: this.pick(5000) }, () => this.pick(256)));
        near.link.receive(garbage, now);
        far.link.receive(garbage, now);
      }
    }
  }

  #unstall(): void {
    this.stalled = false;
    for (const talker of this.#live) talker.listen();
  }

  #serve(): void {
    for (const channel of CHANNELS) {
      this.#sim.far.link.listen(channel, (connection) => {
        const talker = this.#talker(connection, 1);
        talker.listen();
        talker.talk();
      });
    }
  }

  #connect(): void {
    const channel = CHANNELS[this.pick(CHANNELS.length)] ?? 0;
    this.#talker(this.#sim.near.link.connect(channel, this.#sim.now), 0);
  }

  /** Even numbers are near, odd ones far. */
  #talker(connection: Connection, side: 0 | 1): Talker {
    const number = this.#talkers.size * 2 + side;
    const talker = new Talker(this, connection, number, HEADER + this.pick(this.#plan.bytes));
    this.#talkers.set(number, talker);
    this.#live.add(talker);
    return talker;
  }

  /** No more faults: whoever is there comes to its end, and a new connection can say all it has to say. */
  #calm(): void {
    this.#sim.setFaults({});
    this.#do("mend");
    this.#unstall();
    this.#connect();
    const last = [...this.#live].at(-1);
    const bytes = this.#plan.bytes * this.#live.size * 2;
    const lineMs = 10 * ((bytes * 10_000) / this.#plan.baud) + 10 * this.#sim.near.link.timing.goneMs;
    this.#sim.until(() => [...this.#live].every(({ over }) => over), lineMs, "all are over");
    assert.ok(last !== undefined && last.ended && last.finished && !last.broken);
    for (const talker of this.#live) this.#checkComplete(talker);
    const { goneMs } = this.#sim.near.link.timing;
    this.#pass(2 * goneMs);
    assert.equal(this.#sim.near.link.unused, true);
    assert.equal(this.#sim.near.link.held + this.#sim.far.link.held, 0);
  }

  #checkComplete(talker: Talker): void {
    const partner = this.#talkers.get(this.#partners.get(talker.number) ?? -1);
    if (partner === undefined) return;
    assert.ok(talker.heard <= partner.total);
    if (talker.ended) assert.equal(talker.heard, partner.total);
    if (partner.finished) assert.equal(talker.heard, partner.total, "finished means that all has come");
  }
}
