import type { Duplex } from "node:stream";
import type { Clock } from "../../src/transport/clock.ts";

/** What a line does to what goes over it. With none of it the line is perfect. The same seed does the same. */
export interface LineFaults {
  readonly latencyMs?: number;
  /** Bytes on their way or unread, beyond which the writer waits; default 64 KiB. */
  readonly capacity?: number;
  /** The reader gets chunks of these sizes in turn, over and over. */
  readonly chunkSizes?: readonly number[];
  readonly seed?: number;
  /** Of each byte, from 0 to 1: that it is lost; that one bit of it is flipped; that it comes twice. */
  readonly dropRate?: number;
  readonly flipRate?: number;
  readonly duplicateRate?: number;
  /** After so many written bytes the line stalls: the rest comes after `resume()`. */
  readonly stallAfter?: number;
  /** After so many written bytes both sides are cut off. */
  readonly cutAfter?: number;
}

/** `freed`: written bytes that no longer count when this has reached the reader. */
interface Parcel {
  readonly content: Buffer | "end" | "stall" | "cut";
  readonly freed: number;
}

/** One direction of a memory channel. */
export class MemoryLine {
  readonly #clock: Clock;
  readonly #faults: LineFaults;
  readonly #random: () => number;
  #writer: Duplex | undefined;
  #reader: Duplex | undefined;
  /** The one write that waits for room: streams write one chunk at a time. */
  #waiting: { rest: Buffer; readonly done: () => void } | undefined;
  #arrived: Parcel[] = [];
  #used = 0;
  #written = 0;
  #chunks = 0;
  #wanted = false;
  #stalled = false;
  #abandoned = false;

  constructor(clock: Clock, faults: LineFaults = {}) {
    this.#clock = clock;
    this.#faults = faults;
    this.#random = randomNumbers(faults.seed ?? 1);
  }

  /** Both must be told before anything is sent. */
  connect(writer: Duplex, reader: Duplex): void {
    this.#writer = writer;
    this.#reader = reader;
  }

  /** Bytes on their way or unread. */
  get used(): number {
    return this.#used;
  }

  /** From now on nothing more arrives, until `resume()`. */
  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
    this.#deliver();
  }

  /** Abruptly ends both sides, now. */
  cut(): void {
    this.#writer?.destroy(connectionReset());
    this.#reader?.destroy(connectionReset());
  }

  /** `done` is called once the line has taken all of it. */
  send(bytes: Buffer, done: () => void): void {
    this.#waiting = { rest: bytes, done };
    this.#take();
  }

  /** What was sent arrives first. */
  end(): void {
    this.#dispatch([{ content: "end", freed: 0 }]);
  }

  /** The writer is gone without an end. */
  reset(): void {
    this.#waiting = undefined;
    this.#clock.schedule(this.#latency, () => this.#reader?.destroy(connectionReset()));
  }

  /** The reader can take more. */
  want(): void {
    this.#wanted = true;
    this.#deliver();
  }

  /** The reader is gone: like TCP, tell a writer whose bytes are still here or are still to come. */
  abandon(): void {
    this.#abandoned = true;
    if (this.#used > 0) this.#refuse();
    this.#arrived = [];
  }

  get #latency(): number {
    return this.#faults.latencyMs ?? 0;
  }

  #refuse(): void {
    this.#clock.schedule(this.#latency, () => {
      if (this.#writer?.writableFinished === false) this.#writer.destroy(connectionReset());
    });
  }

  /** Takes as much of the waiting write as there is room for. */
  #take(): void {
    const room = (this.#faults.capacity ?? 64 * 1024) - this.#used;
    const waiting = this.#waiting;
    if (waiting === undefined || room <= 0) return;
    const bytes = waiting.rest.subarray(0, room);
    waiting.rest = waiting.rest.subarray(bytes.length);
    this.#used += bytes.length;
    this.#dispatch(this.#pack(bytes));
    if (waiting.rest.length > 0) return;
    this.#waiting = undefined;
    waiting.done();
  }

  #dispatch(parcels: readonly Parcel[]): void {
    this.#clock.schedule(this.#latency, () => {
      if (this.#abandoned) {
        if (parcels.some(({ freed }) => freed > 0)) this.#refuse();
        return;
      }
      this.#arrived.push(...parcels);
      this.#deliver();
    });
  }

  #deliver(): void {
    while (this.#wanted && !this.#stalled) {
      const parcel = this.#arrived.shift();
      if (parcel === undefined) break;
      this.#used -= parcel.freed;
      if (parcel.content === "stall") this.#stalled = true;
      else if (parcel.content === "cut") this.cut();
      else if (parcel.content === "end") this.#reader?.push(null);
      else if (parcel.content.length > 0) {
        // Before the push, within which the reader may ask for more.
        this.#wanted = false;
        if (this.#reader?.push(parcel.content) === true) this.#wanted = true;
      }
    }
    this.#take();
  }

  /** Splits at the places of the plan, garbles, and cuts to size. */
  #pack(bytes: Buffer): Parcel[] {
    const { stallAfter = Infinity, cutAfter = Infinity } = this.#faults;
    const parcels: Parcel[] = [];
    let rest = bytes;
    while (rest.length > 0) {
      const places = [stallAfter, cutAfter].filter((place) => place > this.#written);
      const size = Math.min(this.#nextChunk(), ...places.map((place) => place - this.#written));
      const part = rest.subarray(0, size);
      rest = rest.subarray(part.length);
      this.#written += part.length;
      parcels.push({ content: this.#garble(part), freed: part.length });
      if (this.#written === stallAfter) parcels.push({ content: "stall", freed: 0 });
      if (this.#written === cutAfter) parcels.push({ content: "cut", freed: 0 });
    }
    return parcels;
  }

  #nextChunk(): number {
    const sizes = this.#faults.chunkSizes;
    const size = sizes?.[this.#chunks++ % sizes.length];
    return size === undefined ? Infinity : Math.max(1, size);
  }

  /** One random number a byte, whatever the chunks: so the plan depends on the seed alone. */
  #garble(bytes: Buffer): Buffer {
    const { dropRate = 0, flipRate = 0, duplicateRate = 0 } = this.#faults;
    if (dropRate + flipRate + duplicateRate === 0) return Buffer.from(bytes);
    const result: number[] = [];
    for (const byte of bytes) {
      const chance = this.#random();
      if (chance < dropRate) continue;
      if (chance < dropRate + flipRate)
        result.push(byte ^ (1 << (Math.floor(((chance - dropRate) / flipRate) * 8) % 8)));
      else if (chance < dropRate + flipRate + duplicateRate) result.push(byte, byte);
      else result.push(byte);
    }
    return Buffer.from(result);
  }
}

function connectionReset(): Error {
  return Object.assign(new Error("The connection was reset."), { code: "ECONNRESET" });
}

/** Numbers from 0 to below 1 by mulberry32: small, and the same everywhere. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
