import { withDeadline } from "./process.ts";

interface Waiter<T> {
  readonly test: (item: T) => boolean;
  readonly resolve: (item: T) => void;
  readonly reject: (error: Error) => void;
}

/** Items that arrive, and those who wait for one that fits. Each item goes to one of them only. */
export class Mailbox<T> {
  #items: T[] = [];
  #waiters: Waiter<T>[] = [];
  #closed: Error | undefined;

  /** What nobody has taken. */
  get items(): readonly T[] {
    return this.#items;
  }

  put(item: T): void {
    const index = this.#waiters.findIndex((waiter) => waiter.test(item));
    const [waiter] = index < 0 ? [] : this.#waiters.splice(index, 1);
    if (waiter) waiter.resolve(item);
    else this.#items.push(item);
  }

  /** The first item that fits: one that has come before, else the next to come. */
  async take(test: (item: T) => boolean, what: string, deadlineMs?: number): Promise<T> {
    const index = this.#items.findIndex(test);
    const [past] = index < 0 ? [] : this.#items.splice(index, 1);
    if (past !== undefined) return past;
    if (this.#closed) throw new Error(`${this.#closed.message}: ${what}`);
    let waiter: Waiter<T> | undefined;
    const future = new Promise<T>((resolve, reject) => {
      waiter = { test, resolve, reject };
      this.#waiters.push(waiter);
    });
    try {
      return await withDeadline(future, what, deadlineMs);
    } finally {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    }
  }

  /** Nothing more will arrive; what is there can still be taken. */
  close(reason: Error): void {
    this.#closed = reason;
    for (const waiter of this.#waiters) waiter.reject(reason);
    this.#waiters = [];
  }
}
