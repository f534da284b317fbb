import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type TestContext, describe, test } from "node:test";
import { ROOT } from "../support/fixtures.ts";
import { skipWithout } from "../support/parts.ts";
import { TestProcess } from "../support/process.ts";

/** What scripts/tools.sh defines, used in a folder that looks like the repository. */
function withTools(directory: string, script: string, env: Record<string, string> = {}): TestProcess {
  const text = `. "${ROOT}/scripts/tools.sh"; as_root() { "$@"; }; ${script}`;
  return new TestProcess("bash", ["-c", text, "setup"], { cwd: directory, env: { ...process.env, ...env } });
}

function folder(t: TestContext): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), "dss-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const HOLDER = `
import fcntl, sys
lock = open(sys.argv[1], "a")
fcntl.lockf(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.readline()
`;

test("a download is tried three times", async (t) => {
  const script = `
    sleep() { :; }
    attempt() { tries=$((tries + 1)); [ "$tries" = "$1" ]; }
    for needed in 1 3 4; do tries=0; retry attempt "$needed"; echo "$needed: $? after $tries"; done`;
  const setup = withTools(folder(t), script);
  t.after(() => setup.kill());
  await setup.waitLine(/^1: 0 after 1$/);
  await setup.waitLine(/^3: 0 after 3$/);
  await setup.waitLine(/^4: 1 after 3$/);
});

test("npm runs no install script of a dependency, and our commands set up without it, too", () => {
  assert.match(readFileSync(`${ROOT}/.npmrc`, "utf8"), /^ignore-scripts=true$/m);
  const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as {
    scripts: Record<string, string>;
  };
  // npm does not run those with that setting. The one of `npm pack` is asked for by hand.
  const besides = Object.keys(scripts).filter((name) => /^(pre|post)/.test(name));
  assert.deepEqual(besides, ["prepack"]);
});

describe("the last lines of npm test say what was left out", () => {
  type Scripts = readonly { name: string; reason: string; rootCommand: string }[];
  const told = async (skipped: Record<string, string[]>, scripts: Scripts): Promise<string[]> => {
    const { leftOut } = (await import(pathToFileURL(`${ROOT}/scripts/leftOut.mjs`).href)) as {
      leftOut: (skippedIn: Map<string, string[]>, scripts: Scripts, hasSudo: boolean) => string[];
    };
    return leftOut(new Map(Object.entries(skipped)), scripts, true);
  };
  const line = (parts: string) => `  ﹣ a test (0.1ms) # left out without ${parts}`;
  const packages = {
    name: "gdb chromium",
    reason: "needs root",
    rootCommand: "apt-get install gdb chromium",
  };

  test("nothing, where nothing was", async () => {
    assert.deepEqual(await told({ unit: [], e2e: ["  ﹣ another (0.1ms) # Windows"] }, []), []);
  });

  test("the groups, the parts, why, and what root can install", async () => {
    const lines = await told(
      { unit: [], integration: [line("lldb"), line("gdb, lldb")], e2e: [line("chromium")] },
      [packages],
    );
    assert.deepEqual(lines.slice(2), [
      "  integration: the tests with gdb, lldb",
      "  e2e: the tests with chromium",
      "What could not be set up:",
      "  gdb chromium (needs root)",
      "To run them, too: sudo sh -c 'apt-get install gdb chromium' && npm test -- integration e2e",
    ]);
  });

  test("another attempt, where a download failed", async () => {
    const failed = { name: "vscode", reason: "ECONNRESET", rootCommand: "" };
    assert.equal(
      (await told({ e2e: [line("vscode")] }, [failed])).at(-1),
      "To run them, too: npm test -- e2e",
    );
  });

  test("a clone of root's, where root has to run them", async () => {
    const last = (await told({ integration: [line("gdb, otherUser (needs root)")] }, [packages])).at(-1);
    assert.match(last ?? "", /sudo sh -c 'git clone .* && npm test -- integration'$/);
  });

  test("as test/support/parts.ts and scripts/tools.sh write it", async (t) => {
    const directory = folder(t);
    const setup = withTools(
      directory,
      `skip gdb "needs root" "apt-get install gdb"; cat "$left_out"; echo done`,
    );
    t.after(() => setup.kill());
    await setup.waitLine(/^setup: skipped: gdb \(needs root\)$/);
    await setup.waitLine(/^gdb\tneeds root\tapt-get install gdb$/);
    const text = readFileSync(`${ROOT}/test/support/parts.ts`, "utf8");
    assert.match(text, /`left out without \$\{/);
  });
});

describe("set-up beside another package manager", { skip: skipWithout("debugpy") }, () => {
  for (const [name, lock, command] of [
    ["package lists", "lists/lock", "update"],
    ["downloads", "cache/archives/lock", "clean"],
  ] as const)
    test(`apt's lock of its ${name} is waited for`, async (t) => {
      const directory = folder(t);
      for (const made of ["lists/partial", "cache/archives/partial", "dpkg"])
        mkdirSync(path.join(directory, made), { recursive: true });
      writeFileSync(path.join(directory, "sources.list"), "");
      writeFileSync(path.join(directory, "dpkg/status"), "");
      // An apt of the test's own: its lists, downloads and installed packages are in this folder.
      writeFileSync(
        path.join(directory, "apt.conf"),
        `Dir::State::lists "${directory}/lists"; Dir::Cache "${directory}/cache"; APT::Sandbox::User "";
         Dir::State::status "${directory}/dpkg/status"; Dir::Etc::sourcelist "${directory}/sources.list";
         Dir::Etc::sourceparts "-"; APT::Update::Post-Invoke-Success "";`,
      );
      const held = path.join(directory, lock);
      const holder = new TestProcess("/usr/bin/python3", ["-c", HOLDER, held]);
      t.after(() => holder.kill());
      await holder.waitLine(/^held$/);
      const env = { APT_CONFIG: path.join(directory, "apt.conf") };
      const setup = withTools(directory, `apt_get ${command}; echo "ended with $?"; cat "$log"`, env);
      t.after(() => setup.kill());
      await setup.waitLine(/waits for another package manager/);
      holder.child.stdin?.write("\n");
      await setup.waitLine(/^ended with 0$/);
    });
});
