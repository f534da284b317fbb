import * as vscode from "vscode";
import { SCRIPT_LANGUAGE } from "../names.ts";

/** The documents that we know something of: scripts, and JSON files with connection strings in them. */
export const SELECTORS = {
  script: [{ language: SCRIPT_LANGUAGE }],
  // User settings, workspace files and launch configurations are of different schemes: names tell them.
  json: ["json", "jsonc"].map((language) => ({
    language,
    pattern: "**/{launch.json,settings.json,*.code-workspace}",
  })),
} satisfies Readonly<Record<string, vscode.DocumentSelector>>;

export type DocumentKind = keyof typeof SELECTORS;

/** What we know of a document; undefined: nothing. */
export function documentKindOf(document: vscode.TextDocument): DocumentKind | undefined {
  const kinds = Object.keys(SELECTORS) as DocumentKind[];
  return kinds.find((kind) => vscode.languages.match(SELECTORS[kind], document) > 0);
}
