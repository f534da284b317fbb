import * as vscode from "vscode";
import type { Completion } from "../../address/complete.ts";
import type { Span } from "../../address/result.ts";
import { DisposableStore } from "../../common/disposable.ts";
import type { Disposable } from "../../common/disposable.ts";
import { PRODUCT } from "../../common/product.ts";
import { SCRIPT_LANGUAGE } from "../names.ts";
import type { Finding, LanguageFeatures } from "./features.ts";
import { JSON_FEATURES } from "./jsonFeatures.ts";
import { SCRIPT_FEATURES } from "./scriptFeatures.ts";

/** User settings, workspace files and launch configurations are of different schemes: names tell them. */
const JSON_FILES: vscode.DocumentSelector = ["json", "jsonc"].map((language) => ({
  language,
  pattern: "**/{launch.json,settings.json,*.code-workspace}",
}));

const LANGUAGES: readonly (readonly [vscode.DocumentSelector, LanguageFeatures])[] = [
  [{ language: SCRIPT_LANGUAGE }, SCRIPT_FEATURES],
  [JSON_FILES, JSON_FEATURES],
];

const ITEM_KINDS: Readonly<Record<Completion["kind"], vscode.CompletionItemKind>> = {
  command: vscode.CompletionItemKind.Function,
  transport: vscode.CompletionItemKind.Module,
  key: vscode.CompletionItemKind.Property,
  flag: vscode.CompletionItemKind.EnumMember,
  value: vscode.CompletionItemKind.Value,
};

const SEVERITIES: Readonly<Record<Finding["severity"], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
};

/** Completion, hover and diagnostics for scripts, and for connection strings in JSON files. */
export function registerLanguage(): Disposable {
  const store = new DisposableStore();
  for (const [selector, features] of LANGUAGES) {
    store.add(
      vscode.languages.registerCompletionItemProvider(
        selector,
        completionProvider(features),
        ":",
        ",",
        "=",
        ".",
      ),
    );
    store.add(vscode.languages.registerHoverProvider(selector, hoverProvider(features)));
  }
  store.add(publishDiagnostics());
  return store;
}

function completionProvider(features: LanguageFeatures): vscode.CompletionItemProvider {
  return {
    provideCompletionItems: (document, position) =>
      features
        .completionsAt(document.getText(), document.offsetAt(position))
        .map((item, index) => completionItem(item, index, document)),
  };
}

function completionItem(
  from: Completion,
  index: number,
  document: vscode.TextDocument,
): vscode.CompletionItem {
  const item = new vscode.CompletionItem(from.label, ITEM_KINDS[from.kind]);
  item.insertText = from.insertText;
  item.range = rangeOf(from, document);
  item.detail = from.detail;
  item.documentation = from.documentation;
  // The order is that of the tables; the variables that VS Code proposes in every string of a launch.json come later.
  item.sortText = `!${String(index).padStart(3, "0")}`;
  const isHalf = from.kind !== "value" && /[:= ]$/.test(from.insertText);
  if (isHalf) item.command = { command: "editor.action.triggerSuggest", title: "Suggest what follows" };
  return item;
}

function hoverProvider(features: LanguageFeatures): vscode.HoverProvider {
  return {
    provideHover(document, position) {
      const hover = features.hoverAt(document.getText(), document.offsetAt(position));
      if (hover === undefined) return undefined;
      const text = new vscode.MarkdownString()
        .appendCodeblock(hover.title, "plaintext")
        .appendMarkdown(escapeMarkdown(hover.text))
        .appendCodeblock(hover.usage.join("\n"), "plaintext");
      return new vscode.Hover(text, rangeOf(hover, document));
    },
  };
}

/** `MarkdownString.appendText` makes every blank one that does not wrap. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()<>#+.!~|&-]/g, "\\$&");
}

/** Keeps the diagnostics of all open documents up to date. */
function publishDiagnostics(): Disposable {
  const store = new DisposableStore();
  const published = store.add(vscode.languages.createDiagnosticCollection(PRODUCT.name));
  const refresh = (document: vscode.TextDocument) => {
    const features = LANGUAGES.find(([selector]) => vscode.languages.match(selector, document) > 0)?.[1];
    if (features === undefined) return;
    published.set(
      document.uri,
      features.findings(document.getText()).map((each) => diagnostic(each, document)),
    );
  };
  store.add(vscode.workspace.onDidOpenTextDocument(refresh));
  store.add(vscode.workspace.onDidChangeTextDocument(({ document }) => refresh(document)));
  store.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => published.delete(uri)));
  for (const document of vscode.workspace.textDocuments) refresh(document);
  return store;
}

function diagnostic(from: Finding, document: vscode.TextDocument): vscode.Diagnostic {
  // Where something is missing, what stands before it is underlined: an empty range may be invisible.
  const start = from.start === from.end ? Math.max(0, from.start - 1) : from.start;
  const range = rangeOf({ start, end: from.end }, document);
  const shown = new vscode.Diagnostic(range, from.message, SEVERITIES[from.severity]);
  shown.source = PRODUCT.name;
  return shown;
}

function rangeOf({ start, end }: Span, document: vscode.TextDocument): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}
