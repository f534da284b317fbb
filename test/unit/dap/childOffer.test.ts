import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  adapterPort,
  leadingTo,
  offersChild,
  readChildOffer,
  takesOffer,
} from "../../../src/dap/childOffer.ts";

const DEBUGPY =
  '{ "type":"python", "connect" : {"host": "127.0.0.1", "port":4711}, "subProcessId":9, "x": 1e3, "request":"attach"}';

describe("a child session that an adapter offers", () => {
  test("is read from debugpy's event, DAP's request and js-debug's older one", () => {
    assert.deepEqual(
      readChildOffer("debugpyAttach", Buffer.from(DEBUGPY)).configuration,
      JSON.parse(DEBUGPY),
    );
    for (const [name, text, request, configuration] of [
      [
        "startDebugging",
        '{"request":"launch","configuration":{"request":"attach","a":1}}',
        "launch",
        { request: "attach", a: 1 },
      ],
      ["startDebugging", "{}", "attach", {}],
      ["startDebugging", '{"configuration":7}', "attach", {}],
      ["attachedChildSession", '{"config":{"request":"launch"}}', "launch", { request: "launch" }],
    ] as const) {
      const offer = readChildOffer(name, Buffer.from(text));
      assert.deepEqual([offer.request, offer.configuration], [request, configuration]);
    }
    assert.deepEqual(readChildOffer("startDebugging", undefined).configuration, {});
    assert.equal(offersChild("runInTerminal"), false);
    assert.equal(offersChild("toString"), false);
  });

  test("leads to another port by that change alone", () => {
    for (const [name, text, expected] of [
      ["debugpyAttach", DEBUGPY, DEBUGPY.replace("4711", "5")],
      [
        "debugpyAttach",
        '{"connect":{"port":4711,"host":"far.example"}}',
        '{"connect":{"port":5,"host":"127.0.0.1"}}',
      ],
      [
        "debugpyAttach",
        '{"connect":{"port":4711,"host":"localhost"}}',
        '{"connect":{"port":5,"host":"localhost"}}',
      ],
      ["startDebugging", '{"configuration":{"debugServer":4711}}', '{"configuration":{"debugServer":5}}'],
      [
        "attachedChildSession",
        '{"config":{"__jsDebugChildServer":"4711","port":4711}}',
        '{"config":{"__jsDebugChildServer":"5","port":4711}}',
      ],
      [
        "startDebugging",
        '{"configuration":{"__pendingTargetId":"a"}}',
        '{"configuration":{"__pendingTargetId":"a"}}',
      ],
      [
        "startDebugging",
        '{"configuration":{"connect":{"port":"x"}}}',
        '{"configuration":{"connect":{"port":"x"}}}',
      ],
    ] as const)
      assert.equal(String(leadingTo(readChildOffer(name, Buffer.from(text)), 5).message), expected);
  });

  test("says where its adapter listens, if it does for the child alone", () => {
    assert.deepEqual(adapterPort({ connect: { host: "h", port: 1 } }), { host: "h", port: 1 });
    assert.deepEqual(adapterPort({ debugServer: 2 }), { host: "127.0.0.1", port: 2 });
    assert.deepEqual(adapterPort({ __jsDebugChildServer: "3" }), { host: "127.0.0.1", port: 3 });
    for (const other of [{}, { connect: {} }, { connect: { port: 0 } }, { debugServer: 70_000 }, { port: 4 }])
      assert.equal(adapterPort(other), undefined);
  });
});

describe("who takes up an offer", () => {
  const parent = { type: "t", request: "launch", program: "p", env: { A: "1" } };

  test("by what adapters name their children", () => {
    const child = { ...parent, request: "attach", subProcessId: 7, name: "Subprocess 7", more: "x" };
    assert.ok(takesOffer(child, parent, { ...child, __sessionId: "vs", name: "renamed", more: "y" }));
    assert.ok(!takesOffer(child, parent, { ...child, subProcessId: 8 }));
    assert.ok(!takesOffer(child, parent, parent));
  });

  test("by what is not the parent's; strings with variables and objects apart", () => {
    const child = { ...parent, target: "a", cwd: "${workspaceFolder}", nested: { a: 1 } };
    assert.ok(takesOffer(child, parent, { ...child, cwd: "/w", nested: { a: 1, b: 2 } }));
    assert.ok(!takesOffer(child, parent, { ...child, target: "b" }));
    assert.ok(!takesOffer(child, parent, parent));
  });

  test("with a parent's own arguments: by all of them", () => {
    assert.ok(takesOffer(parent, parent, { ...parent, more: 1 }));
    assert.ok(!takesOffer(parent, parent, { ...parent, program: "q" }));
  });
});
