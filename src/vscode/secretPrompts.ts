import * as vscode from "vscode";
import { AppError } from "../common/errors.ts";
import type { FindOptions } from "../security/certificates/find.ts";
import { generatePassword } from "../security/password/generate.ts";
import { sanitize } from "../common/sanitize.ts";

/**
 * A guest's question for a server's password. Rejects with `aborted` if they give up, or the signal does for them.
 * `where`: the connection string, without secrets.
 */
export function askPassword(where: string, signal: AbortSignal): (again: boolean) => Promise<string> {
  return async (again) => {
    const noMore = new vscode.CancellationTokenSource();
    const giveUp = () => noMore.cancel();
    signal.addEventListener("abort", giveUp);
    try {
      const prompt = `${again ? "That password is wrong. " : ""}The host of ${where} can tell you the password.`;
      const options = { title: "Join Debug Server: Password", password: true, ignoreFocusOut: true };
      const value = await vscode.window.showInputBox({ ...options, prompt: sanitize(prompt) }, noMore.token);
      if (value !== undefined) return value;
      throw new AppError("aborted", "The question for the password was not answered.");
    } finally {
      signal.removeEventListener("abort", giveUp);
      noMore.dispose();
    }
  };
}

/** A host's choice of a password, with one to begin with: it can be read, because it is to be passed on. */
export async function choosePassword(title: string): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title,
    prompt:
      "The password that guests need besides the join string. It is never sent, so nobody can read it on the way.",
    value: generatePassword(),
    ignoreFocusOut: true,
    validateInput: (value) => (value === "" ? "A server that others can reach needs a password." : undefined),
  });
}

/** Certificates of this user and this machine; the passphrase of a locked one is asked for. */
export const certificates: FindOptions = {
  passphrase: async (file) =>
    vscode.window.showInputBox({
      title: "Certificate",
      prompt: sanitize(`The passphrase of ${file}`),
      password: true,
      ignoreFocusOut: true,
    }),
};
