/**
 * The driver for end-to-end tests: a real VS Code (code-server) in a real Chromium.
 *
 *   e2e("a guest sees the stop", async (t) => {
 *     const runtime = temporaryDirectory(t);  // (cleanup.ts) one "machine": both see each other's servers
 *     const host = await startVsCode(t, { name: "host", runtime });
 *     const guest = await startVsCode(t, { name: "guest", runtime, settings: { … } });
 *     const folder = workspace(t, { "app.js": "…", ".vscode/launch.json": { version: "0.2.0", configurations: […] } });
 *     const window = await openWindow(t, host, folder, { theme: "light" });
 *
 *     await window.debug.start("App");                  // a configuration of launch.json, by name
 *     await window.debug.stopped(3, "app.js");          // waits; returns the top frame
 *     await window.command("Debug Server: Start Debug Server");     // through the palette
 *     await window.quickInput.opened("How can guests reach it?");   // title, prompt or placeholder
 *     await window.quickInput.pick("TCP");                          // or .enter("tcp:port=0"), .type() + .message()
 *     await window.notifications.press(/wants to join/, "Allow Control");
 *     await window.sideBar("Debug Server");
 *     await until("two guests", () => window.view("Serving").rows(), (rows) => rows.length === 3);
 *     await window.screenshot("serving");               // .tools/pictures/serving.png
 *   });
 *
 * `e2e` (scenario.ts)      a node:test with the right skips and time-out; of a failed one it keeps pictures and logs in
 *                          .tools/logs/e2e/TITLE/
 * `startVsCode` (server.ts)   a server, each with its own user data and extensions: two people are two servers
 * `openWindow` (here)      a window; `window.reload()`, `window.close()`
 * `until`, `untilEqual` (wait.ts)   wait for whatever can be read
 *
 * A window has `command(title)`, `commands(text)` (what the palette offers), `press(key)`, `sideBar(title)`, `view(name)`,
 * `statusBar()`, `clipboard()`, `screenshot(name)`, and
 *   `quickInput`     palette, quick picks, input boxes    quickInput.ts
 *   `debug`          call stack, variables, tool bar      debugView.ts
 *   `console`        the debug console                    console.ts
 *   `editor`         text, cursor, gutter, breakpoints    editor.ts
 *   `notifications`  notifications and modal dialogs      notifications.ts
 *
 * What is named as a state (`stopped`, `shown`, `opened`, `line`) waits for it; what is named as a thing (`rows`,
 * `callStack`, `lines`) reads what is there now. Actions wait for what they act upon. All waits end with an error that
 * says what was there instead. All that is started ends with the test, or with its process if that crashes.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { TOOLS } from "../../support/parts.ts";
import { borrowBrowser } from "./browser.ts";
import { type Scope, atEnd, temporaryDirectory } from "./cleanup.ts";
import { DebugConsole } from "./console.ts";
import { DebugView } from "./debugView.ts";
import { allowFunctions, read, readOne } from "./dom.ts";
import { Editor } from "./editor.ts";
import { Notifications } from "./notifications.ts";
import { QuickInput } from "./quickInput.ts";
import { type VsCode } from "./server.ts";
import { View } from "./view.ts";
import { WAIT_MS, until } from "./wait.ts";

/** The first page of a cold server takes 5 to 10 s, with others beside it more. */
const OPEN_MS = 180_000;
/** VS Code's own mark: the contributions of its phase "Eventually" have been made. */
const ALL_PARTS = "code/didCreateWorkbenchContributions/4";

export interface WindowOptions {
  readonly theme?: "dark" | "light";
  /** In messages and names of files; the server's by default. */
  readonly name?: string;
  readonly size?: { readonly width: number; readonly height: number };
  /** What the workbench gets in its address, as VS Code's own test runner gives it. */
  readonly payload?: readonly (readonly [string, string])[];
  /** Runs before the page is opened. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** One browser window with a workbench in it. */
export class Window {
  readonly name: string;
  /** For what is not here. */
  readonly page: Page;
  readonly quickInput: QuickInput;
  readonly debug: DebugView;
  readonly console: DebugConsole;
  readonly editor: Editor;
  readonly notifications: Notifications;
  readonly #context: BrowserContext;

  constructor(name: string, context: BrowserContext, page: Page) {
    this.name = name;
    this.page = page;
    this.#context = context;
    this.quickInput = new QuickInput(page);
    this.debug = new DebugView(page, this.quickInput);
    this.console = new DebugConsole(page);
    this.editor = new Editor(page);
    this.notifications = new Notifications(page);
  }

  /** Runs a command through the palette, by "Category: Title". */
  async command(title: string): Promise<void> {
    await this.quickInput.command(title);
  }

  /** The commands that the palette offers now and that have this text in them. */
  async commands(text: string): Promise<string[]> {
    return this.quickInput.commands(text);
  }

  /** A key where the focus is: "F5", "Control+Shift+Y". */
  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  /** Opens a side bar by its icon's title in the activity bar: "Debug Server", "Run and Debug", "Explorer". */
  async sideBar(title: string): Promise<void> {
    const icon = this.#activity(title);
    await icon.waitFor();
    if ((await readOne(icon, "@aria-expanded")) !== "true") await icon.click();
    await until(
      `the side bar ${title} is open`,
      () => readOne(icon, "@aria-expanded"),
      (expanded) => expanded === "true",
    );
  }

  /** What is on a side bar's icon: "2"; "" if nothing. */
  async badge(title: string): Promise<string> {
    return readOne(this.#activity(title), ".badge-content");
  }

  #activity(title: string): Locator {
    const label = this.page.locator(`.action-label[aria-label^="${title}"]`);
    return this.page.locator(".activitybar .action-item", { has: label });
  }

  /** A tree view of the side bar that is open. */
  view(name: string): View {
    return new View(this.page, name);
  }

  /** The items of the status bar: the text without icons, and what a screen reader says. */
  async statusBar(): Promise<{ readonly text: string; readonly aria: string }[]> {
    return read(this.page.locator(".statusbar-item"), { text: "", aria: "@aria-label" });
  }

  /** Presses the item of the status bar that has this text. */
  async pressStatusBar(text: string): Promise<void> {
    await this.page.locator(".statusbar-item-label", { hasText: text }).click();
  }

  /** The name of the output channel that the panel shows; "" if it shows none. */
  async outputChannel(): Promise<string> {
    const channels = this.page.locator('.part.panel select[aria-label="Switch Output"]:visible').first();
    return (await channels.isVisible()) ? channels.inputValue() : "";
  }

  /** What VS Code lists as problems: the message, who says it, and where. */
  async problems(): Promise<string[]> {
    const rows = this.page.locator(".markers-panel .monaco-list-row");
    if (!(await rows.first().isVisible())) await this.command("Problems: Focus on Problems View");
    return (await read(rows, { text: "" })).map(({ text }) => text);
  }

  async clipboard(): Promise<string> {
    return this.page.evaluate<string>("navigator.clipboard.readText()");
  }

  /**
   * The last parts of the workbench are there, which VS Code begins some seconds after all else: what shows a debug session's
   * progress is one of them, and tells nothing of a progress that began before it.
   */
  async settled(): Promise<void> {
    await until(
      `the window ${this.name} has all its parts`,
      () => this.page.evaluate<number>(`performance.getEntriesByName("${ALL_PARTS}").length`),
      (marks) => marks > 0,
    );
  }

  /** What is there now: "…/.tools/pictures/NAME.png", or an absolute path. */
  async screenshot(name: string): Promise<string> {
    const file = path.resolve(TOOLS, "pictures", name.endsWith(".png") ? name : `${name}.png`);
    mkdirSync(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file });
    return file;
  }

  async theme(theme: "dark" | "light"): Promise<void> {
    await this.page.emulateMedia({ colorScheme: theme });
    await this.page.locator(`.monaco-workbench.${theme === "dark" ? "vs-dark" : "vs"}`).waitFor();
  }

  /** As F5 in a browser, or "Developer: Reload Window": a new extension host. Resolves when the workbench is there. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Closes the window; its extension host ends within some seconds. May be called twice. */
  async close(): Promise<void> {
    await this.#context.close();
  }

  /** The workbench is drawn and has read its folder. */
  async ready(): Promise<void> {
    const row = this.page.locator(".part.statusbar .statusbar-item").first();
    await row.waitFor({ timeout: OPEN_MS }).catch((thrown: unknown) => {
      throw new Error(`the window ${this.name} did not open in ${OPEN_MS} ms`, { cause: thrown });
    });
  }
}

/** What is open, for what is kept of a failed test (scenario.ts). */
export const openWindows = new Set<Window>();

/** Opens a folder in a window of its own; it closes with the test. */
export async function openWindow(
  scope: Scope,
  server: VsCode,
  folder: string,
  options: WindowOptions = {},
): Promise<Window> {
  const { browser, release } = await borrowBrowser();
  atEnd(scope, release);
  const browserContext = await browser.newContext({
    viewport: options.size ?? { width: 1400, height: 900 },
    colorScheme: options.theme ?? "dark",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  browserContext.setDefaultTimeout(WAIT_MS);
  await allowFunctions(browserContext);
  const page = await browserContext.newPage();
  const window = new Window(options.name ?? server.name, browserContext, page);
  openWindows.add(window);
  browserContext.once("close", () => openWindows.delete(window));
  atEnd(scope, () => window.close());
  await options.prepare?.(page);
  const query = new URLSearchParams({ folder });
  if (options.payload) query.set("payload", JSON.stringify(options.payload));
  await page.goto(`${server.url}/?${query.toString()}`, { timeout: OPEN_MS });
  await window.ready();
  return window;
}

/** A folder with these files, until the test is over; what is no text is written as JSON. */
export function workspace(scope: Scope, files: Readonly<Record<string, unknown>>): string {
  const folder = temporaryDirectory(scope);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content, undefined, 2));
  }
  return folder;
}
