import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, describe, test, type TestContext } from "node:test";
import { PYTHON, adapters } from "../support/adapters.ts";
import { fixtures } from "../support/fixtures.ts";
import { skipWithout } from "../support/parts.ts";
import { Relay } from "../support/relay.ts";
import { begin, inspect, setLines } from "../support/scenario.ts";
import { Cli, buildCli } from "./cli/cli.ts";

before(buildCli);

const QUESTIONS = ["threads", "stackTrace", "scopes", "variables"] as const;
/** In each direction; a link of 10 ms and more is far. */
const FAR_MS = 10;

/** debugpy takes some 40 ms for each question: longer than a host asks ahead. */
async function scene(t: TestContext, stackDelay: string) {
  const cli = new Cli(t);
  const record = path.join(cli.directory, "requests");
  // What the adapter is asked is kept; each question reaches it that much later.
  const slow = `import sys,time
log = open(sys.argv[1], "wb", 0)
inp, out = sys.stdin.buffer, sys.stdout.buffer
while True:
    header = inp.readline()
    if not header: break
    inp.readline()
    body = inp.read(int(header.split(b":")[1]))
    log.write(body + b"\\n")
    if b'"stackTrace"' in body: time.sleep(${stackDelay})
    out.write(header + b"\\r\\n" + body)
    out.flush()
`;
  const script = `"$1" -c "$2" "$3" | exec "$1" -m debugpy.adapter`;
  const editor = cli.editor([
    ...["adapter", "-s", "tcp:port=0", "--", "sh", "-c", script, "sh", PYTHON, slow, record],
  ]);
  const { started } = await begin(editor, "debugpy", "launch", adapters.debugpy.session.arguments);
  await setLines(editor, fixtures.python.source, [fixtures.python.line("square")]);
  const [, port] = (await editor.process?.waitLine(/port=(\d+)/)) ?? [];
  const relay = await Relay.start(t, Number(port), FAR_MS);
  const guest = cli.editor(["join", `tcp:server=127.0.0.1,port=${relay.port}`]);
  await begin(guest, "debugpy", "attach", {});
  await guest.request("configurationDone");
  await editor.request("configurationDone");
  assert.equal((await started).success, true);
  const asked = () => {
    const commands = readFileSync(record, "utf8")
      .trim()
      .split("\n")
      .map((line) => String((JSON.parse(line) as { command?: string }).command));
    return QUESTIONS.map((question) => commands.filter((command) => command === question).length);
  };
  return { guest, asked };
}

describe(
  "what is asked ahead for a guest far away is not asked again",
  { skip: skipWithout("debugpy") },
  () => {
    for (const [name, delay] of [
      ["an adapter as quick as it is", "0"],
      ["one that takes longer than it is asked ahead", "0.15"],
      ["one that takes longer than is waited for", "0.7"],
    ] as const)
      test(name, async (t) => {
        const { guest, asked } = await scene(t, delay);
        const stop = await inspect(guest, "n");
        for (let steps = 0; steps < 2; steps++) {
          const before = asked();
          await guest.request("next", { threadId: stop.threadId });
          await inspect(guest);
          assert.deepEqual(
            asked().map((count, index) => count - (before[index] ?? 0)),
            [1, 1, 1, 1],
          );
        }
        guest.assertNoFaults();
      });
  },
);
