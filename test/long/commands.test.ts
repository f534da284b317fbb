import assert from "node:assert/strict";
import net from "node:net";
import { isDeepStrictEqual } from "node:util";
import { AppError } from "../../src/common/errors.ts";
import { once } from "../../src/common/event.ts";
import { joinLinked } from "../support/linked.ts";
import { serveUpstream } from "../support/served.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";
import { type Scope, atEnd } from "../e2e/support/cleanup.ts";
import { e2e } from "../e2e/support/scenario.ts";
import { HOST_FILES, LINES, machine, person, stopAt, takePart } from "../e2e/support/share.ts";
import { until, untilEqual } from "../e2e/support/wait.ts";
import type { Window } from "../e2e/support/window.ts";

const START = "Debug Server: Start Debug Server";
const ALWAYS = [
  "Debug Server: Join Debug Server…",
  "Debug Server: Make a Certificate…",
  "Debug Server: Show Log",
];

/** Our commands in the palette; it has VS Code's own ones for our views, too. */
async function offered(window: Window): Promise<string[]> {
  const titles = await window.commands("Debug Server: ");
  return titles.filter((title) => !title.includes("Focus on")).sort();
}

async function copied(window: Window, pattern: RegExp): Promise<string> {
  return until(
    `${String(pattern)} in the clipboard`,
    () => window.clipboard(),
    (text) => pattern.test(text),
  );
}

e2e("the host's commands: the wizard, its mistakes and its warnings, guests, scripts", async (t) => {
  const script = "* two servers\n.server tcp:port=0\n.server npipe:pipe=commands_%d\n.servers\n";
  const window = await person(
    t,
    "Hana",
    { ...HOST_FILES, "share.dbgsrv": script, "wrong.dbgsrv": "\n.server tcp:prot=1\n" },
    { runtime: machine(t) },
  );
  await until(
    "what applies while nothing is debugged",
    () => offered(window),
    (titles) => isDeepStrictEqual(titles, ALWAYS),
  );
  await stopAt(window, LINES.callAdd);
  await until(
    "what applies now",
    () => offered(window),
    (titles) => titles.includes(START) && titles.includes("Debug Server: Run Script") && titles.length === 5,
  );

  // What is typed is judged at every letter; a mistake is pointed at.
  await window.command(START);
  await window.quickInput.opened("How do guests reach it?");
  await window.screenshot("commands-wizard");
  await window.quickInput.pick("Type a connection string…");
  await window.quickInput.opened("Where guests find the session");
  await window.quickInput.type("tcp:");
  await until(
    "it is not finished",
    () => window.quickInput.severity(),
    (severity) => severity === "info",
  );
  await window.quickInput.type("tcp:prot=5005");
  await until(
    "it is wrong",
    () => window.quickInput.severity(),
    (severity) => severity === "error",
  );
  await window.quickInput.accept();
  await until(
    "it says where and what",
    () => window.quickInput.message(),
    (text) => text.includes('Character 5: This is not a key of tcp. Did you mean "port"?'),
  );
  await untilEqual("it is marked", () => window.page.evaluate("window.getSelection().toString()"), "prot");
  await window.screenshot("commands-mistake");
  await window.quickInput.type("tcp:port=0,insecure");
  await until(
    "it is loud",
    () => window.quickInput.message(),
    (text) => text.includes("WARNING: "),
  );
  await window.screenshot("commands-warning");

  // What cannot be had can be typed again.
  const taken = net.createServer().listen(0, "127.0.0.1");
  atEnd(t, () => void taken.close());
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as net.AddressInfo;
  await window.quickInput.enter(`tcp:port=${port}`);
  await window.notifications.press(new RegExp(String(port)), "Try Again");
  await window.quickInput.opened("Where guests find the session");
  await untilEqual("what was typed", () => window.quickInput.value(), `tcp:port=${port}`);
  await window.quickInput.enter("tcp:port=0");
  await window.notifications.shown(/“App” can be joined\. The join string has been copied: tcp:/);
  await window.screenshot("commands-started");
  const asked = await copied(window, /^tcp:server=localhost,port=\d+$/);

  // Nobody comes in against the host's word.
  const denied = assert.rejects(
    joinLinked(asked, "Mallory"),
    (error) => error instanceof AppError && error.code === "refused",
  );
  await window.notifications.press(/“Mallory” \(tcp .*, with “Test Editor”\) wants to join “App”/, "Deny");
  await denied;

  // What is open to everybody is loud three times: when it is chosen, confirmed, and done.
  await window.command(START);
  await window.quickInput.pick("Other machines: TCP without a password");
  const question = await window.notifications.answerDialog(/Let everybody in/, "Let Them Only Look");
  assert.match(question, /has no password and can be reached from other machines/);
  await window.notifications.shown(/^WARNING: tcp:port=\d+,access=view,insecure has no password/);
  const open = await copied(window, /^tcp:server=(?!localhost).*,port=\d+$/);
  await window.notifications.clear();
  const link = await takePart(t, await joinLinked(open.replace(/server=[^,]*/, "server=127.0.0.1"), "Kim"));
  assert.equal(link.welcome.access, "view");
  await until(
    "who came is noted in the status bar",
    () => window.statusBar(),
    (items) => items.some(({ text }) => text === "Kim has joined “App” (view)."),
  );

  // Several servers: which one is asked.
  await window.command("Debug Server: Copy Join Link");
  await window.quickInput.opened("Which server?");
  await window.quickInput.pick((await window.quickInput.items())[0]?.label ?? "");
  assert.equal(
    await copied(window, /^vscode:/),
    `vscode://debug-server.debug-server/join?remote=${encodeURIComponent(asked)}`,
  );

  const changed = once(link.on("access"));
  await window.command("Debug Server: Change Guest’s Access");
  await window.quickInput.opened("What may Kim do?");
  await window.screenshot("commands-access");
  await window.quickInput.pick("Full");
  assert.deepEqual(await changed, { access: "full" });

  const said = once(link.on("said"));
  await window.command("Debug Server: Say…");
  await window.quickInput.opened("Everybody in the session sees it");
  await window.quickInput.enter("Look at line 3");
  const { name, text } = await said;
  assert.deepEqual([name, text], ["Hana", "Look at line 3"]);

  const left = once(link.onClose);
  await window.command("Debug Server: Remove Guest");
  await window.notifications.answerDialog(/Remove Kim from “App”\?/, "Remove");
  assert.match((await left)?.message ?? "", /The host has removed you/);

  // A script that is wrong does nothing, and one can go where it is wrong; a right one starts its servers.
  await window.editor.open("wrong.dbgsrv");
  await window.command("Debug Server: Run Script");
  await window.notifications.press(
    /wrong\.dbgsrv is not run\. Line 2: This is not a key of tcp/,
    "Go to Line",
  );
  // It takes the focus when it is there, and with it from whatever is opened meanwhile.
  await until(
    "the key that is wrong is selected",
    () => window.statusBar(),
    (items) => items.some(({ text }) => /^Ln 2, Col \d+ \(4 selected\)$/.test(text)),
  );
  await window.editor.open("share.dbgsrv");
  await window.command("Debug Server: Run Script");
  await until(
    "the script's summary",
    () => window.statusBar(),
    (items) => items.some((item) => item.text === "share.dbgsrv: 2 servers started."),
  );
  await window.console.line(/3 - Debugger Server - npipe:pipe=commands_\d+/);

  for (let servers = 4; servers > 0; servers--) {
    await window.command("Debug Server: Stop Debug Server");
    if (servers > 1) {
      await window.quickInput.opened("Which server?");
      await window.quickInput.accept();
    }
  }
  await until(
    "nothing to stop any more",
    () => offered(window),
    (titles) => !titles.includes("Debug Server: Stop Debug Server") && titles.includes(START),
  );
});

e2e("joining by what is typed, by a link, and again; a setting serves every session", async (t) => {
  const settings = { "debugServer.startWithSession": ["tcp:port=0,access=view", "tcp:prot=1"] };
  const window = await person(t, "Gil", HOST_FILES, { runtime: machine(t), settings });
  const served = await serveUpstream(new FakeUpstream(), { name: "Shop" });
  atEnd(t, () => served.close());
  const string = `tcp:server=localhost,port=${served.port}`;

  await window.command("Debug Server: Join Debug Server…");
  await window.quickInput.type("tcp:sever=localhost,port=1");
  await until(
    "what is wrong with it",
    () => window.quickInput.items(),
    (items) => items.some(({ label }) => label.startsWith("Character 5: This is not a key of tcp.")),
  );
  await window.screenshot("commands-join-mistake");
  await window.quickInput.type(string);
  await window.quickInput.pick(`Join ${string}`);
  const gil = await once(served.sessions.onJoined);
  assert.equal(gil.name, "Gil");

  const left = once(served.sessions.onLeft);
  await window.command("Debug Server: Leave");
  await left;
  await window.debug.ended();

  // A link asks first, and shows where it leads.
  const link = `vscode://debug-server.debug-server/join?remote=${encodeURIComponent(string)}`;
  await openUrl(window, link);
  const back = once(served.sessions.onJoined);
  const asked = await window.notifications.answerDialog(
    /Join the debug session at localhost, port \d+\?/,
    "Join",
  );
  assert.ok(asked.includes(string));
  await back;
  const gone = once(served.sessions.onLeft);
  await window.command("Debug Server: Leave");
  await gone;
  await window.debug.ended();
  await openUrl(window, "vscode://debug-server.debug-server/join?remote=tcp%3Aprot%3D1");
  await window.notifications.shown(/The connection string of this link is wrong\. Character 5/);

  // What was joined recently is offered, once.
  await window.command("Debug Server: Join Debug Server…");
  await window.quickInput.opened("Paste or type a connection string");
  await untilEqual(
    "how often it is offered",
    async () => (await window.quickInput.items()).filter(({ label }) => label === string).length,
    1,
  );
  await window.screenshot("commands-join");
  await window.quickInput.cancel();
  await window.notifications.clear();

  await stopAt(window, LINES.callAdd);
  await window.notifications.shown(
    /“App” is not served as debugServer\.startWithSession says\. Entry 2: Character 5: This is not a key of tcp/,
  );
  await window.command("Debug Server: Copy Join String");
  await enterAsked(t, window, await copied(window, /^tcp:server=localhost,port=\d+$/));
});

/** As if a link was clicked: VS Code itself asks first. */
async function openUrl(window: Window, url: string): Promise<void> {
  await window.command("Developer: Open URL");
  await window.quickInput.enter(url);
  // Our own dialog takes the place of VS Code's.
  await window.page.locator(".monaco-dialog-box .monaco-text-button", { hasText: /^Open$/ }).click();
}

async function enterAsked(t: Scope, window: Window, string: string): Promise<void> {
  const joining = joinLinked(string, "Kim");
  await window.notifications.press(/Kim.* wants to join “App”/, "View Only");
  const { link } = await joining;
  atEnd(t, () => link.close());
  assert.equal(link.welcome.access, "view");
}
