// Looks for what tells the hub from the adapter behind it: `npm run walk [SECONDS] [SEED] [ADAPTER]`, an hour for all adapters
// together unless said otherwise. ADAPTER is one of test/walk/grounds.ts. A minute of it is in the tests. What is found names
// the seed of its walk, and the fewest requests that show it.
import { spawn } from "node:child_process";

const [seconds = "3600", seed = "", adapter = ""] = process.argv.slice(2);
if (!/^[1-9]\d{0,5}$/.test(seconds) || !/^\d{0,10}$/.test(seed)) {
  console.error("Usage: npm run walk [SECONDS] [SEED] [ADAPTER]");
  process.exit(2);
}
const child = spawn(
  process.execPath,
  ["--import", "tsx", "--test", "--test-reporter=spec", "test/walk/walk.test.ts"],
  {
    stdio: "inherit",
    env: { ...process.env, WALK_SECONDS: seconds, WALK_SEED: seed, WALK_ADAPTER: adapter },
  },
);
child.on("exit", (code) => process.exit(code ?? 1));
