import type * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../common/disposable.ts";
import { LiveRows, type RowSource } from "./liveRows.ts";
import type { Row } from "./row.ts";
import { treeItem } from "./treeItem.ts";
import type { Tree } from "./trees.ts";

/** The rows of one of our views. */
export class RowTree implements vscode.TreeDataProvider<Row>, Disposable {
  readonly #rows: LiveRows;
  readonly #store = new DisposableStore();

  constructor({ view, changed }: Tree, source: RowSource) {
    this.#rows = this.#store.add(new LiveRows(source));
    this.#store.add(this.#rows.onChanged(() => changed.fire()));
    this.#store.add(view.onDidChangeVisibility(({ visible }) => this.#rows.see(visible)));
    this.#rows.see(view.visible);
  }

  getTreeItem(row: Row): vscode.TreeItem {
    return treeItem(row);
  }

  async getChildren(row?: Row): Promise<Row[]> {
    return [...(row?.children ?? (await this.#rows.get()))];
  }

  refresh(): Promise<void> {
    return this.#rows.refresh();
  }

  dispose(): void {
    this.#store.dispose();
  }
}
