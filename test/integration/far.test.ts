import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { fixtures } from "../support/fixtures.ts";
import { parsedClient, parsedServer } from "../support/forms.ts";
import { ADDRESSES } from "../support/namespaces.ts";
import { skipWithout } from "../support/parts.ts";
import { usePki } from "../support/pki.ts";
import { type Stop, begin, inspect, leave, setLines } from "../support/scenario.ts";
import { step, stopAt } from "../support/steps.ts";
import { buildCli } from "./cli/cli.ts";
import { FAR_FORMS, farForms, farScene } from "./farScene.ts";

const { javascriptLoop } = fixtures;
/** Longer than three pings of 10 s. */
const SILENCE_MS = 90_000;

/** An adapter that is asked twice gives out other handles. */
const values = ({ variables }: Stop) => variables.map(({ name, value, type }) => ({ name, value, type }));

describe(
  "far away",
  { skip: skipWithout("namespaces", "farLink"), timeout: 300_000, concurrency: true },
  () => {
    const pki = usePki();
    before(buildCli);

    farForms(FAR_FORMS.first, pki);

    test("what is sent ahead is what the adapter says: after a step, after another's change, and after the next step", async (t) => {
      const { host, serve, join } = await farScene(t, pki);
      const { program, source, line } = fixtures.javascript;
      const serving = await serve([parsedServer("tcp:port=0,password=env:RIGHT")], program);
      const near = host.editor(["join", `tcp:server=localhost,port=${serving.port},password=zq7Kx-far`]);
      await begin(near, "any", "attach", {});
      await setLines(near, source, [line("square")]);
      const far = join(parsedClient(`tcp:server=${ADDRESSES[0]},port=${serving.port},password=env:RIGHT`));
      await begin(far, "any", "attach", {});
      await far.request("configurationDone");
      await near.request("configurationDone");
      const seen = async () => {
        const [there, here] = [await inspect(far, "result"), await inspect(near, "result")];
        assert.deepEqual(there.frames, here.frames);
        assert.deepEqual(values(there), values(here));
        return { ...there, result: there.variables.find(({ name }) => name === "result")?.value };
      };
      const first = await seen();
      assert.equal(first.result, "undefined");
      await far.request("next", { threadId: first.threadId });
      const second = await seen();
      assert.equal(second.result, "4");

      const { variablesReference } = second.scope;
      await near.request("setVariable", { variablesReference, name: "result", value: "12" });
      await far.waitEvent("invalidated");
      const { variables } = await far.request("variables", { variablesReference });
      assert.equal(variables.find(({ name }) => name === "result")?.value, "12");
      await near.request("stepOut", { threadId: second.threadId });
      const [there, here] = [await inspect(far, "total"), await inspect(near, "total")];
      assert.deepEqual(values(there), values(here));
      for (const editor of [far, near]) editor.assertNoFaults();
    });

    test("a network that is silent for longer than both sides wait: the guest goes on, and nothing is lost", async (t) => {
      const { serve, join, silence } = await farScene(t, pki);
      const serving = await serve([parsedServer("tcp:port=5005,password=env:RIGHT")]);
      const guest = join(parsedClient(`tcp:server=${ADDRESSES[0]},port=5005,password=env:RIGHT,name=Fay`));
      const { threadId } = await stopAt(guest, javascriptLoop, "tick");
      const told = (text: string) =>
        guest.waitEvent<DebugProtocol.OutputEvent>(
          "output",
          ({ body }) => body.output.includes(text),
          SILENCE_MS,
        );
      silence(true);
      const asked = guest.raw("next", { threadId }, 2 * SILENCE_MS);
      await told("Nothing came from the other side for 30 s. Reconnecting");
      await serving.reported("away", "Fay");
      silence(false);
      await told("Connected again");
      assert.ok((await asked).success);
      await guest.waitEvent("stopped");
      await step(guest, threadId);
      assert.equal(serving.events().filter(({ event }) => event === "joined").length, 1);
    });

    test("a server that calls finds its guest again, whoever was killed meanwhile", async (t) => {
      const { serve, join } = await farScene(t, pki);
      const address = parsedServer(`tcp:port=5005,clicon=${ADDRESSES[1]},password=env:RIGHT`);
      const call = parsedClient(`tcp:clicon=${ADDRESSES[0]},port=5005,password=env:RIGHT`);
      const serving = await serve([address]);
      const killed = join({ ...call, name: "Finn" });
      await stopAt(killed, javascriptLoop, "tick");
      await killed.process?.kill();
      await serving.reported("away", "Finn");
      const guest = join({ ...call, name: "Fay" });
      const { threadId } = await stopAt(guest, javascriptLoop, "tick");
      await step(guest, threadId);

      // The session goes with its server, and the guest is told so by the one that calls next.
      await serving.process.kill();
      const next = await serve([address]);
      await guest.waitEvent("terminated");
      const again = join({ ...call, name: "Fred" });
      await stopAt(again, javascriptLoop, "tick");
      await next.reported("joined", "Fred");
      await leave(again, false);
      again.assertNoFaults();
    });
  },
);
