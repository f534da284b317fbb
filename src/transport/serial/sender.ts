import { type Acknowledgement, distance, MAX_WINDOW, sizeOnLine } from "./frames.ts";
import type { SerialTiming } from "./timing.ts";

/** A frame that was sent and is not acknowledged. */
interface Flight {
  readonly sequence: number;
  readonly payload: Buffer;
  readonly end: boolean;
  /** When its last byte left, and the how-manieth transmission of the connection that was. */
  sentAt: number;
  order: number;
  repeated: boolean;
  /** To be sent again. */
  lost: boolean;
  /** Has come, though something before it has not. */
  arrived: boolean;
}

export interface SerialSegment {
  readonly sequence: number;
  readonly payload: Buffer;
  readonly end: boolean;
}

/** Noise makes payloads smaller, down to this. */
const SMALLEST_PAYLOAD = 48;
/** What became of each frame weighs so much less with every later one. */
const FORGET = 0.98;

/**
 * The sending half of a connection. A line keeps the order of what goes over it. So whatever was sent before a frame
 * that has come, and has not come itself, is lost, and is sent again at once; a timer is needed only when nothing
 * comes at all.
 */
export class Sender {
  readonly #timing: SerialTiming;
  readonly #queue: Buffer[] = [];
  #queued = 0;
  #ending = false;
  #endCut = false;
  #flight: Flight[] = [];
  #next = 0;
  /** The first frame that the peer does not take yet. */
  #edge = MAX_WINDOW;
  #order = 0;
  /** Bytes and losses of the last frames, decayed: at first those of a clean line. */
  #recentBytes: number;
  #recentLosses = 0;
  #smoothed: number | undefined;
  #variation = 0;
  #repeatMs: number;
  /** The last transmission or progress. */
  #since = 0;

  constructor(timing: SerialTiming) {
    this.#timing = timing;
    this.#recentBytes = sizeOnLine(timing.payload) / (1 - FORGET);
    this.#repeatMs = timing.firstRepeatMs;
  }

  /** Bytes that were never sent. */
  get queued(): number {
    return this.#queued;
  }

  /** Everything and the end have come. */
  get finished(): boolean {
    return this.#endCut && this.#flight.length === 0;
  }

  /** Something was not sent yet, or is not known to have come. */
  get pending(): boolean {
    return this.#hasNew || this.#flight.length > 0;
  }

  /** There is something to send, but the peer takes no more. */
  get blocked(): boolean {
    return this.#hasNew && this.#flight.length === 0 && !this.#mayCut;
  }

  /** Whether `next` has something. */
  get ready(): boolean {
    return this.#flight.some(({ lost }) => lost) || (this.#hasNew && this.#mayCut);
  }

  /** When `expire` is due. */
  get deadline(): number {
    return this.#flight.length === 0 || this.ready ? Infinity : this.#since + this.#repeatMs;
  }

  write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#queue.push(bytes);
    this.#queued += bytes.length;
  }

  /** After this, no `write`. */
  end(): void {
    this.#ending = true;
  }

  /** What to send now: first what was lost. It counts as sent; `leavesAt` is when its last byte will have left. */
  next(leavesAt: (payloadBytes: number) => number): SerialSegment | undefined {
    const flight = this.#flight.find(({ lost }) => lost) ?? this.#cut();
    if (flight === undefined) return undefined;
    flight.lost = false;
    flight.order = this.#order++;
    flight.sentAt = leavesAt(flight.payload.length);
    this.#since = flight.sentAt;
    return flight;
  }

  /** Takes note of what has come. Whatever was not sent is ignored. */
  acknowledge({ ack, window, selective }: Acknowledgement, now: number): void {
    const base = this.#flight[0]?.sequence ?? this.#next;
    const progress = distance(base, ack);
    if (progress > this.#flight.length) return;
    this.#edge = (ack + Math.min(window, MAX_WINDOW)) & 0xffff;
    const come = this.#flight.splice(0, progress).filter(({ arrived }) => !arrived);
    for (const flight of this.#flight) {
      const bit = distance(ack, flight.sequence) - 1;
      if (flight.arrived || bit < 0 || (((selective[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 0) continue;
      flight.arrived = true;
      flight.lost = false;
      come.push(flight);
    }
    if (come.length === 0) return;
    this.#since = Math.max(this.#since, now);
    this.#measure(come, now);
    this.#findLost(Math.max(...come.map(({ order }) => order)));
    for (const flight of come) this.#remember(flight, 0);
  }

  /** Nothing has come for too long: sends the oldest frame again, which tells about all others as well. */
  expire(now: number): void {
    const [oldest] = this.#flight;
    if (oldest === undefined || now < this.deadline) return;
    this.#lose(oldest);
    this.#since = now;
    this.#repeatMs = Math.min(this.#timing.lastRepeatMs, this.#repeatMs * 2);
  }

  get #hasNew(): boolean {
    return this.#queued > 0 || (this.#ending && !this.#endCut);
  }

  get #mayCut(): boolean {
    const room = distance(this.#next, this.#edge);
    return room > 0 && room <= MAX_WINDOW && this.#flight.length < MAX_WINDOW;
  }

  /** A new frame, of what waits. */
  #cut(): Flight | undefined {
    if (!this.#hasNew || !this.#mayCut) return undefined;
    const payload = this.#takeQueued();
    // The end is a frame of its own: it may be decided on after the last bytes were sent.
    const end = payload.length === 0;
    this.#endCut ||= end;
    const sequence = this.#next;
    this.#next = (sequence + 1) & 0xffff;
    const flight: Flight = {
      sequence,
      payload,
      end,
      sentAt: 0,
      order: 0,
      repeated: false,
      lost: false,
      arrived: false,
    };
    this.#flight.push(flight);
    return flight;
  }

  #takeQueued(): Buffer {
    const parts: Buffer[] = [];
    let room = this.#payload;
    for (let first = this.#queue[0]; first !== undefined && room > 0; first = this.#queue[0]) {
      const part = first.subarray(0, room);
      if (part.length === first.length) this.#queue.shift();
      else this.#queue[0] = first.subarray(part.length);
      parts.push(part);
      room -= part.length;
      this.#queued -= part.length;
    }
    return Buffer.concat(parts);
  }

  #lose(flight: Flight): void {
    flight.lost = true;
    flight.repeated = true;
    this.#remember(flight, 1);
  }

  #remember({ payload }: Flight, losses: number): void {
    this.#recentBytes = this.#recentBytes * FORGET + sizeOnLine(payload.length);
    this.#recentLosses = this.#recentLosses * FORGET + losses;
  }

  /** Where N bytes come between two losses, headers and repeated frames together cost least with √(header · N). */
  get #payload(): number {
    const best = Math.sqrt((sizeOnLine(0) * this.#recentBytes) / this.#recentLosses);
    return Math.round(Math.min(this.#timing.payload, Math.max(SMALLEST_PAYLOAD, best)));
  }

  /** What was sent before the `order`th transmission, which has come, has not come and will not. */
  #findLost(order: number): void {
    for (const flight of this.#flight) {
      if (flight.arrived || flight.lost || flight.order >= order) continue;
      this.#lose(flight);
    }
  }

  /** RFC 6298, with Karn's rule: a frame that was sent twice tells nothing about time. */
  #measure(come: readonly Flight[], now: number): void {
    const last = come.filter(({ repeated }) => !repeated).at(-1);
    if (last === undefined) return;
    const sample = Math.max(0, now - last.sentAt);
    if (this.#smoothed === undefined) {
      this.#smoothed = sample;
      this.#variation = sample / 2;
    } else {
      this.#variation += (Math.abs(this.#smoothed - sample) - this.#variation) / 4;
      this.#smoothed += (sample - this.#smoothed) / 8;
    }
    const { firstRepeatMs, lastRepeatMs } = this.#timing;
    const measured = this.#smoothed + 4 * this.#variation;
    this.#repeatMs = Math.min(Math.max(firstRepeatMs, measured), Math.max(lastRepeatMs, measured));
  }
}
