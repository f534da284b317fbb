/** The ids by which one client knows breakpoints: from the name of an entry, and back. */
export class BreakpointIds {
  readonly #ids = new Map<string, number>();
  readonly #names = new Map<number, Set<string>>();

  get(name: string): number | undefined {
    return this.#ids.get(name);
  }

  has(name: string): boolean {
    return this.#ids.has(name);
  }

  /** Those that it knows by this id: more than one where an adapter numbers anew. */
  namesOf(id: number): Iterable<string> {
    return this.#names.get(id) ?? [];
  }

  set(name: string, id: number): void {
    this.delete(name);
    this.#ids.set(name, id);
    const names = this.#names.get(id) ?? new Set();
    this.#names.set(id, names.add(name));
  }

  delete(name: string): void {
    const id = this.#ids.get(name);
    if (id === undefined) return;
    this.#ids.delete(name);
    const names = this.#names.get(id);
    names?.delete(name);
    if (names?.size === 0) this.#names.delete(id);
  }
}
