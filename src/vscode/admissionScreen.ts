import * as vscode from "vscode";
import { type AdmissionScreen } from "./admission.ts";
import { note } from "./messages.ts";

/** The questions of the door as VS Code's own messages. */
export const admissionScreen: AdmissionScreen = {
  ask: (question, choices) => vscode.window.showInformationMessage(question, ...choices),
  tell: (text) => void vscode.window.showWarningMessage(text),
  note,
};
