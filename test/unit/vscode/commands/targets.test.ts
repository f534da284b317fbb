import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AppError } from "../../../../src/common/errors.ts";
import type { ServerEntry } from "../../../../src/host/registry.ts";
import { accessItems } from "../../../../src/vscode/commands/accessItems.ts";
import { entryOf, sessionIdOf, targetOf } from "../../../../src/vscode/commands/targets.ts";

const gone = (error: unknown) => error instanceof AppError && error.code === "closed";

describe("what a command is about", () => {
  test("is what the row has, if that is still there", () => {
    const [one, two] = [{ id: 1 }, { id: 2 }];
    assert.equal(targetOf({ face: {}, served: two }, "served", [one, two]), two);
    assert.throws(() => targetOf({ served: { id: 1 } }, "served", [one, two]), gone);
    for (const other of [undefined, null, "x", 7, {}, { served: undefined }, { join: one }])
      assert.equal(targetOf(other, "served", [one, two]), undefined);
  });

  test("is the session of the call stack", () => {
    assert.equal(sessionIdOf("abc"), "abc");
    assert.equal(sessionIdOf({ sessionId: "abc", threadId: "thread:abc:1" }), "abc");
    for (const other of [undefined, null, 7, {}, { sessionId: 7 }])
      assert.equal(sessionIdOf(other), undefined);
  });

  test("is the registered server of the row, as it is now", async () => {
    const now = { id: "a", join: "tcp:server=h,port=2" } as ServerEntry;
    const registry = { list: async () => [now] };
    assert.equal(await entryOf(registry, { entry: { id: "a", join: "tcp:server=h,port=1" } }), now);
    assert.equal(await entryOf(registry, undefined), undefined);
    assert.equal(await entryOf(registry, { served: {} }), undefined);
    await assert.rejects(entryOf(registry, { entry: { id: "b" } }), gone);
  });
});

test("of the access rights, the one that somebody has is marked", () => {
  assert.deepEqual(
    accessItems("control").map(({ access, description }) => [access, description]),
    [
      ["view", ""],
      ["control", "current"],
      ["full", ""],
    ],
  );
});
