import * as vscode from "vscode";
import { sanitize } from "../../common/sanitize.ts";
import { COMMANDS } from "../names.ts";
import type { Icon, Row, Tooltip } from "./row.ts";

export function treeItem(row: Row): vscode.TreeItem {
  const { id, label, description, icon, tooltip, spoken, context } = row.presentation;
  const { None, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(sanitize(label), row.children.length === 0 ? None : Expanded);
  item.id = id;
  item.description = sanitize(description);
  item.iconPath = themeIcon(icon);
  item.tooltip = markdown(tooltip);
  item.accessibilityInformation = { label: spoken };
  item.contextValue = context;
  if (context === "entry") item.command = { command: COMMANDS.join, title: "Join", arguments: [row] };
  return item;
}

/** Neither commands nor icons nor HTML work in it, and what is put in is escaped: it may be a guest's. */
export function markdown({ title, warning, facts }: Tooltip): vscode.MarkdownString {
  const text = new vscode.MarkdownString().appendMarkdown("**").appendText(title).appendMarkdown("**");
  if (warning !== undefined) text.appendMarkdown("\n\n").appendText(warning);
  text.appendMarkdown("\n\n");
  for (const [name, value] of facts) text.appendText(`${name}: ${value}`).appendMarkdown("  \n");
  return text;
}

function themeIcon({ name, color }: Icon): vscode.ThemeIcon {
  return new vscode.ThemeIcon(name, color === undefined ? undefined : new vscode.ThemeColor(color));
}
