import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { editorOver, joinLinked } from "../support/linked.ts";
import { initializeArguments } from "../support/scenario.ts";
import { atEnd } from "./support/cleanup.ts";
import { e2e } from "./support/scenario.ts";
import { APP, LINES, person, serve } from "./support/share.ts";
import { until, untilEqual } from "./support/wait.ts";

/** Another program: it says how often it has run the line at which a guest sets a breakpoint. */
const OTHER = `const fs = require("node:fs");
setInterval(() => {
  const now = Date.now();
  fs.appendFileSync(__dirname + "/ticks", now + "\\n");
}, 100);
`;
const TICK = 4;

const program = (name: string, file: string) => ({
  type: "node",
  request: "launch",
  name,
  program: `\${workspaceFolder}/${file}`,
  console: "internalConsole",
});

const FILES = {
  "app.js": APP,
  "other.js": OTHER,
  ".vscode/launch.json": {
    version: "0.2.0",
    configurations: [program("App", "app.js"), program("Other", "other.js")],
  },
};

e2e("a guest's condition runs in the session that the guest has joined, and in no other", async (t) => {
  const host = await person(t, "Hana", FILES);
  const file = (name: string) => path.join(host.folder, name);
  const ticks = () =>
    existsSync(file("ticks")) ? readFileSync(file("ticks"), "utf8").split("\n").length : 0;
  const runOn = async () => {
    const before = ticks();
    await until("the other program runs on", ticks, (count) => count > before + 10);
  };
  await host.editor.open("app.js");
  await host.debug.start("App");
  await until(
    "the program runs",
    () => host.debug.callStack(),
    (rows) => rows.length > 0,
  );
  const joining = joinLinked(await serve(host), "Ana");
  await host.notifications.press(/wants to join/, "Allow");
  const ana = await joining;
  atEnd(t, () => ana.link.close());
  const attach = async (id?: string) => {
    const client = editorOver(await ana.openSession(id));
    atEnd(t, () => client.kill());
    await client.request("initialize", initializeArguments("fake"));
    await client.request("attach", {});
    await client.request("configurationDone");
    return client;
  };
  // The adapter runs the program in a child session.
  const { configuration } = (await (await attach()).waitRequest("startDebugging")).arguments as {
    readonly configuration: { readonly debugServerSession: string };
  };
  const client = await attach(configuration.debugServerSession);
  const set = (name: string, line: number, marker: string) =>
    client.request("setBreakpoints", {
      source: { path: file(name) },
      breakpoints: [
        { line, condition: `process.mainModule.require("fs").writeFileSync("${file(marker)}", "")` },
      ],
    });
  // One that is there before the other session starts, and one that comes while it runs.
  await set("other.js", TICK, "before");
  await set("app.js", LINES.inTick, "own");
  await until(
    "the condition runs in its own program",
    () => Promise.resolve(existsSync(file("own"))),
    Boolean,
  );
  await host.debug.start("Other");
  await runOn();
  await set("other.js", TICK, "meanwhile");
  await runOn();
  assert.equal(existsSync(file("before")), false);
  assert.equal(existsSync(file("meanwhile")), false);

  await host.sideBar("Debug Server");
  const rows = async () =>
    (await host.view("Serving").rows()).map(({ label, description }) => `${label} · ${description}`);
  await until("the rows", rows, (all) =>
    all.some((row) => /^other\.js:4 · Ana · not in your list while “Other” runs · when process/.test(row)),
  );
  // The line says it too, and all of it to who rests on it.
  const remark = /^● Ana: breakpoint when process\.mainModule.*… · not in your list while “Other” runs$/;
  await until(
    "the line's remark",
    async () => (await host.editor.remarks()).map((text) => text.replaceAll("\u00a0", " ")),
    (remarks) => remarks.some((text) => remark.test(text)),
  );
  await host.editor.goTo(LINES.inTick);
  await until(
    "the whole condition",
    () => host.editor.hover(),
    (text) => text.includes(file("own")),
  );
  await host.screenshot("other-sessions");

  // The guest leaves, and its conditions with it.
  ana.link.close();
  await untilEqual("the rows", async () => (await rows()).filter((row) => row.includes("when process")), []);
});

e2e("a workspace that wants to open a server is asked about once", async (t) => {
  const workspace = { "debugServer.startWithSession": ["tcp:port=0,insecure,bind=127.0.0.1"] };
  const files = { ...FILES, ".vscode/settings.json": workspace };
  const host = await person(t, "Hana", files, { settings: { "debug.openDebug": "neverOpen" } });
  const served = async () => (await host.view("Serving").rows()).length;
  await host.sideBar("Debug Server");
  await host.debug.start("App");
  await host.notifications.shown(/This workspace wants to serve your debug sessions: tcp:/);
  assert.equal(await served(), 0);
  await host.notifications.press(/This workspace wants to serve/, "Allow");
  await until("the server", served, (count) => count > 0);
  await host.command("Debug: Stop");
  await host.debug.ended();
  await untilEqual("no server", served, 0);
  await host.debug.start("App");
  await until("the server, without a question", served, (count) => count > 0);
});
