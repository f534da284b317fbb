import * as vscode from "vscode";
import type { QuestionScreen } from "./joinQuestions.ts";
import { note } from "./messages.ts";

/**
 * Questions as VS Code's progress notifications: only those can be taken back. They have one button; their other answers
 * are links. Without a button VS Code would show one line, which seldom has room for an answer.
 */
export const questionScreen: QuestionScreen = {
  ask({ label, run }) {
    let message = "";
    let report: (() => void) | undefined;
    let close: () => void = () => {};
    let isClosed = false;
    const closed = new Promise<void>((resolve) => (close = resolve));
    // VS Code takes the button's label here, which its types don't say; else the button reads "Cancel", which is a no, too.
    const cancellable = label as unknown as boolean;
    const location = vscode.ProgressLocation.Notification;
    // VS Code begins in a later turn.
    void vscode.window.withProgress({ location, cancellable }, (progress, { onCancellationRequested }) => {
      report = () => progress.report({ message });
      report();
      onCancellationRequested(() => {
        if (!isClosed) run();
      });
      return closed;
    });
    return {
      update(text) {
        if (text === message) return;
        message = text;
        report?.();
      },
      dispose() {
        isClosed = true;
        close();
      },
    };
  },
  note,
};
