import type * as vscode from "vscode";
import type { Main } from "./vscode/main.ts";
import { GUEST_BREAKPOINTS, HOST_BREAKPOINTS } from "./vscode/names.ts";
import {
  createTrees,
  registerCommands,
  registerGuest,
  registerLanguage,
  registerTracker,
} from "./vscode/registrations.ts";

let main: Promise<Main> | undefined;

/** For VS Code to tell which breakpoints it remembers. */
const CLEAR_MS = 2_000;

/** Tells VS Code what there is. All else is loaded when VS Code first asks for it (esbuild.mjs: a bundle of its own). */
export function activate(context: vscode.ExtensionContext): Promise<void> | undefined {
  const load = () => (main ??= import("./vscode/main.ts").then(({ startMain }) => startMain(context, trees)));
  // First of all: what a session says before that is not heard.
  context.subscriptions.push(registerTracker(load));
  const trees = createTrees(load);
  context.subscriptions.push(trees, registerGuest(load), registerCommands(load), registerLanguage(load));
  // What a window left behind that was closed as a guest (guest/hostBreakpoints.ts).
  const left = context.workspaceState.get<readonly unknown[]>(HOST_BREAKPOINTS, []);
  if (left.length > 0) void load();
  // What guests left behind in a window that was not closed in order. VS Code starts no debug session before this is done.
  const guests = context.workspaceState.get<readonly unknown[]>(GUEST_BREAKPOINTS, []);
  return guests.length === 0 ? undefined : cleared(load);
}

async function cleared(load: () => Promise<Main>): Promise<void> {
  const { cleared } = await load();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLEAR_MS)));
  await Promise.race([cleared(), late]);
  clearTimeout(timer);
}

/** The window closes or reloads: guests are told, and nothing stays in any listing. */
export async function deactivate(): Promise<void> {
  await (await main)?.close();
  main = undefined;
}
