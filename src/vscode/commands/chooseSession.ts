import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";
import type { App } from "../app.ts";
import { sanitize } from "../../common/sanitize.ts";
import type { ServableSession } from "../host/serving.ts";
import { sessionIdOf, targetOf } from "./find.ts";
import { pickOne } from "./pick.ts";

/** The debug sessions of this window, from when the extension is active: VS Code finds none by its id. */
export class DebugSessions implements vscode.Disposable {
  readonly #sessions = new Map<string, vscode.DebugSession>();
  readonly #subscriptions = [
    vscode.debug.onDidStartDebugSession((session) => this.#sessions.set(session.id, session)),
    vscode.debug.onDidTerminateDebugSession(({ id }) => this.#sessions.delete(id)),
  ];

  /** The id of the session that this one is a child of, or of a child of; its own if it is no child. */
  rootId(id: string): string {
    const { activeDebugSession } = vscode.debug;
    let session = this.#sessions.get(id) ?? (activeDebugSession?.id === id ? activeDebugSession : undefined);
    while (session?.parentSession !== undefined) session = session.parentSession;
    return session?.id ?? id;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
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
