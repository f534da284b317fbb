import assert from "node:assert/strict";
import { e2e } from "./support/scenario.ts";
import { startVsCode } from "./support/server.ts";
import { openWindow, workspace } from "./support/window.ts";
import { until } from "./support/wait.ts";

e2e("the VSIX installs, and a window has our commands and our side bar", async (context) => {
  const code = await startVsCode(context);
  const folder = workspace(context, { "readme.txt": "Nothing to debug here.\n" });
  const window = await openWindow(context, code, folder);

  const commands = await until(
    "the palette offers our commands",
    () => window.commands("Debug Server: "),
    (titles) => titles.includes("Debug Server: Join Debug Server…"),
  );
  assert.ok(!commands.includes("Debug Server: Leave"), "a window that is nobody's guest cannot leave");

  await window.sideBar("Debug Server");
  // The text comes from package.json at once, the rows only from an extension that is active.
  await until(
    "the view says that nothing is served",
    () => window.view("Serving").welcome(),
    (text) => text !== "",
  );
  await window.command("Debug Server: Show Log");
  const { size } = { size: await window.screenshot("smoke") };
  assert.match(size, /smoke\.png$/);
});
