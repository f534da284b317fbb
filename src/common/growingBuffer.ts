/** So much is set aside when a message begins. */
const FIRST_BYTES = 64 * 1024;

/**
 * The bytes of a message whose length is known. Its memory grows with what has come: a length that is merely stated
 * costs nothing.
 */
export class GrowingBuffer {
  readonly #length: number;
  #bytes: Buffer;
  #filled = 0;

  constructor(length: number) {
    this.#length = length;
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(length, FIRST_BYTES));
  }

  /** Copies from `chunk`, from `offset` on, what is still missing. Returns how many bytes that were. */
  take(chunk: Buffer, offset: number): number {
    const count = Math.min(chunk.length - offset, this.#length - this.#filled);
    this.#makeRoom(this.#filled + count);
    chunk.copy(this.#bytes, this.#filled, offset, offset + count);
    this.#filled += count;
    return count;
  }

  /** All of it; undefined while something is missing. */
  get whole(): Buffer | undefined {
    return this.#filled === this.#length ? this.#bytes : undefined;
  }

  #makeRoom(needed: number): void {
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#length, Math.max(needed, 2 * this.#bytes.length)));
    this.#bytes.copy(grown, 0, 0, this.#filled);
    this.#bytes = grown;
  }
}
