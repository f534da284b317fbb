import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";
import type { Logger } from "../../common/logger.ts";
import { type Session, Sessions } from "../../hub/sessions.ts";
import type { Serving } from "./serving.ts";
import { windowSession } from "./window.ts";
import { WindowUpstream } from "./windowUpstream.ts";
import { DEBUG_TYPE } from "../names.ts";

export interface TrackerOptions {
  readonly logger: Logger;
  /** How guests see the person at this window. */
  readonly hostName: () => string;
}

/** A session of this window that is listened to. */
interface Tracked {
  readonly upstream: WindowUpstream;
  readonly sessions: Sessions;
  readonly session: Session;
}

/**
 * Listens to every debug session of this window from its first message on, because a tracker that comes late hears
 * nothing of what has been. What it hears goes to a hub without clients: a session that has run for an hour can be
 * served with its present state, which the hub keeps within bounds.
 */
export class SessionTracker implements vscode.DebugAdapterTrackerFactory, vscode.Disposable {
  readonly #serving: Serving;
  readonly #options: TrackerOptions;
  readonly #tracked = new Map<string, Tracked>();
  readonly #subscription: vscode.Disposable;

  constructor(serving: Serving, options: TrackerOptions) {
    this.#serving = serving;
    this.#options = options;
    this.#subscription = vscode.debug.onDidTerminateDebugSession(({ id }) => this.#end(id));
  }

  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker | undefined {
    // Guests of others, and adapters that are wrapped, have a hub of their own already (../guest).
    if (session.type === DEBUG_TYPE) return undefined;
    try {
      return this.#track(session);
    } catch (thrown) {
      this.#complain(thrown);
      return undefined;
    }
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #track(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    // VS Code restarts some sessions under their old id.
    this.#end(session.id);
    const upstream = new WindowUpstream(windowSession(session));
    const tracked = this.#join(session, upstream);
    upstream.window = tracked.session.hub.window;
    this.#tracked.set(session.id, tracked);
    upstream.onEnd(() => {
      if (this.#tracked.get(session.id) === tracked) this.#tracked.delete(session.id);
    });
    // A fault of ours must not disturb VS Code's session.
    const guarded = (work: () => void) => {
      try {
        work();
      } catch (thrown) {
        this.#complain(thrown);
      }
    };
    return {
      onWillReceiveMessage: (message) => guarded(() => upstream.heardWindow(message)),
      onDidSendMessage: (message) => guarded(() => upstream.heardAdapter(message)),
      onWillStopSession: () => guarded(() => upstream.ended("The debug session has ended.")),
      onExit: (code, signal) =>
        guarded(() =>
          upstream.ended(
            `The debug adapter has ended (${signal ?? `exit code ${code ?? "unknown"}`}).`,
            true,
          ),
        ),
    };
  }

  /** A session of its own, or a child of one that is listened to. */
  #join(session: vscode.DebugSession, upstream: WindowUpstream): Tracked {
    const parent = this.#tracked.get(session.parentSession?.id ?? "");
    if (parent !== undefined) {
      const { sessions } = parent;
      return { upstream, sessions, session: sessions.addChild(parent.session, upstream, session.name) };
    }
    const { logger, hostName } = this.#options;
    const sessions = new Sessions(upstream, { name: session.name, windowOf: hostName(), logger });
    const [root] = sessions.list();
    if (root === undefined) throw new AppError("internal", "A session without a root.");
    sessions.onSaid(({ line, by }) => {
      if (by?.participant !== sessions.window) vscode.debug.activeDebugConsole.appendLine(line);
    });
    this.#serving.add({ id: session.id, name: session.name, type: session.type, sessions });
    return { upstream, sessions, session: root };
  }

  #end(id: string): void {
    this.#tracked.get(id)?.upstream.ended("The debug session has ended.");
  }

  #complain(thrown: unknown): void {
    this.#options.logger.log(
      "error",
      `A debug session could not be followed: ${AppError.from(thrown).message}`,
    );
  }
}
