import { type Disposable, toDisposable } from "../../src/common/disposable.ts";
import type { Clock } from "../../src/transport/clock.ts";

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
