import assert from "node:assert/strict";
import path from "node:path";
import { e2e } from "./support/scenario.ts";
import { APP, HOST_FILES, LINES, join, machine, person, serve, stopAt } from "./support/share.ts";
import { until, untilEqual } from "./support/wait.ts";

e2e("a guest with the same file in another folder debugs in its own file", async (t) => {
  const runtime = machine(t);
  const host = await person(t, "Hana", HOST_FILES, { runtime });
  await stopAt(host, LINES.callAdd);
  const string = await serve(host);
  const guest = await person(t, "Gil", { "app.js": APP }, { runtime });

  // Set before joining, in the guest's own file: it counts for the host's.
  await guest.editor.open("app.js");
  await guest.editor.toggleBreakpoint(LINES.returnSum);
  await join(guest, string, host);
  await guest.debug.stopped(LINES.callAdd, "app.js");
  // Its own folder is the root of the path.
  await until(
    "the guest's breadcrumbs",
    () => guest.editor.breadcrumbs(),
    (path) => path.startsWith("app.js/"),
  );
  await until(
    "the host's gutter",
    () => host.editor.breakpoints(),
    (lines) => lines.includes(LINES.returnSum),
  );
  await guest.debug.press("Continue");
  await guest.debug.stopped(LINES.returnSum, "app.js");
  assert.deepEqual(await guest.editor.tabs(), ["app.js"]);
  assert.equal(await guest.editor.stoppedLine(), LINES.returnSum);
  await guest.command("Debug Server: Leave");
  await untilEqual("the host's gutter", () => host.editor.breakpoints(), [LINES.callAdd]);
});

e2e("a guest whose file differs is shown the host's, and told once", async (t) => {
  const runtime = machine(t);
  const host = await person(t, "Hana", HOST_FILES, { runtime });
  await stopAt(host, LINES.callAdd);
  const string = await serve(host);
  const guest = await person(t, "Gil", { "app.js": `// mine\n${APP}` }, { runtime });
  await join(guest, string, host);
  await guest.debug.stopped(LINES.callAdd, "app.js");
  const { text } = await guest.notifications.shown("differs");
  assert.ok(text.includes(path.join(host.folder, "app.js")), text);
  await until(
    "the host's text",
    () => guest.editor.text(),
    (lines) => lines[0] === "let total = 0;",
  );
  // It is read-only, and nobody is told again.
  await guest.notifications.clear();
  await guest.debug.press("Step Over");
  await guest.debug.stopped(LINES.returnSum, "app.js");
  assert.deepEqual(await guest.notifications.list(), []);
});
