import { writeFileSync } from "node:fs";
import path from "node:path";
import { type Scope, inScope, temporaryDirectory } from "../../test/e2e/support/cleanup.ts";
import { read } from "../../test/e2e/support/dom.ts";
import { startVsCode } from "../../test/e2e/support/server.ts";
import { until } from "../../test/e2e/support/wait.ts";
import { openWindow, workspace } from "../../test/e2e/support/window.ts";
import { ROOT } from "../../test/support/fixtures.ts";
import { missing } from "../../test/support/parts.ts";
import { run } from "../../test/support/process.ts";
import type { Table } from "../report.ts";
import { median, quantile } from "../statistics.ts";

const WINDOWS = 5;
const AIM_MS = 30;
/** A busy machine takes its time until the last extension runs. */
const START_MS = 120_000;
const OURS = "Debug Server";
/** Does nothing at all: what VS Code measures of it is VS Code itself. */
const EMPTY = "Empty Extension";
/** For comparison also what VS Code brings itself: both are small and start with the window. */
const EXTENSIONS = [OURS, EMPTY, "Merge Conflict", "GitHub Authentication"] as const;

/**
 * How long a new window waits for the extension: loading its code and `activate`, as VS Code itself measures and
 * shows it ("Developer: Show Running Extensions"). Its clock starts for all extensions that start with the window at once,
 * and it loads one after the other: those before count, too. So an empty one stands directly before ours. Each window
 * has an extension host of its own. No rows where VS Code is not installed (scripts/vscode.sh).
 */
export async function activation(): Promise<Table> {
  const times = new Map<string, number[]>(EXTENSIONS.map((name) => [name, []]));
  if ([...missing("vscode"), ...missing("chromium")].length > 0) return table(times);
  await inScope(async (scope) => {
    const code = await startVsCode(scope, { more: [await emptyExtension(scope)] });
    const folder = workspace(scope, { "readme.txt": "" });
    for (let i = 0; i < WINDOWS; i++) {
      // Tall, so that all rows are drawn.
      const window = await openWindow(scope, code, folder, { size: { width: 1000, height: 3000 } });
      await window.command("Developer: Show Running Extensions");
      const rows = window.page.locator(".runtime-extensions-editor .monaco-list-row");
      const running = await until(
        "the extensions have been activated",
        () => read(rows, { name: ".name", time: ".activation-time" }),
        (all) => EXTENSIONS.every((name) => all.some((row) => row.name === name && /\d+ms/.test(row.time))),
        START_MS,
      );
      for (const { name, time } of running) times.get(name)?.push(Number(/(\d+)ms/.exec(time)?.[1]));
      await window.close();
    }
  });
  return table(times);
}

function table(times: ReadonlyMap<string, readonly number[]>): Table {
  const measured = [...times].filter(([, samples]) => samples.length > 0);
  const ours = times.get(OURS) ?? [];
  const empty = times.get(EMPTY) ?? [];
  const ratios = (samples: readonly number[]) => samples.map((time, i) => time / Math.max(1, empty[i] ?? 1));
  return {
    name: "activation",
    title: `Activation in ${WINDOWS} new windows: loading the code and activate (ms)`,
    columns: ["extension", "median", "p90", "least", "/ empty"],
    rows: measured.map(([name, samples]) => [
      name,
      median(samples),
      quantile(samples, 0.9),
      Math.min(...samples),
      median(ratios(samples)),
    ]),
    aims:
      measured.length === 0
        ? []
        : [{ text: `activation under ${AIM_MS} ms`, limit: AIM_MS, measured: median(ours) }],
  };
}

/** The path of a VSIX. VS Code takes extensions in the order of their publishers' names. */
async function emptyExtension(scope: Scope): Promise<string> {
  const cwd = temporaryDirectory(scope);
  const manifest = {
    name: "empty",
    displayName: EMPTY,
    publisher: "bench",
    version: "1.0.0",
    engines: { vscode: "^1.100.0" },
    main: "./extension.cjs",
    files: ["extension.cjs"],
    activationEvents: ["onStartupFinished"],
  };
  writeFileSync(path.join(cwd, "package.json"), JSON.stringify(manifest));
  writeFileSync(path.join(cwd, "extension.cjs"), 'require("vscode"); exports.activate = () => {};');
  const vsix = path.join(cwd, "empty.vsix");
  const args = ["package", "--no-dependencies", "--allow-missing-repository", "--skip-license", "-o", vsix];
  await run(process.execPath, [path.join(ROOT, "node_modules/@vscode/vsce/vsce"), ...args], { cwd });
  return vsix;
}
