import type { App } from "../app.ts";
import type { DebugSessions } from "../host/debugSessions.ts";
import { showError } from "../messages.ts";
import type { CommandName } from "../names.ts";
import { answerWith, joinRequests } from "./answerRequests.ts";
import { copyJoinLink, copyJoinString, copyPassword } from "./copy.ts";
import { changeAccess, removeGuest } from "./guests.ts";
import { join } from "./join.ts";
import { leave } from "./leave.ts";
import { makeCertificate } from "./newCertificate.ts";
import { runScript } from "./runScript.ts";
import { say } from "./say.ts";
import { start } from "./start.ts";
import { stop } from "./stop.ts";

/** The argument is a row of our views (targets.ts), or what VS Code's menus and a keybinding give. */
type Command = (app: App, argument: unknown) => Promise<void>;

/** Runs a command; what goes wrong is shown. `refresh` is the view's own. */
export function commandRunner(
  app: App,
  sessions: DebugSessions,
  refresh: () => Promise<void>,
): (name: CommandName, argument: unknown) => Promise<void> {
  const commands: Readonly<Record<CommandName, Command>> = {
    start: (_app, argument) => start(app, sessions, argument),
    stop,
    copyJoinString,
    copyJoinLink,
    copyPassword,
    join,
    leave,
    removeGuest,
    changeAccess,
    joinRequests,
    allowControl: answerWith("full"),
    allowView: answerWith("view"),
    deny: answerWith(undefined),
    say,
    showLog: async ({ log }) => log.show(),
    newCertificate: makeCertificate,
    runScript: (_app, argument) => runScript(app, sessions, argument),
    refresh,
  };
  return async (name, argument) => {
    try {
      await commands[name](app, argument);
    } catch (thrown) {
      // Not awaited: the command is done, whenever the message is.
      void showError(app, thrown);
    }
  };
}
