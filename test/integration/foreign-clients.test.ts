import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import type { DebugClient as DebugClientType } from "@vscode/debugadapter-testsupport";
import { type AdapterEntry, adapters } from "../support/adapters.ts";
import { emacsJoin, emacsRun } from "../support/emacs.ts";
import { joinServed, launchServed } from "../support/joined.ts";
import { skipWithout } from "../support/parts.ts";
import { inspect } from "../support/scenario.ts";
import { serveAdapter } from "../support/served.ts";

const { DebugClient } = createRequire(import.meta.url)("@vscode/debugadapter-testsupport") as {
  DebugClient: typeof DebugClientType;
};

/** Clients that no one of us wrote, as plain clients of a served session. */
describe("clients that no one of us wrote", () => {
  test(
    "Emacs' dap-mode starts a session and runs it to its end",
    { skip: skipWithout("emacs", "debugpy") },
    async () => {
      const entry: AdapterEntry = adapters.debugpy;
      const served = await serveAdapter(entry);
      try {
        const { arguments: configuration, fixture } = entry.session;
        const line = fixture.line("square");
        const lines = await emacsRun({ server: served.port, configuration, file: fixture.source, line });
        assert.deepEqual(lines.slice(0, 3), [
          `stop square:${line}`,
          `frame square:${line}`,
          `frame main:${fixture.line("call")}`,
        ]);
        assert.ok(lines.includes(`step square:${line + 1}`));
        assert.equal(lines.at(-1), "terminated");
      } finally {
        await served.close();
      }
    },
  );

  test(
    "Emacs' dap-mode joins at a stop that another client caused",
    { skip: skipWithout("emacs", "lldb") },
    async () => {
      const entry: AdapterEntry = adapters.lldb;
      const served = await serveAdapter(entry);
      try {
        const { client: first } = await launchServed(served, entry);
        const { frames } = await inspect(first);
        const configuration = { type: "lldb-dap", request: "attach", name: "join" };
        const lines = await emacsJoin({ server: served.port, configuration });
        assert.ok(lines.includes(`frame main:${frames[0]?.line}`), lines.join("\n"));
        assert.ok(
          lines.some((line) => line.startsWith("variable total")),
          lines.join("\n"),
        );
        assert.equal(lines.at(-1), "left");
        const { threads } = await first.request("threads");
        assert.ok(threads.length > 0);
        first.assertNoFaults();
      } finally {
        await served.close();
      }
    },
  );

  for (const name of ["debugpy", "delve", "lldb", "cdt-gdb"] as const) {
    const entry: AdapterEntry = adapters[name];
    test(
      `DebugClient starts ${name} and hits a breakpoint`,
      { skip: skipWithout(...entry.parts) },
      async () => {
        const served = await serveAdapter(entry);
        const client = new DebugClient("node", "unused", entry.adapterID);
        client.defaultTimeout = 30_000;
        try {
          const { fixture, arguments: launch } = entry.session;
          await client.start(served.port);
          const place = { path: fixture.source, line: fixture.line("call") };
          await client.hitBreakpoint({ ...launch }, place, { line: place.line });
          // Another joins at that stop and steps; DebugClient sees it.
          const { client: second } = await joinServed(served, entry, "second");
          const { threadId } = await inspect(second);
          const stopped = client.waitForEvent("stopped");
          await second.request("next", { threadId });
          await stopped;
          const { body } = await client.stackTraceRequest({ threadId, levels: 1 });
          assert.ok((body.stackFrames[0]?.line ?? 0) !== place.line || entry.name === "cdt-gdb");
          await client.disconnectRequest({});
          second.assertNoFaults();
        } finally {
          await served.close();
        }
      },
    );
  }
});
