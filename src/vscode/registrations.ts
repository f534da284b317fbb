import * as vscode from "vscode";
import { type DocumentKind, SELECTORS, documentKindOf } from "./language/selectors.ts";
import { lazy } from "./lazy.ts";
import type { Main } from "./main.ts";
import { COMMANDS, type CommandName, DEBUG_TYPE, SOURCE_SCHEME, VIEWS, type ViewName } from "./names.ts";
import type { Row } from "./views/row.ts";
import type { Tree, Trees } from "./views/trees.ts";

// What VS Code must know of us from the start on. What it does is in main.ts, which is loaded when VS Code first calls:
// most windows never share a debug session, and none should wait for what it does not use.

type Load = () => Promise<Main>;

/** Listens to every debug session. VS Code waits for a tracker before it passes on the first message. */
export function registerTracker(load: Load): vscode.Disposable {
  const tracker = lazy(async () => (await load()).tracker, "createDebugAdapterTracker");
  return vscode.debug.registerDebugAdapterTrackerFactory("*", tracker);
}

/** The debug type `debug-server`, the host's sources, and links. */
export function registerGuest(load: Load): vscode.Disposable {
  const adapters = lazy(async () => (await load()).adapters, "createDebugAdapterDescriptor");
  const configurations = lazy(
    async () => (await load()).configurations,
    "resolveDebugConfigurationWithSubstitutedVariables",
  );
  const files: vscode.FileSystemProvider = {
    // The host's files do not tell of changes.
    onDidChangeFile: new vscode.EventEmitter<vscode.FileChangeEvent[]>().event,
    watch: () => new vscode.Disposable(() => {}),
    ...lazy(async () => (await load()).files, "stat", "readFile", "readDirectory"),
    ...lazy(async () => (await load()).files, "createDirectory", "writeFile", "delete", "rename"),
  };
  return vscode.Disposable.from(
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, adapters),
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, configurations),
    vscode.workspace.registerFileSystemProvider(SOURCE_SCHEME, files, {
      isCaseSensitive: true,
      isReadonly: new vscode.MarkdownString("This is the host’s file, as the debug session there runs it."),
    }),
    vscode.window.registerUriHandler(lazy(load, "handleUri")),
  );
}

export function registerCommands(load: Load): vscode.Disposable {
  const commands = Object.entries(COMMANDS) as [CommandName, string][];
  return vscode.Disposable.from(
    ...commands.map(([name, id]) =>
      vscode.commands.registerCommand(id, async (argument: unknown) => (await load()).run(name, argument)),
    ),
  );
}

/** The three views of our container. VS Code asks for rows when a view is seen. */
export function createTrees(load: Load): Trees & vscode.Disposable {
  const create = (name: ViewName): Tree => {
    const changed = new vscode.EventEmitter<void>();
    const treeDataProvider = {
      onDidChangeTreeData: changed.event,
      ...lazy(async () => (await load()).rows[name], "getTreeItem", "getChildren"),
    };
    return { changed, view: vscode.window.createTreeView<Row>(VIEWS[name], { treeDataProvider }) };
  };
  const trees = { serving: create("serving"), machine: create("machine"), joined: create("joined") };
  const parts = Object.values(trees).flatMap(({ view, changed }) => [view, changed]);
  const all = vscode.Disposable.from(...parts);
  return { ...trees, dispose: () => void all.dispose() };
}

/** Completion, hover and diagnostics for scripts, and for connection strings in JSON files. */
export function registerLanguage(load: Load): vscode.Disposable {
  const kinds = Object.keys(SELECTORS) as DocumentKind[];
  const registrations = kinds.flatMap((kind) => {
    const provider = lazy(
      async () => (await load()).providers[kind],
      "provideCompletionItems",
      "provideHover",
    );
    return [
      vscode.languages.registerCompletionItemProvider(SELECTORS[kind], provider, ":", ",", "=", "."),
      vscode.languages.registerHoverProvider(SELECTORS[kind], provider),
    ];
  });
  // VS Code does not ask for diagnostics: they are published from the first of our documents on.
  const open = (document: vscode.TextDocument) => {
    if (documentKindOf(document) !== undefined) void load();
  };
  vscode.workspace.textDocuments.forEach(open);
  return vscode.Disposable.from(vscode.workspace.onDidOpenTextDocument(open), ...registrations);
}
