import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lazy } from "../../../src/vscode/lazy.ts";

class Counter {
  #count = 0;
  add(by: number): number {
    this.#count += by;
    return this.#count;
  }
  fail(): never {
    throw new Error("no");
  }
}

describe("an object that is made later", () => {
  test("is not made before it is called, and is called as itself, in order", async () => {
    let made = 0;
    let counter: Promise<Counter> | undefined;
    const load = () => (counter ??= Promise.resolve(new Counter()).finally(() => made++));
    const { add } = lazy(load, "add");
    assert.equal(made, 0);
    assert.deepEqual(await Promise.all([add(1), add(2), add(3)]), [1, 3, 6]);
    assert.equal(made, 1);
  });

  test("rejects with what is thrown", async () => {
    const { fail } = lazy(async () => new Counter(), "fail");
    await assert.rejects(fail(), /^Error: no$/);
    const { add } = lazy(() => Promise.reject<Counter>(new Error("cannot be loaded")), "add");
    await assert.rejects(add(1), /cannot be loaded/);
  });
});
