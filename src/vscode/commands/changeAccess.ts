import * as vscode from "vscode";
import type { App } from "../app.ts";
import { sanitize } from "../../common/sanitize.ts";
import { accessItems } from "./accessItems.ts";
import { chooseGuest } from "./chooseGuest.ts";

export async function changeAccess(app: App, argument: unknown): Promise<void> {
  const guest = await chooseGuest(app, argument, "Change Guest’s Access");
  if (guest === undefined) return;
  const { id, name, access } = guest.info.participant;
  const picked = await vscode.window.showQuickPick(accessItems(access), {
    title: `Change Guest’s Access: ${sanitize(name)}`,
    placeHolder: `What may ${sanitize(name)} do?`,
  });
  if (picked !== undefined) guest.host.setAccess(id, picked.access);
}
