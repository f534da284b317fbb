import type { TestContext } from "node:test";
import { adapters, startAdapter } from "../support/adapters.ts";
import { freePort, run } from "../support/process.ts";
import { atEnd } from "../e2e/support/cleanup.ts";
import { behindFront, launching, withFrontAdapter } from "../e2e/support/frontAdapter.ts";
import { frontPython } from "../e2e/support/frontPython.ts";
import { e2e } from "../e2e/support/scenario.ts";
import { join, machine, person, serve } from "../e2e/support/share.ts";
import type { Window } from "../e2e/support/window.ts";

frontPython(true);

const SCRIPT = `function square(n) {
  const point = { x: n, y: n * n };
  return point.y;
}
let total = 0;
for (let i = 1; i < 100; i++) {
  total += square(i);
}
console.log("total", total);
`;

const PROGRAM = `struct point { int x, y; };
static int square(int n) {
  struct point p = {n, n * n};
  return p.y;
}
int main(void) {
  int total = 0;
  for (int i = 1; i < 100; i++)
    total += square(i);
  return total == 0;
}
`;

/** js-debug as a server; each connection is a session. */
async function jsDebug(t: TestContext): Promise<number> {
  const running = await startAdapter(adapters["js-debug"]);
  atEnd(t, () => running.dispose());
  return running.port ?? 0;
}

const node = {
  program: "${workspaceFolder}/square.js",
  cwd: "${workspaceFolder}",
  console: "internalConsole",
};

interface Scene {
  /** What its pictures are called. */
  readonly pictures: string;
  readonly file: string;
  /** Where `square` begins, and returns. */
  readonly first: number;
  readonly second: number;
  /** What is typed in the debug console at the second line, and how it and a part of it are shown. */
  readonly typed: string;
  readonly shown: string;
  readonly part: RegExp;
  /** A variable of the first line, and its value in the first call. */
  readonly variable: readonly [string, string];
}

const JAVASCRIPT: Scene = {
  pictures: "editor-adapter-js",
  file: "square.js",
  first: 2,
  second: 3,
  typed: "({ typed: point.y })",
  shown: "{typed: 1}",
  part: /variable typed, value 1/i,
  variable: ["n", "1"],
};

const C: Scene = {
  pictures: "editor-adapter-c",
  file: "square.c",
  first: 3,
  second: 4,
  typed: "p",
  shown: "point",
  part: /variable y, value 1/i,
  variable: ["n", "1"],
};

/** What one does in any session: breakpoint, step, an object in the console that is opened after a step, restart. */
async function debugs(
  host: Window,
  { pictures, file, first, second, typed, shown, part, variable }: Scene,
): Promise<void> {
  await host.editor.open(file);
  await host.editor.toggleBreakpoint(first);
  await host.debug.start("It");
  await host.debug.stopped(first);
  await host.debug.press("Step Over");
  await host.debug.stopped(second);
  await host.console.enter(typed);
  await host.console.line(shown);
  await host.debug.press("Step Into");
  await host.debug.stopped();
  await host.console.expand(shown, part);
  await host.screenshot(`${pictures}-console`);
  await host.debug.press("Restart");
  await host.debug.stopped(first);
  await host.debug.variable(...variable);
}

/** A guest sees the stop, and steps. */
async function guestIn(
  guest: Window,
  host: Window,
  { pictures, first, second, variable }: Scene,
): Promise<void> {
  await guest.debug.stopped(first);
  await guest.debug.variable(...variable);
  await guest.debug.press("Step Over");
  await host.debug.stopped(second);
  await guest.debug.stopped(second);
  await host.screenshot(`${pictures}-host`);
  await guest.screenshot(`${pictures}-guest`);
  await host.debug.press("Stop");
  await host.debug.ended();
  await guest.debug.ended();
}

e2e(
  "js-debug behind an extension's debug-server adapter, through a socket: steps, console, restart, its child, and a guest in it",
  async (t) => {
    const runtime = machine(t);
    const port = await freePort();
    const command = behindFront(port, { listensAt: await jsDebug(t) });
    const launch = launching({ type: "pwa-node", request: "launch", name: "It", command, ...node });
    const host = await person(
      t,
      "Hana",
      { "square.js": SCRIPT, ".vscode/launch.json": launch },
      { runtime, ...(await withFrontAdapter(t)) },
    );
    await debugs(host, JAVASCRIPT);
    const guest = await person(t, "Gil", { "a.txt": "" }, { runtime });
    await join(guest, `tcp:server=localhost,port=${port}`);
    await guestIn(guest, host, JAVASCRIPT);
  },
  { parts: ["jsDebug"] },
);

e2e(
  "lldb-dap behind an extension's debug-server adapter: steps, console, restart, and a guest",
  async (t) => {
    const runtime = machine(t);
    const port = await freePort();
    const command = behindFront(port, adapters.lldb.start.command);
    const launch = launching({
      type: "front",
      request: "launch",
      name: "It",
      command,
      program: "${workspaceFolder}/square",
    });
    const host = await person(
      t,
      "Hana",
      { "square.c": PROGRAM, ".vscode/launch.json": launch },
      { runtime, ...(await withFrontAdapter(t)) },
    );
    await run("gcc", ["-g", "-O0", "-o", `${host.folder}/square`, `${host.folder}/square.c`]);
    await debugs(host, C);
    const guest = await person(t, "Gil", { "a.txt": "" }, { runtime });
    await join(guest, `tcp:server=localhost,port=${port}`);
    await guestIn(guest, host, C);
  },
  { parts: ["lldb"] },
);

e2e(
  "js-debug wrapped by our own debug type: its child is of that type; steps, console, restart, and a guest in it",
  async (t) => {
    const wrapped = { ...JAVASCRIPT, pictures: "wrapped-js" };
    const runtime = machine(t);
    const adapter = ["socat", "-", `TCP:127.0.0.1:${await jsDebug(t)}`];
    const launch = launching({
      type: "debug-server",
      request: "launch",
      name: "It",
      adapter,
      configuration: { type: "pwa-node", request: "launch", ...node },
    });
    const host = await person(
      t,
      "Hana",
      { "square.js": SCRIPT, ".vscode/launch.json": launch },
      { runtime, ...(await withFrontAdapter(t)) },
    );
    await debugs(host, wrapped);
    const string = await serve(host);
    const guest = await person(t, "Gil", { "a.txt": "" }, { runtime });
    await join(guest, string, host);
    await guestIn(guest, host, wrapped);
  },
  { parts: ["jsDebug", "socat"] },
);
