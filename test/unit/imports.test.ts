import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

// The layering that ARCHITECTURE.md claims, read from the imports.

const ROOT = fileURLToPath(new URL("../../src", import.meta.url));

/** What each folder may import, besides itself; `*.ts` beside the folders composes and may import all. */
const TRANSPORT = ["address", "common"];
const SECURITY = ["transport", ...TRANSPORT];
const LINK = ["dap", "transport", "common"];
const ENDS = ["link", "security", "dap", "transport", "address", "common"];
const FRONT = ["host", "guest", "hub", ...ENDS];
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  common: [],
  address: ["common"],
  dap: ["common"],
  transport: TRANSPORT,
  security: SECURITY,
  link: LINK,
  hub: ["dap", "common"],
  host: ["hub", ...ENDS],
  guest: ENDS,
  vscode: FRONT,
  adapter: ["dap", "common"],
  cli: ["adapter", ...FRONT],
};

/** Packages that have one place each. */
const ONE_FILE = ["serialport", "node-forge", "@serenity-kit/opaque", "bonjour-service"];

interface Import {
  readonly file: string;
  readonly target: string;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

/** Every import, export-from, dynamic import and require of a source text. */
function importsIn(file: string, text: string): Import[] {
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
  const patterns = [/\bfrom\s*"([^"]+)"/g, /\bimport\s*"([^"]+)"/g, /\b(?:import|require)\s*\(\s*"([^"]+)"/g];
  return patterns.flatMap((pattern) =>
    [...code.matchAll(pattern)].map(([, target = ""]) => ({ file, target })),
  );
}

/** Types vanish at run time. */
function withoutTypes(text: string): string {
  return text.replace(/\b(import|export) type [^;]*;/g, "");
}

const FILES = filesIn(ROOT);
const IMPORTS = FILES.flatMap((file) => importsIn(file, readFileSync(join(ROOT, file), "utf8")));
const packageOf = (target: string) =>
  target
    .split("/")
    .slice(0, target.startsWith("@") ? 2 : 1)
    .join("/");
const isOwn = ({ target }: Import) => target.startsWith(".");

describe("imports", () => {
  test("are found", () => {
    assert.ok(FILES.length > 50);
    assert.ok(IMPORTS.some(({ file, target }) => file === "hub/hub.ts" && target === "../dap/port.ts"));
    const forms =
      'import a from "a"; import type { b } from "b"; export * from "c"; import "d"; await import("e"); require("f")';
    assert.deepEqual(
      importsIn("x", forms)
        .map(({ target }) => target)
        .sort(),
      ["a", "b", "c", "d", "e", "f"],
    );
  });

  test("name their files, with the ending", () => {
    for (const { file, target } of IMPORTS.filter(isOwn)) {
      const path = posix.normalize(posix.join(dirname(file), target));
      assert.ok(FILES.includes(path) || target.endsWith(".json"), `${file} imports ${target}`);
    }
  });

  test("follow the layers", () => {
    for (const { file, target } of IMPORTS.filter(isOwn)) {
      const [from = "", ...inside] = file.split("/");
      if (inside.length === 0) continue;
      const [to = ""] = posix.normalize(posix.join(dirname(file), target)).split("/");
      const allowed = LAYERS[from];
      assert.ok(allowed !== undefined, `src/${from} is in no layer`);
      assert.ok(
        to === from || allowed.includes(to),
        `${file} imports ${target}, but ${from} may only import ${allowed.join(", ") || "nothing"}`,
      );
    }
  });

  test("of vscode are in vscode/ and extension.ts only", () => {
    const users = IMPORTS.filter(({ target }) => target === "vscode").map(({ file }) => file);
    for (const file of users) assert.ok(file === "extension.ts" || file.startsWith("vscode/"), file);
  });

  test("of special packages are in one file each", () => {
    for (const name of ONE_FILE) {
      const users = new Set(
        IMPORTS.filter(({ target }) => packageOf(target) === name).map(({ file }) => file),
      );
      assert.ok(users.size <= 1, `${name}: ${[...users].join(", ")}`);
    }
  });

  test("of the hub are of no socket, no process and no file", () => {
    const allowed = new Set(["node:util", "node:url", "node:path", "node:crypto"]);
    for (const { file, target } of IMPORTS.filter(
      (each) => !isOwn(each) && /^(hub|common)\//.test(each.file),
    )) {
      assert.ok(allowed.has(target), `${file} imports ${target}`);
    }
  });

  test("of the extension's start are few: no window waits for what it may never use", () => {
    const loaded = new Set<string>();
    const packages = new Set<string>();
    const load = (file: string) => {
      if (loaded.has(file)) return;
      loaded.add(file);
      const code = withoutTypes(readFileSync(join(ROOT, file), "utf8")).replace(/\bimport\(.*?\)/g, "");
      for (const each of importsIn(file, code))
        if (isOwn(each)) load(posix.normalize(posix.join(dirname(file), each.target)));
        else packages.add(each.target);
    };
    load("extension.ts");
    assert.deepEqual([...packages], ["vscode"]);
    assert.deepEqual([...loaded].sort(), [
      "extension.ts",
      "vscode/language/selectors.ts",
      "vscode/lazy.ts",
      "vscode/names.ts",
      "vscode/registrations.ts",
    ]);
  });

  test("go round in no circle, those of types included", () => {
    const targets = new Map(FILES.map((file): [string, string[]] => [file, []]));
    for (const { file, target } of IMPORTS.filter(isOwn))
      targets.get(file)?.push(posix.normalize(posix.join(dirname(file), target)));
    assert.deepEqual(circlesIn(targets), []);
  });

  test("in a circle are found, each file that is in one", () => {
    const imports = { a: ["b"], b: ["c", "d"], c: ["a"], d: ["e"], e: ["f"], f: ["e"], g: ["a"] };
    assert.deepEqual(circlesIn(new Map(Object.entries(imports))), [
      ["a", "b", "c"],
      ["e", "f"],
    ]);
  });
});

/** Groups of files of which each reaches all others of its group by imports, in the order of their names. */
function circlesIn(targets: ReadonlyMap<string, readonly string[]>): string[][] {
  const reachedFrom = (start: string) => {
    const reached = new Set<string>();
    const visit = (file: string) => {
      for (const next of targets.get(file) ?? []) {
        if (reached.has(next)) continue;
        reached.add(next);
        visit(next);
      }
    };
    visit(start);
    return reached;
  };
  const reached = new Map([...targets.keys()].map((file) => [file, reachedFrom(file)]));
  const groups = new Map<string, string[]>();
  for (const [file, others] of [...reached].sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (!others.has(file)) continue;
    const [first = file] = [...others].filter((other) => reached.get(other)?.has(file)).sort();
    groups.set(first, [...(groups.get(first) ?? []), file]);
  }
  return [...groups.values()];
}

/** Every name that a source text declares and exports; what it exports from another file is that file's. */
function exportsIn(text: string): string[] {
  const declared =
    /^export (?:declare )?(?:abstract |async )?(?:function\*?|class|const|let|interface|type|enum) (\w+)/gm;
  return [...text.matchAll(declared)].map(([, name = ""]) => name);
}

describe("exported names", () => {
  test("are found", () => {
    const forms =
      "export const a = 1;\nexport async function b() {}\nexport abstract class c {}\nexport type d = a;\nconst e = 2;";
    assert.deepEqual(exportsIn(forms), ["a", "b", "c", "d"]);
  });

  test("have one owner each", () => {
    const owners = new Map<string, string[]>();
    for (const file of FILES)
      for (const name of new Set(exportsIn(readFileSync(join(ROOT, file), "utf8"))))
        owners.set(name, [...(owners.get(name) ?? []), file]);
    const shared = [...owners].filter(([, files]) => files.length > 1);
    assert.deepEqual(shared, []);
  });
});
