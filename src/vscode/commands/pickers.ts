import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";
import { sanitize } from "../../common/sanitize.ts";
import type { App } from "../app.ts";
import type { DebugSessions } from "../host/debugSessions.ts";
import type { ServableSession, ServedServer } from "../host/serving.ts";
import { sessionIdOf, targetOf } from "./targets.ts";

export interface Pickable<T> extends vscode.QuickPickItem {
  readonly value: T;
}

/**
 * The only one there is, or the one that the person at this window picks; undefined if they do not want to. Throws
 * `none` if there is none.
 */
export async function pickOne<T>(
  items: readonly Pickable<T>[],
  title: string,
  placeHolder: string,
  none: string,
): Promise<T | undefined> {
  const [first, ...others] = items;
  if (first === undefined) throw new AppError("badArguments", none);
  if (others.length === 0) return first.value;
  const shown = items.map((item) => ({ ...item, ...sanitizedParts(item) }));
  const picked = await vscode.window.showQuickPick(shown, {
    title,
    placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.value;
}

/** Labels begin with an icon of ours: what makes them sanitizes the rest. */
function sanitizedParts({ description, detail }: vscode.QuickPickItem): Partial<vscode.QuickPickItem> {
  return { description: description && sanitize(description), detail: detail && sanitize(detail) };
}

/**
 * The session that a command is about: that of the row or of the call stack by which it was called, else the only
 * one, else the one that is picked. Throws an AppError if there is none.
 */
export async function chooseSession(
  { serving }: Pick<App, "serving">,
  sessions: DebugSessions,
  argument: unknown,
  title: string,
): Promise<ServableSession | undefined> {
  const { servable } = serving;
  const row = targetOf(argument, "session", servable);
  if (row !== undefined) return row;
  const id = sessionIdOf(argument);
  if (id !== undefined) {
    const root = sessions.rootId(id);
    const found = servable.find((session) => session.id === root);
    if (found !== undefined) return found;
    throw new AppError("notSupported", "This debug session cannot be served from here.", {
      hint: "One that was joined is served by its host.",
    });
  }
  const active = vscode.debug.activeDebugSession;
  const activeRoot = active && sessions.rootId(active.id);
  const ordered = [...servable].sort((a, b) => Number(b.id === activeRoot) - Number(a.id === activeRoot));
  return pickOne(
    ordered.map((session) => ({
      label: `$(debug-alt) ${sanitize(session.name)}`,
      description: session.type + (session.id === activeRoot ? ", active" : ""),
      value: session,
    })),
    title,
    "Which debug session?",
    "There is no debug session that could be served. Start debugging first.",
  );
}

/**
 * The server of the row by which a command was called, else the only one of this window that the command can be about,
 * else the one that is picked.
 */
export async function chooseServer(
  { serving }: Pick<App, "serving">,
  argument: unknown,
  title: string,
  accept: (served: ServedServer) => boolean = () => true,
): Promise<ServedServer | undefined> {
  const servers = serving.servers.filter(accept);
  return (
    targetOf(argument, "served", servers) ??
    pickOne(
      servers.map((served) => ({
        label: `$(broadcast) ${sanitize(served.hosted.server.connectionString)}`,
        description: sanitize(served.session.name),
        value: served,
      })),
      title,
      "Which server?",
      "This window has no server for that.",
    )
  );
}
