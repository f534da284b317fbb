import { build } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const PROCESSES = ["adapter", "clients", "host", "pipe"] as const;

export type Scripts = Readonly<Record<(typeof PROCESSES)[number], string>>;

/**
 * Bundles the processes as the product is bundled, so that what is measured is what is shipped. Within the
 * repository, so that the packages that are not bundled are found.
 */
export async function buildProcesses(): Promise<Scripts> {
  const directory = mkdtempSync(path.join(here, "..", "node_modules", ".bench-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  await build({
    entryPoints: PROCESSES.map((name) => path.join(here, `${name}.ts`)),
    outdir: directory,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    external: ["serialport"],
    logLevel: "warning",
  });
  const file = (name: string) => path.join(directory, `${name}.cjs`);
  return { adapter: file("adapter"), clients: file("clients"), host: file("host"), pipe: file("pipe") };
}
