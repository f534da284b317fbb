import type { Locator, Page } from "playwright-core";
import { type PageElement, read, readOne } from "./dom.ts";
import { until } from "./wait.ts";

/** What is in the gutter of a line: "breakpoint", "breakpoint-unverified", "breakpoint-conditional", "stackframe", … */
export interface Glyph {
  readonly line: number;
  readonly kinds: readonly string[];
}

/** The active editor. */
export class Editor {
  readonly #page: Page;
  readonly #group: Locator;
  readonly #text: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#group = page.locator(".editor-group-container.active");
    this.#text = this.#group.locator(".editor-instance .monaco-editor").first();
  }

  /** Opens a file of the workspace by its name, as one does with Ctrl+P. */
  async open(file: string): Promise<void> {
    await this.#quickOpen("Control+P", file, file);
    await until(
      `${file} is open`,
      () => this.title(),
      (title) => title === file.split("/").pop(),
    );
  }

  /** Opens a quick input by its key, types, and takes the row with this text as soon as it is offered. */
  async #quickOpen(key: string, text: string, row: string | RegExp): Promise<void> {
    const input = this.#page.locator(".quick-input-widget:visible .quick-input-box input");
    // A key that comes while a window is still busy is lost.
    const opened = async () => {
      if (!(await input.isVisible())) await this.#page.keyboard.press(key);
      await input.waitFor({ timeout: 3000 }).catch(() => undefined);
      return input.isVisible();
    };
    await until(`${key} opens a quick input`, opened, Boolean);
    await input.fill(text);
    await this.#page.locator(".quick-input-list .monaco-list-row", { hasText: row }).first().click();
    await input.waitFor({ state: "hidden" });
  }

  /** The active tab: the file's name. "" if there is none. */
  async title(): Promise<string> {
    return readOne(this.#group.locator(".tab.active"), "@data-resource-name");
  }

  /** All tabs of the active group. */
  async tabs(): Promise<string[]> {
    const tabs = await read(this.#group.locator(".tab"), { name: "@data-resource-name" });
    return tabs.map(({ name }) => name);
  }

  /** The path above the text, joined by "/". */
  async breadcrumbs(): Promise<string> {
    const items = await this.#group.locator(".breadcrumbs-control .monaco-icon-label").allInnerTexts();
    return items.join("/");
  }

  /** The language, as the status bar names it. */
  async language(): Promise<string> {
    return readOne(this.#page.locator('[id="status.editor.mode"]'));
  }

  /** Where the cursor is, from 1; 0 without an editor. */
  async line(): Promise<number> {
    const text = await readOne(this.#page.locator('[id="status.editor.selection"]'));
    return Number(/Ln (\d+)/.exec(text)?.[1] ?? 0);
  }

  /** The lines of text on the screen, from the first that is shown. */
  async text(): Promise<string[]> {
    return this.#text.evaluateAll(linesInPage);
  }

  /** What is drawn behind lines and is no text of theirs. */
  async remarks(): Promise<string[]> {
    return this.#text.evaluateAll(remarksInPage);
  }

  /** The gutter of the lines on the screen, by line. */
  async glyphs(): Promise<Glyph[]> {
    return this.#text.evaluateAll(glyphsInPage);
  }

  /** The lines with a breakpoint of any kind. */
  async breakpoints(): Promise<number[]> {
    const glyphs = await this.glyphs();
    return glyphs
      .filter(({ kinds }) => kinds.some((kind) => kind.startsWith("breakpoint")))
      .map(({ line }) => line);
  }

  /** The line that is marked as the one where the program stands; 0 if there is none. */
  async stoppedLine(): Promise<number> {
    const glyphs = await this.glyphs();
    return glyphs.find(({ kinds }) => kinds.includes("stackframe"))?.line ?? 0;
  }

  /** Puts the cursor at a line. */
  async goTo(line: number): Promise<void> {
    await this.#quickOpen("Control+G", `:${line}`, new RegExp(`line ${line}\\b`));
    await until(
      `the cursor is in line ${line}`,
      () => this.line(),
      (now) => now === line,
    );
  }

  /** What is shown of the word at the cursor. */
  async hover(): Promise<string> {
    const hover = this.#page.locator(".monaco-resizable-hover .monaco-hover");
    if (!(await hover.first().isVisible())) {
      await this.#page.keyboard.press("Control+K");
      await this.#page.keyboard.press("Control+I");
      await hover
        .first()
        .waitFor({ timeout: 3000 })
        .catch(() => undefined);
    }
    return readOne(hover);
  }

  /** Has what can be written at the cursor proposed, and takes the proposal with this label. */
  async complete(label: string): Promise<void> {
    const rows = this.#page.locator(".suggest-widget .monaco-list-row");
    const proposed = async () => {
      if (!(await rows.first().isVisible())) await this.#page.keyboard.press("Control+Space");
      await rows
        .first()
        .waitFor({ timeout: 3000 })
        .catch(() => undefined);
      return (await read(rows, { label: ".label-name" })).map((row) => row.label);
    };
    await until(`the proposal ${label}`, proposed, (labels) => labels.includes(label));
    const name = this.#page.locator(".label-name", { hasText: new RegExp(`^${label}$`) });
    await rows.filter({ has: name }).click();
  }

  /** Sets or removes a breakpoint by the keyboard, and waits until the gutter shows it. */
  async toggleBreakpoint(line: number): Promise<void> {
    await this.goTo(line);
    const had = (await this.breakpoints()).includes(line);
    await this.#page.keyboard.press("F9");
    await until(
      `the breakpoint in line ${line} is ${had ? "gone" : "there"}`,
      () => this.breakpoints(),
      (lines) => lines.includes(line) !== had,
    );
  }
}

// Lines and glyphs have nothing in common but the height at which they are drawn.
function glyphsInPage([editor]: readonly PageElement[]): Glyph[] {
  const middle = (element: PageElement) => {
    const { top, height } = element.getBoundingClientRect();
    return top + height / 2;
  };
  const numbers = [...(editor?.querySelectorAll(".margin-view-overlays .line-numbers") ?? [])];
  const lineOf = (glyph: PageElement) =>
    Number(numbers.find((number) => Math.abs(middle(number) - middle(glyph)) < 5)?.textContent ?? 0);
  const kindsOf = (glyph: PageElement) =>
    [...glyph.classList]
      .filter((name) => name.startsWith("codicon-debug-"))
      .map((name) => name.slice("codicon-debug-".length));
  return [...(editor?.querySelectorAll(".glyph-margin-widgets .cgmr") ?? [])]
    .map((glyph) => ({ line: lineOf(glyph), kinds: kindsOf(glyph) }))
    .filter(({ line, kinds }) => line > 0 && kinds.length > 0)
    .sort((one, other) => one.line - other.line);
}

// They are drawn at absolute heights: the order in the document is not theirs.
function linesInPage([editor]: readonly PageElement[]): string[] {
  const top = (line: PageElement) => Number.parseFloat(line.style.top);
  return [...(editor?.querySelectorAll(".view-lines .view-line") ?? [])]
    .sort((one, other) => top(one) - top(other))
    .map((line) => line.textContent.replace(/\u00a0/g, " "));
}

// They are content of style sheets: strings in quotation marks, as those have them.
function remarksInPage([editor]: readonly PageElement[]): string[] {
  const { getComputedStyle } = globalThis as unknown as {
    getComputedStyle: (element: PageElement, pseudo: string) => { readonly content: string };
  };
  return [...(editor?.querySelectorAll(".view-lines .view-line span") ?? [])]
    .map((part) => getComputedStyle(part, "::after").content)
    .filter((content) => content.startsWith('"'))
    .map((content) => JSON.parse(content) as string);
}
