import { type Disposable, toDisposable } from "../common/disposable.ts";

/** Time, as far as a transport needs it: tests put a virtual one in its place. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Runs `task` once after the delay, never within this call; equal delays keep their order. */
  schedule(delayMs: number, task: () => void): Disposable;
}

export const realClock: Clock = {
  now: () => performance.now(),
  schedule(delayMs, task) {
    if (delayMs <= 0) {
      const immediate = setImmediate(task);
      return toDisposable(() => clearImmediate(immediate));
    }
    const timer = setTimeout(task, delayMs);
    return toDisposable(() => clearTimeout(timer));
  },
};
