import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { before, test } from "node:test";
import { Cli, buildCli } from "./cli.ts";

before(buildCli);

test("the demo tells its story and ends by itself", async (t) => {
  const cli = new Cli(t);
  const { code, stdout, stderr } = await cli.finish(["demo"], {
    cwd: cli.directory,
    env: { TMPDIR: cli.directory },
  });
  assert.equal(stderr, "");
  assert.equal(code, 0);
  // Nobody watches: no colours.
  assert.ok(!stdout.includes("\u001b"));
  const lines = stdout.split("\n");
  const order = [
    /host \| Debugger Server - tcp:port=\d+/,
    /host \| Debugger Server - npipe:pipe=demo_\d+/,
    /Ana {2}\| output +order \d+ costs 11/,
    /Ana {2}\| stopped +breakpoint/,
    /Ben {2}\| past output +order \d+ costs 11/,
    /Ben {2}\| others' breakpoint line 3/,
    /Ben {2}\| stopped +breakpoint/,
    /Ben {2}\| stack +price < serve < .*line 3/,
    /Ben {2}\| steps over/,
    /Ana {2}\| continued/,
    /Ana {2}\| console +Ben steps over\./,
    /Ana {2}\| stands in +line 4/,
    /Ana {2}\| variables .*tea = 6/,
    /Ana {2}\| sets tea = 100/,
    /Ben {2}\| console +Ana sets tea = 100\./,
    /Ben {2}\| variables .*tea = 100/,
    /Ana {2}\| new breakpoint +line 6/,
    /Ana {2}\| continues/,
    /Ben {2}\| continued/,
    /Ben {2}\| variables .*sum = 105/,
    /"debugServer": \d+/,
    /join "npipe:server=localhost,pipe=demo_\d+"/,
  ];
  let at = 0;
  for (const pattern of order) {
    const found = lines.findIndex((line, index) => index >= at && pattern.test(line));
    assert.ok(found >= 0, `${String(pattern)} after line ${at} of\n${stdout}`);
    at = found + 1;
  }
  assert.deepEqual(cli.leftovers(), []);
  assert.deepEqual(
    readdirSync(cli.directory).filter((name) => name.startsWith("debug-server-demo")),
    [],
  );
});
