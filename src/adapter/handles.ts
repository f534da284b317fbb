/**
 * Numbers for objects that live until the program resumes. A number is never given out twice, so a client that
 * asks with one of an earlier stop is refused instead of being shown something else. (The Handles of
 * @vscode/debugadapter start again from the same number after a reset.)
 */
export class Handles<T> {
  readonly #items = new Map<number, T>();
  #last = 0;

  create(item: T): number {
    this.#items.set(++this.#last, item);
    return this.#last;
  }

  get(handle: number): T | undefined {
    return this.#items.get(handle);
  }

  clear(): void {
    this.#items.clear();
  }
}
