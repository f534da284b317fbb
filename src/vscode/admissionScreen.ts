import * as vscode from "vscode";
import { type AdmissionScreen } from "./admission.ts";
import { harmless } from "./harmless.ts";
import { note } from "./messages.ts";

/** The questions of the door as VS Code's own messages. */
export const admissionScreen: AdmissionScreen = {
  ask: (question, choices) => vscode.window.showInformationMessage(harmless(question), ...choices),
  tell: (text) => void vscode.window.showWarningMessage(harmless(text)),
  note,
};
