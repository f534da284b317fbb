// Fuzzes what reads bytes of peers: `npm run fuzz [SECONDS] [SEED] [TARGET]`, 300 seconds for all targets together unless
// said otherwise. TARGET is one of test/fuzz/targets.ts, or `servers`: real servers, before admission. Each target runs in
// the tests as well, for a few seconds. A failure names the seed by which it is the first case of its target.
import { spawn } from "node:child_process";

const [seconds = "300", seed = "", target = ""] = process.argv.slice(2);
if (!/^[1-9]\d{0,5}$/.test(seconds) || !/^(-?\d+)?$/.test(seed)) {
  console.error("Usage: npm run fuzz [SECONDS] [SEED] [TARGET]");
  process.exit(2);
}
const SERVERS = "test/integration/fuzz.test.ts";
const IN_PROCESS = ["test/fuzz/readers.test.ts", "test/fuzz/ends.test.ts"];
const files = target === "servers" ? [SERVERS] : target === "" ? [...IN_PROCESS, SERVERS] : IN_PROCESS;
const child = spawn(
  process.execPath,
  ["--import", "tsx", "--test", "--test-concurrency=2", "--test-reporter=spec", ...files],
  { stdio: "inherit", env: { ...process.env, FUZZ_SECONDS: seconds, FUZZ_SEED: seed, FUZZ_TARGET: target } },
);
child.on("exit", (code) => process.exit(code ?? 1));
