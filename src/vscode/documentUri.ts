import * as vscode from "vscode";

/** The document that VS Code shows for the path of a source (DAP: Source). As VS Code does it: a drive's letter is no scheme. */
export function documentUri(path: string): vscode.Uri {
  return /^[a-z][a-z0-9+.-]+:/i.test(path) ? vscode.Uri.parse(path) : vscode.Uri.file(path);
}
