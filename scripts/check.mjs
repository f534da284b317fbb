// `npm run check`: types, lint, format, dead code, nothing in the product for tests alone, import rules (a test).
import { spawn } from "node:child_process";

const CHECKS = {
  types: ["tsc", "--noEmit", "-p", "."],
  lint: ["eslint", "--max-warnings=0", "."],
  format: ["prettier", "--check", "--log-level=warn", "."],
  "dead code": ["knip", "--no-progress"],
  // Seen from the product's entries alone (marked by ! in knip.json): what only tests import belongs into test/support.
  "nothing under src for tests alone": ["knip", "--no-progress", "--production"],
  "import rules": ["tsx", "--test", "--test-reporter=dot", "test/unit/imports.test.ts"],
};

const results = await Promise.all(Object.entries(CHECKS).map(run));
for (const { name, code, output } of results) {
  console.log(`${code === 0 ? "ok" : "FAILED"}  ${name}`);
  if (code !== 0) console.log(output);
}
process.exit(results.every(({ code }) => code === 0) ? 0 : 1);

function run([name, [command, ...args]]) {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(`node_modules/.bin/${command}`, args, { shell: process.platform === "win32" });
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => (output += error.message));
    child.on("close", (code) => resolve({ name, code: code ?? 1, output }));
  });
}
