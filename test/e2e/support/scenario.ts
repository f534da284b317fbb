import { appendFileSync, cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { TOOLS, skipWithout, type Part } from "../../support/parts.ts";
import { startedServers } from "./server.ts";
import { openWindows } from "./window.ts";

const KEPT = path.join(TOOLS, "logs/e2e");
const TEST_MS = 600_000;

export interface ScenarioOptions {
  /** What it needs besides VS Code and the browser. */
  readonly parts?: readonly Part[];
  readonly timeoutMs?: number;
}

/**
 * An end-to-end test. Of one that fails, pictures of the windows and the servers' logs are kept in
 * .tools/logs/e2e/TITLE/.
 */
export function e2e(
  title: string,
  body: (context: TestContext) => Promise<void>,
  options: ScenarioOptions = {},
): void {
  const { parts = [], timeoutMs = TEST_MS } = options;
  const skip = skipWithout("vscode", "chromium", ...parts);
  test(title, { skip, timeout: timeoutMs }, async (context) => {
    const directory = path.join(KEPT, title.replace(/[^\w-]+/g, "-"));
    rmSync(directory, { recursive: true, force: true });
    // A test that hangs is cut off by the runner: what it hangs at must be kept before.
    const soon = setTimeout(() => void keep(directory, "cut off"), timeoutMs - 5000);
    try {
      await body(context);
    } catch (thrown) {
      await keep(directory, thrown);
      throw thrown;
    } finally {
      clearTimeout(soon);
    }
  });
}

async function keep(directory: string, why: unknown): Promise<void> {
  mkdirSync(directory, { recursive: true });
  appendFileSync(path.join(directory, "error.txt"), `${why instanceof Error ? why.stack : String(why)}\n`);
  for (const [index, window] of [...openWindows].entries())
    await window.screenshot(path.join(directory, `${index}-${window.name}.png`)).catch(() => undefined);
  for (const [index, server] of [...startedServers].entries()) {
    const kept = path.join(directory, `${index}-${server.name}`);
    if (existsSync(server.logs)) cpSync(server.logs, kept, { recursive: true });
    appendFileSync(`${kept}.log`, server.process.lines.join("\n"));
  }
}
