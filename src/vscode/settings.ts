import * as vscode from "vscode";
import { shownName } from "../common/shown.ts";
import { defaultName } from "../guest/identity.ts";
import { SETTINGS } from "./names.ts";

/** How others see the person at this window. */
export function userName(): string {
  const name = read(SETTINGS.name);
  return typeof name === "string" && name.trim() !== "" ? shownName(name) : defaultName();
}

/** The servers that start with every debug session, as they are written: they may be wrong. */
export function serversOfEverySession(): string[] {
  const texts = read(SETTINGS.startWithSession);
  return Array.isArray(texts) ? texts.filter((text): text is string => typeof text === "string") : [];
}

/** Settings are of any shape that somebody has written. */
function read(name: string): unknown {
  return vscode.workspace.getConfiguration(SETTINGS.section).get<unknown>(name);
}
