// Fuzzes what reads bytes of peers that have not been let in: `npm run fuzz [SECONDS] [SEED]`, 300 seconds unless said
// otherwise. The same test runs for a few seconds with the others.
import { spawn } from "node:child_process";

const [seconds = "300", seed = ""] = process.argv.slice(2);
if (!/^[1-9]\d{0,5}$/.test(seconds) || !/^(-?\d+)?$/.test(seed)) {
  console.error("Usage: npm run fuzz [SECONDS] [SEED]");
  process.exit(2);
}
const child = spawn(
  process.execPath,
  ["--import", "tsx", "--test", "--test-reporter=spec", "test/integration/fuzz.test.ts"],
  { stdio: "inherit", env: { ...process.env, FUZZ_SECONDS: seconds, FUZZ_SEED: seed } },
);
child.on("exit", (code) => process.exit(code ?? 1));
