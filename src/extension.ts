import * as vscode from "vscode";
import { PRODUCT } from "./common/product.ts";
import type { Logger } from "./common/logger.ts";
import { GuestAdapters, guestConfigurations } from "./vscode/guest/adapterFactory.ts";
import { Joins } from "./vscode/guest/joins.ts";
import { Serving } from "./vscode/host/serving.ts";
import { SessionTracker } from "./vscode/host/tracker.ts";
import { DEBUG_TYPE } from "./vscode/names.ts";
import os from "node:os";

/** Composes the extension; everything it makes goes with `context`. */
export function activate(context: vscode.ExtensionContext): void {
  const channel = vscode.window.createOutputChannel(PRODUCT.name, { log: true });
  const logger: Logger = { log: (level, message) => channel[level](message) };
  const serving = new Serving({ logger, admit: () => undefined });
  const joins = new Joins();
  const hostName = () => `${os.userInfo().username}@${os.hostname()}`;
  const guests = new GuestAdapters({
    joins,
    serving,
    logger,
    userName: hostName,
    openSession: (join, id, _session, signal) => join.joined.openSession(id, { signal }),
  });
  context.subscriptions.push(
    channel,
    new SessionTracker(serving, { logger, hostName }),
    joins,
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, guests),
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, guestConfigurations),
  );
}
