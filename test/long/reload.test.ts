import assert from "node:assert/strict";
import { Registry } from "../../src/host/registry.ts";
import { e2e } from "../e2e/support/scenario.ts";
import { HOST_FILES, LINES, join, machine, person, serve, stopAt } from "../e2e/support/share.ts";
import { untilEqual } from "../e2e/support/wait.ts";
import type { Window } from "../e2e/support/window.ts";

/** The servers that this machine lists, as `debug-server list` reads them. */
function listed(runtime: string): Promise<number> {
  return new Registry(`${runtime}/debug-server`).list().then((entries) => entries.length);
}

async function breakpoints(window: Window, lines: readonly number[]): Promise<void> {
  await window.sideBar("Run and Debug");
  await untilEqual(
    "the breakpoints",
    async () =>
      (await window.debug.breakpoints()).flatMap(({ name, line }) => (name === "app.js" ? [line] : [])),
    [...lines],
  );
}

e2e(
  "windows are reloaded and closed: the others are told, nothing stays, and one may come again",
  async (t) => {
    const runtime = machine(t);
    const [host, guest] = await Promise.all([
      person(t, "Hana", HOST_FILES, { runtime }),
      person(t, "Gil", { "a.txt": "" }, { runtime }),
    ]);
    await stopAt(host, LINES.callAdd);
    const string = await serve(host);
    await join(guest, string, host);
    await guest.debug.stopped(LINES.callAdd, "app.js");
    await guest.editor.toggleBreakpoint(LINES.returnSum);

    // The guest has left, and its breakpoints with it; it keeps its own, not the host's.
    await guest.reload();
    await breakpoints(guest, [LINES.returnSum]);
    await host.console.line("Gil has left.");
    await untilEqual("the host's gutter", () => host.editor.breakpoints(), [LINES.callAdd]);
    assert.equal(await listed(runtime), 1);
    await join(guest, string, host);
    await guest.debug.stopped(LINES.callAdd, "app.js");
    await breakpoints(guest, [LINES.callAdd, LINES.returnSum]);

    // With the host's window, the session ends.
    await host.reload();
    await guest.debug.ended();
    await guest.console.line(/The host's window has closed|The host has ended the session/);
    await untilEqual("the list of servers", () => listed(runtime), 0);
    // The guest keeps its own.
    await breakpoints(guest, [LINES.returnSum]);
    await host.close();
    await untilEqual("the list of servers", () => listed(runtime), 0);
  },
);
