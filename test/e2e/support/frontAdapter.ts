import { cpSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { FIXTURES, ROOT } from "../../support/fixtures.ts";
import { temporaryDirectory } from "./cleanup.ts";
import type { VsCodeOptions } from "./server.ts";
import { packedExtension } from "./vsix.ts";

/** A VS Code with an extension of which the debug adapter is a command that launch.json names. VS Code's own js-debug is not there. */
export async function withFrontAdapter(t: TestContext): Promise<VsCodeOptions> {
  const directory = temporaryDirectory(t);
  cpSync(path.join(FIXTURES, "frontAdapter"), directory, { recursive: true });
  return {
    more: [await packedExtension(directory)],
    without: ["ms-vscode.js-debug", "ms-vscode.js-debug-companion"],
    settings: { "debug.allowBreakpointsEverywhere": true },
  };
}

/** `debug-server adapter` in front of that: a command, or where it listens. */
export function behindFront(port: number, adapter: readonly string[] | { readonly listensAt: number }) {
  const real = "listensAt" in adapter ? ["--connect", `127.0.0.1:${adapter.listensAt}`] : ["--", ...adapter];
  const cli = [process.execPath, path.join(ROOT, "dist/cli.cjs")];
  return [...cli, "adapter", "-s", `tcp:port=${port}`, "--quiet", ...real];
}

export function launching(...configurations: Record<string, unknown>[]) {
  return { version: "0.2.0", configurations };
}
