import { type Disposable, toDisposable } from "../common/disposable.ts";

/** Time, as far as a transport needs it: tests put a `VirtualClock` in its place. */
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

/** Time that passes only when told to: what happens, and in what order, is then the same in every run. */
export class VirtualClock implements Clock {
  #now = 0;
  readonly #tasks: { readonly at: number; readonly task: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  /** How many tasks wait for their time. */
  get waiting(): number {
    return this.#tasks.length;
  }

  schedule(delayMs: number, task: () => void): Disposable {
    const entry = { at: this.#now + Math.max(0, delayMs), task };
    const after = this.#tasks.findIndex(({ at }) => at > entry.at);
    this.#tasks.splice(after < 0 ? this.#tasks.length : after, 0, entry);
    return toDisposable(() => {
      const index = this.#tasks.indexOf(entry);
      if (index >= 0) this.#tasks.splice(index, 1);
    });
  }

  /** Lets time pass; what the tasks schedule meanwhile runs as well if its time comes. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#tasks[0]; next !== undefined && next.at <= end; next = this.#tasks[0]) {
      this.#tasks.shift();
      this.#now = next.at;
      next.task();
    }
    this.#now = end;
  }
}
