import assert from "node:assert/strict";
import path from "node:path";
import { DapClient } from "../support/dapClient.ts";
import { emacsJoin } from "../support/emacs.ts";
import { ROOT } from "../support/fixtures.ts";
import { e2e } from "./support/scenario.ts";
import { HOST_FILES, LINES, machine, person, serve, stopAt } from "./support/share.ts";
import { atEnd } from "./support/cleanup.ts";

const PROGRAM = path.join(ROOT, "dist/cli.cjs");

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
    await host.notifications.press(/Cleo .*wants to join/, "Allow");
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
    await host.notifications.press(/Emacs .*wants to join/, "Allow");
    const lines = (await emacs).join("\n");
    assert.match(lines, /tick/);
    await host.console.line("Emacs has left.");
  },
  { parts: ["emacs"] },
);
