import * as vscode from "vscode";
import { parseClient } from "../../address/parse.ts";
import { AppError } from "../../common/errors.ts";
import type { App } from "../app.ts";
import { joinLink } from "../joinLink.ts";
import { note } from "../messages.ts";
import { joinStringOf } from "./copyJoinString.ts";

/**
 * Not through `asExternalUri`: that makes a link to this very window, and this one is for somebody else's. A browser
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
