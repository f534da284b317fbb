import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { DEBUG_TYPE } from "../../src/vscode/names.ts";
import { REQUEST_NAMES, commandOf } from "../support/specification.ts";
import { maliciousHost } from "../support/maliciousHost.ts";
import { e2e } from "./support/scenario.ts";
import { machine, person } from "./support/share.ts";

const SECRET = "s3cr3t-of-the-guest";
const PROXY = "http://user:pw@proxy.example";

e2e("a host that means ill: nothing of its runs in a guest's VS Code, and it learns nothing", async (t) => {
  const loot = mkdtempSync(path.join(os.tmpdir(), "dsl-"));
  t.after(() => rmSync(loot, { recursive: true, force: true }));
  const host = await maliciousHost(t);
  const guest = await person(
    t,
    "Gina",
    { "a.txt": "x" },
    { runtime: machine(t), env: { GUEST_SECRET: SECRET }, settings: { "http.proxy": PROXY } },
  );
  const join = async (string: string) => {
    await guest.command("Debug Server: Join Debug Server…");
    await guest.quickInput.enter(string);
  };
  const server = `tcp:server=127.0.0.1,port=${host.port}`;

  // What is pasted is not filled in either: not with a variable, and not by running a command.
  await join(`${server},name=\${env:GUEST_SECRET}`);
  await guest.notifications.shown(/holds no "\$\{"/);
  await guest.notifications.clear();
  await join(server);
  const session = await host.session();

  const command = (name: string) => ["sh", "-c", `id > ${loot}/${name}`];
  for (const name of [...REQUEST_NAMES.map(commandOf), "launchVSCode", "attachToTerminal"]) {
    const args = { kind: "integrated", title: "x", cwd: "/", args: command(name) };
    const { success } = await session.ask(name, args);
    assert.equal(success, false, name);
  }
  const leak = "${env:GUEST_SECRET} ${userHome} ${config:http.proxy} ${command:workbench.action.quit}";
  const wraps = {
    type: DEBUG_TYPE,
    adapter: command("adapter"),
    configuration: { request: "launch" },
    preLaunchTask: "pwn",
  };
  for (const request of ["launch", "attach"]) {
    const configuration = { name: "child", request, ...wraps, leak };
    const { success } = await session.ask("startDebugging", { request, configuration });
    assert.equal(success, false, "without a session");
  }
  const { success } = await session.ask("startDebugging", {
    request: "launch",
    configuration: { ...wraps, name: leak, leak, debugServerSession: "7", debugServerTicket: "00ff" },
  });
  assert.equal(success, true);
  session.event("debugpyAttach", { request: "launch", name: "x", ...wraps });

  // What it does get is a guest of its own in the session that it named, and nothing besides.
  const child = await host.session("7");
  const attach = child.heard.find((message) => message.command === "attach");
  const { name, request, remote, debugServerTicket } = attach?.arguments as Record<string, unknown>;
  assert.deepEqual([name, request, remote], ["Child session 1", "attach", server]);
  assert.equal(debugServerTicket, "00ff");
  await child.ask("runInTerminal", { kind: "integrated", cwd: "/", args: command("in the child") });
  const said = JSON.stringify(host.heard);
  for (const secret of [SECRET, "user:pw", os.homedir()]) assert.ok(!said.includes(secret), secret);
  assert.deepEqual(readdirSync(loot), []);

  // What is no message ends that session alone.
  child.text("{}");
  await child.closed;
  assert.equal((await session.ask("runInTerminal", {})).message, "notSupported");
});
