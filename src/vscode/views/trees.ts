import type * as vscode from "vscode";
import type { ViewName } from "../names.ts";
import type { Row } from "./row.ts";

/** A view of ours, and how VS Code is told that its rows have changed. */
export interface Tree {
  readonly view: vscode.TreeView<Row>;
  readonly changed: vscode.EventEmitter<void>;
}

export type Trees = Readonly<Record<ViewName, Tree>>;
