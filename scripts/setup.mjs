// Makes a fresh checkout ready, with nothing but Node: dependencies, then the bundles; with --tests also what tests use:
// Debian packages (scripts/packages.sh), the real debug adapters (scripts/adapters.sh), VS Code (scripts/vscode.sh). Fast
// when all is there. Exit 1 if a step failed.
import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const windows = process.platform === "win32";

/** Milliseconds; 0 if there is no such file. */
function modified(path) {
  return statSync(`${root}/${path}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** What npm says of a download that another try may bring. */
const BROKEN_DOWNLOAD =
  /\b(ECONN\w+|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|ERR_SOCKET_TIMEOUT|EINTEGRITY|E429|E5\d\d)\b/;

/** Runs a command, and is false if it fails; its output is shown only then, unless it reports its own progress. */
async function step(name, command, args, { ownProgress = false, attempts = 1 } = {}) {
  const start = Date.now();
  const stdio = ownProgress ? "inherit" : ["ignore", "pipe", "pipe"];
  const child = spawn(command, args, { cwd: root, stdio, shell: windows && command === "npm" });
  let output = "";
  child.stdout?.on("data", (text) => (output += text));
  child.stderr?.on("data", (text) => (output += text));
  const code = await new Promise((resolve) => {
    child.once("error", (error) => {
      output += `${error.message}\n`;
      resolve(127);
    });
    child.once("close", (status) => resolve(status ?? 1));
  });
  if (code !== 0 && attempts > 1 && BROKEN_DOWNLOAD.test(output)) {
    console.log(`setup: ${name}: a download failed, trying again`);
    return step(name, command, args, { ownProgress, attempts: attempts - 1 });
  }
  if (code !== 0) {
    const lines = output.trimEnd().split("\n");
    console.error(lines.slice(0, 20).join("\n"));
    console.error(`setup: ${name} failed (exit code ${code})`);
    return false;
  }
  if (!ownProgress) console.log(`setup: ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  return true;
}

const NPM_CI = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
// npm writes the lock file within node_modules when it comes to its end.
const current = modified("node_modules/.package-lock.json") >= modified("package-lock.json");
const ready =
  (current || (await step("npm ci", "npm", NPM_CI, { attempts: 3 }))) &&
  (await step("build", process.execPath, ["esbuild.mjs"])) &&
  (!process.argv.includes("--tests") || (await installTools()));
if (!ready) process.exitCode = 1;

/** All of them, whatever becomes of the others; the packages first, for there are compilers among them. */
async function installTools() {
  if (windows) {
    console.log("setup: what the tests use besides is skipped: it is made for Debian");
    return true;
  }
  const run = (name) => step(name, "bash", [`scripts/${name}.sh`], { ownProgress: true });
  const packages = await run("packages");
  const results = await Promise.all(["adapters", "vscode"].map(run));
  return packages && results.every(Boolean);
}
