/** The longest first delay, in milliseconds; each further one may be twice as long. */
const FIRST_MS = 250;
const LONGEST_MS = 30_000;

/**
 * Delays between attempts at the same thing. Each is anything between nothing and a bound that doubles ("full jitter"):
 * those who were cut off at the same moment do not all come back at the same moment.
 */
export class Backoff {
  readonly #random: () => number;
  readonly #longestMs: number;
  #attempts = 0;

  /** `random`: from 0 up to, but not including, 1; for tests. */
  constructor(random: () => number = Math.random, longestMs = LONGEST_MS) {
    this.#random = random;
    this.#longestMs = longestMs;
  }

  /** Milliseconds until the next attempt. */
  next(): number {
    return this.#random() * Math.min(this.#longestMs, FIRST_MS * 2 ** this.#attempts++);
  }

  /** It has worked: the next failure is a first one. */
  reset(): void {
    this.#attempts = 0;
  }
}
