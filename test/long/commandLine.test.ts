import assert from "node:assert/strict";
import path from "node:path";
import { DapClient } from "../support/dapClient.ts";
import { emacsJoin } from "../support/emacs.ts";
import { ROOT, fixtures } from "../support/fixtures.ts";
import { TestProcess } from "../support/process.ts";
import { begin } from "../support/scenario.ts";
import { e2e } from "../e2e/support/scenario.ts";
import { HOST_FILES, LINES, machine, person, serve, stopAt } from "../e2e/support/share.ts";
import { atEnd } from "../e2e/support/cleanup.ts";

const PROGRAM = path.join(ROOT, "dist/cli.cjs");

e2e("a session that the command line serves is joined from VS Code, from its sidebar", async (t) => {
  const runtime = machine(t);
  const { program, line } = fixtures.javascript;
  const serving = new TestProcess(
    process.execPath,
    [PROGRAM, "serve", "-s", "tcp:port=0", "--node", program],
    {
      env: { ...process.env, XDG_RUNTIME_DIR: runtime },
    },
  );
  atEnd(t, () => serving.kill());
  const [, port] = await serving.waitLine(/^Debugger Server - tcp:port=(\d+)$/);
  const driver = await DapClient.connect({ port: Number(port) });
  await begin(driver, "any", "attach", {});
  await driver.request("setBreakpoints", {
    source: { path: program },
    breakpoints: [{ line: line("call") }],
  });
  await driver.request("configurationDone");
  await driver.waitEvent("stopped");

  const guest = await person(t, "Gil", { "a.txt": "" }, { runtime });
  await guest.sideBar("Debug Server");
  await guest.view("On This Machine").action("program.js", "Join");
  await guest.debug.stopped(line("call"), "program.js");
  // The loop comes there twice.
  await guest.debug.press("Continue");
  await guest.debug.variable("i", "2");
  await guest.debug.press("Continue");
  await guest.debug.ended();
  await driver.kill();
});

e2e(
  "a session of VS Code is joined from the command line, and through it by Emacs",
  async (t) => {
    const runtime = machine(t);
    const host = await person(t, "Hana", HOST_FILES, { runtime });
    await stopAt(host, LINES.callAdd);
    const string = await serve(host);

    const editor = DapClient.spawn(process.execPath, [PROGRAM, "join", string, "--name", "Cleo"], {
      checkSeq: true,
      spawn: { env: { ...process.env, XDG_RUNTIME_DIR: runtime } },
    });
    atEnd(t, () => editor.kill());
    // An editor that cannot follow child sessions is given the one that has the program.
    const initialized = editor.request("initialize", { adapterID: "any", clientName: "an old editor" });
    await host.notifications.press(/“Cleo” .*wants to join/, "Allow Control");
    await initialized;
    await editor.request("attach", {});
    await editor.waitEvent("initialized");
    await editor.request("configurationDone");
    const stopped = await editor.waitEvent("stopped");
    const { threadId } = stopped.body as { threadId: number };
    const { stackFrames } = await editor.request("stackTrace", { threadId });
    assert.equal(stackFrames[0]?.line, LINES.callAdd);
    await editor.request("next", { threadId });
    await host.debug.stopped(LINES.returnSum, "app.js");
    await editor.request("disconnect", {});

    const command = [process.execPath, PROGRAM, "join", string, "--name", "Emacs"];
    const emacs = emacsJoin({
      server: command,
      configuration: { type: "any", request: "attach", name: "join" },
    });
    await host.notifications.press(/Emacs.*wants to join/, "Allow Control");
    const lines = (await emacs).join("\n");
    assert.match(lines, /tick/);
    await host.console.line("Emacs has left.");
  },
  { parts: ["emacs"] },
);
