import assert from "node:assert/strict";
import path from "node:path";
import { format } from "../../src/address/format.ts";
import type { Password } from "../../src/address/model.ts";
import { CALLERS_FIRST, type FormRow, asJoined, asServed, calls, isOpen } from "../support/forms.ts";
import { type Pki, makePki, storesAt } from "../support/pki.ts";
import { freePort } from "../support/process.ts";
import { serialLine } from "../support/serialLines.ts";
import { atEnd, temporaryDirectory } from "../e2e/support/cleanup.ts";
import { e2e } from "../e2e/support/scenario.ts";
import { HOST_FILES, frames, join, machine, person, stopAt } from "../e2e/support/share.ts";
import { until, untilEqual } from "../e2e/support/wait.ts";
import type { ViewRow } from "../e2e/support/view.ts";
import type { Window } from "../e2e/support/window.ts";

// What test/integration/cli/forms.test.ts does on the command line, for the forms that no other test in VS Code has.

const START = "Debug Server: Start Debug Server";
const PASSWORD = "shared-qx91";
const FIRST_LINE = 2;

/** A program in which somebody can step that often, from its first line on. */
function program(steps: number): string {
  return `let n = 0;\n${"n += 1;\n".repeat(steps + 2)}`;
}

interface Case {
  /** As the host types it. */
  readonly server: string;
  /** What guests join by; absent: the join string, as the host's window has copied it. */
  readonly join?: (copied: string) => string;
  /** The guest types a password when asked. Absent: the host is asked about the guest. */
  readonly hasPassword?: true;
  /** The server calls its guest, and who of both is there first. */
  readonly first?: "guest" | "server";
  /** What the host's row is called, where it matters. */
  readonly label?: string;
}

e2e(
  "every form of connection string: typed in the wizard, joined, stepped through and left",
  async (t) => {
    const runtime = machine(t);
    const directory = temporaryDirectory(t);
    const pki = await makePki(directory);
    const line = await serialLine();
    atEnd(t, () => line.dispose());
    const [tcpPort, sslPort] = [await freePort(), await freePort()];
    const far = (copied: string) => copied.replace(line.near, line.far);
    const thumbprint = pki.thumbprint("devbox");
    const cases: readonly Case[] = [
      { server: "npipe:pipe=locked_%x", hasPassword: true },
      { server: `com:port=${line.near},baud=115200,channel=3`, join: far },
      { server: "spipe:proto=tls1,certuser=devbox,pipe=forms_tls_%d" },
      {
        server: `tcp:port=${tcpPort},clicon=localhost`,
        join: () => `tcp:clicon=localhost,port=${tcpPort}`,
        hasPassword: true,
        first: "guest",
        label: `TCP to localhost:${tcpPort}`,
      },
      {
        server: `ssl:proto=tls1,certuser=devbox,port=${sslPort},clicon=localhost`,
        join(copied) {
          assert.equal(copied, `ssl:proto=tls1,thumbprint=${thumbprint},clicon=localhost,port=${sslPort}`);
          return copied;
        },
        hasPassword: true,
        first: "server",
        label: `TLS to localhost:${sslPort}`,
      },
    ];

    const none = path.join(directory, "none");
    const files = { ...HOST_FILES, "app.js": program(cases.length) };
    const [host, guest] = await Promise.all([
      person(t, "Hana", files, { runtime, env: storesAt(pki.host) }),
      person(t, "Gil", { "notes.txt": "" }, { runtime, env: storesAt(none) }),
    ]);
    await stopAt(host, FIRST_LINE);

    for (const [index, one] of cases.entries()) {
      const started = performance.now();
      await meet(host, guest, one);
      await stepTogether(host, guest, FIRST_LINE + index);
      await part(host, guest, one);
      t.diagnostic(`${one.server}: ${Math.round(performance.now() - started)} ms`);
    }
  },
  { parts: ["socat"] },
);

interface Own {
  readonly pki: Pki;
  /** The host's end of the serial line, and the guest's. */
  readonly devices: readonly [string, string];
  /** A number that nothing else has. */
  readonly next: () => number;
}

/** A row of the table in docs/CONNECTION-STRINGS.md, as this test serves and joins it. */
interface Line {
  readonly server: string;
  readonly join: string;
  /** Whether the host is asked about the guest. */
  readonly isAsked: boolean;
}

const GIVEN: Password = { kind: "env", name: "SHARED" };

async function lineOf(row: FormRow, password: Password | undefined, own: Own): Promise<Line> {
  const { pki, devices } = own;
  const place = {
    host: "localhost",
    guest: "localhost",
    port: await freePort(),
    pipe: `line${own.next()}`,
    device: devices[0],
  };
  const served = {
    ...asServed(row.server, place),
    ...("pipe" in row.server && { pipe: place.pipe }),
    ...("channel" in row.server && { channel: own.next() }),
    password,
    insecure: password === undefined && row.server.insecure,
  };
  const { port, pipe } = place;
  const thumbprint = { algorithm: "sha256", hex: pki.thumbprint("devbox") } as const;
  const told = { port, ports: { first: port, last: port }, pipe, thumbprint };
  const client = { ...asJoined(row.client, told, { ...place, device: devices[1] }), password };
  const channel = "channel" in client && "channel" in served && { channel: served.channel };
  const hasCertificate = "clientCert" in served && served.clientCert !== undefined;
  return {
    server: format(served),
    join: format({ ...client, ...channel }),
    isAsked: password === undefined && !hasCertificate && !served.insecure,
  };
}

e2e(
  "every line of docs/CONNECTION-STRINGS.md: one session, served in all ways at once, joined by each",
  async (t) => {
    const pki = await makePki(temporaryDirectory(t));
    const serial = await serialLine();
    atEnd(t, () => serial.dispose());
    let made = 10;
    const own = { pki, devices: [serial.near, serial.far], next: () => made++ } as const;
    const lines: Line[] = [];
    for (const row of CALLERS_FIRST) {
      lines.push(await lineOf(row, undefined, own));
      // Those that call with a password are above.
      if (!isOpen(row.server) && !calls(row.server)) lines.push(await lineOf(row, GIVEN, own));
    }

    const env = (user: string) => ({ SHARED: PASSWORD, ...storesAt(user) });
    const runtime = machine(t);
    const files = { ...HOST_FILES, "app.js": program(lines.length) };
    const settings = { "debugServer.startWithSession": lines.map(({ server }) => server) };
    const [host, guest] = await Promise.all([
      person(t, "Hana", files, { runtime, env: env(pki.host), settings }),
      person(t, "Gil", { "notes.txt": "" }, { runtime, env: env(pki.guest) }),
    ]);
    await stopAt(host, FIRST_LINE);
    for (const [index, { server, join: string, isAsked }] of lines.entries()) {
      const started = performance.now();
      await join(guest, string, isAsked ? host : undefined);
      await stepTogether(host, guest, FIRST_LINE + index);
      await leave(guest);
      t.diagnostic(`${server}: ${Math.round(performance.now() - started)} ms`);
    }
  },
  { parts: ["socat"] },
);

/** The host serves, the guest joins, in the order that the case wants. */
async function meet(host: Window, guest: Window, one: Case): Promise<void> {
  const { server, join: joinBy = (copied: string) => copied, hasPassword, first, label = "" } = one;
  const typed = hasPassword ? `${server},password=${PASSWORD}` : server;
  const joined = (copied: string) => join(guest, joinBy(copied), hasPassword ? undefined : host);
  if (first === "guest") {
    await joined("");
    await guest.notifications.shown(/Waiting for a debug server to call, on port \d+\./);
    await pictures(guest, "waiting");
    await serve(host, typed);
  } else {
    const copied = await serve(host, typed);
    assert.ok(!copied.includes(PASSWORD));
    if (first === "server") await calling(host, label);
    await joined(copied);
  }
  if (hasPassword) {
    await guest.quickInput.opened(/The host of .* can tell you the password\./);
    await guest.quickInput.enter(PASSWORD);
  }
  if (first !== undefined) await connected(host, label);
}

/** Both are at a stop; the guest steps, and the host follows. */
async function stepTogether(host: Window, guest: Window, line: number): Promise<void> {
  await guest.debug.stopped(line, "app.js");
  await untilEqual("the guest's stack", () => frames(guest), await frames(host));
  await guest.debug.press("Step Over");
  await guest.debug.stopped(line + 1, "app.js");
  await host.debug.stopped(line + 1, "app.js");
}

async function leave(guest: Window): Promise<void> {
  await guest.command("Debug Server: Leave");
  await guest.debug.ended();
  // The host's breakpoints have gone with its session.
  await until(
    "no breakpoints",
    () => guest.debug.breakpoints(),
    (rows) => rows.every(({ name }) => name !== "app.js"),
  );
  // Whoever leaves is told of nothing that went wrong.
  assert.deepEqual(
    (await guest.notifications.list()).filter(({ severity }) => severity === "error"),
    [],
  );
}

/** The guest leaves, the host ends the only server there is. */
async function part(host: Window, guest: Window, { first, label = "" }: Case): Promise<void> {
  await leave(guest);
  if (first !== undefined) await calling(host, label);
  await host.command("Debug Server: Stop Debug Server");
  await until(
    "nothing is served",
    () => host.statusBar(),
    (items) => items.every(({ aria }) => !aria.startsWith("Debug Server, ")),
  );
  await host.debug.stopped();
}

/** By a string that is typed; returns the join string, which is in the clipboard. */
async function serve(host: Window, server: string): Promise<string> {
  const before = await host.clipboard();
  await host.command(START);
  await host.quickInput.opened("How do guests reach it?");
  await host.quickInput.pick("Type a connection string…");
  await host.quickInput.opened("Where guests find the session.");
  await host.quickInput.enter(server);
  await host.notifications.shown(/can be joined/);
  const copied = await until(
    "a join string in the clipboard",
    () => host.clipboard(),
    (text) => text !== before,
  );
  await host.notifications.clear();
  return copied;
}

async function calling(host: Window, label: string): Promise<void> {
  await server(host, label, /^calling localhost… · /);
  await pictures(host, `${label}-calling`);
  await host.sideBar("Run and Debug");
}

async function connected(host: Window, label: string): Promise<void> {
  await server(host, label, /^connected · /);
  await until(
    "the guest's row",
    () => host.view("Serving").rows(),
    (rows) => rows.some((row) => row.label === "Gil"),
  );
  await pictures(host, `${label}-connected`);
  await host.sideBar("Run and Debug");
}

/** Waits until the row of a server says so. */
async function server(host: Window, label: string, description: RegExp): Promise<void> {
  await host.sideBar("Debug Server");
  const isIt = (row: ViewRow) => row.label === label && description.test(row.description);
  await until(
    `${label}: ${String(description)}`,
    () => host.view("Serving").rows(),
    (rows) => rows.some(isIt),
  );
}

/** In both themes, without a pointer over anything. */
async function pictures(window: Window, name: string): Promise<void> {
  await window.page.mouse.move(900, 500);
  for (const theme of ["light", "dark"] as const) {
    await window.theme(theme);
    await window.screenshot(`forms-${name.replace(/\W+/g, "-").replace(/-\d+/, "")}-${theme}`);
  }
}
