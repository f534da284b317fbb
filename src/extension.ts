import * as vscode from "vscode";
import { PRODUCT } from "./common/product.ts";
import { Registry } from "./host/registry.ts";
import { DiskSources } from "./host/sourceReader.ts";
import { admission } from "./vscode/admission.ts";
import { admissionScreen } from "./vscode/admissionScreen.ts";
import type { App } from "./vscode/app.ts";
import { registerCommands } from "./vscode/commands/register.ts";
import { registerGuest } from "./vscode/guest/register.ts";
import { Joins } from "./vscode/guest/joins.ts";
import { Serving } from "./vscode/host/serving.ts";
import { SessionTracker } from "./vscode/host/tracker.ts";
import { registerLanguage } from "./vscode/language/register.ts";
import { channelLogger } from "./vscode/log.ts";
import { Recents } from "./vscode/recent.ts";
import { userName } from "./vscode/settings.ts";
import { registerViews } from "./vscode/views/register.ts";

let current: App | undefined;

/** Composes the extension; everything it makes goes with `context`. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel(PRODUCT.name, { log: true });
  const logger = channelLogger(log);
  const registry = new Registry();
  const folders = () =>
    (vscode.workspace.workspaceFolders ?? [])
      .filter(({ uri }) => uri.scheme === "file")
      .map(({ uri }) => uri.fsPath);
  const serving = new Serving({
    logger,
    registry,
    sources: new DiskSources(folders),
    admit: admission(admissionScreen),
  });
  const joins = new Joins();
  const recents = new Recents(context.globalState, context.secrets);
  const app: App = { context, serving, joins, registry, recents, logger, log };
  current = app;
  context.subscriptions.push(
    log,
    joins,
    // First of all: what a session says before that is not heard.
    new SessionTracker(serving, { logger, hostName: userName }),
    registerGuest(app, { userName, folders }),
    registerCommands(app),
    registerViews(app),
    registerLanguage(),
  );
}

/** The window closes or reloads: guests are told, and nothing stays in any listing. */
export async function deactivate(): Promise<void> {
  await current?.serving.close("The host's window has closed.");
  current = undefined;
}
