import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";
import { readPassword } from "../../security/password/secret.ts";
import type { App } from "../app.ts";
import { note } from "../messages.ts";
import { chooseServer } from "./chooseServer.ts";
import { hasPassword } from "./find.ts";

/** For the guests, by another way than the join string. */
export async function copyPassword(app: App, argument: unknown): Promise<void> {
  const served = await chooseServer(app, argument, "Copy Password", hasPassword);
  if (served === undefined) return;
  const { password } = served.hosted.server.address;
  if (password === undefined) throw new AppError("badArguments", "This server has no password.");
  await vscode.env.clipboard.writeText(await readPassword(password));
  note("Password copied");
}
