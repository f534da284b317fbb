import * as vscode from "vscode";
import { PRODUCT } from "./common/product.ts";

/** Composes the extension; everything it makes goes with `context`. */
export function activate(context: vscode.ExtensionContext): void {
  context.subscriptions.push(vscode.window.createOutputChannel(PRODUCT.name, { log: true }));
}
