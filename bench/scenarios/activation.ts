import { inScope } from "../../test/e2e/support/cleanup.ts";
import { read } from "../../test/e2e/support/dom.ts";
import { startVsCode } from "../../test/e2e/support/server.ts";
import { until } from "../../test/e2e/support/wait.ts";
import { openWindow, workspace } from "../../test/e2e/support/window.ts";
import { missing } from "../../test/support/parts.ts";
import type { Table } from "../report.ts";
import { median, quantile } from "../statistics.ts";

const WINDOWS = 5;
const AIM_MS = 30;
/** A busy machine takes its time until the last extension runs. */
const START_MS = 120_000;
/** What VS Code brings itself, for comparison: both are small and start with the window. */
const EXTENSIONS = ["Debug Server", "Merge Conflict", "GitHub Authentication"] as const;

/**
 * How long a new window waits for the extension: loading its code and `activate`, as VS Code itself measures and
 * shows it ("Developer: Show Running Extensions"). Each window has an extension host of its own. No rows where VS Code is
 * not installed (scripts/vscode.sh).
 */
export async function activation(): Promise<Table> {
  const times = new Map<string, number[]>(EXTENSIONS.map((name) => [name, []]));
  if ([...missing("vscode"), ...missing("chromium")].length > 0) return table(times);
  await inScope(async (scope) => {
    const code = await startVsCode(scope);
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
  const ours = median(times.get("Debug Server") ?? []);
  return {
    name: "activation",
    title: `Activation in ${WINDOWS} new windows: loading the code and activate (ms)`,
    columns: ["extension", "median", "p90", "least"],
    rows: measured.map(([name, samples]) => [
      name,
      median(samples),
      quantile(samples, 0.9),
      Math.min(...samples),
    ]),
    aims:
      measured.length === 0 ? [] : [{ text: `activation under ${AIM_MS} ms`, limit: AIM_MS, measured: ours }],
  };
}
