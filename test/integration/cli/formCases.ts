import assert from "node:assert/strict";
import { before, test } from "node:test";
import { format } from "../../../src/address/format.ts";
import { fixtures } from "../../support/fixtures.ts";
import { FORM_ROWS, type FormRow, asJoined, asServed, isOpen, parsedClient } from "../../support/forms.ts";
import { byKind } from "../../support/kinds.ts";
import { skipWithout } from "../../support/parts.ts";
import { usePki } from "../../support/pki.ts";
import { freePort } from "../../support/process.ts";
import { begin, inspect, leave, setLines } from "../../support/scenario.ts";
import { serialLine } from "../../support/serialLines.ts";
import { Cli, buildCli } from "./cli.ts";

// Every line of the table in docs/CONNECTION-STRINGS.md, with and without a password: a real session is served as the line says, and joined
// as it says by somebody who sees the stop, steps and leaves. Ports, pipes, devices and thumbprints are those of the test.

const PASSWORD = { kind: "literal", value: "W" } as const;
const { program, source, line: lineOf } = fixtures.javascript;

const HERE = { host: "localhost", guest: "localhost" };

/** Of the lines, the first of each kind, and the others. */
export const FORMS = byKind(FORM_ROWS, ({ server }) => server.kind);

export function formCases(rows: readonly FormRow[]): void {
  const pki = usePki();
  before(buildCli);

  for (const { what, server, client } of rows) {
    // A line with a password is tried without, too, and the other way round.
    const passwords = isOpen(server) ? [undefined] : [undefined, PASSWORD];
    const skip = server.kind === "com" && skipWithout("socat");
    test(`${what}: ${format(server)}`, { skip }, async (t) => {
      const line = server.kind === "com" ? await serialLine() : undefined;
      const cli = new Cli(t);
      if (line !== undefined) t.after(() => line.dispose());
      const strings: string[] = [];
      for (const [index, password] of passwords.entries()) {
        const address = asServed(server, {
          ...HERE,
          port: await freePort(),
          pipe: `form${process.hrtime.bigint()}`,
          device: line?.far ?? "",
        });
        const channel = "channel" in address && { channel: address.channel + index };
        strings.push(format({ ...address, ...channel, password }));
      }
      const served = await cli.serve(strings, ["--node", program], undefined, pki.hosts);
      for (const [index, password] of passwords.entries()) {
        const told = parsedClient(served.joins[index] ?? "");
        const address = asJoined(client, told, { ...HERE, device: line?.near ?? "" });
        const channel = "channel" in told && { channel: told.channel };
        const name = `${client.name ?? "Gus"}${index}`;
        const string = format({ ...address, ...channel, password, name });
        const guest = cli.editor(["join", string], {}, undefined, pki.guests);
        await begin(guest, "any", "attach", {});
        if (index === 0) await setLines(guest, source, [lineOf("square")]);
        await guest.request("configurationDone");
        const stop = await inspect(guest);
        await guest.request("next", { threadId: stop.threadId });
        assert.equal((await inspect(guest)).event.body.reason, "step");
        await leave(guest, false);
        assert.deepEqual(await guest.process?.waitExit(), { code: 0, signal: null });
        guest.assertNoFaults();
        await served.reported("left", name);
      }
    });
  }
}
