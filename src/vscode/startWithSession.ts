import * as vscode from "vscode";
import { format } from "../address/format.ts";
import type { Disposable } from "../common/disposable.ts";
import { AppError } from "../common/errors.ts";
import type { App } from "./app.ts";
import { opensMore } from "./consent.ts";
import type { ServableSession } from "./host/serving.ts";
import { showError, warnInsecure } from "./messages.ts";
import { SETTINGS } from "./names.ts";
import { serversOfEverySession } from "./settings.ts";
import { startAll } from "./startAll.ts";

/** Serves each debug session as it starts, by the servers of the setting. */
export function serveEverySession(app: App): Disposable {
  return app.serving.onSession((session) => void serveFromStart(app, session));
}

async function serveFromStart(app: App, session: ServableSession): Promise<void> {
  const { texts, own } = serversOfEverySession();
  const more = opensMore(texts, own);
  const isAllowed = await app.consent.allows("serve your debug sessions", more);
  const refused = new Set(isAllowed ? [] : more.map((address) => format(address)));
  const failures = await startAll(texts, async (address) => {
    if (refused.has(format(address))) return;
    const { hosted } = await app.serving.start(session, address);
    warnInsecure(hosted.server.address);
  });
  if (failures.length === 0) return;
  const open = "Open Settings";
  const setting = `${SETTINGS.section}.${SETTINGS.startWithSession}`;
  const text = `“${session.name}” is not served as ${setting} says. ${failures.join(" ")}`;
  if ((await showError(app, new AppError("address", text), open)) === open)
    await vscode.commands.executeCommand("workbench.action.openSettings", setting);
}
