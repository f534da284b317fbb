import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACCESS_LEVELS, type Access, allows } from "../../../src/common/access.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { REQUEST_NAMES, commandOf, membersOf } from "../../support/specification.ts";
import { ALL_CAPABILITIES, ARGUMENTS, servedTo } from "./everything.ts";
import { CAPABILITIES, FakeUpstream } from "./fakeUpstream.ts";
import { VSCODE, connect, enter } from "./memoryClient.ts";

/** It reaches the adapter; or the hub answers it, with success or that code, and the adapter hears nothing. */
type Result = "adapter" | "hub" | "notAllowed" | "protocol";

const everybody = (result: Result): readonly Result[] => [result, result, result];
const LOOKS = everybody("adapter");
const CONTROLS: readonly Result[] = ["notAllowed", "adapter", "adapter"];
const ENDS: readonly Result[] = ["notAllowed", "notAllowed", "adapter"];
/** An adapter's requests: from a client they are nothing, whatever its right. */
const REVERSE: readonly Result[] = ["notAllowed", "notAllowed", "protocol"];

/**
 * What becomes of each request from a guest that has joined, with the right `view`, `control`, `full`. Written down and
 * not taken from our own table of requests, and complete: a new request of the specification is to be thought about.
 */
const RESULTS: Readonly<Record<string, readonly Result[]>> = {
  // A second one; the first is answered by the hub as well (lifecycle.test.ts).
  initialize: everybody("protocol"),
  launch: everybody("protocol"),
  attach: everybody("protocol"),
  configurationDone: everybody("protocol"),
  disconnect: everybody("hub"),
  cancel: everybody("hub"),
  terminate: ENDS,
  restart: ENDS,
  terminateThreads: ENDS,
  runInTerminal: REVERSE,
  startDebugging: REVERSE,

  setBreakpoints: CONTROLS,
  setFunctionBreakpoints: CONTROLS,
  setExceptionBreakpoints: CONTROLS,
  setDataBreakpoints: CONTROLS,
  setInstructionBreakpoints: CONTROLS,
  continue: CONTROLS,
  next: CONTROLS,
  stepIn: CONTROLS,
  stepOut: CONTROLS,
  stepBack: CONTROLS,
  reverseContinue: CONTROLS,
  restartFrame: CONTROLS,
  goto: CONTROLS,
  pause: CONTROLS,
  evaluate: CONTROLS,
  setVariable: CONTROLS,
  setExpression: CONTROLS,
  writeMemory: CONTROLS,
  // Adapters evaluate what they are given by these.
  completions: CONTROLS,
  dataBreakpointInfo: CONTROLS,

  threads: LOOKS,
  stackTrace: LOOKS,
  scopes: LOOKS,
  variables: LOOKS,
  source: LOOKS,
  modules: LOOKS,
  loadedSources: LOOKS,
  breakpointLocations: LOOKS,
  stepInTargets: LOOKS,
  gotoTargets: LOOKS,
  exceptionInfo: LOOKS,
  readMemory: LOOKS,
  disassemble: LOOKS,
  locations: LOOKS,
};

/** The right without which a capability is not told, by the request that it is for; the others are told to everybody. */
const MASKED: Readonly<Record<string, Access>> = {
  supportsTerminateRequest: "full",
  supportsRestartRequest: "full",
  supportsTerminateThreadsRequest: "full",
  supportTerminateDebuggee: "full",
  supportSuspendDebuggee: "full",
  supportsFunctionBreakpoints: "control",
  supportsConditionalBreakpoints: "control",
  supportsHitConditionalBreakpoints: "control",
  supportsLogPoints: "control",
  supportsDataBreakpoints: "control",
  supportsInstructionBreakpoints: "control",
  supportsExceptionOptions: "control",
  supportsExceptionFilterOptions: "control",
  supportsEvaluateForHovers: "control",
  supportsClipboardContext: "control",
  supportsCompletionsRequest: "control",
  supportsStepBack: "control",
  supportsRestartFrame: "control",
  supportsGotoTargetsRequest: "control",
  supportsSteppingGranularity: "control",
  supportsSingleThreadExecutionRequests: "control",
  supportsSetVariable: "control",
  supportsSetExpression: "control",
  supportsWriteMemoryRequest: "control",
};

/** All that the specification knows. */
const CAPABILITY_NAMES = [...(membersOf("Capabilities") ?? [])].flatMap(([name, { type }]) =>
  type === "boolean" ? [name] : [],
);
const everything = Object.fromEntries(CAPABILITY_NAMES.map((name) => [name, true]));

test("every request of the specification is thought of, and no other", () => {
  assert.deepEqual(Object.keys(RESULTS).sort(), REQUEST_NAMES.map(commandOf).sort());
});

for (const [index, access] of ACCESS_LEVELS.entries()) {
  describe(`a guest that may ${access}`, () => {
    for (const command of REQUEST_NAMES.map(commandOf)) {
      const expected = RESULTS[command]?.[index];
      test(`${command}: ${expected}`, async () => {
        const { upstream, client } = await servedTo(access);
        const count = upstream.received.length;
        const { message, success, text } = await client.request(command, ARGUMENTS);
        const reached = upstream.received.slice(count).map((received) => received.command);
        assert.deepEqual(reached, expected === "adapter" ? [command] : []);
        assert.equal(success, expected === "adapter" || expected === "hub", text);
        if (!success) assert.equal(message, expected);
      });
    }

    test("sends requests of the adapter's own only to steer", async () => {
      const { upstream, client } = await servedTo(access);
      const { success, message } = await client.request("own/request", { x: 1 });
      assert.equal(success, access !== "view", message);
      if (!success) assert.equal(message, "notAllowed");
      assert.equal(upstream.commands("own/request").length, access === "view" ? 0 : 1);
    });

    test("is told of what it may use", async () => {
      const upstream = new FakeUpstream({ capabilities: everything });
      const hub = new Hub(upstream);
      await enter(connect(hub, "driver").client);
      const told = await connect(hub, "guest", { access }).client.ok("initialize", VSCODE);
      assert.deepEqual(
        told,
        Object.fromEntries(CAPABILITY_NAMES.map((name) => [name, allows(access, MASKED[name] ?? "view")])),
      );
    });

    test("is told of no more when it is the one that starts the adapter, or when the adapter learns more", async () => {
      const upstream = new FakeUpstream({ capabilities: { supportsSetVariable: true } });
      const hub = new Hub(upstream);
      if (access !== "view") {
        const own = new FakeUpstream({ capabilities: everything });
        const told = await connect(new Hub(own), "driver", { access }).client.ok("initialize", VSCODE);
        for (const name of CAPABILITY_NAMES)
          assert.equal(told[name], allows(access, MASKED[name] ?? "view"), name);
      }
      await enter(connect(hub, "driver").client);
      const guest = await enter(connect(hub, "guest", { access }).client);
      upstream.emit("capabilities", { capabilities: everything });
      const told = guest.events("capabilities").at(-1)?.capabilities as Record<string, unknown>;
      for (const name of CAPABILITY_NAMES)
        assert.equal(told[name], allows(access, MASKED[name] ?? "view"), name);
    });

    for (const other of ACCESS_LEVELS.filter((level) => level !== access)) {
      test(`may ${other} from one moment to the next, and is told so`, async () => {
        const { upstream, hub, client, participant } = await servedTo(access);
        participant.access = other;
        hub.accessChanged(participant);
        const told = client.events("capabilities").at(-1)?.capabilities as Record<string, unknown>;
        for (const name of Object.keys({ ...CAPABILITIES, ...ALL_CAPABILITIES }))
          assert.equal(told[name], allows(other, MASKED[name] ?? "view"), name);
        for (const [command, results] of Object.entries(RESULTS)) {
          // Those after which there is another stop, another program, or none.
          if (/^(disconnect|continue|next|step|reverse|restart|goto|terminate)/.test(command)) continue;
          const count = upstream.received.length;
          const { message } = await client.request(command, ARGUMENTS);
          const expected = results[ACCESS_LEVELS.indexOf(other)];
          if (expected === "adapter" || expected === "hub") assert.equal(message, undefined, command);
          else assert.equal(message, expected, command);
          if (expected !== "adapter") assert.equal(upstream.received.length, count, command);
        }
        const { message } = await client.request("next", { threadId: 1 });
        assert.equal(message, other === "view" ? "notAllowed" : undefined);
      });
    }
  });
}
