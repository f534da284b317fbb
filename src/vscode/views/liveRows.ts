import { type Disposable, DisposableStore, toDisposable } from "../../common/disposable.ts";
import { Emitter, type Event } from "../../common/event.ts";
import { type Row, sameRows } from "./row.ts";

/** Changes come in swarms: that a guest joins is several. */
const SETTLE_MS = 50;
/** How often the rows are loaded anew for changes without an event: time passes, and another process's server dies. */
const TICK_MS = 20_000;

export interface RowSource {
  /** The rows, as they are now. Does not reject. */
  readonly load: (now: number) => Promise<readonly Row[]>;
  /** They may be others now. */
  readonly changes: readonly Event<void>[];
  /** The same, for what is worth to be listened to only while the view is seen. */
  readonly watch?: (changed: () => void) => Disposable;
}

/** The rows of a view, kept up to date: at once where a change is told, now and then for the rest while they are seen. */
export class LiveRows implements Disposable {
  readonly #source: RowSource;
  readonly #store = new DisposableStore();
  readonly #changed = new Emitter<void>();
  /** They look or sound different now. */
  readonly onChanged = this.#changed.event;
  #rows: Promise<readonly Row[]> | undefined;
  #seen: Disposable | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: RowSource) {
    this.#source = source;
    for (const change of source.changes) this.#store.add(change(() => this.#settle()));
  }

  /** Loaded when VS Code first asks. */
  get(): Promise<readonly Row[]> {
    return (this.#rows ??= this.#source.load(Date.now()));
  }

  /** Whether the view is seen. The rows are loaded anew when it is seen again. */
  see(seen: boolean): void {
    if (seen === (this.#seen !== undefined)) return;
    this.#seen?.dispose();
    this.#seen = seen ? this.#follow() : undefined;
    if (seen) void this.refresh();
  }

  /** Looks whether they are still the same. */
  async refresh(): Promise<void> {
    if (this.#rows === undefined) return;
    // One after the other: an older state must not come after a newer one.
    const before = this.#rows;
    let isChanged = false;
    this.#rows = before.then(async (rows) => {
      const now = await this.#source.load(Date.now());
      isChanged = !sameRows(rows, now);
      return isChanged ? now : rows;
    });
    await this.#rows;
    if (isChanged) this.#changed.fire();
  }

  dispose(): void {
    this.see(false);
    clearTimeout(this.#timer);
    this.#store.dispose();
    this.#changed.dispose();
  }

  #settle(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.refresh();
    }, SETTLE_MS);
  }

  #follow(): Disposable {
    const ticking = setInterval(() => void this.refresh(), TICK_MS);
    const watching = this.#source.watch?.(() => this.#settle());
    return toDisposable(() => {
      clearInterval(ticking);
      watching?.dispose();
    });
  }
}
