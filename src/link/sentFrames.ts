import { byteCount } from "./frames.ts";

export type Frame = readonly Uint8Array[];

/** What a peer has been sent since WELCOME and has not yet said to have received (docs/PROTOCOL.md, feature `resume`). */
export class SentFrames {
  #frames: Frame[] = [];
  #bytes = 0;
  /** How many it has received, as it said last. */
  #acknowledged = 0;

  /** Of what is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  add(frame: Frame): void {
    this.#frames.push(frame);
    this.#bytes += byteCount(frame);
  }

  /** The peer has received so many, which are forgotten. False if that cannot be. */
  acknowledge(count: number): boolean {
    const fresh = count - this.#acknowledged;
    if (fresh < 0 || fresh > this.#frames.length) return false;
    for (const frame of this.#frames.splice(0, fresh)) this.#bytes -= byteCount(frame);
    this.#acknowledged = count;
    return true;
  }

  clear(): void {
    this.#frames = [];
    this.#bytes = 0;
  }

  /** In the order in which they were sent. */
  [Symbol.iterator](): Iterator<Frame> {
    return this.#frames[Symbol.iterator]();
  }
}
