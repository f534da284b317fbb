import * as vscode from "vscode";
import type { App } from "../app.ts";
import type { ServedServer } from "../host/serving.ts";
import { hostItems } from "./hostItems.ts";

/**
 * The join string with what guests call this machine, as the person at this window knows it; undefined: they do not
 * want to say. Without a choice nobody is asked.
 */
export async function chooseHost(
  { preferences }: Pick<App, "preferences">,
  { hosted }: ServedServer,
  title: string,
): Promise<string | undefined> {
  const items = hostItems(hosted.server, preferences.host);
  if (items.length === 1) return hosted.join;
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: "What do guests call this machine?",
    matchOnDescription: true,
  });
  if (picked === undefined) return undefined;
  preferences.host = picked.host;
  return picked.join;
}

/** The same by what was chosen before in this window, without a question. */
export function usualJoin({ preferences }: Pick<App, "preferences">, { hosted }: ServedServer): string {
  return hostItems(hosted.server, preferences.host)[0]?.join ?? hosted.join;
}
