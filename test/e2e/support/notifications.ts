import type { Locator, Page } from "playwright-core";
import { type PageElement, read } from "./dom.ts";
import { matches, until } from "./wait.ts";

export interface Message {
  readonly severity: "info" | "warning" | "error";
  readonly text: string;
  readonly buttons: readonly string[];
}

/** Notifications in the corner, and modal dialogs. */
export class Notifications {
  readonly #items: Locator;
  readonly #dialog: Locator;

  constructor(page: Page) {
    this.#items = page.locator(".notifications-toasts .notification-list-item");
    this.#dialog = page.locator(".monaco-dialog-box");
  }

  /** Those on the screen, the latest first. Each goes after some seconds, unless it has buttons. */
  async list(): Promise<Message[]> {
    const items = await read(this.#items, {
      text: ".notification-list-item-message",
      icon: ".notification-list-item-icon@class",
    });
    const buttons: string[][] = await this.#items.evaluateAll((all: readonly PageElement[]) =>
      all.map((item) =>
        [...item.querySelectorAll(".notification-list-item-buttons-container .monaco-text-button")].map(
          (button) => button.textContent,
        ),
      ),
    );
    return items.map(({ text, icon }, index) => ({
      text,
      severity: /codicon-(info|warning|error)/.exec(icon)?.[1] as Message["severity"],
      buttons: buttons[index] ?? [],
    }));
  }

  /** Waits for one with this text. */
  async shown(text: string | RegExp): Promise<Message> {
    const list = await until(
      `a notification ${String(text)}`,
      () => this.list(),
      (all) => all.some((item) => matches(item.text, text)),
    );
    const found = list.find((item) => matches(item.text, text));
    if (found === undefined) throw new Error("the notification has gone");
    return found;
  }

  /** Waits for one with this text, and presses its button, or its link that begins so. */
  async press(text: string | RegExp, button: string): Promise<void> {
    await this.shown(text);
    const item = this.#items.filter({ hasText: text }).first();
    await item.hover(); // What is collapsed shows its buttons then.
    const expand = item.locator(".codicon-notifications-expand");
    if (await expand.isVisible()) await expand.click();
    const answer = item
      .locator(".monaco-text-button", { hasText: new RegExp(`^${button}$`) })
      .or(item.locator(".notification-list-item-message a", { hasText: new RegExp(`^${button}\\b`) }));
    await answer.first().click();
    await item.waitFor({ state: "hidden" });
  }

  /** Closes all. */
  async clear(): Promise<void> {
    const close = this.#items.locator(".codicon-notifications-clear").first();
    await until(
      "no notifications",
      async () => {
        if ((await this.#items.count()) === 0) return true;
        await this.#items
          .first()
          .hover({ timeout: 1000 })
          .catch(() => undefined);
        await close.click({ timeout: 1000 }).catch(() => undefined);
        return (await this.#items.count()) === 0;
      },
      Boolean,
    );
  }

  /** Waits for a modal dialog with this text, and presses its button. Returns what it said. */
  async answerDialog(text: string | RegExp, button: string): Promise<string> {
    const said = await until(
      `a dialog ${String(text)}`,
      async () => (await this.#dialog.allInnerTexts()).join("\n"),
      (now) => matches(now, text),
    );
    await this.#dialog.locator(".monaco-text-button", { hasText: new RegExp(`^${button}$`) }).click();
    await this.#dialog.waitFor({ state: "hidden" });
    return said;
  }
}
