import { cpSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { FIXTURES } from "../support/fixtures.ts";
import { temporaryDirectory } from "../e2e/support/cleanup.ts";
import { e2e } from "../e2e/support/scenario.ts";
import { join, machine, person, serve } from "../e2e/support/share.ts";
import { packedExtension } from "../e2e/support/vsix.ts";
import { until, untilEqual } from "../e2e/support/wait.ts";
import type { TestContext } from "node:test";

/** An extension with a debug adapter that never says `continued`. */
async function quietExtension(t: TestContext): Promise<string> {
  const directory = temporaryDirectory(t);
  const from = path.join(FIXTURES, "quietAdapter");
  for (const file of ["package.json", "extension.cjs"])
    cpSync(path.join(from, file), path.join(directory, file));
  await build({
    entryPoints: [path.join(from, "adapter.ts")],
    outfile: path.join(directory, "adapter.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
    logLevel: "error",
  });
  return packedExtension(directory);
}

const LAUNCH = {
  version: "0.2.0",
  configurations: [
    { type: "quiet", request: "launch", name: "Text", program: "${workspaceFolder}/poem.txt" },
  ],
};

e2e("a guest continues where the adapter sends no continued event: the host's window follows", async (t) => {
  const runtime = machine(t);
  const files = { "poem.txt": "one\ntwo\nthree\nfour\n", ".vscode/launch.json": LAUNCH };
  const more = [await quietExtension(t)];
  const [host, guest] = await Promise.all([
    person(t, "Hana", files, { runtime, more }),
    person(t, "Gil", { "a.txt": "" }, { runtime }),
  ]);
  await host.debug.start("Text");
  await host.debug.stopped(1, "poem.txt");
  const string = await serve(host);
  await join(guest, string, host);
  await guest.debug.stopped(1, "poem.txt");

  await guest.debug.press("Step Over");
  await host.debug.stopped(2, "poem.txt");
  await guest.debug.press("Continue");
  await guest.debug.running();
  await host.debug.running();
  await untilEqual("the host's marked line", () => host.editor.stoppedLine(), 0);
  await until(
    "the host's button to pause",
    () => host.debug.buttons(),
    (labels) => labels.some((label) => label.startsWith("Pause")),
  );
  await guest.debug.press("Pause");
  await host.debug.stopped(2, "poem.txt");
  await guest.debug.stopped(2, "poem.txt");
});
