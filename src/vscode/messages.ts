import * as vscode from "vscode";
import type { ServerAddress } from "../address/model.ts";
import { AppError } from "../common/errors.ts";
import { insecureWarning } from "../host/joinAddresses.ts";
import type { App } from "./app.ts";
import { sanitize, sanitizeText } from "../common/sanitize.ts";

const SHOW_LOG = "Show Log";
const NOTE_MS = 6_000;

/** Something that has gone wrong, with what to do next. Resolves with the choice, if one of `choices` was made. */
export async function showError(
  { log }: Pick<App, "log">,
  thrown: unknown,
  ...choices: readonly string[]
): Promise<string | undefined> {
  const line = AppError.from(thrown).toLine();
  log.error(line);
  const choice = await vscode.window.showErrorMessage(sanitize(line), ...choices, SHOW_LOG);
  if (choice !== SHOW_LOG) return choice;
  log.show();
  return undefined;
}

/** Says something in passing: the user need not click it away. */
export function note(text: string): void {
  vscode.window.setStatusBarMessage(sanitize(text), NOTE_MS);
}

/** Asks whether to do something that cannot be undone or that lets others in. Resolves with the choice; undefined: no. */
export async function confirm(
  question: string,
  detail: string,
  ...choices: readonly string[]
): Promise<string | undefined> {
  return vscode.window.showWarningMessage(
    sanitize(question),
    { modal: true, detail: sanitizeText(detail) },
    ...choices,
  );
}

/** Warns of what the user should not do without knowing; nothing if there is nothing to warn of. */
export function warnInsecure(address: ServerAddress): void {
  const warning = insecureWarning(address);
  if (warning !== undefined) void vscode.window.showWarningMessage(sanitize(`WARNING: ${warning.join(" ")}`));
}
