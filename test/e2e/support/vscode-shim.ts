#!/usr/bin/env -S node --import tsx
// Stands in for a desktop VS Code: an executable that takes its `--extensionDevelopmentPath=`, `--extensionTestsPath=`
// and folder, and runs the tests in a code-server and a browser. The exit code is the tests' result. To be started in
// the repository's root.
import { inScope } from "./cleanup.ts";
import { startVsCode } from "./server.ts";
import { openWindow } from "./window.ts";

const option = (name: string) => {
  const prefix = `--${name}=`;
  return process.argv.find((arg) => arg.startsWith(prefix))?.slice(prefix.length) ?? "";
};
const folder = process.argv.slice(2).find((arg) => !arg.startsWith("-")) ?? process.cwd();

process.exitCode = await inScope(async (scope) => {
  const code = await startVsCode(scope, { vsix: false, vscodeOptions: ["enable-smoke-test-driver"] });
  const remote = (name: string) => [name, `vscode-remote://127.0.0.1:${code.port}${option(name)}`] as const;
  return new Promise<number>((resolve, reject) => {
    openWindow(scope, code, folder, {
      payload: [remote("extensionDevelopmentPath"), remote("extensionTestsPath")],
      async prepare(page) {
        await page.exposeFunction("codeAutomationExit", resolve);
        await page.exposeFunction("codeAutomationLog", (_type: string, values: readonly unknown[]) => {
          // VS Code's own messages begin otherwise.
          if (/^(not ok|ok|\d+ passed)/.test(String(values[0]))) console.log(...values);
        });
      },
    }).catch(reject);
  });
});
