import * as vscode from "vscode";
import type { ServerAddress } from "../../address/model.ts";
import { sanitize } from "../../common/sanitize.ts";
import { checkServer } from "./check.ts";

export type TypedServer =
  | { readonly kind: "server"; readonly text: string; readonly address: ServerAddress }
  | { readonly kind: "back" };

/** Lets somebody type a server's connection string, and says at every letter what is wrong with it. */
export function typeServer(title: string, draft: string): Promise<TypedServer | undefined> {
  const box = vscode.window.createInputBox();
  box.title = title;
  box.placeholder = "tcp:port=5005";
  box.prompt = "Where guests find the session. Enter confirms.";
  box.ignoreFocusOut = true;
  box.buttons = [vscode.QuickInputButtons.Back];
  box.value = draft;
  box.valueSelection = [draft.length, draft.length];
  const validate = () => (box.validationMessage = box.value === "" ? undefined : messageFor(box.value));
  validate();
  return new Promise((resolve) => {
    const finish = (result: TypedServer | undefined) => {
      resolve(result);
      box.dispose();
    };
    box.onDidChangeValue(validate);
    box.onDidTriggerButton(() => finish({ kind: "back" }));
    box.onDidHide(() => finish(undefined));
    box.onDidAccept(() => {
      const checked = checkServer(box.value);
      if (checked.ok) return finish({ kind: "server", text: box.value, address: checked.address });
      box.validationMessage = {
        message: sanitize(checked.message),
        severity: vscode.InputBoxValidationSeverity.Error,
      };
      box.valueSelection = checked.selection;
    });
    box.show();
  });
}

function messageFor(text: string): vscode.InputBoxValidationMessage | undefined {
  const checked = checkServer(text);
  const { Info, Warning, Error: Wrong } = vscode.InputBoxValidationSeverity;
  if (!checked.ok) return { message: sanitize(checked.message), severity: checked.unfinished ? Info : Wrong };
  return checked.warning === undefined
    ? undefined
    : { message: sanitize(`WARNING: ${checked.warning}`), severity: Warning };
}
