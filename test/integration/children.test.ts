import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AdapterEntry, PYTHON, adapters } from "../support/adapters.ts";
import type { DapClient } from "../support/dapClient.ts";
import { type Fixture, fixtures } from "../support/fixtures.ts";
import { joinChild } from "../support/joined.ts";
import { skipWithout } from "../support/parts.ts";
import { begin, inspect, setLines } from "../support/scenario.ts";
import { type Served, serveAdapter } from "../support/served.ts";

/** Everyone's connection to one session. */
type Pair = readonly [DapClient, DapClient];

async function bothJoinChild(served: Served, parents: Pair, entry: AdapterEntry): Promise<Pair> {
  return Promise.all([
    joinChild(served, parents[0], entry.adapterID),
    joinChild(served, parents[1], entry.adapterID),
  ]);
}

async function joinedAndConfigured(served: Served, parents: Pair, entry: AdapterEntry): Promise<Pair> {
  const children = await bothJoinChild(served, parents, entry);
  await Promise.all(children.map((client) => client.request("configurationDone")));
  return children;
}

/** The first connects, launches and is joined by the second before the program runs. */
async function launchWithTwo(
  served: Served,
  entry: AdapterEntry,
  args: unknown,
  lines: readonly [Fixture, string][],
): Promise<Pair> {
  const first = await served.connect({ name: "first", onReverse: () => ({}) });
  const { started } = await begin(first, entry.adapterID, "launch", args);
  for (const [fixture, marker] of lines) await setLines(first, fixture.source, [fixture.line(marker)]);
  const second = await served.connect({ name: "second", onReverse: () => ({}) });
  await begin(second, entry.adapterID, "attach", {
    type: entry.adapterID,
    request: "attach",
    name: "second",
  });
  await second.request("configurationDone");
  await first.request("configurationDone");
  assert.equal((await started).success, true);
  return [first, second];
}

/** Both see the stop at the marker; the second lets the program go on. */
async function bothStop(pair: Pair, fixture: Fixture, marker: string): Promise<void> {
  await pair[0].waitEvent("stopped");
  const { frames, threadId } = await inspect(pair[1]);
  assert.equal(frames[0]?.line, fixture.line(marker));
  const { stackFrames } = await pair[0].request("stackTrace", { threadId });
  assert.deepEqual(stackFrames[0]?.line, fixture.line(marker));
  await pair[1].request("continue", { threadId });
}

describe("child sessions: both guests end up in parent and child", () => {
  test("js-debug: a forked process", { skip: skipWithout("jsDebug") }, async () => {
    const entry: AdapterEntry = adapters["js-debug"];
    const served = await serveAdapter(entry);
    try {
      const args = { ...entry.session.arguments, program: fixtures.javascriptParent.program };
      const roots = await launchWithTwo(served, entry, args, []);
      const parents = await bothJoinChild(served, roots, entry);
      // One sets the breakpoints, in both sources; a child inherits its parent's.
      await setLines(parents[0], fixtures.javascriptParent.source, [
        fixtures.javascriptParent.line("parent"),
      ]);
      await setLines(parents[0], fixtures.javascriptChild.source, [fixtures.javascriptChild.line("child")]);
      await Promise.all(parents.map((client) => client.request("configurationDone")));
      const children = await joinedAndConfigured(served, parents, entry);
      await bothStop(children, fixtures.javascriptChild, "child");
      await bothStop(parents, fixtures.javascriptParent, "parent");
      for (const client of [...children, ...parents, ...roots]) await client.waitEvent("terminated");
      for (const client of [...children, ...parents, ...roots]) client.assertNoFaults();
    } finally {
      await served.close();
    }
  });

  test("debugpy: subProcess", { skip: skipWithout("debugpy") }, async () => {
    const entry: AdapterEntry = adapters.debugpy;
    const served = await serveAdapter(entry);
    try {
      const args = {
        ...entry.session.arguments,
        program: fixtures.pythonChildren.program,
        subProcess: true,
        python: [PYTHON],
      };
      const parents = await launchWithTwo(served, entry, args, [
        [fixtures.pythonChildren, "worker"],
        [fixtures.pythonChild, "child"],
      ]);
      // Python's multiprocessing starts a helper of its own beside the worker, in either order; it never stops.
      const some = [
        await joinedAndConfigured(served, parents, entry),
        await joinedAndConfigured(served, parents, entry),
      ];
      await Promise.any(some.map((pair) => bothStop(pair, fixtures.pythonChildren, "worker")));
      const child = await joinedAndConfigured(served, parents, entry);
      await bothStop(child, fixtures.pythonChild, "child");
      const all = [...parents, ...child, ...some.flat()];
      for (const client of all) await client.waitEvent("terminated");
      for (const client of all) client.assertNoFaults();
    } finally {
      await served.close();
    }
  });
});
