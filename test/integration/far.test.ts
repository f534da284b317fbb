import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { fixtures } from "../support/fixtures.ts";
import { ADDRESSES, connectedFar } from "../support/namespaces.ts";
import { skipWithout } from "../support/parts.ts";
import { leave } from "../support/scenario.ts";
import { step, stopAt } from "../support/steps.ts";
import { Cli, buildCli } from "./cli/cli.ts";

// 100 ms there and back, and one packet in a hundred lost: what is asserted is that all works, not how long it takes
// (bench/scenarios/far.ts measures).

const { javascriptLoop } = fixtures;
const PASSWORD = "Sesame7";

describe("far away", { skip: skipWithout("namespaces", "farLink") }, () => {
  before(buildCli);

  test("a guest joins with a password, steps, sees variables and leaves; the next one sees where it stands", async (t) => {
    const [here, there] = await connectedFar(t, { delayMs: 50, loss: 0.01, seed: 5 });
    const serve = await new Cli(t, here).serve(
      [`tcp:port=0,password=${PASSWORD}`],
      ["--node", javascriptLoop.program],
    );
    const remote = `tcp:server=${ADDRESSES[0]},port=${serve.port},password=${PASSWORD}`;
    const far = new Cli(t, there);
    const first = far.editor(["join", remote, "--name", "Fay"]);
    const stop = await stopAt(first, javascriptLoop, "tick");
    assert.equal(stop.frames[0]?.line, javascriptLoop.line("tick"));
    for (let i = 0; i < 5; i++) await step(first, stop.threadId);
    await leave(first, false);
    first.assertNoFaults();
    await serve.reported("left", "Fay");

    const second = far.editor(["join", remote, "--name", "Finn"]);
    await stopAt(second, javascriptLoop, "tick");
    await step(second, stop.threadId);
    await leave(second, false);
    second.assertNoFaults();
  });
});
