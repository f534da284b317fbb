import * as vscode from "vscode";
import type { QuestionScreen } from "./joinQuestions.ts";
import { note } from "./messages.ts";

/**
 * Questions as VS Code's progress notifications: only those can be taken back. Their answers are links, since they
 * can have no buttons.
 */
export const questionScreen: QuestionScreen = {
  ask() {
    let message = "";
    let report: (() => void) | undefined;
    let close: () => void = () => {};
    const closed = new Promise<void>((resolve) => (close = resolve));
    // VS Code begins in a later turn.
    void vscode.window.withProgress({ location: vscode.ProgressLocation.Notification }, (progress) => {
      report = () => progress.report({ message });
      report();
      return closed;
    });
    return {
      update(text) {
        if (text === message) return;
        message = text;
        report?.();
      },
      dispose: close,
    };
  },
  note,
};
