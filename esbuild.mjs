// Builds dist/extension.cjs and dist/cli.cjs, and what they load when they need it (APART). `--watch` rebuilds,
// `--production` minifies, `--outdir=DIR` puts them elsewhere.
import { build, context } from "esbuild";
import { readFileSync } from "node:fs";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const watch = process.argv.includes("--watch");
const outdir = process.argv.find((arg) => arg.startsWith("--outdir="))?.slice("--outdir=".length) ?? "dist";

/**
 * A bundle makes a copy of VS Code's namespace, some hundred members, for each of the thirty files that import it. That
 * was most of the extension's activation.
 * @type {import("esbuild").Plugin}
 */
const sharedNamespace = {
  name: "shared-namespace",
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/](vscode[\\/].+|extension)\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const contents = source.replace(
        /^import \* as vscode from "vscode";$/m,
        'const vscode = require("vscode");',
      );
      return { contents, loader: "ts" };
    });
  },
};

/** What is loaded by `import()` only, and when it is: bundles of their own, by name. */
const APART = {
  main: { imported: /\/vscode\/main\.ts$/, entry: "src/vscode/main.ts" },
  forge: { imported: /\/forge\.ts$/, entry: "src/security/certificates/forge.ts" },
  opaque: { imported: /^@serenity-kit\/opaque$/, entry: "@serenity-kit/opaque" },
};

/**
 * V8 takes most of the time of a start for reading code that may never run.
 * @type {import("esbuild").Plugin}
 */
const apart = {
  name: "apart",
  setup(build) {
    for (const [name, { imported }] of Object.entries(APART)) {
      build.onResolve({ filter: imported }, ({ kind }) =>
        kind === "dynamic-import" ? { path: `./${name}.cjs`, external: true } : undefined,
      );
    }
  },
};

/** @type {import("esbuild").BuildOptions} */
const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  sourcemap: "linked",
  minify: process.argv.includes("--production"),
  logLevel: "warning",
  define: { __VERSION__: JSON.stringify(version) },
  // serialport loads a prebuilt native binary by a path relative to its own files: it cannot be bundled.
  external: ["vscode", "serialport"],
  // Its main file is UMD, whose requires no bundler can follow.
  alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
  plugins: [sharedNamespace, apart],
  // By `require`, which is there at once: VS Code waits for a tracker, but not for long.
  supported: { "dynamic-import": false },
};

const bundles = [
  { ...common, entryPoints: ["src/extension.ts"], outfile: `${outdir}/extension.cjs` },
  ...Object.entries(APART).map(([name, { entry }]) => ({
    ...common,
    entryPoints: [entry],
    outfile: `${outdir}/${name}.cjs`,
  })),
  {
    ...common,
    entryPoints: ["src/cli/main.ts"],
    outfile: `${outdir}/cli.cjs`,
    banner: { js: "#!/usr/bin/env node" },
  },
];

if (watch) for (const options of bundles) await (await context(options)).watch();
else await Promise.all(bundles.map((options) => build(options)));
