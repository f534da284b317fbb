import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DisposableStore, toDisposable } from "../../../src/common/disposable.ts";
import { AppError } from "../../../src/common/errors.ts";
import { Emitter, once } from "../../../src/common/event.ts";
import { type LogLevel, lineLogger } from "../../../src/common/logger.ts";

describe("disposables", () => {
  test("run once, a store's in reverse order, late ones at once", () => {
    const order: number[] = [];
    const store = new DisposableStore();
    for (const n of [1, 2, 3]) store.add(toDisposable(() => order.push(n)));
    store.dispose();
    store.dispose();
    assert.deepEqual(order, [3, 2, 1]);
    store.add(toDisposable(() => order.push(4)));
    assert.deepEqual(order, [3, 2, 1, 4]);
    const one = toDisposable(() => order.push(5));
    one.dispose();
    one.dispose();
    assert.deepEqual(order.slice(4), [5]);
  });
});

describe("events", () => {
  test("reach the listeners in the order of subscription, each subscription once", () => {
    const emitter = new Emitter<number>();
    const got: string[] = [];
    const listener = (n: number) => got.push(`a${n}`);
    const first = emitter.event(listener);
    emitter.event(listener);
    emitter.event((n) => got.push(`b${n}`));
    emitter.fire(1);
    first.dispose();
    first.dispose();
    emitter.fire(2);
    emitter.dispose();
    emitter.fire(3);
    assert.deepEqual(got, ["a1", "a1", "b1", "a2", "b2"]);
  });

  test("who subscribes while one is fired hears the next", async () => {
    const emitter = new Emitter<number>();
    const got: number[] = [];
    const subscription = emitter.event(() => {
      subscription.dispose();
      emitter.event((n) => got.push(n));
    });
    emitter.fire(1);
    const next = once(emitter.event);
    emitter.fire(2);
    emitter.fire(3);
    assert.deepEqual(got, [2, 3]);
    assert.equal(await next, 2);
  });
});

describe("errors", () => {
  test("anything caught becomes one", () => {
    const own = new AppError("busy", "Too many.", { hint: "Wait." });
    assert.equal(AppError.from(own), own);
    assert.equal(own.toLine(), "Too many. Wait.");
    const cause = new Error("no");
    const from = AppError.from(cause, "closed");
    assert.deepEqual([from.code, from.message, from.cause, from.toLine()], ["closed", "no", cause, "no"]);
    assert.deepEqual([AppError.from("text").code, AppError.from("text").message], ["internal", "text"]);
    assert.equal(AppError.from(undefined).message, "undefined");
    assert.ok(!("cause" in new AppError("usage", "x")));
  });
});

test("a logger writes lines of its level and above", () => {
  const lines: string[] = [];
  const levels: LogLevel[] = ["trace", "debug", "info", "warn", "error"];
  for (const minimum of [undefined, "trace", "error"] as const) {
    const logger = lineLogger((line) => lines.push(line), minimum);
    for (const level of levels) logger.log(level, "x");
  }
  assert.equal(lines.length, 3 + 5 + 1);
  assert.equal(lines[0], "info: x");
});
