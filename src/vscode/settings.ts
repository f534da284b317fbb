import * as vscode from "vscode";
import type { Event } from "../common/event.ts";
import { shownName } from "../common/names.ts";
import { defaultName } from "../guest/identity.ts";
import { SETTINGS } from "./names.ts";

/** How others see the person at this window. */
export function userName(): string {
  const name = read(SETTINGS.name);
  return typeof name === "string" && name.trim() !== "" ? shownName(name) : defaultName();
}

/**
 * The servers that start with every debug session, as they are written: they may be wrong. `own`: those of the user's
 * own settings, on this machine or the remote one; a workspace may say otherwise.
 */
export function serversOfEverySession(): { readonly texts: string[]; readonly own: string[] } {
  const { startWithSession } = SETTINGS;
  const found = vscode.workspace.getConfiguration(SETTINGS.section).inspect<unknown>(startWithSession);
  return { texts: strings(read(startWithSession)), own: strings(found?.globalValue) };
}

function strings(texts: unknown): string[] {
  return Array.isArray(texts) ? texts.filter((text): text is string => typeof text === "string") : [];
}

/** Whether this window's servers are announced on the local network. */
export function announcesServers(): boolean {
  return read(SETTINGS.announce) === true;
}

/** Whether the servers that others announce there are shown. */
export function discoversServers(): boolean {
  return read(SETTINGS.discover) === true;
}

/** A setting of ours, or where it counts, may be another now. VS Code changes its mind while a remote window opens. */
export const onSettingsChanged: Event<void> = (listener) =>
  vscode.workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration(SETTINGS.section)) listener();
  });

/** Settings are of any shape: people write them by hand. */
function read(name: string): unknown {
  return vscode.workspace.getConfiguration(SETTINGS.section).get<unknown>(name);
}
