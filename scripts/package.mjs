// `npm run package`: builds NAME-VERSION.vsix for this platform. What goes in is put into a folder of its own first:
// the extension's bundle, what its manifest names, and of the packages that cannot be bundled (serialport, because of
// its native binary) what is needed at run time.
import { createVSIX } from "@vscode/vsce";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file) => JSON.parse(readFileSync(join(root, file), "utf8"));
const manifest = read("package.json");
for (const key of ["scripts", "devDependencies", "files", "bin"]) delete manifest[key]; // Not the extension's.
const DOCUMENTS = ["README.md", "SECURITY.md", "CHANGELOG.md", "LICENSE"];
const vsix = `${manifest.name}-${manifest.version}.vsix`;

mkdirSync(join(root, ".tools"), { recursive: true });
// Its real path, as npm names it to vsce: .tools may be a link.
const stage = realpathSync(mkdtempSync(join(root, ".tools/vsix-")));
try {
  bundle();
  for (const name of [".vscodeignore", "media", "syntaxes", "docs", ...DOCUMENTS].filter((name) =>
    existsSync(join(root, name)),
  ))
    cpSync(join(root, name), join(stage, name), { recursive: true });
  for (const name of runtimePackages())
    cpSync(join(root, name), join(stage, name), { recursive: true, filter: neededAtRunTime });
  writeFileSync(join(stage, "package.json"), JSON.stringify(manifest, undefined, 2));
  await createVSIX({
    cwd: stage,
    packagePath: join(stage, vsix),
    useYarn: false,
    // The sources are not published at an address that links could be completed with.
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  // A test that is about to install the VSIX sees the old one or the new one.
  renameSync(join(stage, vsix), join(root, vsix));
} finally {
  rmSync(stage, { recursive: true, force: true });
}

function bundle() {
  const args = ["esbuild.mjs", "--production", `--outdir=${join(stage, "dist")}`];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error(`esbuild ended with ${status}`);
}

/** Folders of packages that are installed for running, not for development: the lock file knows. */
function runtimePackages() {
  const { packages } = read("package-lock.json");
  return Object.keys(packages).filter(
    (path) => path !== "" && !packages[path].dev && existsSync(join(root, path)),
  );
}

/** Modules, manifests, licences, and the native binaries for this platform ("darwin-x64+arm64" is for two). */
function neededAtRunTime(path) {
  if (statSync(path).isDirectory()) {
    const [, platform, architectures] = /prebuilds[/\\]([a-z0-9]+)-([a-z0-9+]+)$/.exec(path) ?? [];
    const ours = platform === process.platform && architectures.split("+").includes(process.arch);
    return platform === undefined || ours;
  }
  return /\.(js|cjs|node)$/.test(path) || /^(package\.json|LICEN[CS]E.*)$/i.test(basename(path));
}
