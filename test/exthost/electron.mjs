// `npm run test:electron`: runs the extension-host suite (index.ts) in a desktop VS Code that is downloaded, or in the
// one that VSCODE_EXECUTABLE names. Exit code 1 if a test failed.
import { runTests } from "@vscode/test-electron";
import { build } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const directory = mkdtempSync(join(os.tmpdir(), "dsx-"));
try {
  const suite = join(directory, "suite.cjs");
  await build({
    entryPoints: [join(root, "test/exthost/index.ts")],
    outfile: suite,
    bundle: true,
    platform: "node",
    format: "cjs",
    sourcemap: "inline",
    external: ["vscode"],
    logLevel: "warning",
  });
  await runTests({
    vscodeExecutablePath: process.env.VSCODE_EXECUTABLE,
    extensionDevelopmentPath: root,
    extensionTestsPath: suite,
    launchArgs: [directory],
  });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
