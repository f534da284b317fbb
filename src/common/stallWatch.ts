import type { Disposable } from "./disposable.ts";
import { AppError } from "./errors.ts";
import { LIMITS } from "./limits.ts";

/**
 * Notices that a message has begun and does not go on: less than LIMITS.stallBytes of it came within `ms`. It looks
 * twice in that time, so that a machine that slept gives the peer time to be heard before it judges.
 */
export class StallWatch implements Disposable {
  readonly #ms: number;
  readonly #isInside: () => boolean;
  readonly #onStall: () => void;
  #timer: NodeJS.Timeout | undefined;
  #bytes = 0;
  #looks = 0;

  /** `isInside`: a message has begun, and the next bytes of it are waited for. */
  constructor(ms: number, isInside: () => boolean, onStall: () => void) {
    this.#ms = ms;
    this.#isInside = isInside;
    this.#onStall = onStall;
  }

  /** After bytes have been read, and worked in. */
  came(bytes: number): void {
    this.#bytes += bytes;
    if (this.#timer === undefined && this.#isInside()) this.#begin();
  }

  /** A message is complete: what begins behind it has all of the time. */
  completed(): void {
    this.#bytes = Infinity;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #begin(): void {
    this.#bytes = 0;
    this.#looks = 0;
    this.#wait();
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#look(), this.#ms / 2);
    this.#timer.unref();
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#isInside()) return;
    this.#looks++;
    if (this.#bytes >= LIMITS.stallBytes) this.#begin();
    else if (this.#looks < 2) this.#wait();
    else this.#onStall();
  }
}

export function stalled(ms: number): AppError {
  return new AppError("timeout", `A message began and did not go on for ${ms / 1000} s.`, {
    hint: "Join again.",
  });
}
