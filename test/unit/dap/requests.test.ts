import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACCESS_LEVELS, allows } from "../../../src/common/access.ts";
import { REQUESTS, type RequestRule, checkArguments, maskCapabilities } from "../../../src/dap/requests.ts";
import { survives } from "../../../src/dap/vocabulary.ts";
import { REQUEST_NAMES, argumentsOf, commandOf, jsonType, membersOf } from "../../support/specification.ts";

describe("the table of requests", () => {
  test("the specification was understood", () => {
    assert.ok(REQUEST_NAMES.length >= 44, String(REQUEST_NAMES.length));
    assert.deepEqual(membersOf("NextArguments")?.get("threadId"), { type: "number", optional: false });
    assert.equal(membersOf("NextArguments")?.get("granularity")?.optional, true);
  });

  test("has every request of DAP, and no other", () => {
    assert.deepEqual([...REQUESTS.keys()].sort(), REQUEST_NAMES.map(commandOf).sort());
  });

  for (const name of REQUEST_NAMES) {
    const command = commandOf(name);
    test(`${command}: asks for the arguments that DAP requires`, () => {
      const rule: RequestRule | undefined = REQUESTS.get(command);
      assert.ok(rule);
      const required = [...(argumentsOf(name) ?? [])].filter(([, { optional }]) => !optional);
      assert.deepEqual(
        { ...rule.required },
        Object.fromEntries(required.map(([member, { type }]) => [member, jsonType(type)])),
      );
    });

    test(`${command}: who may only look may send what DAP names, and no other`, () => {
      const rule: RequestRule | undefined = REQUESTS.get(command);
      if (rule?.kind !== "query" || rule.access !== "view") {
        assert.equal(rule?.optional, undefined);
        return;
      }
      const optional = [...(argumentsOf(name) ?? [])].filter(([, member]) => member.optional);
      assert.deepEqual(
        { ...rule.optional },
        Object.fromEntries(optional.map(([member, { type }]) => [member, jsonType(type)])),
      );
    });

    test(`${command}: its handles are arguments of it, and numbers`, () => {
      const members = argumentsOf(name);
      for (const handle of Object.keys(REQUESTS.get(command)?.handles ?? {})) {
        assert.equal(members?.get(handle)?.type, "number", handle);
      }
      // No handle is overlooked: a stale one would reach the adapter.
      const known = ["frameId", "variablesReference", "targetId", "locationReference"];
      const all = [...(members?.keys() ?? [])].filter((member) => known.includes(member));
      assert.deepEqual(Object.keys(REQUESTS.get(command)?.handles ?? {}).sort(), all.sort());
    });
  }

  test("its capabilities are those of DAP", () => {
    const capabilities = membersOf("Capabilities");
    assert.ok(capabilities !== undefined && capabilities.size > 30);
    for (const [command, { capability }] of REQUESTS) {
      if (capability !== undefined) assert.equal(capabilities.get(capability)?.type, "boolean", command);
    }
    const all = Object.fromEntries(
      [...capabilities].filter(([, { type }]) => type === "boolean").map(([name]) => [name, true]),
    );
    // Each that stands for something is masked for who may not use it; these concern nobody's right.
    const harmless = new Set(
      Object.entries(maskCapabilities(all, "view")).flatMap(([name, value]) =>
        value === true ? [name] : [],
      ),
    );
    for (const { capability, access } of REQUESTS.values()) {
      if (capability !== undefined && access !== "view") assert.ok(!harmless.has(capability), capability);
    }
    for (const dangerous of [
      "supportTerminateDebuggee",
      "supportSuspendDebuggee",
      "supportsEvaluateForHovers",
    ]) {
      assert.ok(!harmless.has(dangerous), dangerous);
    }
  });
});

describe("rights", () => {
  test("rise", () => {
    ACCESS_LEVELS.forEach((have, i) =>
      ACCESS_LEVELS.forEach((need, j) => assert.equal(allows(have, need), i >= j)),
    );
    assert.equal(REQUESTS.get("evaluate")?.access, "control", "it runs code");
    for (const command of ["terminate", "restart", "terminateThreads"])
      assert.equal(REQUESTS.get(command)?.access, "full");
    // Both make adapters evaluate what they are given.
    const evaluating = ["completions", "dataBreakpointInfo"];
    for (const [command, { kind, access }] of REQUESTS)
      if (kind === "query") assert.equal(access, evaluating.includes(command) ? "control" : "view", command);
  });

  test("mask capabilities without adding any, and keep what is no right's", () => {
    const some = {
      supportsTerminateRequest: true,
      supportsModulesRequest: true,
      exceptionBreakpointFilters: [{}],
      other: 1,
    };
    assert.deepEqual(maskCapabilities(some, "full"), some);
    assert.deepEqual(maskCapabilities(some, "control"), { ...some, supportsTerminateRequest: false });
    assert.deepEqual(maskCapabilities({}, "view"), {});
    assert.deepEqual(maskCapabilities({ supportsSetVariable: false }, "view"), {
      supportsSetVariable: false,
    });
  });
});

test("arguments are checked by name and type", () => {
  const rule = REQUESTS.get("setVariable");
  assert.ok(rule);
  const good = { variablesReference: 1, name: "x", value: "1", more: {} };
  assert.equal(checkArguments(rule, good), undefined);
  assert.match(checkArguments(rule, { ...good, name: undefined }) ?? "", /"name" is missing/);
  assert.match(checkArguments(rule, { ...good, name: null }) ?? "", /"name" must be a string/);
  assert.match(checkArguments(rule, { ...good, variablesReference: "1" }) ?? "", /must be a number/);
  const source = REQUESTS.get("setBreakpoints");
  assert.ok(source);
  assert.match(checkArguments(source, { source: [] }) ?? "", /must be an object/);
});

test("a request of its own kind is kept from an adapter only if that is known to die of it", () => {
  const custom = (commands: string[], clients: string[], command: string, capabilities = {}) =>
    survives(commands, clients, capabilities, command);
  assert.ok(custom(["lldb-dap-19"], [], "compileUnits"));
  assert.ok(!custom(["lldb-dap-19"], [], "anything"));
  assert.ok(!custom(["lldb-dap-19"], ["lldb"], "__lldb_moduleSymbols"), "LLVM 19 does not know it");
  assert.ok(custom(["lldb-dap"], [], "__lldb_moduleSymbols"));
  assert.ok(!custom([], ["lldb-dap"], "anything"), "by the name that clients use, where there is no command");
  assert.ok(custom(["lldb-dap"], [], "anything", { supportsModuleSymbolsRequest: true }));
  for (const command of ["disableSourcemap", "enableNetworking", "canEmulate", "setFocusEmulation"])
    assert.ok(custom([], ["pwa-node"], command), "js-debug");
  assert.ok(!custom([], ["pwa-node"], "anything"), "js-debug never answers what it does not know");
  for (const command of ["_adapterSettings", "_symbols", "_excludeCaller"])
    assert.ok(custom([], ["lldb"], command), "CodeLLDB");
  for (const name of ["debugpy.adapter", "dlv", "go", "cdt-gdb-adapter", "mine"])
    assert.ok(custom([name], [], "anything"), name);
  assert.ok(custom([], [], "anything"));
});
