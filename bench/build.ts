import { build } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const PROCESSES = ["adapter", "clients", "flooder", "guests", "host", "pipe"] as const;

type Process = (typeof PROCESSES)[number];

export type Scripts = Readonly<Record<Process, string>> & {
  /** The host process of another work tree, to be measured beside ours. */
  readonly against?: string;
};

/**
 * Bundles the processes as the product is bundled, so that what is measured is what is shipped. Within the
 * repository, so that the packages that are not bundled are found. `against` is the directory of another work tree.
 */
export async function buildProcesses(against?: string): Promise<Scripts> {
  const modules = path.join(here, "..", "node_modules");
  const directory = mkdtempSync(path.join(modules, ".bench-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  await build({
    entryPoints: {
      ...Object.fromEntries(PROCESSES.map((name) => [name, path.join(here, `${name}.ts`)])),
      ...(against !== undefined && { against: path.resolve(against, "bench", "host.ts") }),
    },
    // Where another work tree has none installed.
    nodePaths: [modules],
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
  const scripts = Object.fromEntries(PROCESSES.map((name) => [name, file(name)])) as Record<Process, string>;
  return { ...scripts, ...(against !== undefined && { against: file("against") }) };
}
