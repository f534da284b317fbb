import { e2e } from "./support/scenario.ts";
import { startVsCode } from "./support/server.ts";
import { until } from "./support/wait.ts";
import { type Window, openWindow, workspace } from "./support/window.ts";

const SCRIPT = `* the servers of the team
.server tcp:prot=1
.server tcp:port=5005,
`;

const LAUNCH = `{
  "version": "0.2.0",
  "configurations": [
    {
      "type": "debug-server",
      "request": "attach",
      "name": "Wrong",
      "remote": "tcp:sever=localhost,port=5005"
    },
    {
      "type": "debug-server",
      "request": "attach",
      "name": "Unfinished",
      "remote": "tcp:server=localhost,"
    }
  ]
}
`;

/** Puts the cursor before what is after the last of these texts in a line; a string's closing quote may follow. */
async function cursorAtEnd(window: Window, line: number, left: number): Promise<void> {
  await window.editor.goTo(line);
  await window.press("End");
  for (let i = 0; i < left; i++) await window.press("ArrowLeft");
}

e2e("connection strings are completed, explained and checked where one writes them", async (t) => {
  const code = await startVsCode(t);
  const folder = workspace(t, { "team.dbgsrv": SCRIPT, ".vscode/launch.json": LAUNCH });
  const window = await openWindow(t, code, folder);
  const problem = (text: RegExp) =>
    until(
      `a problem ${String(text)}`,
      () => window.problems(),
      (problems) => problems.some((each) => text.test(each)),
    );
  const line = (text: string) =>
    until(
      `a line ${text}`,
      () => window.editor.text(),
      (lines) => lines.some((each) => each.trim() === text),
    );

  await window.editor.open("team.dbgsrv");
  await problem(/This is not a key of tcp\. Did you mean "port"\?.*Ln 2, Col 13/);
  await cursorAtEnd(window, 3, 3);
  await until(
    "what the port is",
    () => window.editor.hover(),
    (text) => /port=P.*tcp:port=P/s.test(text),
  );
  await window.screenshot("language-hover");
  await cursorAtEnd(window, 3, 0);
  await window.editor.complete("hidden");
  await line(".server tcp:port=5005,hidden");

  await window.editor.open("launch.json");
  await problem(/This is not a key of tcp\. Did you mean "server"\?.*Ln 8/);
  await cursorAtEnd(window, 8, 3);
  await until(
    "what the port is",
    () => window.editor.hover(),
    (text) => /port=P.*tcp:server=H,port=P/s.test(text),
  );
  await cursorAtEnd(window, 14, 1);
  await window.editor.complete("port");
  await line('"remote": "tcp:server=localhost,port="');
  await window.screenshot("language-launch");
});
