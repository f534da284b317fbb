import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import { packaged } from "../e2e/support/vsix.ts";
import { temporaryDirectory } from "../e2e/support/cleanup.ts";
import { run } from "../support/process.ts";
import { unzip } from "../support/zip.ts";

interface Manifest {
  readonly main: string;
  readonly icon?: string;
  readonly version: string;
  readonly [key: string]: unknown;
}

describe("the VSIX", () => {
  let vsix = "";
  let files = new Map<string, Buffer>();
  let manifest: Manifest;

  before(async () => {
    vsix = await packaged();
    files = unzip(readFileSync(vsix));
    manifest = JSON.parse(files.get("extension/package.json")?.toString() ?? "") as Manifest;
  });

  test("is small", () => {
    assert.ok(statSync(vsix).size < 4 * 1024 * 1024, `${statSync(vsix).size} bytes`);
  });

  test("has the bundle, the documents, the media and serialport, and nothing else", () => {
    const ours = [
      /^\[Content_Types\]\.xml$/,
      /^extension\.vsixmanifest$/,
      /^extension\/(package\.json|readme\.md|changelog\.md|SECURITY\.md|LICENSE\.txt)$/,
      /^extension\/docs\/[A-Z-]+\.md$/,
      /^extension\/dist\/(extension|main|bonjour|forge|opaque)\.cjs$/,
      /^extension\/media\/.+\.(svg|png|md)$/,
      /^extension\/syntaxes\/.+\.json$/,
      // Code, manifests and licences only: no sources, types, tests, maps.
      /^extension\/node_modules\/(serialport|@serialport\/[\w-]+|debug|ms|node-gyp-build|node-addon-api)\/(?!.*\.(d\.ts|map|ts|cpp|h|md)$).+/,
      /^extension\/node_modules\/node-addon-api\/LICENSE\.md$|^extension\/node_modules\/ms\/license\.md$/,
    ];
    const others = [...files.keys()].filter((file) => !ours.some((pattern) => pattern.test(file)));
    assert.deepEqual(others, []);
  });

  test("has a small start, which loads the rest only when it is needed", () => {
    const start = files.get("extension/dist/extension.cjs")?.toString() ?? "";
    assert.ok(start.length < 16 * 1024, `${start.length} characters`);
    const loaded = [...start.matchAll(/\b(?:require|import)\(([^)]*)\)/g)].map(([, what]) => what);
    assert.deepEqual([...new Set(loaded)].sort(), ['"./main.cjs"', '"vscode"']);
    // What is behind "./main.cjs" is not read before it is asked for.
    assert.match(start, /then\(\(?\)?=>[\w$]+\(require\("\.\/main\.cjs"\)/);
  });

  test("has native code for this platform only", () => {
    const native = [...files.keys()].filter((file) => file.endsWith(".node"));
    const folders = new Set(native.map((file) => path.posix.basename(path.posix.dirname(file))));
    assert.equal(folders.size, 1, [...folders].join(" "));
    const [platform, architectures] = ([...folders][0] ?? "").split("-");
    assert.equal(platform, process.platform);
    assert.ok(architectures?.split("+").includes(process.arch), architectures);
  });

  test("has every file that its manifest names", () => {
    const named = new Set(JSON.stringify(manifest).match(/(?<=")\.?\/?(dist|media|syntaxes)\/[^"$]+(?=")/g));
    assert.ok(named.size > 0);
    for (const name of named) {
      const file = path.posix.join("extension", name);
      assert.ok(files.has(file), `${file} is missing`);
    }
  });

  test("says nothing of how it is developed", () => {
    for (const key of ["scripts", "devDependencies", "files", "bin"]) assert.ok(!(key in manifest), key);
  });

  test("can load serialport with its native binary", async (context) => {
    const directory = temporaryDirectory(context);
    for (const [name, content] of files) {
      const file = path.join(directory, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    // The native code itself has to say so.
    const open = `new (require("serialport").SerialPort)({ path: "/dev/none", baudRate: 9600 }, (error) =>
      console.log(error.message))`;
    const output = await run(process.execPath, ["-e", open], { cwd: path.join(directory, "extension") });
    assert.match(output, /cannot open|file not found/i);
  });
});
