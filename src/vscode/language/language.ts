import * as vscode from "vscode";
import type { Completion, Existing } from "../../address/complete.ts";
import type { Span } from "../../address/result.ts";
import { DisposableStore } from "../../common/disposable.ts";
import type { Disposable } from "../../common/disposable.ts";
import { PRODUCT } from "../../common/product.ts";
import type { TextFinding, LanguageFeatures } from "./features.ts";
import { JSON_FEATURES } from "./jsonFeatures.ts";
import { SCRIPT_FEATURES } from "./scriptFeatures.ts";
import { type DocumentKind, documentKindOf } from "./selectors.ts";

const FEATURES: Readonly<Record<DocumentKind, LanguageFeatures>> = {
  script: SCRIPT_FEATURES,
  json: JSON_FEATURES,
};

const ITEM_KINDS: Readonly<Record<Completion["kind"], vscode.CompletionItemKind>> = {
  command: vscode.CompletionItemKind.Function,
  transport: vscode.CompletionItemKind.Module,
  key: vscode.CompletionItemKind.Property,
  flag: vscode.CompletionItemKind.EnumMember,
  value: vscode.CompletionItemKind.Value,
};

const SEVERITIES: Readonly<Record<TextFinding["severity"], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
};

export interface Language extends Disposable {
  readonly providers: Readonly<Record<DocumentKind, vscode.CompletionItemProvider & vscode.HoverProvider>>;
}

/** Completion and hover; diagnostics are published until it is disposed. */
export function startLanguage(existing: () => Promise<Existing>): Language {
  const provider = (features: LanguageFeatures) => ({
    ...completionProvider(features, existing),
    ...hoverProvider(features),
  });
  const diagnostics = publishDiagnostics();
  return {
    providers: { script: provider(FEATURES.script), json: provider(FEATURES.json) },
    dispose: () => diagnostics.dispose(),
  };
}

function completionProvider(
  features: LanguageFeatures,
  existing: () => Promise<Existing>,
): vscode.CompletionItemProvider {
  return {
    async provideCompletionItems(document, position) {
      const offset = document.offsetAt(position);
      if (features.completionsAt(document.getText(), offset).length === 0) return [];
      const items = features.completionsAt(document.getText(), offset, await existing());
      return items.map((item, index) => completionItem(item, index, document));
    },
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
    const kind = documentKindOf(document);
    if (kind === undefined) return;
    published.set(
      document.uri,
      FEATURES[kind].findings(document.getText()).map((each) => diagnostic(each, document)),
    );
  };
  store.add(vscode.workspace.onDidOpenTextDocument(refresh));
  store.add(vscode.workspace.onDidChangeTextDocument(({ document }) => refresh(document)));
  store.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => published.delete(uri)));
  for (const document of vscode.workspace.textDocuments) refresh(document);
  return store;
}

function diagnostic(from: TextFinding, document: vscode.TextDocument): vscode.Diagnostic {
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
