import * as vscode from "vscode";
import { format } from "../../address/format.ts";
import type { App } from "../app.ts";
import { note } from "../messages.ts";
import { chooseHost } from "./chooseHost.ts";
import { chooseServer } from "./chooseServer.ts";
import { entryOf, networkOf } from "./find.ts";

export async function copyJoinString(app: App, argument: unknown): Promise<void> {
  const join = await joinStringOf(app, argument, "Copy Join String");
  if (join === undefined) return;
  await vscode.env.clipboard.writeText(join);
  note(`Join string copied: ${join}`);
}

/** Of a server of this window, or of the row of another one on this machine. It holds no password. */
export async function joinStringOf(app: App, argument: unknown, title: string): Promise<string | undefined> {
  const announced = networkOf(argument);
  if (announced !== undefined) return format(announced.address);
  const entry = await entryOf(app.registry, argument);
  if (entry !== undefined) return entry.join;
  const served = await chooseServer(app, argument, title);
  return served && chooseHost(app, served, title);
}
