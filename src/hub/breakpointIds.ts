/**
 * The breakpoints that one client knows, and by which ids: from the name of an entry, and back. One that the adapter has
 * given no id may be known without.
 */
export class BreakpointIds {
  readonly #ids = new Map<string, number | undefined>();
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

  set(name: string, id: number | undefined): void {
    this.delete(name);
    this.#ids.set(name, id);
    if (id === undefined) return;
    const names = this.#names.get(id) ?? new Set();
    this.#names.set(id, names.add(name));
  }

  delete(name: string): void {
    const id = this.#ids.get(name);
    this.#ids.delete(name);
    if (id === undefined) return;
    const names = this.#names.get(id);
    names?.delete(name);
    if (names?.size === 0) this.#names.delete(id);
  }
}
