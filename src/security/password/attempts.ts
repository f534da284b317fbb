/** The delay after the first wrong guess of an address, in milliseconds; each further one doubles it. */
const FIRST_DELAY_MS = 100;
/** From so many wrong guesses in a row on, the server pauses for the address. */
const PAUSE_AFTER = 10;
const PAUSE_MS = 10 * 60_000;
/** A delay of up to this is waited out for the guest; who would have to wait longer is sent away. */
const WAITED_OUT_MS = 3_000;
/** An address that made no guess for so long is forgotten. */
const FORGET_MS = 24 * 60 * 60_000;
/** Addresses that are remembered; then the ones that were quiet for longest are forgotten. */
const ADDRESSES = 4096;

interface Guesses {
  /** In a row, those under way included: whoever breaks off in time has learned as much as whoever does not. */
  count: number;
  /** When the next one may be answered. */
  nextAt: number;
  lastAt: number;
}

/** What becomes of a guess: it is answered after so many milliseconds, or not at all before so many have gone by. */
export type Turn =
  { readonly kind: "answer"; readonly afterMs: number } | { readonly kind: "refuse"; readonly forMs: number };

/**
 * Wrong guesses at one server's password, by address (`limitKey`): delays double, and after ten in a row the server
 * pauses for that address. Others do not notice.
 */
export class PasswordAttempts {
  readonly #guesses = new Map<string, Guesses>();
  readonly #now: () => number;

  /** `now`: milliseconds of a clock that does not jump; for tests. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Somebody wants to guess. A guess that is answered counts as wrong until `succeeded` is called. */
  begin(address: string): Turn {
    const now = this.#now();
    this.#forget(now);
    const known = this.#guesses.get(address) ?? { count: 0, nextAt: now, lastAt: now };
    const wait = Math.max(0, known.nextAt - now);
    if (wait > WAITED_OUT_MS) return { kind: "refuse", forMs: wait };
    const count = known.count + 1;
    // Inserted anew: the map's order is by the last guess.
    this.#guesses.delete(address);
    this.#guesses.set(address, { count, nextAt: now + wait + delayAfter(count), lastAt: now });
    return { kind: "answer", afterMs: wait };
  }

  succeeded(address: string): void {
    this.#guesses.delete(address);
  }

  /** Wrong guesses of an address in a row, and whether the server pauses for it. */
  of(address: string): { readonly count: number; readonly paused: boolean } {
    const count = this.#guesses.get(address)?.count ?? 0;
    return { count, paused: count >= PAUSE_AFTER };
  }

  #forget(now: number): void {
    for (const [address, { lastAt }] of this.#guesses) {
      if (now - lastAt < FORGET_MS && this.#guesses.size < ADDRESSES) return;
      this.#guesses.delete(address);
    }
  }
}

function delayAfter(count: number): number {
  return count >= PAUSE_AFTER ? PAUSE_MS : FIRST_DELAY_MS * 2 ** (count - 1);
}
