import assert from "node:assert/strict";
import path from "node:path";
import { e2e } from "../e2e/support/scenario.ts";
import { APP, HOST_FILES, LINES, join, machine, person, serve, stopAt } from "../e2e/support/share.ts";
import { until, untilEqual } from "../e2e/support/wait.ts";
import { openWindow, workspace } from "../e2e/support/window.ts";

e2e(
  "a guest's own file is used if it is the host's; one that differs is not, and that is told once",
  async (t) => {
    const runtime = machine(t);
    const [host, guest] = await Promise.all([
      person(t, "Hana", HOST_FILES, { runtime }),
      person(t, "Gil", { "app.js": APP }, { runtime }),
    ]);
    await stopAt(host, LINES.callAdd);
    const string = await serve(host);

    // Set before joining, in the guest's own file: it counts for the host's.
    await guest.editor.open("app.js");
    await guest.editor.toggleBreakpoint(LINES.returnSum);
    await join(guest, string, host);
    await guest.debug.stopped(LINES.callAdd, "app.js");
    // Its own folder is the root of the path.
    await untilEqual("the guest's breadcrumbs", () => guest.editor.breadcrumbs(), "app.js");
    await until(
      "the host's gutter",
      () => host.editor.breakpoints(),
      (lines) => lines.includes(LINES.returnSum),
    );
    await guest.debug.press("Continue");
    await guest.debug.stopped(LINES.returnSum, "app.js");
    await untilEqual("the marked line", () => guest.editor.stoppedLine(), LINES.returnSum);
    assert.deepEqual(await guest.editor.tabs(), ["app.js"]);
    await guest.command("Debug Server: Leave");
    await untilEqual("the host's gutter", () => host.editor.breakpoints(), [LINES.callAdd]);

    await host.debug.press("Continue");
    await host.debug.stopped(LINES.callAdd, "app.js");

    // Another window of the same person, whose file differs.
    const other = workspace(t, { "app.js": `// mine\n${APP}` });
    const changed = await openWindow(t, guest.code, other);
    await join(changed, string, host);
    await changed.debug.stopped(LINES.callAdd, "app.js");
    const { text } = await changed.notifications.shown("differs");
    assert.ok(text.includes(path.join(host.folder, "app.js")), text);
    await until(
      "the host's text",
      () => changed.editor.text(),
      (lines) => lines[0] === "let total = 0;",
    );
    // It is read-only, and nobody is told again.
    await changed.notifications.clear();
    await changed.debug.press("Step Over");
    await changed.debug.stopped(LINES.returnSum, "app.js");
    assert.deepEqual(await changed.notifications.list(), []);
  },
);
