import * as vscode from "vscode";
import { SCRIPT_LANGUAGE } from "../names.ts";

const GLOB = "**/*.dbgsrv";
const MAXIMUM = 100;

/** A script as it is in its editor, saved or not. */
export async function chooseScript(argument: unknown): Promise<vscode.TextDocument | undefined> {
  if (argument instanceof vscode.Uri) return vscode.workspace.openTextDocument(argument);
  const active = vscode.window.activeTextEditor?.document;
  if (active?.languageId === SCRIPT_LANGUAGE) return active;
  const uri = await chooseFile();
  return uri && vscode.workspace.openTextDocument(uri);
}

async function chooseFile(): Promise<vscode.Uri | undefined> {
  const files = await vscode.workspace.findFiles(GLOB, undefined, MAXIMUM);
  if (files.length === 0) return browse();
  const items = files.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  const other = { label: "$(folder-opened) Another file…", uri: undefined };
  const picked = await vscode.window.showQuickPick([...items, other], {
    title: "Run Script",
    placeHolder: "Which script?",
  });
  return picked === other ? browse() : picked?.uri;
}

async function browse(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: "Run Script",
    openLabel: "Run",
    filters: { "Debug Server scripts": ["dbgsrv"] },
  });
  return chosen?.[0];
}
