import * as vscode from "vscode";
import { format } from "../../address/format.ts";
import { parseClient } from "../../address/parse.ts";
import { AppError } from "../../common/errors.ts";
import { readPassword } from "../../security/password/secret.ts";
import type { App } from "../app.ts";
import { hasPassword, type ServedServer } from "../host/serving.ts";
import { joinLink } from "../joinLink.ts";
import { note } from "../messages.ts";
import { hostItems } from "./hostItems.ts";
import { chooseServer } from "./pickers.ts";
import { entryOf, networkOf } from "./targets.ts";

export async function copyJoinString(app: App, argument: unknown): Promise<void> {
  const join = await joinStringOf(app, argument, "Copy Join String");
  if (join === undefined) return;
  await vscode.env.clipboard.writeText(join);
  note(`Join string copied: ${join}`);
}

/** Of a server of this window, or of the row of another one on this machine. It holds no password. */
async function joinStringOf(app: App, argument: unknown, title: string): Promise<string | undefined> {
  const announced = networkOf(argument);
  if (announced !== undefined) return format(announced.address);
  const entry = await entryOf(app.registry, argument);
  if (entry !== undefined) return entry.join;
  const served = await chooseServer(app, argument, title);
  return served && chooseHost(app, served, title);
}

/**
 * Not through `asExternalUri`: that makes a link to this very window, and this one is for another person's. A browser
 * has no scheme of its own: its VS Code is a server's, and guests have the usual one.
 */
export async function copyJoinLink(app: App, argument: unknown): Promise<void> {
  const join = await joinStringOf(app, argument, "Copy Join Link");
  if (join === undefined) return;
  const parsed = parseClient(join);
  if (!parsed.ok) throw new AppError("internal", parsed.message, { hint: parsed.hint });
  const scheme = vscode.env.uiKind === vscode.UIKind.Web ? "vscode" : vscode.env.uriScheme;
  await vscode.env.clipboard.writeText(joinLink(parsed.value, scheme));
  note("Join link copied");
}

/** For the guests, by another way than the join string. */
export async function copyPassword(app: App, argument: unknown): Promise<void> {
  const served = await chooseServer(app, argument, "Copy Password", hasPassword);
  if (served === undefined) return;
  const { password } = served.hosted.server.address;
  if (password === undefined) throw new AppError("badArguments", "This server has no password.");
  await vscode.env.clipboard.writeText(await readPassword(password));
  note("Password copied");
}

/**
 * The join string with what guests call this machine, as the person at this window knows it; undefined: they do not
 * want to say. Without a choice there is no question.
 */
async function chooseHost(
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
