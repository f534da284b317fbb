import * as vscode from "vscode";
import { PRODUCT } from "../../common/product.ts";
import type { Disposable } from "../../common/disposable.ts";
import { VIEWS } from "../names.ts";
import type { Status } from "./status.ts";
import { markdown } from "./treeItem.ts";

/** The item in the status bar, shown while there is something to say. */
export class StatusItem implements Disposable {
  readonly #item = vscode.window.createStatusBarItem("debugServer", vscode.StatusBarAlignment.Left);

  constructor() {
    this.#item.name = PRODUCT.name;
    this.#item.command = { command: `${VIEWS.serving}.focus`, title: `Show ${PRODUCT.name}` };
  }

  show(status: Status | undefined): void {
    if (status === undefined) return this.#item.hide();
    this.#item.text = status.text;
    this.#item.tooltip = markdown(status.tooltip);
    this.#item.accessibilityInformation = { label: status.spoken };
    this.#item.backgroundColor = status.warning
      ? new vscode.ThemeColor("statusBarItem.warningBackground")
      : undefined;
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }
}
