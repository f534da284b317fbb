import type * as vscode from "vscode";
import { AppError } from "../common/errors.ts";
import type { App } from "./app.ts";
import { checkClient } from "./commands/check.ts";
import { startJoin } from "./commands/join.ts";
import { choice } from "./commands/joinItems.ts";
import { describeAddress, readJoinLink } from "./joinLink.ts";
import { confirm, showError } from "./messages.ts";

/** Links that join a session: `vscode://debug-server.debug-server/join?remote=…`. Anybody can have written them. */
export function linkHandler(app: App): vscode.UriHandler {
  return {
    async handleUri({ path, query }) {
      try {
        await follow(app, path, query);
      } catch (thrown) {
        await showError(app, thrown);
      }
    },
  };
}

async function follow(app: App, path: string, query: string): Promise<void> {
  const text = readJoinLink(path, query);
  if (text instanceof AppError) throw text;
  const checked = checkClient(text);
  if (!checked.ok)
    throw new AppError("address", `The connection string of this link is wrong. ${checked.message}`);
  const wanted = choice(checked.address);
  const join = "Join";
  const answer = await confirm(
    `Join the debug session at ${describeAddress(checked.address)}?`,
    `A link asks for this: ${wanted.name}\n\nGo on if you trust whoever has given it to you. The host will see your name and address.`,
    join,
  );
  if (answer === join) await startJoin(app, wanted);
}
