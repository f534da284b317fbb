import * as vscode from "vscode";

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
