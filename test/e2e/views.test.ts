import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { parseServer } from "../../src/address/parse.ts";
import { AppError } from "../../src/common/errors.ts";
import { SessionHost } from "../../src/host/sessionHost.ts";
import { Registry } from "../../src/host/registry.ts";
import { Sessions } from "../../src/hub/sessions.ts";
import { joinLinked } from "../support/linked.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";
import { type Scope, atEnd } from "./support/cleanup.ts";
import { e2e } from "./support/scenario.ts";
import { HOST_FILES, LINES, machine, person, serve, stopAt, takePart } from "./support/share.ts";
import type { View } from "./support/view.ts";
import { until, untilEqual } from "./support/wait.ts";
import type { Window } from "./support/window.ts";

const TITLE = "Debug Server";
/** A name with which a guest would like to wear a sign, and to have something clicked. */
const SLY = "$(verified) [Bob](command:workbench.action.quit) **x**";

/** Comes in by a server and takes part, as another editor does; the window is asked, and answers. */
async function enter(t: Scope, window: Window, string: string, name: string, answer: string) {
  const joining = joinLinked(string, name);
  await window.notifications.press(/wants to join/, answer);
  return takePart(t, await joining);
}

/** Another program of this machine that serves a session. */
async function serveElsewhere(t: Scope, runtime: string): Promise<SessionHost> {
  const directory = path.join(runtime, "debug-server");
  mkdirSync(directory, { mode: 0o700, recursive: true });
  const sessions = new Sessions(new FakeUpstream(), { name: "Shop" });
  const host = new SessionHost(sessions, { registry: new Registry(directory) });
  atEnd(t, () => host.close("The test is over."));
  const address = parseServer("tcp:port=0");
  assert.ok(address.ok);
  await host.serve([address.value]);
  return host;
}

/** The rows as "label | description", indented by level. */
async function outline(view: View): Promise<string[]> {
  const rows = await view.rows();
  return rows.map(({ label, description, level }) =>
    `${"  ".repeat(level - 1)}${label} | ${description}`.replace(/ \| $/, "").replace(/\d+ ms · /, ""),
  );
}

async function shown(view: View, expected: string[]): Promise<void> {
  await untilEqual("the rows", () => outline(view), expected);
}

async function welcomed(view: View, pattern: RegExp): Promise<void> {
  await until(
    `a welcome ${String(pattern)}`,
    () => view.welcome(),
    (text) => pattern.test(text),
  );
}

/** In both themes, without a pointer over anything. */
async function pictures(window: Window, name: string): Promise<void> {
  await window.page.mouse.move(900, 500);
  for (const theme of ["light", "dark"] as const) {
    await window.theme(theme);
    await window.screenshot(`views-${name}-${theme}`);
  }
}

e2e("what is served, and by whom it was joined, is seen and steered in the sidebar", async (t) => {
  const host = await person(t, "Hana", HOST_FILES);
  const serving = host.view("Serving");
  await host.sideBar(TITLE);
  await welcomed(serving, /Start debugging.*Run and Debug.*See how it works/s);
  await stopAt(host, LINES.callAdd);
  await host.sideBar(TITLE);
  await welcomed(serving, /Nobody can join.*Start Debug Server/s);
  await pictures(host, "start");

  const string = await serve(host);
  const port = /port=(\d+)/.exec(string)?.[1] ?? "";
  const server = `  TCP port ${port} | tcp:port=${port}`;
  await shown(serving, ["App | pwa-node · no guests", server, "    No guests yet"]);
  assert.equal(await host.badge(TITLE), "");
  const said = async () => (await host.statusBar()).map(({ aria }) => aria);
  await until("the status bar", said, (items) => items.includes("Debug Server, 1 server, no guests"));

  await enter(t, host, string, "Ana", "Allow Control");
  const sly = await enter(t, host, string, SLY, "View Only");
  const written = "$ (verified) [Bob] (command:workbench.action.quit) **x**";
  const bob = `    ${written} | view · active now`;
  const all = ["App | pwa-node · 2 guests", server, "    Ana | control · active now", bob];
  await shown(serving, all);
  await untilEqual("the badge", () => host.badge(TITLE), "2");
  await until("the status bar", said, (items) => items.includes("Debug Server, 1 server, 2 guests"));
  const [, spoken, ana] = (await serving.rows()).map(({ aria }) => aria);
  assert.equal(spoken, `Server, TCP port ${port}, 2 guests, tcp:port=${port}`);
  assert.match(ana ?? "", /^Ana, guest, access control, (round trip \d+ milliseconds?, )?active now$/);
  await pictures(host, "serving");

  const tooltip = await serving.tooltip(written);
  assert.match(tooltip, /\[Bob\].*\*\*x\*\*.*view \(may look/s);
  assert.equal(
    await host.page
      .locator(".workbench-hover a[data-href^='command'], .workbench-hover .codicon-verified")
      .count(),
    0,
  );
  await host.screenshot("views-tooltip");

  // Rows' actions.
  assert.deepEqual(await serving.actions(`TCP port ${port}`), [
    "Copy Join String",
    "Start Debug Server",
    "Stop Debug Server",
  ]);
  await serving.action("Ana", "Change Guest");
  await host.quickInput.pick("View");
  await shown(serving, [...all.slice(0, 2), "    Ana | view · active now", bob]);
  const gone = new Promise((resolve) => sly.onClose(resolve));
  await serving.action(written, "Remove Guest");
  await host.notifications.answerDialog(/Remove .*Bob/, "Remove");
  await gone;
  await shown(serving, ["App | pwa-node · 1 guest", server, "    Ana | view · active now"]);

  // Many ask at once: two are asked about one by one, and one question is about all others.
  const outcomes = ["Ben", "Cy", "Dora", "Eve", "Fay"].map((name) =>
    joinLinked(string, name).then(
      () => "joined",
      (error: unknown) => AppError.from(error).code,
    ),
  );
  await host.notifications.shown(/^3 more ask to join\./);
  await pictures(host, "questions");
  await host.page.locator(".notification-list-item-message a", { hasText: "Show…" }).click();
  await host.quickInput.opened("Who is it about?");
  await untilEqual("those who ask", async () => (await host.quickInput.items()).length, outcomes.length);
  await host.screenshot("views-requests");
  await host.quickInput.cancel();
  await host.notifications.press(/3 more ask to join/, "Deny All");
  for (const name of ["Ben", "Cy"]) await host.notifications.press(`“${name}”`, "Deny");
  assert.deepEqual(
    await Promise.all(outcomes),
    outcomes.map(() => "refused"),
  );

  // The same by the keyboard only.
  await host.pressStatusBar("1 guest");
  await serving.walkTo(`TCP port ${port}`);
  await host.press("Shift+F10");
  await host.page.locator(".monaco-menu").waitFor();
  const entry = host.page.locator(".monaco-menu .action-item.focused", { hasText: "Copy Join String" });
  await until(
    "the menu",
    async () => {
      if (!(await entry.isVisible())) await host.press("ArrowDown");
      return entry.isVisible();
    },
    Boolean,
  );
  await host.screenshot("views-menu");
  await host.page.evaluate("navigator.clipboard.writeText('')");
  await host.press("Enter");
  await untilEqual("the clipboard", () => host.clipboard(), string);

  await serving.action(`TCP port ${port}`, "Stop Debug Server");
  await welcomed(serving, /Start Debug Server/);
  await until("the status bar", said, (items) => items.every((item) => !item.includes("guest")));
});

e2e("what runs on this machine is joined from the sidebar, and left", async (t) => {
  const runtime = machine(t);
  const guest = await person(t, "Gil", { "notes.txt": "" }, { runtime });
  await guest.sideBar(TITLE);
  const offers = guest.view("On This Machine");
  const joined = guest.view("Joined");
  await welcomed(offers, /No other window or terminal/);
  await welcomed(joined, /Join Debug Server/);

  // It appears by itself, and disappears.
  const shop = await serveElsewhere(t, runtime);
  const [server = ""] = shop.list().map(({ address }) => address);
  await shown(offers, [`Shop | fake · ${server}`]);
  await pictures(guest, "machine");

  // By the keyboard: Enter joins.
  await guest.command("Debug Server: Focus on On This Machine View");
  await offers.walkTo("Shop");
  await guest.press("Enter");
  const join = server.replace("tcp:", "tcp:server=localhost,");
  await until(
    "a debug session",
    () => guest.debug.buttons(),
    (buttons) => buttons.length > 0,
  );
  await guest.sideBar(TITLE);
  await shown(joined, [`Shop | control · ${join}`, "  Gil | you · control"]);
  await until(
    "that it was joined",
    () => outline(offers),
    ([row]) => row?.startsWith("Shop | joined") === true,
  );
  await pictures(guest, "joined");

  const [gil] = shop.guests();
  assert.ok(gil !== undefined);
  shop.setAccess(gil.participant.id, "view");
  await shown(joined, [`Shop | view · ${join}`, "  Gil | you · view"]);

  await joined.action("Shop", "Leave");
  await welcomed(joined, /Join Debug Server/);
  await untilEqual("the guests", () => shop.guests().length, 0);
  await shop.close("The test is over.");
  await welcomed(offers, /No other window or terminal/);

  // Where one learns all this.
  await guest.page.locator(".welcome-view-content a", { hasText: "See how it works" }).click();
  const walkthrough = guest.page.locator(".gettingStartedContainer:visible");
  await walkthrough.getByText("Share Your First Debug Session").first().waitFor();
  await pictures(guest, "walkthrough");
});

e2e("a server that is open to everybody is loud, also in high contrast", async (t) => {
  const settings = {
    "debugServer.startWithSession": ["tcp:port=0,insecure"],
    "window.autoDetectColorScheme": false,
    "workbench.colorTheme": "Default High Contrast",
  };
  const host = await person(t, "Hana", HOST_FILES, { settings });
  await stopAt(host, LINES.callAdd);
  await host.sideBar(TITLE);
  const serving = host.view("Serving");
  const [, row] = await until(
    "the server",
    () => serving.rows(),
    (rows) => rows.length === 3,
  );
  assert.match(row?.description ?? "", /^insecure! · tcp:port=\d+,insecure$/);
  assert.match(row?.aria ?? "", /insecure: Whoever can reach this machine can join/);
  const background = await host.page
    .locator(".statusbar-item.warning-kind", { hasText: "No guests" })
    .getAttribute("aria-label");
  assert.match(background ?? "", /Whoever can reach this machine can join/);
  await until(
    "the tooltip",
    () => serving.tooltip(row?.label ?? ""),
    (text) => text.includes("Whoever can reach this machine can join"),
  );
  await host.page.mouse.move(900, 500);
  await host.screenshot("views-contrast");

  // One more server, from the call stack.
  await host.sideBar("Run and Debug");
  await host.page
    .locator(".debug-call-stack .session .label, .debug-call-stack .session .name")
    .first()
    .click({ button: "right" });
  const entry = host.page.locator(".monaco-menu .action-item", { hasText: "Start Debug Server" });
  await entry.hover();
  await host.screenshot("views-call-stack");
  await host.press("Enter");
  await host.quickInput.opened("How do guests reach it?");
});
