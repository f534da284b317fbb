import os from "node:os";
import * as vscode from "vscode";
import { newCertificate as make } from "../../security/certificates/newCertificate.ts";
import type { App } from "../app.ts";
import { sanitize } from "../../common/sanitize.ts";

const TITLE = "Make a Certificate";
const COPY = "Copy Thumbprint";

/** For `ssl:` and `spipe:` servers of this user. */
export async function makeCertificate(_app: App): Promise<void> {
  const name = await vscode.window.showInputBox({
    title: TITLE,
    prompt: "Its name. Guests know it by its thumbprint, which the join string holds.",
    value: os.hostname(),
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === "" ? "It needs a name." : undefined),
  });
  if (name === undefined) return;
  const { file, certificate } = await make({ name: name.trim() });
  const text = `The certificate “${name.trim()}” is made, and Start Debug Server offers it. It is in ${file}.`;
  // Not awaited: the command is done, whenever the message is.
  void vscode.window
    .showInformationMessage(sanitize(text), COPY)
    .then((choice) => choice && vscode.env.clipboard.writeText(certificate.sha256));
}
