import { Emitter } from "../../../../src/common/event.ts";
import type { JsonObject } from "../../../../src/dap/messages.ts";
import { GuestBreakpoints } from "../../../../src/vscode/host/guestBreakpoints.ts";
import type { WindowBreakpoint, WindowList } from "../../../../src/vscode/host/windowSession.ts";

type Listed = WindowBreakpoint & { enabled: boolean };

/** VS Code's list of breakpoints, of which it tells every session of the window; and what an extension keeps of it. */
export class FakeList implements WindowList {
  /** What outlives the window. */
  stored: unknown;
  readonly guests: GuestBreakpoints;
  /** Sends the list of a place to a session: each that is attached. */
  readonly senders = new Set<(key: string) => void>();
  /** The messages that VS Code has composed and not sent: it makes them in a later turn. */
  held: (() => void)[] | undefined;
  readonly #changed = new Emitter<void>();
  readonly onChanged = this.#changed.event;
  #breakpoints: Listed[];

  /** `before`: an earlier window, whose breakpoints VS Code remembers; it tells of them by `remember`. */
  constructor(before?: FakeList) {
    this.stored = before?.stored;
    this.#breakpoints = [];
    this.guests = new GuestBreakpoints(this, {
      get: () => this.stored,
      set: (value) => (this.stored = structuredClone(value)),
    });
  }

  remember(before: FakeList): void {
    this.#breakpoints = before.all().map(({ key, spec }) => ({ handle: {}, key, enabled: true, spec }));
    this.#changed.fire();
  }

  all(): readonly Listed[] {
    return this.#breakpoints.map((each) => ({ ...each, spec: { ...each.spec } }));
  }

  add(key: string, specs: readonly JsonObject[]): readonly object[] {
    const added = specs.map((spec) => ({ handle: {}, key, enabled: true, spec: { ...spec } }));
    // VS Code keeps one for each place, the first.
    const isFirst = (each: Listed) => {
      const { line, column } = each.spec;
      const place = this.#breakpoints.filter((other) => other.key === key && line !== undefined);
      return !place.some(({ spec }) => spec.line === line && (spec.column ?? 1) === (column ?? 1));
    };
    for (const each of added) if (isFirst(each)) this.#breakpoints.push(each);
    this.#changed.fire();
    this.#send(key);
    return added.map(({ handle }) => handle);
  }

  remove(handles: ReadonlySet<object>): void {
    const gone = this.#breakpoints.filter(({ handle }) => handles.has(handle));
    this.#breakpoints = this.#breakpoints.filter(({ handle }) => !handles.has(handle));
    this.#changed.fire();
    for (const key of new Set(gone.map((each) => each.key))) this.#send(key);
  }

  /** The host edits a breakpoint, whoever set it. */
  edit(key: string, line: number, change: JsonObject): void {
    this.show(key, line, change);
    this.#send(key);
  }

  /** VS Code shows a breakpoint otherwise, as an adapter has said. */
  show(key: string, line: number, change: JsonObject): void {
    const found = this.#breakpoints.find((each) => each.key === key && each.spec.line === line);
    Object.assign(found?.spec ?? {}, change);
    this.#changed.fire();
  }

  specs(key: string): JsonObject[] {
    return this.#breakpoints.filter((each) => each.key === key).map(({ spec }) => spec);
  }

  #send(key: string): void {
    // What is sent is what the list holds when VS Code comes to it.
    const send = () => this.senders.forEach((each) => each(key));
    if (this.held === undefined) setImmediate(send);
    else this.held.push(send);
  }
}
