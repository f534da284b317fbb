import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Emitter } from "../../../../src/common/event.ts";
import { HostBreakpoints, type PlacedBreakpoint } from "../../../../src/vscode/guest/hostBreakpoints.ts";

/** A window's list of breakpoints, in which nobody is at one place twice. */
class Window {
  readonly #added = new Emitter<readonly PlacedBreakpoint[]>();
  readonly onAdded = this.#added.event;
  all: PlacedBreakpoint[] = [];
  stored: unknown;

  readonly uriOf = (path: string) => `file://${path}`;
  readonly list = () => this.all;
  readonly get = () => this.stored;
  readonly set = (value: unknown) => void (this.stored = value);

  add(...lines: readonly number[]): void {
    const added = lines.map((line) => ({ id: `b${line}`, uri: "file:///app.js", line }));
    this.all.push(...added);
    this.#added.fire(added);
  }

  remove(ids: ReadonlySet<string>): void {
    this.all = this.all.filter(({ id }) => !ids.has(id));
  }

  lines(): number[] {
    return this.all.map(({ line }) => line);
  }
}

function told(id: number, reason = "new", line = id) {
  const breakpoint = { id, verified: true, line, source: { path: "/app.js" } };
  return { seq: 1, type: "event", event: "breakpoint", body: { reason, breakpoint } };
}

function withdrawn(...ids: readonly number[]) {
  return ids.map((id) => ({
    seq: 0,
    type: "event",
    event: "breakpoint",
    body: { reason: "removed", breakpoint: { id, verified: false } },
  }));
}

const TERMINATED = { seq: 1, type: "event", event: "terminated" };
const DISCONNECT = { seq: 1, type: "request", command: "disconnect" };
const AT = (line: number) => ({ uri: "file:///app.js", line });

describe("a host's breakpoints in a guest's window", () => {
  test("are taken back before the session ends, however it does", () => {
    for (const end of ["sending", "received"] as const) {
      const window = new Window();
      const session = new HostBreakpoints(window, window).session();
      for (const id of [5, 6, 7]) assert.deepEqual(session.sending(told(id)), []);
      session.sending(told(6, "changed", 9));
      session.sending(told(7, "removed"));
      assert.deepEqual(window.stored, [AT(5), AT(6)]);
      assert.deepEqual(session[end](end === "sending" ? TERMINATED : DISCONNECT), withdrawn(5, 6));
      assert.deepEqual(session.sending(TERMINATED), []);
      assert.deepEqual(window.stored, []);
    }
  });

  test("where the guest has one already, it is the guest's", () => {
    const window = new Window();
    const session = new HostBreakpoints(window, window).session();
    window.add(3);
    session.sending(told(3));
    assert.deepEqual(session.sending(TERMINATED), []);
  });

  test("of one session do not go with another", () => {
    const window = new Window();
    const breakpoints = new HostBreakpoints(window, window);
    const [one, other] = [breakpoints.session(), breakpoints.session()];
    one.sending(told(3));
    other.sending(told(4));
    assert.deepEqual(other.sending(TERMINATED), withdrawn(4));
    assert.deepEqual(window.stored, [AT(3)]);
  });

  test("are gone after a crash, too, once the next window knows its breakpoints", () => {
    for (const isKnownAtOnce of [true, false]) {
      const window = new Window();
      const crashed = new HostBreakpoints(window, window);
      crashed.session().sending(told(3));
      crashed.dispose();

      if (isKnownAtOnce) window.add(3, 4);
      const next = new HostBreakpoints(window, window);
      if (!isKnownAtOnce) window.add(3, 4);
      assert.deepEqual(window.lines(), [4]);
      assert.deepEqual(window.stored, []);
      window.add(3);
      assert.deepEqual(window.lines(), [4, 3]);
      next.dispose();
    }
  });

  test("other messages, and what is stored in another shape, are nothing", () => {
    const window = new Window();
    window.stored = [{ uri: 3 }, "x", undefined];
    const session = new HostBreakpoints(window, window).session();
    for (const message of [
      {},
      told(3, "changed"),
      { ...told(3), type: "request" },
      { type: "event", event: "breakpoint" },
      { type: "event", event: "breakpoint", body: { reason: "new", breakpoint: { id: 3, line: 3 } } },
      { type: "event", event: "breakpoint", body: { reason: "new", breakpoint: { ...AT(3), source: {} } } },
    ])
      assert.deepEqual(session.sending(message), []);
    assert.deepEqual(session.received({ type: "request", command: "next" }), []);
    assert.deepEqual(session.sending(TERMINATED), []);
  });
});
