import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { type AdapterEntry, adapters } from "../support/adapters.ts";
import { DapClient } from "../support/dapClient.ts";
import { ROOT } from "../support/fixtures.ts";
import { skipWithout } from "../support/parts.ts";
import { begin, inspect, setLines } from "../support/scenario.ts";

const CLI = `${ROOT}/dist/cli.cjs`;

/** What one client sees of an adapter where a hub could tell itself apart. Numbers that are counted anew are left out. */
async function facts(entry: AdapterEntry, command: readonly string[]): Promise<Record<string, unknown>> {
  const [program = "", ...args] = command;
  const client = DapClient.spawn(program, args);
  const seen: Record<string, unknown> = {};
  const outcome = async (request: string, requestArgs?: unknown) => {
    const response = await client.raw(request, requestArgs);
    const { success, message } = response;
    const { variables = [] } = (response.body ?? {}) as { variables?: DebugProtocol.Variable[] };
    return { success, message, names: variables.map(({ name }) => name) };
  };
  try {
    if (entry.name === "debugpy") {
      const early = await client.waitEvent<DebugProtocol.OutputEvent>("output", ({ body }) => {
        return body.category === "telemetry";
      });
      seen["said before the first request"] = early.body.output;
    }
    const { session } = entry;
    const { capabilities, started } = await begin(
      client,
      entry.adapterID,
      session.request,
      session.arguments,
    );
    await setLines(client, session.fixture.source, [session.fixture.line("call")]);
    if (capabilities.supportsConfigurationDoneRequest) await client.request("configurationDone");
    await started;
    const stop = await inspect(client, session.structure);
    const typed = await client.request("evaluate", {
      expression: session.structure,
      frameId: stop.frames[0]?.id,
      context: "repl",
    });
    await client.request("next", { threadId: stop.threadId });
    await client.waitEvent("stopped");
    seen["an object of the console after a step"] = await outcome("variables", {
      variablesReference: typed.variablesReference,
    });
    seen["a scope of the stop before"] = await outcome("variables", {
      variablesReference: stop.scope.variablesReference,
    });
    if (capabilities.supportsDataBreakpoints === true) {
      seen["a data breakpoint of no variable's"] = await outcome("dataBreakpointInfo", {
        name: "total",
        variablesReference: 0,
      });
      seen["continue without a thread"] = await outcome("continue", {});
    } else {
      await client.request("continue", { threadId: stop.threadId });
    }
    for (;;) {
      const end = await client.waitEvent(["terminated", "stopped"]);
      seen["what terminated has"] = Object.keys(end).sort();
      if (end.event === "terminated") break;
      await client.request("continue", { threadId: stop.threadId });
    }
    await client.raw("disconnect", {});
    return seen;
  } finally {
    await client.kill();
  }
}

describe("debug-server adapter in front of a real adapter: one client cannot tell", () => {
  for (const entry of [adapters.lldb, adapters.debugpy] as readonly AdapterEntry[]) {
    test(entry.name, { skip: skipWithout(...entry.parts) }, async () => {
      assert.equal(entry.start.kind, "stdio");
      const command = entry.start.kind === "stdio" ? entry.start.command : [];
      const direct = await facts(entry, command);
      const front = [process.execPath, CLI, "adapter", "-s", "tcp:port=0", "--", ...command];
      assert.deepEqual(await facts(entry, front), direct);
      if (entry.name === "lldb") {
        assert.ok((direct["what terminated has"] as string[]).includes("statistics"));
      }
    });
  }
});
