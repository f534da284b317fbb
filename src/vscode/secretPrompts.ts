import * as vscode from "vscode";
import type { FindOptions } from "../security/certificates/find.ts";
import { generatePassword } from "../security/password/generate.ts";
import { harmless } from "./harmless.ts";

/** A guest's question for a server's password; undefined: they gave up. `where`: the connection string, without secrets. */
export function askPassword(where: string): (again: boolean) => Promise<string | undefined> {
  return async (again) =>
    vscode.window.showInputBox({
      title: "Join Debug Server: Password",
      prompt: harmless(`${again ? "That password is wrong. " : ""}The host of ${where} has given it to you.`),
      password: true,
      ignoreFocusOut: true,
    });
}

/** A host's choice of a password, with one to begin with: it can be read, because it is to be passed on. */
export async function choosePassword(title: string): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title,
    prompt: "Guests need it besides the join string. It is never sent, so nobody can read it on the way.",
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
      prompt: harmless(`The passphrase of ${file}`),
      password: true,
      ignoreFocusOut: true,
    }),
};
