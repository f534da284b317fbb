/** Chooses as its seed says: the same choices for the same seed (mulberry32, Tommy Ettinger). */
export class Chooser {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 up to, not including, `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  /** One of them; undefined if there are none. A number is taken each time, so that later choices do not depend on it. */
  of<T>(items: readonly T[]): T | undefined {
    return items[this.below(Math.max(1, items.length))];
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }
}

/** Somebody does something: what, is chosen by the seed among what makes sense to that person then. */
export interface Move {
  readonly who: number;
  readonly seed: number;
}

/** Each move has a seed of its own, so that those before it can be left out. */
export function movesOf(seed: number, count: number, people: number): Move[] {
  const chooser = new Chooser(seed);
  return Array.from({ length: count }, () => ({ who: chooser.below(people), seed: chooser.below(2 ** 32) }));
}
