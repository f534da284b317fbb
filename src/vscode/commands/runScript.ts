import * as vscode from "vscode";
import { parseScript, type ScriptProblem } from "../../address/script.ts";
import { AppError } from "../../common/errors.ts";
import { listClients, listServers } from "../../hub/console.ts";
import type { App } from "../app.ts";
import { isOpen } from "../consent.ts";
import type { DebugSessions } from "../host/debugSessions.ts";
import { hostParticipant, type ServableSession } from "../host/serving.ts";
import { note, showError, warnInsecure } from "../messages.ts";
import { SCRIPT_LANGUAGE } from "../names.ts";
import { chooseSession } from "./pickers.ts";
import { problemLine, runCommands, type ScriptFailure, type ScriptTarget, summary } from "./scriptRun.ts";

const TITLE = "Run Script";
const SCRIPTS = "**/*.dbgsrv";
const MOST_SCRIPTS = 100;

/** Of the editor or the file by which it was called, else of the active editor, else of a file that is picked. */
export async function runScript(app: App, sessions: DebugSessions, argument: unknown): Promise<void> {
  const document = await chooseScript(argument);
  if (document === undefined) return;
  const name = vscode.workspace.asRelativePath(document.uri);
  const script = parseScript(document.getText());
  if (!script.ok) {
    await showProblems(app, document, `${name} is not run. ${problemLine(script.problems)}`, script.problems);
    return;
  }
  const session = await chooseSession(app, sessions, undefined, `${TITLE}: ${name}`);
  if (session === undefined) return;
  const outcome = await runCommands(script.commands, targetFor(app, session));
  for (const line of outcome.output) vscode.debug.activeDebugConsole.appendLine(line);
  const text = summary(name, outcome);
  if (outcome.failures.length === 0) note(text);
  else await showProblems(app, document, text, outcome.failures);
}

function targetFor({ serving, consent }: App, session: ServableSession): ScriptTarget {
  const { sessions } = session;
  return {
    async serve(address) {
      // The script came with the workspace, or lies in it; what it opens is seen before it does.
      if (isOpen(address) && !(await consent.allows("serve your debug session by a script", [address])))
        throw new AppError("refused", "You did not allow this server.");
      const { hosted } = await serving.start(session, address);
      warnInsecure(hosted.server.address);
      return hosted.server.connectionString;
    },
    async end(id) {
      const served = serving.servers.find((each) => each.session === session && each.hosted.id === id);
      if (served === undefined)
        throw new AppError("badArguments", `There is no server ${id} here.`, {
          hint: ".servers shows the numbers.",
        });
      await serving.stop(served);
    },
    servers: () => listServers(sessions.servers.list()),
    clients: () => listClients(sessions.participants(), hostParticipant(session)),
    say(text) {
      const by = hostParticipant(session);
      if (by !== undefined) sessions.say(by, text);
    },
  };
}

async function showProblems(
  app: App,
  document: vscode.TextDocument,
  text: string,
  [first]: readonly (ScriptProblem | ScriptFailure)[],
): Promise<void> {
  const goThere = "Go to Line";
  const choice = await showError(app, new AppError("badArguments", text), goThere);
  if (choice !== goThere || first === undefined) return;
  const start = new vscode.Position(first.line, "start" in first ? first.start : 0);
  const end = new vscode.Position(first.line, "end" in first ? first.end : 0);
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(start, end) });
}

/** A script as it is in its editor, saved or not. */
async function chooseScript(argument: unknown): Promise<vscode.TextDocument | undefined> {
  if (argument instanceof vscode.Uri) return vscode.workspace.openTextDocument(argument);
  const active = vscode.window.activeTextEditor?.document;
  if (active?.languageId === SCRIPT_LANGUAGE) return active;
  const uri = await chooseFile();
  return uri && vscode.workspace.openTextDocument(uri);
}

async function chooseFile(): Promise<vscode.Uri | undefined> {
  const files = await vscode.workspace.findFiles(SCRIPTS, undefined, MOST_SCRIPTS);
  if (files.length === 0) return browse();
  const items = files.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  const other = { label: "$(folder-opened) Another file…", uri: undefined };
  const picked = await vscode.window.showQuickPick([...items, other], {
    title: "Run Script",
    placeHolder: "Which script?",
  });
  return picked === other ? browse() : picked?.uri;
}

async function browse(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: "Run Script",
    openLabel: "Run",
    filters: { "Debug Server scripts": ["dbgsrv"] },
  });
  return chosen?.[0];
}
