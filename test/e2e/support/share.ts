import type { TestContext } from "node:test";
import type { Joined } from "../../../src/guest/join.ts";
import type { GuestLink } from "../../../src/link/guestLink.ts";
import { editorOver } from "../../support/linked.ts";
import { initializeArguments } from "../../support/scenario.ts";
import { type Scope, atEnd, temporaryDirectory } from "./cleanup.ts";
import { startVsCode, type VsCodeOptions } from "./server.ts";
import { until } from "./wait.ts";
import { type Window, type WindowOptions, openWindow, workspace } from "./window.ts";

/** The program of the host: the lines that tests name are marked. */
export const APP = `let total = 0;
function add(n) {
  total += n;
  return total;
}
let i = 0;
function tick() {
  i += 1;
  const sum = { value: add(i) };
  return sum.value;
}
setInterval(tick, 200);
console.log("started");
`;
export const LINES = { inAdd: 3, returnTotal: 4, inTick: 8, callAdd: 9, returnSum: 10 } as const;

const LAUNCH = {
  version: "0.2.0",
  configurations: [
    {
      type: "node",
      request: "launch",
      name: "App",
      program: "${workspaceFolder}/app.js",
      console: "internalConsole",
    },
  ],
};

export const HOST_FILES = { "app.js": APP, ".vscode/launch.json": LAUNCH };

/** A VS Code of its own with one window. People who are on one machine share \`runtime\`. */
export async function person(
  t: TestContext,
  name: string,
  files: Readonly<Record<string, unknown>>,
  options: VsCodeOptions & Pick<WindowOptions, "theme"> = {},
): Promise<Window & { readonly folder: string; readonly code: Awaited<ReturnType<typeof startVsCode>> }> {
  const { settings, ...rest } = options;
  const code = await startVsCode(t, { name, ...rest, settings: { "debugServer.name": name, ...settings } });
  const folder = workspace(t, files);
  const window = await openWindow(t, code, folder, { theme: options.theme });
  return Object.assign(window, { folder, code });
}

/** One machine, for the registry of servers. */
export const machine = temporaryDirectory;

/** Serves the session of a window through the palette; returns the join string, which is in the clipboard. */
export async function serve(window: Window, choice = "This machine: TCP, any free port"): Promise<string> {
  await window.command("Debug Server: Start Debug Server");
  await window.quickInput.opened("How do guests reach it?");
  await window.quickInput.pick(choice);
  await window.notifications.shown(/can be joined/);
  const text = await until(
    "a join string in the clipboard",
    () => window.clipboard(),
    (s) => /^(tcp|npipe):/.test(s),
  );
  await window.notifications.clear();
  return text;
}

/** Joins by a string through the palette; the host lets the guest in. */
export async function join(
  guest: Window,
  string: string,
  host?: Window,
  answer = "Allow Control",
): Promise<void> {
  await guest.command("Debug Server: Join Debug Server…");
  await guest.quickInput.enter(string);
  if (host !== undefined) await host.notifications.press(/wants to join/, answer);
}

/** The host stops at a line of app.js before anything is served. */
export async function stopAt(host: Window, line: number): Promise<void> {
  await host.editor.open("app.js");
  await host.editor.toggleBreakpoint(line);
  await host.debug.start("App");
  await host.debug.stopped(line, "app.js");
}

/** The frames of a window's call stack: "add app.js:3". */
export async function frames(window: Window): Promise<string[]> {
  const rows = await window.debug.callStack();
  return rows
    .filter(({ kind, file }) => kind === "frame" && file !== "")
    .map(({ name, file, line }) => `${name} ${file}:${line}`);
}

/** Takes part over the link, as another editor does. */
export async function takePart(t: Scope, joined: Joined): Promise<GuestLink> {
  atEnd(t, () => joined.link.close());
  const client = editorOver(await joined.openSession());
  atEnd(t, () => client.kill());
  await client.request("initialize", initializeArguments("fake"));
  await client.request("attach", {});
  await client.request("configurationDone");
  return joined.link;
}
