import assert from "node:assert/strict";
import { before, describe, test, type TestContext } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { format } from "../../src/address/format.ts";
import type { ClientAddress, Password, ServerAddress } from "../../src/address/model.ts";
import { fixtures } from "../support/fixtures.ts";
import {
  CALLERS_FIRST,
  type FormRow,
  type Place,
  asJoined,
  asServed,
  calls,
  parsedClient,
  parsedServer,
} from "../support/forms.ts";
import { ADDRESSES, ADDRESSES_6, connectedFar } from "../support/namespaces.ts";
import { skipWithout } from "../support/parts.ts";
import { usePki } from "../support/pki.ts";
import { type Stop, begin, inspect, leave, setLines } from "../support/scenario.ts";
import { step, stopAt } from "../support/steps.ts";
import { Cli, buildCli } from "./cli/cli.ts";

// Two machines with 100 ms there and back between them, and one packet in a hundred lost: what is asserted is that all
// works, not how long it takes (bench/scenarios/far.ts measures).

const { javascriptLoop } = fixtures;
/** Longer than three pings of 10 s. */
const SILENCE_MS = 90_000;
const SESSIONS = 5;
const PASSWORD: Password = { kind: "env", name: "RIGHT" };

interface Form extends FormRow {
  readonly password: Password | undefined;
}

/** Of the table in docs/CONNECTION-STRINGS.md what a network carries, with a password and without one. */
const FORMS: readonly Form[] = CALLERS_FIRST.filter(
  ({ server }) => "ports" in server || calls(server),
).flatMap((row) => [
  { ...row, password: PASSWORD },
  { ...row, password: undefined },
]);

const isIPv6 = ({ server }: FormRow) => "ipv6Only" in server && server.ipv6Only;

function placeOf(form: FormRow, index = 0): Place {
  const [host, guest] = isIPv6(form) ? ADDRESSES_6 : ADDRESSES;
  return { host, guest, port: 5000 + 20 * index, pipe: "", device: "" };
}

/** An adapter that is asked twice gives out other handles. */
const values = ({ variables }: Stop) => variables.map(({ name, value, type }) => ({ name, value, type }));

const spell = ({ server, password }: Form) => format({ ...server, password });

function served(form: Form, index: number): ServerAddress {
  const address = asServed(form.server, placeOf(form, index));
  // A server without credentials is for its own machine, unless one insists.
  const requiresAuthentication =
    form.password !== undefined || ("clientCert" in address && address.clientCert !== undefined);
  const open = { insecure: !requiresAuthentication, ...("anyUser" in address && { anyUser: false }) };
  return { ...address, ...open, password: form.password };
}

describe(
  "far away",
  { skip: skipWithout("namespaces", "farLink"), timeout: 300_000, concurrency: true },
  () => {
    const pki = usePki();
    before(buildCli);

    async function scene(t: TestContext) {
      const [here, there, silence] = await connectedFar(t, { delayMs: 50, loss: 0.01, seed: 5 });
      const [host, guest] = [new Cli(t, here), new Cli(t, there)];
      const RIGHT = "zq7Kx-far";
      const hosts = { ...pki.hosts, RIGHT };
      const guests = { ...pki.guests, RIGHT };
      return {
        host,
        silence,
        serve: (addresses: readonly ServerAddress[], program = javascriptLoop.program) =>
          host.serve(
            addresses.map((address) => format(address)),
            ["--node", program],
            undefined,
            hosts,
          ),
        join: (address: ClientAddress) => guest.editor(["join", format(address)], {}, undefined, guests),
      };
    }

    // Most of a join is waiting: several at a time, each in networks of their own.
    for (let session = 0; session < SESSIONS; session++) {
      const forms = FORMS.filter((_, index) => index % SESSIONS === session);
      test(`a session is joined, stepped in and left by ${forms.map(spell).join(" ")}`, async (t) => {
        const { serve, join } = await scene(t);
        const serving = await serve(forms.map(served));
        for (const [index, form] of forms.entries()) {
          const told = parsedClient(serving.joins[index] ?? "");
          const name = `Fay${index}`;
          const guest = join({
            ...asJoined(form.client, told, placeOf(form)),
            password: form.password,
            name,
          });
          const stop = await stopAt(guest, javascriptLoop, "tick");
          assert.equal(stop.frames[0]?.line, javascriptLoop.line("tick"), spell(form));
          await step(guest, stop.threadId);
          await guest.request("continue", { threadId: stop.threadId });
          await leave(guest, false);
          guest.assertNoFaults();
          await serving.reported("left", name);
        }
      });
    }

    test("what is sent ahead is what the adapter says: after a step, after another's change, and after the next step", async (t) => {
      const { host, serve, join } = await scene(t);
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
      const { serve, join, silence } = await scene(t);
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
      const { serve, join } = await scene(t);
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
