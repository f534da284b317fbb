import os from "node:os";
import * as vscode from "vscode";
import { newCertificate as make } from "../../security/certificates/newCertificate.ts";
import type { App } from "../app.ts";
import { harmless } from "../harmless.ts";

const TITLE = "Make a Certificate";

/** For `ssl:` and `spipe:` servers of this user. */
export async function newCertificate(_app: App): Promise<void> {
  const name = await vscode.window.showInputBox({
    title: TITLE,
    prompt: "Its name. Guests know the server by its thumbprint, which the join string holds.",
    value: os.hostname(),
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === "" ? "It needs a name." : undefined),
  });
  if (name === undefined) return;
  const { file, certificate } = await make({ name: name.trim() });
  void vscode.window.showInformationMessage(
    harmless(`The certificate “${name}” is in ${file}. Its thumbprint is ${certificate.sha256}.`),
  );
}
