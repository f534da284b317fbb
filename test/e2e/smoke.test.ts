import assert from "node:assert/strict";
import { e2e } from "./support/scenario.ts";
import { startVsCode } from "./support/server.ts";
import { openWindow, workspace } from "./support/window.ts";
import { until, untilEqual } from "./support/wait.ts";

e2e("the VSIX installs, and a window has our commands and our side bar", async (context) => {
  const code = await startVsCode(context, { isComplete: true });
  const folder = workspace(context, { "readme.txt": "Nothing to debug here.\n" });
  const window = await openWindow(context, code, folder);

  const commands = await until(
    "the palette offers our commands",
    () => window.commands("Debug Server: "),
    (titles) => titles.includes("Debug Server: Join Debug Server…"),
  );
  assert.ok(!commands.includes("Debug Server: Leave"), "a window that is nobody's guest cannot leave");

  await window.sideBar("Debug Server");
  await until(
    "the view says that nothing is served",
    () => window.view("Serving").welcome(),
    (text) => text !== "",
  );
  // Nobody but an extension that is active has a log to show.
  await window.command("Debug Server: Show Log");
  await untilEqual("the channel in the panel", () => window.outputChannel(), "Debug Server");
  await window.screenshot("smoke");
});
