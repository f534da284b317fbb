import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { format } from "../../../src/address/format.ts";
import type { ClientAddress, PortRange, ServerAddress } from "../../../src/address/model.ts";
import { parseClient, parseServer } from "../../../src/address/parse.ts";
import { ROOT, fixtures } from "../../support/fixtures.ts";
import { skipWithout } from "../../support/parts.ts";
import { type Pki, makePki } from "../../support/pki.ts";
import { freePort } from "../../support/process.ts";
import { begin, inspect, leave, setLines } from "../../support/scenario.ts";
import { serialLine } from "../../support/serialLines.ts";
import { Cli, buildCli } from "./cli.ts";

// Every line of README's table of connection strings, with and without a password: a real session is served as the line says, and joined
// as it says by somebody who sees the stop, steps and leaves. Ports, pipes, devices and thumbprints are those of the test.

const PASSWORD = { kind: "literal", value: "W" } as const;
const { program, source, line: lineOf } = fixtures.javascript;

interface Row {
  readonly what: string;
  readonly serve: string;
  readonly join: string;
}

const ROWS: readonly Row[] = readFileSync(path.join(ROOT, "README.md"), "utf8")
  .split("\n")
  .flatMap((text) => {
    const [, what, serve, join] = /^\| ([^|`]+?) +\| `([^`]+)` +\| `([^`]+)` +\|$/.exec(text) ?? [];
    if (what === undefined || serve === undefined || join === undefined) return [];
    return /^(tcp|npipe|com|ssl|spipe):/.test(serve) ? [{ what, serve, join }] : [];
  });

function server(text: string): ServerAddress {
  const parsed = parseServer(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function client(text: string): ClientAddress {
  const parsed = parseClient(text.replace("thumbprint=T", `thumbprint=${"0".repeat(64)}`));
  assert.ok(parsed.ok, text);
  return parsed.value;
}

/** What of an address is this test's own. */
interface Own {
  readonly port: number;
  readonly pipe: string;
  readonly device: string;
}

async function own(device: string): Promise<Own> {
  return { port: await freePort(), pipe: `form${process.hrtime.bigint()}`, device };
}

function asServed(address: ServerAddress, { port, pipe, device }: Own): ServerAddress {
  const range = ({ first, last }: PortRange) => ({ first: port, last: port + last - first });
  return {
    ...address,
    ...("ports" in address && { ports: range(address.ports) }),
    ...("port" in address && { port }),
    ...("clicon" in address && { clicon: "localhost" }),
    ...("pipe" in address && { pipe: address.pipe.replace("debug", pipe) }),
    ...("device" in address && { device }),
    // This machine's firewall is not a test's to open: firewall/nftables.test.ts has one of its own.
    ...("icfEnable" in address && { icfEnable: false }),
  };
}

/** As the row says, with what the server says of itself. */
function asJoined(address: ClientAddress, told: ClientAddress, device: string): ClientAddress {
  const host = "server" in address && address.server === "HOST" ? "localhost" : undefined;
  return {
    ...address,
    ...(host !== undefined && { server: host }),
    ...("port" in address && "port" in told && { port: told.port }),
    ...("ports" in address && "ports" in told && { ports: told.ports }),
    ...("clicon" in address && { clicon: "localhost" }),
    ...("pipe" in address && "pipe" in told && { pipe: told.pipe }),
    ...("thumbprint" in address && "thumbprint" in told && { thumbprint: told.thumbprint }),
    ...("device" in address && { device }),
  };
}

describe("every form of connection string", { timeout: 300_000 }, () => {
  let pki: Pki;
  const directory = mkdtempSync(path.join(os.tmpdir(), "forms-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  before(buildCli);
  before(async () => {
    pki = await makePki(directory);
  });

  test("is in README's table", () => {
    const kinds = (addresses: readonly (ServerAddress | ClientAddress)[]) =>
      [...new Set(addresses.map(({ kind }) => kind))].sort();
    const all = ["com", "npipe", "spipe", "ssl", "sslReverse", "tcp", "tcpReverse"];
    assert.deepEqual(kinds(ROWS.map(({ serve }) => server(serve))), all);
    assert.deepEqual(kinds(ROWS.map(({ join }) => client(join))), all);
  });

  for (const { what, serve, join } of ROWS) {
    const written = { server: server(serve), client: client(join) };
    // A line with a password is tried without, too, and the other way round.
    const locks = written.server.insecure ? [undefined] : [undefined, PASSWORD];
    const skip = written.server.kind === "com" && skipWithout("socat");
    test(`${what}: ${serve}`, { skip }, async (t) => {
      const line = written.server.kind === "com" ? await serialLine() : undefined;
      const cli = new Cli(t);
      if (line !== undefined) t.after(() => line.dispose());
      const strings: string[] = [];
      for (const [index, password] of locks.entries()) {
        const address = asServed(written.server, await own(line?.far ?? ""));
        const channel = "channel" in address && { channel: address.channel + index };
        strings.push(format({ ...address, ...channel, password }));
      }
      const machine = { DEBUG_SERVER_MACHINE_CERTIFICATES: path.join(directory, "none") };
      const served = await cli.serve(strings, ["--node", program], undefined, {
        ...machine,
        DEBUG_SERVER_USER_CERTIFICATES: pki.host,
      });
      for (const [index, password] of locks.entries()) {
        const told = client(served.joins[index] ?? "");
        const address = asJoined(written.client, told, line?.near ?? "");
        const channel = "channel" in told && { channel: told.channel };
        const string = format({ ...address, ...channel, password });
        const guest = cli.editor(["join", string], {}, undefined, {
          ...machine,
          DEBUG_SERVER_USER_CERTIFICATES: pki.guest,
        });
        await begin(guest, "any", "attach", {});
        if (index === 0) await setLines(guest, source, [lineOf("square")]);
        await guest.request("configurationDone");
        const stop = await inspect(guest);
        await guest.request("next", { threadId: stop.threadId });
        assert.equal((await inspect(guest)).event.body.reason, "step");
        await leave(guest, false);
        assert.deepEqual(await guest.process?.waitExit(), { code: 0, signal: null });
        guest.assertNoFaults();
      }
      assert.equal(served.events().filter(({ event }) => event === "left").length, locks.length);
    });
  }
});
