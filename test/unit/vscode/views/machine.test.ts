import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ServerEntry } from "../../../../src/host/registry.ts";
import { type Own, machineRows } from "../../../../src/vscode/views/machineRows.ts";

const NOW = Date.UTC(2026, 10, 25);
const ENTRY: ServerEntry = {
  id: "a1b2c3d4",
  server: "tcp:port=5005,Password=*",
  join: "tcp:server=box,port=5005",
  session: { name: "Launch shop", type: "node" },
  pid: 42,
  startedAt: new Date(NOW - 5 * 60_000).toISOString(),
};
const NOTHING: Own = { pid: 1, serves: [], joined: [] };

describe("the view of this machine", () => {
  test("what another process serves", () => {
    const [row, ...more] = machineRows([ENTRY], NOTHING, NOW);
    assert.deepEqual(more, []);
    assert.ok(row !== undefined && "entry" in row && row.entry === ENTRY);
    assert.deepEqual(row.presentation, {
      id: "entry/a1b2c3d4",
      label: "Launch shop",
      description: "node · tcp:port=5005,Password=*",
      icon: { name: "radio-tower" },
      tooltip: {
        title: "Launch shop",
        facts: [
          ["Server", "tcp:port=5005,Password=*"],
          ["Join with", "tcp:server=box,port=5005"],
          ["Debug type", "node"],
          ["Started", "5 min ago, by process 42"],
        ],
      },
      spoken: "Server of Launch shop, node, tcp:port=5005,Password=*, started 5 minutes ago",
      context: "entry",
    });
  });

  test("not what this window serves itself", () => {
    const own = { ...NOTHING, serves: [ENTRY.server] };
    assert.deepEqual(machineRows([ENTRY], { ...own, pid: 42 }, NOW), []);
    // The same string on another network of this machine, or the same number in another container.
    assert.equal(machineRows([ENTRY], { ...own, pid: 43 }, NOW).length, 1);
    assert.equal(machineRows([ENTRY], { ...NOTHING, pid: 42 }, NOW).length, 1);
  });

  test("what this window is a guest of is not joined twice by a slip", () => {
    const joined = (address: string) =>
      machineRows([ENTRY], { ...NOTHING, joined: [address] }, NOW)[0]?.presentation.context;
    assert.equal(joined("tcp:server=box,port=5005"), "entryJoined");
    assert.equal(joined("tcp:server=box,port=5005,Password=*,name=Ben"), "entryJoined");
    assert.equal(joined("tcp:server=box,port=50055"), "entry");
    const [row] = machineRows([ENTRY], { ...NOTHING, joined: [ENTRY.join] }, NOW);
    assert.match(row?.presentation.description ?? "", /^joined · /);
    assert.match(row?.presentation.spoken ?? "", /you have joined it/);
  });

  test("names and types come from others", () => {
    const strange = { ...ENTRY, session: { name: "$(zap)\n", type: "" } };
    const [row] = machineRows([strange, { ...ENTRY, session: { name: "", type: "" } }], NOTHING, NOW);
    assert.equal(row?.presentation.label, "$ (zap)\ufffd");
    assert.equal(row?.presentation.description, ENTRY.server);
  });
});
