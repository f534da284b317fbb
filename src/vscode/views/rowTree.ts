import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../common/disposable.ts";
import { LiveRows, type RowSource } from "./liveRows.ts";
import type { Row } from "./row.ts";
import { treeItem } from "./treeItem.ts";

/** One of our views. */
export class RowTree implements vscode.TreeDataProvider<Row>, Disposable {
  readonly view: vscode.TreeView<Row>;
  readonly #rows: LiveRows;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<void>());
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(id: string, source: RowSource) {
    this.#rows = this.#store.add(new LiveRows(source));
    this.#store.add(this.#rows.onChanged(() => this.#changed.fire()));
    this.view = this.#store.add(vscode.window.createTreeView<Row>(id, { treeDataProvider: this }));
    this.#store.add(this.view.onDidChangeVisibility(({ visible }) => this.#rows.see(visible)));
    this.#rows.see(this.view.visible);
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
