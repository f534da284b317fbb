import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { fixtures } from "../../support/fixtures.ts";
import { skipWithout } from "../../support/parts.ts";
import { begin, inspect, leave, setLines } from "../../support/scenario.ts";
import { noisyLine, serialLine, type SerialLine } from "../../support/serialLines.ts";
import { Cli, buildCli } from "./cli.ts";

before(buildCli);

const { program, source, line: lineOf } = fixtures.javascript;
const NODE = ["--node", program];
const noise = {
  bitErrorRate: 0.0005,
  burstBytes: 32,
  dropRate: 0.00002,
  duplicateRate: 0.00002,
  jitterMs: 5,
};

describe("com", { skip: skipWithout("socat") }, () => {
  for (const [name, lay] of [
    ["over a clean line", serialLine],
    ["over a line with noise", () => noisyLine(115_200, { ...noise, seed: 1 }, { ...noise, seed: 2 })],
  ] as const satisfies readonly (readonly [string, () => Promise<SerialLine>])[]) {
    test(`serve and join ${name}: two servers on one port, a stop, a step, leaving, the end`, async (t) => {
      const line = await lay();
      const cli = new Cli(t);
      t.after(() => line.dispose());
      const strings = [
        `com:port=${line.far},baud=115200,channel=3,access=full`,
        `com:port=${line.far},baud=115200,channel=7`,
      ];
      const serve = await cli.serve(strings, NODE);
      assert.deepEqual(serve.joins, [
        `com:port=${line.far},baud=115200,channel=3`,
        `com:port=${line.far},baud=115200,channel=7`,
      ]);

      // One cable has two ends; each guest is a process of its own, so both cannot have the near one: one after the other.
      const first = cli.editor([
        "join",
        strings[0]?.replace(line.far, line.near).replace(",access=full", "") ?? "",
        "--name",
        "Kim",
      ]);
      await begin(first, "any", "attach", {});
      await setLines(first, source, [lineOf("square")]);
      await first.request("configurationDone");
      const stop = await inspect(first);
      assert.equal(stop.frames[0]?.line, lineOf("square"));
      await serve.reported("joined", "Kim");
      await first.request("next", { threadId: stop.threadId });
      assert.equal((await inspect(first)).event.body.reason, "step");
      await leave(first, false);
      assert.deepEqual(await first.process?.waitExit(), { code: 0, signal: null });
      await serve.reported("left", "Kim");

      const second = cli.editor(["join", strings[1]?.replace(line.far, line.near) ?? "", "--name", "Toni"]);
      await begin(second, "any", "attach", {});
      await second.request("configurationDone");
      assert.equal((await inspect(second)).threadId, stop.threadId);
      await serve.reported("joined", "Toni");

      serve.process.child.kill("SIGTERM");
      await second.waitEvent("terminated");
      await leave(second, false);
      assert.deepEqual(await second.process?.waitExit(), { code: 0, signal: null });
      assert.deepEqual(await serve.process.waitExit(), { code: 0, signal: null });
      for (const guest of [first, second]) guest.assertNoFaults();
    });
  }

  test("a guest that was killed is missed, and another one joins by the same channel", async (t) => {
    const line = await serialLine();
    const cli = new Cli(t);
    t.after(() => line.dispose());
    const serve = await cli.serve([`com:port=${line.far},baud=921600,channel=0`], NODE);
    const join = (serve.joins[0] ?? "").replace(line.far, line.near);
    const first = cli.editor(["join", join, "--name", "Kim"]);
    await begin(first, "any", "attach", {});
    await serve.reported("joined", "Kim");
    await first.process?.kill();
    const second = cli.editor(["join", join, "--name", "Toni"]);
    await begin(second, "any", "attach", {});
    await serve.reported("joined", "Toni");
    // The new one's line answers for the old one's connection: it knows nothing of it.
    await serve.reported("away", "Kim");
  });
});

describe("list --ports", () => {
  test("the serial ports of this machine, in words and as JSON", async (t) => {
    const cli = new Cli(t);
    const { code, stdout } = await cli.finish(["list", "--ports", "--json"]);
    assert.equal(code, 0);
    const ports = JSON.parse(stdout) as { path: string }[];
    for (const { path } of ports) assert.match(path, /^(\/dev\/|COM\d)/);
    const words = await cli.finish(["list", "--ports"]);
    assert.deepEqual([words.code, words.stderr], [0, ""]);
    if (ports.length === 0) assert.equal(words.stdout, "This machine has no serial port.\n");
    for (const { path } of ports) assert.match(words.stdout, new RegExp(`^${path}\\b`, "m"));
  });
});
