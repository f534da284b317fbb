import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";
import type { Logger } from "../../common/logger.ts";
import { type Session, Sessions } from "../../hub/sessions.ts";
import type { Serving } from "./serving.ts";
import type { GuestBreakpoints } from "./guestBreakpoints.ts";
import { OtherSession } from "./otherSession.ts";
import { windowList, windowSession } from "./window.ts";
import { WindowUpstream } from "./windowUpstream.ts";
import { DEBUG_TYPE } from "../names.ts";

export interface TrackerOptions {
  readonly logger: Logger;
  /** How guests see the person at this window. */
  readonly hostName: () => string;
  readonly guests: GuestBreakpoints;
}

/** A session of this window that is listened to. */
interface Tracked {
  /** The id of the root of its tree. */
  readonly tree: string;
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
  readonly #subscriptions: vscode.Disposable;

  constructor(serving: Serving, options: TrackerOptions) {
    this.#serving = serving;
    this.#options = options;
    const { guests } = options;
    this.#subscriptions = vscode.Disposable.from(
      // One whose debugger runs where no tracker of ours hears it, as in a browser's worker.
      vscode.debug.onDidStartDebugSession(({ id, name }) => {
        if (!guests.hasSession(id)) guests.sessionStarted(id, id, name);
      }),
      vscode.debug.onDidTerminateDebugSession(({ id }) => {
        this.#end(id);
        guests.sessionEnded(id);
      }),
    );
  }

  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker | undefined {
    // Guests of others, and adapters that are wrapped, have a hub of their own already (../guest).
    if (session.type === DEBUG_TYPE) return this.#other(session);
    try {
      return this.#track(session);
    } catch (thrown) {
      this.#complain(thrown);
      return undefined;
    }
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #track(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    // VS Code restarts some sessions under their old id.
    this.#end(session.id);
    const { guests } = this.#options;
    const parent = this.#tracked.get(session.parentSession?.id ?? "");
    const tree = parent?.tree ?? session.id;
    // Before VS Code gives it any breakpoints.
    guests.sessionStarted(session.id, tree, session.name);
    const upstream = new WindowUpstream(windowSession(session, tree), windowList, guests);
    const tracked = this.#join(session, upstream, parent);
    upstream.window = tracked.session.hub.window;
    this.#tracked.set(session.id, tracked);
    upstream.onEnd(() => {
      if (this.#tracked.get(session.id) === tracked) this.#tracked.delete(session.id);
    });
    const guarded = this.#guarded;
    return {
      onWillReceiveMessage: (message) => guarded(() => upstream.heardWindow(message)),
      onDidSendMessage: (message) => guarded(() => upstream.heardAdapter(message)),
      onWillStopSession: () =>
        guarded(() => {
          upstream.ended("The debug session has ended.");
          guests.sessionEnded(session.id);
        }),
      onExit: (code, signal) =>
        guarded(() =>
          upstream.ended(
            `The debug adapter has ended (${signal ?? `exit code ${code ?? "unknown"}`}).`,
            true,
          ),
        ),
    };
  }

  /** A session that this window does not serve gets no guest's breakpoint either. */
  #other(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    const { guests } = this.#options;
    const guarded = this.#guarded;
    const { id } = session;
    guests.sessionStarted(id, id, session.name);
    const other = new OtherSession(windowSession(session, id), guests);
    return {
      onWillReceiveMessage: (message) => guarded(() => other.heardWindow(message)),
      onDidSendMessage: (message) => guarded(() => other.heardAdapter(message)),
      onWillStopSession: () => guarded(() => guests.sessionEnded(id)),
    };
  }

  /** A fault of ours must not disturb VS Code's session. */
  readonly #guarded = (work: () => void): void => {
    try {
      work();
    } catch (thrown) {
      this.#complain(thrown);
    }
  };

  /** A session of its own, or a child of one that is listened to. */
  #join(session: vscode.DebugSession, upstream: WindowUpstream, parent: Tracked | undefined): Tracked {
    if (parent !== undefined) {
      const { tree, sessions } = parent;
      return { tree, upstream, sessions, session: sessions.addChild(parent.session, upstream, session.name) };
    }
    const { logger, hostName, guests } = this.#options;
    const tree = session.id;
    const sessions = new Sessions(upstream, { name: session.name, windowOf: hostName(), logger });
    const [root] = sessions.list();
    if (root === undefined) throw new AppError("internal", "A session without a root.");
    sessions.onSaid(({ line, by }) => {
      if (by?.participant !== sessions.window) vscode.debug.activeDebugConsole.appendLine(line);
    });
    guests.follow(tree, sessions);
    this.#serving.add({ id: session.id, name: session.name, type: session.type, sessions });
    return { tree, upstream, sessions, session: root };
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
