// How the tests run TypeScript: `compile()` translates all of it before a run, and this file, given to `node --import`, loads
// what came of it. A compiler in each of the tests' many processes took more time than most of their tests. A module stays
// where it is written: `import.meta.url`, stacks and reports name the source.
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { register } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ROOT_URL = new URL("..", import.meta.url).href;
const COMPILED = join(ROOT, "dist/tests");

/** What node needs to run the tests. */
export const NODE_ARGUMENTS = ["--enable-source-maps", "--import", import.meta.url];

// Node imports this file a second time, on the thread where it calls `load`.
if (isMainThread && process.execArgv.includes(import.meta.url)) {
  register(import.meta.url);
  recordTime();
}

/** A hook of node's: the text of a module. */
export function load(url, context, next) {
  if (!url.startsWith(ROOT_URL) || !url.endsWith(".ts")) return next(url, context);
  const source = readFileSync(compiledFile(relative(ROOT, fileURLToPath(url))));
  return { format: "module", shortCircuit: true, source };
}

/** A test file is a process: the seconds from its start to its end are those that a person waits for it. */
function recordTime() {
  const { TEST_TIMES } = process.env;
  const [, file = ""] = process.argv;
  if (TEST_TIMES === undefined || !file.endsWith(".test.ts") || process.execArgv.includes("--test")) return;
  process.on("exit", () => appendFileSync(TEST_TIMES, `${process.uptime()} ${relative(ROOT, file)}\n`));
}

/** Compiles what has changed. */
export async function compile() {
  const started = new Date();
  const entryPoints = ["src", "test"]
    .flatMap((directory) =>
      readdirSync(join(ROOT, directory), { recursive: true, encoding: "utf8" }).map((name) =>
        join(directory, name),
      ),
    )
    .filter((name) => name.endsWith(".ts") && isStale(name));
  if (entryPoints.length === 0) return;
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints,
    absWorkingDir: ROOT,
    outbase: ".",
    // As if each stood beside its source: source maps name it relative to that.
    outdir: ".",
    write: false,
    format: "esm",
    target: "node20.19",
    sourcemap: "inline",
    sourcesContent: false,
  });
  for (const { path, contents } of outputFiles) {
    const file = join(COMPILED, relative(ROOT, path));
    mkdirSync(dirname(file), { recursive: true });
    // Another run may read it at this moment.
    const whole = `${file}.${process.pid}`;
    writeFileSync(whole, contents);
    // A source that changes from now on is newer.
    utimesSync(whole, started, started);
    renameSync(whole, file);
  }
}

function compiledFile(name) {
  return join(COMPILED, name.replace(/\.ts$/, ".js"));
}

/** By the time of change, which no copying or moving sets back. */
function isStale(name) {
  const compiled = statSync(compiledFile(name), { throwIfNoEntry: false });
  if (compiled === undefined) return true;
  const since = compiled.mtimeMs;
  return [join(ROOT, name), fileURLToPath(import.meta.url)].some((file) => statSync(file).ctimeMs >= since);
}
