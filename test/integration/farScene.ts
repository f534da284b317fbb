import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
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
} from "../support/forms.ts";
import { ADDRESSES, ADDRESSES_6, connectedFar } from "../support/namespaces.ts";
import { byKind } from "../support/kinds.ts";
import type { usePki } from "../support/pki.ts";
import { leave } from "../support/scenario.ts";
import { step, stopAt } from "../support/steps.ts";
import { Cli } from "./cli/cli.ts";

// Two machines with 100 ms there and back between them, and one packet in a hundred lost: what is asserted is that all
// works, not how long it takes (bench/scenarios/far.ts measures).

const { javascriptLoop } = fixtures;
const FORMS_OF_A_SESSION = 6;
const PASSWORD: Password = { kind: "env", name: "RIGHT" };

interface Form extends FormRow {
  readonly password: Password | undefined;
}

/** Of the table in docs/CONNECTION-STRINGS.md what a network carries, with a password and without one. */
const ALL: readonly Form[] = CALLERS_FIRST.filter(({ server }) => "ports" in server || calls(server)).flatMap(
  (row) => [
    { ...row, password: PASSWORD },
    { ...row, password: undefined },
  ],
);

/** The first of each kind, and the others. */
export const FAR_FORMS = byKind(ALL, ({ server, password }) => `${server.kind} ${password?.kind}`);

const isIPv6 = ({ server }: FormRow) => "ipv6Only" in server && server.ipv6Only;

function placeOf(form: FormRow, index = 0): Place {
  const [host, guest] = isIPv6(form) ? ADDRESSES_6 : ADDRESSES;
  return { host, guest, port: 5000 + 20 * index, pipe: "", device: "" };
}

const spell = ({ server, password }: Form) => format({ ...server, password });

function served(form: Form, index: number): ServerAddress {
  const address = asServed(form.server, placeOf(form, index));
  // A server without credentials is for its own machine, unless one insists.
  const requiresAuthentication =
    form.password !== undefined || ("clientCert" in address && address.clientCert !== undefined);
  const open = { insecure: !requiresAuthentication, ...("anyUser" in address && { anyUser: false }) };
  return { ...address, ...open, password: form.password };
}

/** Two machines, of which one serves and the other joins. */
export async function farScene(t: TestContext, pki: ReturnType<typeof usePki>) {
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

/** Most of a join is waiting: several at a time, each in networks of their own. */
export function farForms(forms: readonly Form[], pki: ReturnType<typeof usePki>): void {
  const sessions = Math.ceil(forms.length / FORMS_OF_A_SESSION);
  for (let session = 0; session < sessions; session++) {
    const own = forms.filter((_, index) => index % sessions === session);
    test(`a session is joined, stepped in and left by ${own.map(spell).join(" ")}`, async (t) => {
      const { serve, join } = await farScene(t, pki);
      const serving = await serve(own.map(served));
      for (const [index, form] of own.entries()) {
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
}
