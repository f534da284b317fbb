import type { Locator, Page } from "playwright-core";
import { read, readOne } from "./dom.ts";
import { matches, until } from "./wait.ts";

export interface QuickPickItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

const ITEM = {
  id: "@id",
  label: ".quick-input-list-row .label-name",
  description: ".label-description",
  detail: ".quick-input-list-label-meta .label-name",
};

/** The box at the top of the window: the command palette, quick picks, input boxes. */
export class QuickInput {
  readonly #page: Page;
  readonly #widget: Locator;
  readonly #input: Locator;
  readonly #rows: Locator;
  /** The input while it is the command palette's. */
  readonly #palette: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#widget = page.locator(".quick-input-widget:visible");
    this.#input = this.#widget.locator(".quick-input-box input");
    this.#rows = this.#widget.locator(".quick-input-list .monaco-list-row");
    this.#palette = this.#widget.locator('input[aria-label="Type the name of a command to run."]');
  }

  /** Runs the command with this title ("Category: Title"). A quick input that it opens is left open. */
  async command(title: string): Promise<void> {
    await this.#offer(`>${title}`, title, "command in the palette");
    await this.#palette.waitFor({ state: "hidden" });
  }

  /** The commands ("Category: Title") that the palette offers now and that have this text in them. */
  async commands(text: string): Promise<string[]> {
    await this.#search(`>${text}`);
    const items = await this.items();
    await this.cancel();
    return items.map(({ label }) => label).filter((label) => label.includes(text));
  }

  /** Starts the launch configuration of this name. */
  async debug(name: string): Promise<void> {
    await this.#offer(`debug ${name}`, name, "launch configuration");
    await this.#widget.waitFor({ state: "hidden" });
  }

  /** Waits for a quick pick or an input box whose title, prompt or placeholder has this text. */
  async opened(text: string | RegExp): Promise<void> {
    const said = async () => [await this.title(), await this.placeholder(), await this.message()];
    await until(`quick input ${String(text)}`, said, (parts) => parts.some((part) => matches(part, text)));
  }

  async isOpen(): Promise<boolean> {
    return this.#widget.isVisible();
  }

  async title(): Promise<string> {
    return readOne(this.#widget, ".quick-input-title");
  }

  async placeholder(): Promise<string> {
    return readOne(this.#input, "@placeholder");
  }

  /** The prompt of an input box; its validation message while it has one. */
  async message(): Promise<string> {
    return readOne(this.#widget, ".quick-input-message");
  }

  /** How the input box judges its value. */
  async severity(): Promise<"error" | "warning" | "info" | "none"> {
    const classes = (await readOne(this.#widget, ".quick-input-box .monaco-inputbox@class")).split(" ");
    return (["error", "warning", "info"] as const).find((name) => classes.includes(name)) ?? "none";
  }

  async value(): Promise<string> {
    return this.#input.inputValue();
  }

  /** Whether what is typed is not shown. */
  async isPassword(): Promise<boolean> {
    return (await readOne(this.#input, "@type")) === "password";
  }

  /** The rows that are on the screen, without their icons. */
  async items(): Promise<QuickPickItem[]> {
    const items = await read(this.#rows, ITEM);
    return items.map(({ label, description, detail }) => ({ label, description, detail }));
  }

  /** Replaces the value. */
  async type(text: string): Promise<void> {
    await this.#input.fill(text);
  }

  /** Chooses the row with this label. */
  async pick(label: string): Promise<void> {
    await until(
      `row in the quick pick: "${label}"`,
      () => this.items(),
      (items) => items.some((item) => item.label === label),
    );
    await this.#choose(label);
  }

  async accept(): Promise<void> {
    await this.#input.press("Enter");
  }

  /** Types, and accepts once the box has nothing against it. */
  async enter(text: string): Promise<void> {
    await this.type(text);
    const judgement = async () => ({ severity: await this.severity(), message: await this.message() });
    await until(`"${text}" is accepted`, judgement, ({ severity }) => severity !== "error");
    await this.accept();
  }

  async cancel(): Promise<void> {
    await this.#input.press("Escape");
    await this.#widget.waitFor({ state: "hidden" });
  }

  /** Opens the palette with this text; resolves when its list is the one for the text. */
  async #search(text: string): Promise<void> {
    const size = () => readOne(this.#rows, "@aria-setsize");
    // A key that comes while a window is still busy is lost.
    const opened = async () => {
      if (!(await this.#palette.isVisible())) await this.#page.keyboard.press("F1");
      await this.#palette.waitFor({ timeout: 2000 }).catch(() => undefined);
      return size();
    };
    const all = await until("the command palette opens", opened, (count) => count !== "");
    await this.#input.fill(text);
    // All commands are some hundreds. A text leaves fewer, or one row which says that there is none.
    await until(`the palette has looked for "${text}"`, size, (count) => count !== "" && count !== all);
  }

  /** Searches until the row is there (the list does not learn of what extensions add later), and chooses it. */
  async #offer(search: string, label: string, what: string): Promise<void> {
    const offered = async () => {
      await this.#search(search);
      const labels = (await this.items()).map((item) => item.label);
      if (!labels.includes(label)) await this.cancel();
      return labels;
    };
    await until(`${what}: "${label}"`, offered, (labels) => labels.includes(label));
    await this.#choose(label);
  }

  async #choose(label: string): Promise<void> {
    const items = await read(this.#rows, ITEM);
    const id = items.find((row) => row.label === label)?.id ?? "";
    await this.#widget.locator(`#${id}`).click();
  }
}
