// What VS Code loads into the extension host as its tests (extensionTestsPath); bundled by electron.mjs.
import "./activation.test.ts";
import { runAll } from "./harness.ts";

/** Called by VS Code; it ends with exit code 1 if this rejects. */
export async function run(): Promise<void> {
  await runAll();
}
