import * as vscode from "vscode";
import { PRODUCT } from "../common/product.ts";
import { Registry } from "../host/registry.ts";
import { DiskSources } from "../host/sourceReader.ts";
import { drainSerialPorts } from "../transport/serial/device.ts";
import type { App } from "./app.ts";
import { commandRunner } from "./commands/runner.ts";
import { Consent } from "./consent.ts";
import { keepContext } from "./contextKeys.ts";
import { guestConfigurations } from "./guest/adapterFactory.ts";
import { createGuest, type Guest } from "./guest/guest.ts";
import { Joins } from "./guest/joins.ts";
import { noteGuests } from "./guestNotices.ts";
import { DebugSessions } from "./host/debugSessions.ts";
import { GuestBreakpoints } from "./host/guestBreakpoints.ts";
import { markHeld } from "./host/heldMarks.ts";
import { Serving } from "./host/serving.ts";
import { SessionTracker } from "./host/tracker.ts";
import { windowList } from "./host/window.ts";
import { askAbout } from "./joinQuestions.ts";
import { JoinRequests } from "./joinRequests.ts";
import { existingValues } from "./language/existing.ts";
import { type Language, startLanguage } from "./language/language.ts";
import { linkHandler } from "./linkHandler.ts";
import { channelLogger } from "./log.ts";
import { type CommandName, GUEST_BREAKPOINTS } from "./names.ts";
import { questionScreen } from "./questionScreen.ts";
import { Recents } from "./recent.ts";
import { certificates } from "./secretPrompts.ts";
import { announcesServers, userName } from "./settings.ts";
import { serveEverySession } from "./startWithSession.ts";
import type { Trees } from "./views/trees.ts";
import { fillTrees, type Views } from "./views/views.ts";

/** The extension proper: what is behind all that `registrations.ts` has registered. */
export interface Main extends Guest, vscode.UriHandler, Pick<Views, "rows">, Pick<Language, "providers"> {
  readonly tracker: SessionTracker;
  readonly configurations: vscode.DebugConfigurationProvider;
  /** Runs a command; what goes wrong is shown. */
  readonly run: (name: CommandName, argument: unknown) => Promise<void>;
  /** Resolves when no breakpoint of a guest of an earlier window is in VS Code's list any more. */
  readonly cleared: () => Promise<void>;
  /** Ends all servers of this window, with a word to their guests. */
  readonly close: () => Promise<void>;
}

/** Composes the extension; everything it makes goes with `context`. */
export function startMain(context: vscode.ExtensionContext, trees: Trees): Main {
  const log = vscode.window.createOutputChannel(PRODUCT.name, { log: true });
  const logger = channelLogger(log);
  const registry = new Registry();
  const folders = () =>
    (vscode.workspace.workspaceFolders ?? [])
      .filter(({ uri }) => uri.scheme === "file")
      .map(({ uri }) => uri.fsPath);
  const requests = new JoinRequests();
  const serving = new Serving({
    logger,
    registry,
    sources: new DiskSources(folders),
    admit: (session) => requests.admit(session),
    certificates,
    announces: announcesServers,
  });
  const joins = new Joins();
  const recents = new Recents(context.globalState, context.secrets);
  const guests = new GuestBreakpoints(windowList, {
    get: () => context.workspaceState.get<unknown>(GUEST_BREAKPOINTS),
    set: (placed) => void context.workspaceState.update(GUEST_BREAKPOINTS, placed),
  });
  const consent = new Consent(context.workspaceState, (question, ...choices) =>
    vscode.window.showWarningMessage(question, ...choices),
  );
  const app: App = {
    context,
    serving,
    requests,
    consent,
    guests,
    joins,
    registry,
    recents,
    preferences: {},
    logger,
    log,
  };
  const tracker = new SessionTracker(serving, { logger, hostName: userName, guests });
  const sessions = new DebugSessions();
  const views = fillTrees(app, trees);
  const language = startLanguage(() => existingValues(registry));
  context.subscriptions.push(
    log,
    joins,
    tracker,
    guests,
    sessions,
    views,
    language,
    noteGuests(app),
    serveEverySession(app),
    keepContext(app, (key, value) => void vscode.commands.executeCommand("setContext", key, value)),
    markHeld(app),
    askAbout(requests, questionScreen),
  );
  return {
    tracker,
    ...createGuest(app, { userName, folders }),
    configurations: guestConfigurations,
    ...linkHandler(app),
    rows: views.rows,
    providers: language.providers,
    cleared: () => guests.cleared(),
    run: commandRunner(app, sessions, () => views.refresh()),
    async close() {
      await Promise.all([joins.leaveAll(), serving.close("The host's window has closed.")]);
      await drainSerialPorts();
    },
  };
}
