import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../common/disposable.ts";
import type { App } from "../app.ts";
import { followSessions } from "../follow.ts";
import { registerLinkHandler } from "../linkHandler.ts";
import { showError } from "../messages.ts";
import { COMMANDS } from "../names.ts";
import { changeAccess } from "./changeAccess.ts";
import { DebugSessions } from "./chooseSession.ts";
import { copyJoinLink } from "./copyJoinLink.ts";
import { copyJoinString } from "./copyJoinString.ts";
import { join } from "./join.ts";
import { leave } from "./leave.ts";
import { removeGuest } from "./removeGuest.ts";
import { runScript } from "./runScript.ts";
import { say } from "./say.ts";
import { showLog } from "./showLog.ts";
import { start } from "./start.ts";
import { stop } from "./stop.ts";

/** The argument is a row of our views (targets.ts), or what VS Code's menus and a keybinding give. */
type Command = (app: App, argument: unknown) => Promise<void>;

/** All commands but that of the views, the link handler, and what happens by itself. */
export function registerCommands(app: App): Disposable {
  const store = new DisposableStore();
  const sessions = store.add(new DebugSessions());
  const commands: Readonly<Record<Exclude<keyof typeof COMMANDS, "refresh">, Command>> = {
    start: (_app, argument) => start(app, sessions, argument),
    stop,
    copyJoinString,
    copyJoinLink,
    join,
    leave,
    removeGuest,
    changeAccess,
    say,
    showLog,
    runScript: (_app, argument) => runScript(app, sessions, argument),
  };
  for (const [name, command] of Object.entries(commands) as [keyof typeof commands, Command][]) {
    store.add(
      vscode.commands.registerCommand(COMMANDS[name], async (argument: unknown) => {
        try {
          await command(app, argument);
        } catch (thrown) {
          // Not awaited: the command is done, whenever the message is.
          void showError(app, thrown);
        }
      }),
    );
  }
  store.add(registerLinkHandler(app));
  store.add(followSessions(app));
  return store;
}
