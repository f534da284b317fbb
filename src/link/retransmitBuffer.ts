import { byteCount } from "./frames.ts";

export type Frame = readonly Uint8Array[];

interface Entry {
  readonly frame: Frame;
  readonly isControl: boolean;
}

/** What a peer has been sent since WELCOME and has not yet said to have received (docs/PROTOCOL.md, feature `resume`). */
export class RetransmitBuffer {
  #entries: Entry[] = [];
  #bytes = 0;
  #controlBytes = 0;
  /** How many it has received, as it said last. */
  #acknowledged = 0;

  /** Of what it holds. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Of the control frames among it. */
  get controlBytes(): number {
    return this.#controlBytes;
  }

  add(frame: Frame, isControl: boolean): void {
    const entry = { frame, isControl };
    this.#entries.push(entry);
    this.#count(entry, 1);
  }

  /** The peer has received so many, which are forgotten. False if that cannot be. */
  acknowledge(count: number): boolean {
    const fresh = count - this.#acknowledged;
    if (fresh < 0 || fresh > this.#entries.length) return false;
    for (const entry of this.#entries.splice(0, fresh)) this.#count(entry, -1);
    this.#acknowledged = count;
    return true;
  }

  clear(): void {
    this.#entries = [];
    this.#bytes = this.#controlBytes = 0;
  }

  /** In the order in which they were sent. */
  *[Symbol.iterator](): Generator<Frame> {
    for (const { frame } of this.#entries) yield frame;
  }

  #count({ frame, isControl }: Entry, sign: 1 | -1): void {
    const bytes = sign * byteCount(frame);
    this.#bytes += bytes;
    if (isControl) this.#controlBytes += bytes;
  }
}
