import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { createVSIX } from "@vscode/vsce";
import { ROOT } from "../../support/fixtures.ts";
import { run } from "../../support/process.ts";

/** What the VSIX is made of. */
const SOURCES = [
  "src",
  "syntaxes",
  "media",
  ".vscodeignore",
  "package.json",
  "package-lock.json",
  "esbuild.mjs",
  "scripts/package.mjs",
];

let built: Promise<string> | undefined;

/** The path of the VSIX of the present sources; built if that has not been done (scripts/package.mjs). */
export function packaged(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const { name, version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
    name: string;
    version: string;
  };
  const vsix = path.join(ROOT, `${name}-${version}.vsix`);
  const sources = Math.max(...SOURCES.map((source) => modified(path.join(ROOT, source))));
  if (modified(vsix) < sources)
    await run(process.execPath, [path.join(ROOT, "scripts/package.mjs")], { cwd: ROOT, timeoutMs: 120_000 });
  return vsix;
}

/** Packs an extension of the tests' own, which needs no packages; returns the path. */
export async function packedExtension(directory: string): Promise<string> {
  const packagePath = path.join(directory, "extension.vsix");
  await createVSIX({
    cwd: directory,
    packagePath,
    dependencies: false,
    allowMissingRepository: true,
    skipLicense: true,
  });
  return packagePath;
}

/** The newest of a file's or a folder's times; 0 if there is none. */
function modified(file: string): number {
  const status = statSync(file, { throwIfNoEntry: false });
  if (!status?.isDirectory()) return status?.mtimeMs ?? 0;
  const below = readdirSync(file, { recursive: true, withFileTypes: true });
  const times = below.map((entry) => statSync(path.join(entry.parentPath, entry.name)).mtimeMs);
  return Math.max(status.mtimeMs, ...times);
}
