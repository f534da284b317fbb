// Runs the tests, the fast ones first, and ends with `N passed, N failed` over all groups.
// `node scripts/test.mjs [GROUP|FILE …]`; without a word all groups but those of `ASKED_FOR`. The whole output of a group,
// and the seconds of each of its files, are left in .tools/logs/.
import { spawn, spawnSync } from "node:child_process";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { leftOut } from "./leftOut.mjs";
import { NODE_ARGUMENTS, compile } from "./testTypescript.mjs";

const GROUPS = {
  unit: ["test/unit", "test/support"],
  grammar: ["test/grammar"],
  fuzz: ["test/fuzz"],
  integration: ["test/integration"],
  e2e: ["test/e2e"],
  long: ["test/walk", "test/matrix"],
  windows: ["test/long"],
};
/** These run only where they are named; `long` is both. */
const ASKED_FOR = ["long", "windows"];
const LOGS = ".tools/logs";
const STARTED = Date.now();

const wanted = process.argv.slice(2);
const files = wanted.filter((name) => name.endsWith(".ts"));
const names = wanted
  .filter((name) => !name.endsWith(".ts"))
  .flatMap((name) => (name === "long" ? ASKED_FOR : name));
const groups =
  files.length > 0
    ? { files }
    : Object.fromEntries(Object.entries(GROUPS).map(([name, dirs]) => [name, dirs.flatMap(testsIn)]));
const unknown = names.find((name) => !(name in groups));
if (unknown !== undefined) {
  console.error(`There is no test group "${unknown}"; there are ${Object.keys(groups).join(", ")}.`);
  process.exit(2);
}

if (!setUp()) {
  console.log("\n0 passed, 1 failed");
  process.exit(1);
}
mkdirSync(LOGS, { recursive: true });
await compile();
const skippedIn = new Map();
const total = { pass: 0, fail: 0, skipped: 0 };
for (const [name, paths] of Object.entries(groups)) {
  if (names.length > 0 ? !names.includes(name) : ASKED_FOR.includes(name)) continue;
  console.log(`\n${name} (${paths.length} files)`);
  const summary = await run(name, paths);
  for (const key of Object.keys(total)) total[key] += summary[key];
}
for (const file of logsWithSecrets()) {
  console.log(`${file} holds a password of the tests.`);
  total.fail += 1;
}
for (const line of leftOut(skippedIn)) console.log(line);
console.log(
  `\n${total.pass} passed, ${total.fail} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`,
);
process.exit(total.fail > 0 || total.pass === 0 ? 1 : 0);

/** Adapters, VS Code and a browser only for what uses them. */
function setUp() {
  const paths = names.length > 0 ? names.flatMap((name) => groups[name]) : Object.values(groups).flat();
  const alone = paths.every((path) => /^test\/(unit|support|grammar|fuzz)\//.test(path));
  const args = ["scripts/setup.mjs", ...(alone ? [] : ["--tests"])];
  return spawnSync(process.execPath, args, { stdio: "inherit" }).status === 0;
}

function testsIn(directory) {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => join(directory, file))
    .sort();
}

/** Node's own runner; what failed, what was skipped and the runner's closing lines are shown, the rest goes to the log. */
async function run(name, paths) {
  const log = join(LOGS, `${name}.log`);
  const times = resolve(LOGS, `${name}.times`);
  rmSync(times, { force: true });
  const output = createWriteStream(log);
  // Two VS Codes, a browser and what they debug are busy enough.
  const concurrency = paths.some((path) => /^test\/(e2e|long)\//.test(path)) ? 1 : 2;
  const args = [...NODE_ARGUMENTS, "--test", `--test-concurrency=${concurrency}`, "--test-reporter=spec"];
  const child = spawn(process.execPath, [...args, ...paths], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, FORCE_COLOR: "0", NO_COLOR: "1", TEST_TIMES: times },
  });
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const code = await new Promise((resolve) => child.on("close", resolve));
  await new Promise((resolve) => output.end(resolve));
  const text = readFileSync(log, "utf8");
  const at = text.lastIndexOf("\nℹ tests ");
  const failures = text.indexOf("\n✖ failing tests:");
  const skipped = text.split("\n").filter((line) => line.includes(" # "));
  // How many inputs and walks there were, and the seed by which they are the same again.
  console.log(text.match(/^ℹ (?:fuzz|walk) .*$/gm)?.join("\n") ?? "");
  skippedIn.set(name, skipped);
  if (skipped.length > 0) console.log(skipped.map((line) => line.trim()).join("\n"));
  console.log(slowest(times));
  console.log(text.slice(at + 1, failures < 0 ? undefined : failures).trimEnd());
  if (failures >= 0) console.log(text.slice(failures).trimEnd());
  const count = (word) => Number(new RegExp(`^ℹ ${word} (\\d+)`, "m").exec(text.slice(at))?.[1] ?? 0);
  const summary = {
    pass: count("pass"),
    fail: count("fail") + count("cancelled"),
    skipped: count("skipped"),
  };
  // A file that died without a word is a failure, whatever the counts say.
  if (code !== 0 && summary.fail === 0) {
    console.log(`The runner ended with code ${code}; the end of ${log}:\n${text.slice(-3000)}`);
    summary.fail = 1;
  }
  return summary;
}

/** The ten files whose processes lived longest (testTypescript.mjs writes `SECONDS FILE` at the end of each). */
function slowest(times) {
  const lines = existsSync(times) ? readFileSync(times, "utf8").trimEnd().split("\n") : [];
  const files = lines.map((line) => line.split(" ", 2)).sort(([one], [other]) => other - one);
  const rows = files
    .slice(0, 10)
    .map(([seconds, file]) => `${Number(seconds).toFixed(1).padStart(7)} s  ${file}`);
  return ["slowest files:", ...rows].join("\n");
}

/** Passwords of tests begin with this, so that where one has come to can be looked for. */
function logsWithSecrets() {
  const files = readdirSync(LOGS, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return (
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      // Logs of earlier runs are nothing of this one.
      .filter((file) => statSync(file).mtimeMs >= STARTED && readFileSync(file).includes("zq7Kx"))
  );
}
