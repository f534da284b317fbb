import assert from "node:assert/strict";
import { type TestContext, describe, test } from "node:test";
import { Emitter } from "../../../../src/common/event.ts";
import { LiveRows } from "../../../../src/vscode/views/liveRows.ts";
import type { Row } from "../../../../src/vscode/views/row.ts";

function row(id: string, children: readonly Row[] = [], join: string | undefined = undefined): Row {
  const presentation = {
    id,
    label: id,
    description: "",
    icon: { name: "account" },
    tooltip: { title: id, facts: [] },
    spoken: id,
    context: "entry",
  } as const;
  if (join === undefined) return { presentation, children };
  const session = { name: "", type: "" };
  return { entry: { id, server: "", join, session, pid: 1, startedAt: "" }, presentation, children };
}

/** Rows that the test changes, by a clock that it moves. */
function scene(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1000 });
  const change = new Emitter<void>();
  const watchers = new Set<() => void>();
  const state = { rows: [row("a")] as readonly Row[], loads: [] as number[], changes: 0 };
  const live = new LiveRows({
    async load(now) {
      state.loads.push(now);
      return state.rows;
    },
    changes: [change.event],
    watch(changed) {
      watchers.add(changed);
      return { dispose: () => watchers.delete(changed) };
    },
  });
  live.onChanged(() => state.changes++);
  t.after(() => live.dispose());
  const pass = async (ms: number) => {
    t.mock.timers.tick(ms);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  return { live, state, change, watchers, pass };
}

describe("rows of a view", () => {
  test("nothing is loaded before somebody asks", async (t) => {
    const { live, state, change, pass } = scene(t);
    change.fire();
    await pass(60);
    assert.deepEqual(state.loads, []);
    assert.deepEqual(await live.get(), state.rows);
    assert.deepEqual(await live.get(), state.rows);
    assert.deepEqual(state.loads, [1060]);
  });

  test("a swarm of changes is one", async (t) => {
    const { live, state, change, pass } = scene(t);
    await live.get();
    state.rows = [row("b")];
    for (let i = 0; i < 5; i++) {
      change.fire();
      await pass(20);
    }
    assert.equal(state.changes, 1);
    assert.deepEqual(await live.get(), state.rows);
    await pass(60);
    assert.equal(state.changes, 1);
    assert.equal(state.loads.length, 3);
  });

  test("what looks the same is not drawn anew, and is the same object", async (t) => {
    const { live, state, change, pass } = scene(t);
    state.rows = [row("a", [row("b")])];
    const before = await live.get();
    state.rows = [row("a", [row("b")])];
    change.fire();
    await pass(60);
    assert.equal(state.changes, 0);
    assert.equal(await live.get(), before);
    state.rows = [row("a", [row("c")])];
    change.fire();
    await pass(60);
    assert.equal(state.changes, 1);
  });

  test("what looks the same but is about something else is drawn anew", async (t) => {
    const { live, state, change, pass } = scene(t);
    state.rows = [row("a", [], "tcp:server=x,port=1")];
    await live.get();
    state.rows = [row("a", [], "tcp:server=x,port=1")];
    change.fire();
    await pass(60);
    assert.equal(state.changes, 1);
  });

  test("time passes only while somebody looks", async (t) => {
    const { live, state, watchers, pass } = scene(t);
    await live.get();
    await pass(300_000);
    assert.equal(state.loads.length, 1);
    assert.equal(watchers.size, 0);
    live.see(true);
    live.see(true);
    await pass(0);
    assert.equal(state.loads.length, 2);
    assert.equal(watchers.size, 1);
    await pass(20_000);
    await pass(20_000);
    assert.equal(state.loads.length, 4);
    state.rows = [];
    for (const changed of watchers) changed();
    await pass(60);
    assert.equal(state.changes, 1);
    live.see(false);
    await pass(300_000);
    assert.equal(state.loads.length, 5);
    assert.equal(watchers.size, 0);
  });

  test("an older state does not come after a newer one", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
    const answers: ((rows: readonly Row[]) => void)[] = [];
    const live = new LiveRows({
      load: () => new Promise((resolve) => answers.push(resolve)),
      changes: [],
    });
    t.after(() => live.dispose());
    const first = live.get();
    const refreshed = Promise.all([live.refresh(), live.refresh()]);
    answers.shift()?.([row("1")]);
    assert.equal((await first)[0]?.presentation.id, "1");
    for (const id of ["2", "3"]) {
      while (answers.length === 0) await Promise.resolve();
      assert.equal(answers.length, 1);
      answers.shift()?.([row(id)]);
    }
    await refreshed;
    assert.equal((await live.get())[0]?.presentation.id, "3");
  });

  test("when it is over, nothing goes on", async (t) => {
    const { live, state, change, watchers, pass } = scene(t);
    await live.get();
    live.see(true);
    change.fire();
    live.dispose();
    live.dispose();
    await pass(60_000);
    assert.equal(watchers.size, 0);
    assert.equal(state.changes, 0);
  });
});
