import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { parseServer } from "../../src/address/parse.ts";
import { joinAddresses } from "../../src/host/joinAddresses.ts";
import { e2e } from "../e2e/support/scenario.ts";
import { HOST_FILES, LINES, frames, join, person, stopAt } from "../e2e/support/share.ts";
import { until, untilEqual } from "../e2e/support/wait.ts";
import type { VsCode } from "../e2e/support/server.ts";
import type { Window } from "../e2e/support/window.ts";

const START = "Debug Server: Start Debug Server";
const BY_PASSWORD = "Other machines: TCP with a password";
const BY_CERTIFICATE = "Other machines: TLS with the certificate “pairing” and a password";
/** What a guest tries, and what the host types: no text that is there by chance. */
const WRONG = ["wrong-qx81", "wrong-qx82", "wrong-qx83"] as const;
const TYPED = "typed-qx84";
const ASKED = /The host of (tcp|ssl):.* can tell you the password\./;
const ASKED_AGAIN = /^That password is wrong\. The host /;

e2e("passwords lock a session: guests type them once, and nobody writes them down", async (t) => {
  const [host, guest] = await Promise.all([
    person(t, "Hana", HOST_FILES),
    person(t, "Gil", { "notes.txt": "" }),
  ]);
  await stopAt(host, LINES.callAdd);

  // Who changes their mind has changed nothing.
  await host.command(START);
  await host.quickInput.pick(BY_PASSWORD);
  await host.quickInput.opened("It is never sent");
  await host.quickInput.cancel();
  assert.deepEqual(await host.commands("Debug Server: Stop"), []);

  const { password } = await serveLocked(host, BY_PASSWORD);
  assert.match(password, /^[a-z2-9]{12}$/);
  const { string, address } = await copyJoinString(host);
  await host.command("Debug Server: Copy Password");
  await untilEqual("the clipboard", () => host.clipboard(), password);
  const port = /port=(\d+)/.exec(string)?.[1] ?? "";
  await host.sideBar("Debug Server");
  const serving = host.view("Serving");
  const rows = async () => (await serving.rows()).map(({ label, description }) => `${label} ${description}`);
  const row = `TCP port ${port} tcp:port=${port},Password=*`;
  await until("the server's row", rows, (all) => all.includes(row));
  await host.page.locator(".pane .monaco-list-row .codicon-lock").first().waitFor();
  await pictures(host, "serving");
  await host.sideBar("Run and Debug");

  // Who does not know it and gives up is told nothing more.
  await join(guest, string);
  await guest.quickInput.opened(ASKED);
  await untilEqual("the box hides what is typed", () => guest.quickInput.isPassword(), true);
  await pictures(guest, "password");
  await guest.quickInput.cancel();
  await guest.debug.ended();
  await untilEqual("what the guest is told", () => complaints(guest), []);

  // Who guesses is asked again, and the host is told.
  await join(guest, string);
  await guest.quickInput.opened(ASKED);
  for (const wrong of WRONG) {
    await guest.quickInput.enter(wrong);
    // The box of the last guess is there for a moment.
    await untilEqual("an empty box", () => guest.quickInput.value(), "");
    await guest.quickInput.opened(ASKED_AGAIN);
  }
  await until(
    "the host is told",
    () => host.statusBar(),
    (items) => items.some(({ text }) => /^App: wrong password from .*, 3 in a row\.$/.test(text)),
  );
  await host.screenshot("locks-guessing");
  await pictures(guest, "again");
  await guest.quickInput.enter(password);
  await atStop(guest, host);
  await guest.debug.press("Step Over");
  await guest.debug.stopped(LINES.returnSum, "app.js");
  await host.debug.stopped(LINES.returnSum, "app.js");
  await guest.editor.toggleBreakpoint(LINES.inTick);
  await gutter(host, [LINES.inTick, LINES.callAdd]);
  await guest.screenshot("locks-guest");
  await guest.command("Debug Server: Leave");
  await guest.debug.ended();
  await gutter(host, [LINES.callAdd]);

  // Once is enough, also when the window was closed meanwhile; the guest's breakpoint is there again.
  await guest.reload();
  await guest.command("Debug Server: Join Debug Server…");
  await until(
    "what was joined recently",
    () =>
      guest.page
        .locator(".quick-input-list .monaco-list-row", { hasText: "recently joined" })
        .allInnerTexts(),
    ([row]) => row?.includes(string) === true,
  );
  await guest.screenshot("locks-recent");
  await guest.quickInput.pick(string);
  await atStop(guest, host);
  await gutter(host, [LINES.inTick, LINES.callAdd]);
  await guest.command("Debug Server: Leave");
  await guest.debug.ended();

  // A certificate, made and offered; guests know it by its thumbprint.
  await host.command("Debug Server: Make a Certificate…");
  await host.quickInput.opened("Guests know it by its thumbprint");
  await host.screenshot("locks-certificate");
  await host.quickInput.enter("pairing");
  await host.notifications.shown(/^The certificate “pairing” is made/);
  await pictures(host, "certificate-made");
  await host.notifications.press(/The certificate “pairing” is made/, "Copy Thumbprint");
  const thumbprint = await until(
    "a thumbprint in the clipboard",
    () => host.clipboard(),
    (text) => /^[0-9A-F]{64}$/i.test(text),
  );
  const second = await serveLocked(host, BY_CERTIFICATE, TYPED);
  assert.equal(second.password, TYPED);
  // The last choice of an address holds.
  assert.match(
    second.string,
    new RegExp(`^ssl:proto=tls1,thumbprint=${thumbprint},server=${address},port=\\d+$`, "i"),
  );
  await join(guest, second.string);
  await guest.quickInput.opened(ASKED);
  await guest.quickInput.enter(TYPED);
  await atStop(guest, host);
  await host.sideBar("Debug Server");
  await guest.sideBar("Debug Server");
  await pictures(host, "both");
  await pictures(guest, "joined");

  // What may be remembered is found in this way, so what may not be would be.
  await until(
    "the string in the guest's browser",
    () => storesWith(guest, string),
    (stores) => stores.length > 0,
  );
  assert.notDeepEqual(filesWith(guest.code, "debugServer.name"), []);
  for (const secret of [password, TYPED, ...WRONG]) {
    for (const person of [host, guest]) {
      assert.deepEqual(filesWith(person.code, secret), [], `${person.name}'s files`);
      assert.deepEqual(await storesWith(person, secret), [], `${person.name}'s browser`);
      assert.ok(!(await person.page.locator("body").innerText()).includes(secret), `${person.name}'s window`);
    }
    assert.ok(!execFileSync("ps", ["axww", "-o", "args"], { encoding: "utf8" }).includes(secret));
  }
});

/** Serves by the wizard with a password, the proposed one by default; both are in the messages' reach. */
async function serveLocked(host: Window, choice: string, typed?: string) {
  await host.command(START);
  await host.quickInput.opened("How do guests reach it?");
  await pictures(host, typed === undefined ? "wizard" : "wizard-certificate");
  await host.quickInput.pick(choice);
  await host.quickInput.opened("It is never sent");
  if (typed === undefined) {
    await host.screenshot("locks-choose");
    await host.quickInput.accept();
  } else {
    await host.quickInput.enter(typed);
  }
  await host.notifications.shown(/can be joined\. Guests need the password, too\./);
  const string = await until(
    "the join string is in the clipboard",
    () => host.clipboard(),
    (text) => text.includes(typed === undefined ? "tcp:" : "ssl:"),
  );
  await pictures(host, typed === undefined ? "served" : "served-certificate");
  await host.notifications.press(/can be joined/, "Copy Password");
  const password = await until(
    "the password is in the clipboard",
    () => host.clipboard(),
    (text) => text !== string,
  );
  return { string, password };
}

/** The join string with an address of this machine, which is asked for; where it has none, with its name. */
async function copyJoinString(host: Window): Promise<{ readonly string: string; readonly address: string }> {
  const server = parseServer("tcp:port=0,password=x");
  assert.ok(server.ok);
  const [name, address = name] = joinAddresses(server.value);
  await host.command("Debug Server: Copy Join String");
  if (address !== name) {
    await host.quickInput.opened("What do guests call this machine?");
    await pictures(host, "names");
    await host.quickInput.pick(address);
  }
  const copied = (text: string) => text.startsWith(`tcp:server=${address},`);
  const string = await until("the join string is in the clipboard", () => host.clipboard(), copied);
  return { string, address };
}

async function atStop(guest: Window, host: Window): Promise<void> {
  const { line } = await host.debug.stopped();
  await guest.debug.stopped(line, "app.js");
  await untilEqual("the guest's stack", () => frames(guest), await frames(host));
}

async function gutter(window: Window, lines: readonly number[]): Promise<void> {
  await untilEqual("the gutter", () => window.editor.breakpoints(), lines);
}

/** What a window says of things that went wrong. */
async function complaints(window: Window): Promise<string[]> {
  const said = await window.notifications.list();
  const dialogs = await window.page.locator(".monaco-dialog-box").allInnerTexts();
  return [...said.map(({ text }) => text), ...dialogs];
}

/** The files that a VS Code has written and that hold the text, also in UTF-16. */
function filesWith({ directory }: VsCode, text: string): string[] {
  const encoded = [Buffer.from(text), Buffer.from(text, "utf16le")];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => {
      const content = contentOf(file);
      return encoded.some((bytes) => content.includes(bytes));
    });
}

/** A file that has gone meanwhile holds nothing. */
function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}

/** Where a VS Code in a browser keeps its state: the stores that hold the text. */
async function storesWith({ page }: Window, text: string): Promise<string[]> {
  const stores = await page.evaluate<Record<string, string>>(ALL_STORES);
  assert.ok(Object.keys(stores).length > 0);
  return Object.entries(stores).flatMap(([name, content]) => (content.includes(text) ? [name] : []));
}

/** Runs in the page: local storage and every object store, as JSON by their names. */
const ALL_STORES = `(async () => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const stores = { localStorage: JSON.stringify({ ...localStorage }) };
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const all = database.transaction(store).objectStore(store);
      stores[name + "/" + store] = JSON.stringify(await Promise.all([done(all.getAllKeys()), done(all.getAll())]));
    }
    database.close();
  }
  return stores;
})()`;

/** In both themes, without a pointer over anything. */
async function pictures(window: Window, name: string): Promise<void> {
  await window.page.mouse.move(900, 500);
  for (const theme of ["light", "dark"] as const) {
    await window.theme(theme);
    await window.screenshot(`locks-${name}-${theme}`);
  }
}
