import type { Locator, Page } from "playwright-core";
import { read } from "./dom.ts";
import { matches, until } from "./wait.ts";

/** The debug console. It is opened by whatever needs it. */
export class DebugConsole {
  readonly #page: Page;
  readonly #input: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#input = page.locator(
      ".repl-input-wrapper .native-edit-context, .repl-input-wrapper textarea.inputarea",
    );
  }

  async open(): Promise<void> {
    const opened = async () => {
      if (!(await this.#input.isVisible())) await this.#page.keyboard.press("Control+Shift+Y");
      // The same key would close it again.
      await this.#input.waitFor({ timeout: 10_000 }).catch(() => undefined);
      return this.#input.isVisible();
    };
    await until("the debug console opens", opened, Boolean);
  }

  /** The lines on the screen: what was typed, results and output alike. */
  async lines(): Promise<string[]> {
    await this.open();
    const rows = await read(this.#page.locator(".repl .monaco-list-row"), { text: "@aria-label" });
    return rows.map(({ text }) => text);
  }

  /** Waits for a line with this text and returns it. */
  async line(text: string | RegExp): Promise<string> {
    const lines = await until(
      `a line ${String(text)} in the debug console`,
      () => this.lines(),
      (all) => all.some((line) => matches(line, text)),
    );
    return lines.find((line) => matches(line, text)) ?? "";
  }

  /** Opens the object that was printed or typed last as `text`, and waits for what it shows of it. */
  async expand(text: string, shows: string | RegExp): Promise<void> {
    await this.line(text);
    const row = this.#page.locator(`.repl .monaco-list-row[aria-expanded]`).filter({ hasText: text }).last();
    if ((await row.getAttribute("aria-expanded")) !== "true") await row.locator(".monaco-tl-twistie").click();
    await this.line(shows);
  }

  /** Types a line, and Enter. */
  async enter(text: string): Promise<void> {
    await this.open();
    await this.#input.focus();
    await this.#page.keyboard.insertText(text);
    await this.#page.keyboard.press("Escape"); // Suggestions would take the Enter.
    await this.#page.keyboard.press("Enter");
  }
}
