import assert from "node:assert/strict";
import { run } from "../support/process.ts";
import { ROOT } from "../support/fixtures.ts";
import { e2e } from "./support/scenario.ts";

// `npm run test:electron`, in the VS Code that we have: the same suite, the same flags.
e2e("the extension-host suite passes", async () => {
  const output = await run(process.execPath, ["test/exthost/electron.mjs"], {
    cwd: ROOT,
    env: { ...process.env, VSCODE_EXECUTABLE: `${ROOT}/test/e2e/support/vscode-shim.ts` },
    timeoutMs: 200_000,
  });
  assert.match(output, /^[1-9]\d* passed, 0 failed$/m);
});
