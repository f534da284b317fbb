import { Datalink } from "../../src/transport/serial/datalink.ts";
import { randomNumbers } from "./memoryLine.ts";

/** What a simulated serial line does to what goes over it. The same seed does the same. */
export interface WireFaults {
  readonly seed?: number;
  /** Of all bits, those that are wrong; they come in bursts, within which every other bit is. */
  readonly bitErrorRate?: number;
  /** The mean length of a burst. */
  readonly burstBytes?: number;
  /** Of each byte, from 0 to 1. */
  readonly dropRate?: number;
  readonly duplicateRate?: number;
  /** Each piece takes up to so much longer; the order stays. */
  readonly jitterMs?: number;
}

/** Garbles, loses and doubles bytes by a seeded plan. */
export class Noise {
  faults: WireFaults;
  readonly #random: () => number;
  #burst = 0;

  constructor(faults: WireFaults) {
    this.faults = faults;
    this.#random = randomNumbers(faults.seed ?? 1);
  }

  get jitterMs(): number {
    return this.#random() * (this.faults.jitterMs ?? 0);
  }

  apply(bytes: Uint8Array): Buffer {
    const { bitErrorRate = 0, burstBytes = 32, dropRate = 0, duplicateRate = 0 } = this.faults;
    if (bitErrorRate + dropRate + duplicateRate === 0) return Buffer.from(bytes);
    const begin = (bitErrorRate * 2) / burstBytes;
    const result: number[] = [];
    for (const byte of bytes) {
      if (this.#burst === 0 && this.#random() < begin) {
        this.#burst = Math.max(1, Math.round(-Math.log(1 - this.#random()) * burstBytes));
      }
      let sent = byte;
      if (this.#burst > 0) {
        this.#burst--;
        sent ^= Math.floor(this.#random() * 256);
      }
      const chance = dropRate + duplicateRate > 0 ? this.#random() : 1;
      if (chance < dropRate) continue;
      result.push(sent);
      if (chance < dropRate + duplicateRate) result.push(sent);
    }
    return Buffer.from(result);
  }
}

interface Delivery {
  readonly at: number;
  readonly bytes: Buffer;
}

/** One direction: takes bytes at the line's speed, delivers them later, in order. */
class Wire {
  readonly noise: Noise;
  cut = false;
  frames = 0;
  readonly #byteMs: number;
  readonly #latencyMs: number;
  readonly #onWay: Delivery[] = [];
  #freeAt = 0;
  #lastAt = 0;

  constructor(baud: number, latencyMs: number, faults: WireFaults) {
    this.#byteMs = 10_000 / baud;
    this.#latencyMs = latencyMs;
    this.noise = new Noise(faults);
  }

  /** The system takes 4 KiB, then it makes the writer wait. */
  readyAt(): number {
    return this.#freeAt - 4096 * this.#byteMs;
  }

  send(bytes: Buffer, now: number): void {
    this.frames++;
    this.#freeAt = Math.max(now, this.#freeAt) + bytes.length * this.#byteMs;
    if (this.cut) return;
    this.#lastAt = Math.max(this.#lastAt, this.#freeAt + this.#latencyMs + this.noise.jitterMs);
    this.#onWay.push({ at: this.#lastAt, bytes: this.noise.apply(bytes) });
  }

  get nextAt(): number {
    return this.#onWay[0]?.at ?? Infinity;
  }

  take(now: number): Buffer[] {
    const due = this.#onWay.findIndex(({ at }) => at > now);
    return this.#onWay.splice(0, due < 0 ? this.#onWay.length : due).map(({ bytes }) => bytes);
  }
}

/** One end of the line, as the program that has it open. */
export class SimulatedEnd {
  link: Datalink;
  readonly out: Wire;
  readonly #options: { readonly baud: number; readonly random: () => number };

  constructor(baud: number, seed: number, out: Wire) {
    const random = randomNumbers(seed);
    this.#options = { baud, random: () => Math.floor(random() * 2 ** 32) };
    this.link = new Datalink(this.#options);
    this.out = out;
  }

  /** The program is started anew: it knows nothing of before. */
  restart(): void {
    this.link = new Datalink(this.#options);
  }
}

export interface SimulationOptions {
  readonly baud: number;
  /** Default: the line is as fast as both sides think. */
  readonly realBaud?: number;
  readonly latencyMs?: number;
  readonly forth?: WireFaults;
  readonly back?: WireFaults;
  readonly seed?: number;
}

/** Two datalinks with a line between them, in a time of their own. */
export class SerialSimulation {
  now = 0;
  #idle = 0;
  readonly near: SimulatedEnd;
  readonly far: SimulatedEnd;
  readonly forth: Wire;
  readonly back: Wire;

  constructor(options: SimulationOptions) {
    const { baud, realBaud = baud, latencyMs = 2, seed = 1 } = options;
    this.forth = new Wire(realBaud, latencyMs, options.forth ?? {});
    this.back = new Wire(realBaud, latencyMs, options.back ?? {});
    this.near = new SimulatedEnd(baud, seed * 2, this.forth);
    this.far = new SimulatedEnd(baud, seed * 2 + 1, this.back);
  }

  /** Frames that both have sent. */
  get frames(): number {
    return this.forth.frames + this.back.frames;
  }

  /** Lets both do what is due, and time pass to the next thing that is; false if that is after `until`. */
  step(until = Infinity): boolean {
    for (const end of [this.near, this.far]) this.#drive(end);
    const next = Math.min(
      this.forth.nextAt,
      this.back.nextAt,
      ...[this.near, this.far].map(({ link, out }) => Math.max(link.deadline, out.readyAt())),
    );
    if (next > until || next === Infinity) {
      if (until !== Infinity) this.now = Math.max(this.now, until);
      return false;
    }
    // A deadline that is over and over again now would make a real program spin.
    this.#idle = next > this.now ? 0 : this.#idle + 1;
    if (this.#idle > 10_000) throw new Error("time stands still");
    this.now = Math.max(this.now, next);
    for (const bytes of this.forth.take(this.now)) this.far.link.receive(bytes, this.now);
    for (const bytes of this.back.take(this.now)) this.near.link.receive(bytes, this.now);
    return true;
  }

  run(ms: number): void {
    const until = this.now + ms;
    while (this.step(until));
  }

  /** Steps until it is so; an error if it is not so after so many milliseconds of the simulation's time. */
  until(condition: () => boolean, ms: number, what: string): void {
    const end = this.now + ms;
    while (!condition()) {
      if (!this.step(end) && !condition()) throw new Error(`not within ${ms} ms of the line's time: ${what}`);
    }
  }

  setFaults(faults: WireFaults): void {
    this.forth.noise.faults = faults;
    this.back.noise.faults = faults;
  }

  #drive(end: SimulatedEnd): void {
    end.link.tick(this.now);
    while (end.out.readyAt() <= this.now) {
      const bytes = end.link.transmit(this.now);
      if (bytes === undefined) return;
      end.out.send(bytes, this.now);
    }
  }
}
