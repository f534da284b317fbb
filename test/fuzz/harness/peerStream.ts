import { Duplex } from "node:stream";
import type { Channel } from "../../../src/transport/channel.ts";

/** A channel whose other end is the test. What it gives is read within that call. */
export class PeerStream extends Duplex {
  readonly #written: Buffer[] = [];

  get channel(): Channel {
    return { stream: this, peer: { transport: "memory", address: "fuzz", local: true } };
  }

  /** All that was written to us. */
  get written(): Buffer {
    return Buffer.concat(this.#written);
  }

  get bytesWritten(): number {
    return this.#written.reduce((sum, { length }) => sum + length, 0);
  }

  give(pieces: readonly Buffer[]): void {
    for (const piece of pieces)
      if (!this.destroyed && !this.readableEnded && piece.length > 0) this.push(piece);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#written.push(chunk);
    done();
  }
}

/** Lets everything come to rest that waits for nothing outside. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
