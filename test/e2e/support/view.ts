import type { Locator, Page } from "playwright-core";
import { read, readOne } from "./dom.ts";
import { until } from "./wait.ts";

export interface ViewRow {
  readonly label: string;
  readonly description: string;
  /** What a screen reader says. */
  readonly aria: string;
  /** From 1. */
  readonly level: number;
}

const ROW = {
  id: "@id",
  label: ".label-name",
  description: ".label-description",
  aria: "@aria-label",
  level: "@aria-level",
};

/** A tree view in a side bar, by its name: "Serving". The side bar must be open (`Window.sideBar`). */
export class View {
  readonly #page: Page;
  readonly #name: string;
  readonly #pane: Locator;
  readonly #rows: Locator;

  constructor(page: Page, name: string) {
    this.#page = page;
    this.#name = name;
    this.#pane = page.locator(".pane", { has: page.locator(`h3.title:text-is("${name}")`) });
    this.#rows = this.#pane.locator(".monaco-list-row");
  }

  /** The rows on the screen, without waiting. */
  async rows(): Promise<ViewRow[]> {
    const rows = await read(this.#rows, ROW);
    return rows.map(({ id: _, level, ...row }) => ({ ...row, level: Number(level) }));
  }

  /** The text that stands in for rows: the welcome view, with its links' and buttons' texts. */
  async welcome(): Promise<string> {
    return readOne(this.#pane, ".welcome-view-content");
  }

  /** Presses a button of the welcome view. */
  async pressWelcome(label: string): Promise<void> {
    await this.#pane.locator(".welcome-view-content").getByRole("button", { name: label }).click();
  }

  /** Waits for the row and selects it, which runs its command if it has one. */
  async click(label: string): Promise<void> {
    await (await this.#row(label)).click();
  }

  /** Walks down to the row by the keyboard; waits until the view has the focus. */
  async walkTo(label: string): Promise<void> {
    const list = this.#pane.locator(".monaco-list:focus");
    const focused = list.locator(".monaco-list-row.focused .label-name");
    await list.waitFor();
    let last = "";
    await until(
      `the focus on the row "${label}" of the view ${this.#name}`,
      async () => {
        const now = await readOne(focused);
        // Where a key changed nothing it was the last row: again from the top.
        if (now !== label) await this.#page.keyboard.press(now === last ? "Home" : "ArrowDown");
        last = now;
        return now;
      },
      (now) => now === label,
    );
  }

  async doubleClick(label: string): Promise<void> {
    await (await this.#row(label)).dblclick();
  }

  /** The labels of the row's inline actions. */
  async actions(label: string): Promise<string[]> {
    const row = await this.#row(label);
    await row.hover();
    return (await read(row.locator(".actions .action-label"), { name: "@aria-label" })).map(
      ({ name }) => name,
    );
  }

  /** Presses an inline action of the row. */
  async action(label: string, action: string): Promise<void> {
    const row = await this.#row(label);
    await row.hover();
    await row.locator(`.actions .action-label[aria-label^="${action}"]`).click();
  }

  /** Presses an action in the view's own header. */
  async titleAction(action: string): Promise<void> {
    await this.#pane.locator(".pane-header").hover();
    await this.#pane.locator(`.pane-header .action-label[aria-label^="${action}"]`).click();
  }

  /** What the row's context menu offers; it is closed again. */
  async menu(label: string): Promise<string[]> {
    await (await this.#row(label)).click({ button: "right" });
    const items = this.#page.locator(
      ".monaco-menu .action-item:not(.disabled) .action-label:not(.separator)",
    );
    await items.first().waitFor();
    const texts = await read(items, { text: "" });
    await this.#page.keyboard.press("Escape");
    await items.first().waitFor({ state: "hidden" });
    return texts.map(({ text }) => text);
  }

  /** Chooses from the row's context menu. */
  async choose(label: string, item: string): Promise<void> {
    await (await this.#row(label)).click({ button: "right" });
    const entry = this.#page.locator(".monaco-menu .action-item:not(.disabled)", { hasText: item }).first();
    // A menu that has just opened takes no click: it might be the end of the one that opened it.
    await entry.hover();
    await this.#page.keyboard.press("Enter");
    await entry.waitFor({ state: "hidden" });
  }

  /** What shows when the mouse rests on the row. */
  async tooltip(label: string): Promise<string> {
    await (await this.#row(label)).locator(".label-name").hover();
    const hover = this.#page.locator(".workbench-hover:visible, .monaco-hover:visible");
    await hover.first().waitFor();
    return readOne(hover);
  }

  async #row(label: string): Promise<Locator> {
    const rows = await until(
      `a row "${label}" in the view ${this.#name}`,
      () => read(this.#rows, ROW),
      (all) => all.some((row) => row.label === label),
    );
    const id = rows.find((row) => row.label === label)?.id ?? "";
    return this.#pane.locator(`#${id}`);
  }
}
