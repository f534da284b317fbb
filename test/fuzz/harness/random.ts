import { randomNumbers } from "../../support/memoryLine.ts";

/** Random choices by a seed: the same seed makes the same choices. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = randomNumbers(seed);
  }

  /** From 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  /** From `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T;
  pick<T>(choices: readonly T[]): T;
  pick<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new Error("There is nothing to choose from.");
    return choices[this.below(choices.length)] as T;
  }

  bytes(most: number): Buffer {
    const bytes = Buffer.allocUnsafe(this.below(most + 1));
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.below(256);
    return bytes;
  }

  list<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: this.between(least, most) }, make);
  }
}

/** The bytes in pieces, some of them empty. */
export function split(random: Random, bytes: Buffer): Buffer[] {
  // Every border between two bytes comes up, but not always with a piece for each byte.
  const most = random.pick([2, 9, 60, bytes.length]);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + random.below(most + 1));
    // A copy of its own, as a socket's chunks are: nothing may depend on what is behind it.
    pieces.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return pieces;
}
