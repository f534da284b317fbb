import assert from "node:assert/strict";
import os from "node:os";
import { before, describe, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { fixtures } from "../../support/fixtures.ts";
import { freePort } from "../../support/process.ts";
import { Cli, buildCli } from "./cli.ts";

// Which addresses a server is reached at, through the real command line.

before(buildCli);

const LOOP = ["--node", fixtures.javascriptLoop.program, "--continue"];
const interfaces = Object.entries(os.networkInterfaces()).flatMap(([name, all = []]) =>
  all.map((each) => ({ ...each, name })),
);
const noIPv6 = interfaces.some(({ address }) => address === "::1") ? false : "this machine has no IPv6";

/** `in`, or what the editor is told. */
async function tries(cli: Cli, string: string): Promise<string> {
  const editor = cli.editor(["join", string]);
  const answer = await editor.raw("initialize", { adapterID: "test" });
  if (!answer.success) return (answer.body as DebugProtocol.ErrorResponse["body"]).error?.format ?? "";
  await editor.request("disconnect");
  await editor.process?.waitExit();
  return "in";
}

describe("addresses and IP versions", { skip: noIPv6, timeout: 120_000 }, () => {
  for (const [server, over4, over6] of [
    ["tcp:port=0", true, true],
    ["tcp:port=0,ipversion=6", false, true],
    ["tcp:port=0,ipversion=6,password=env:SECRET", false, true],
    ["tcp:port=0,bind=::1", false, true],
    ["tcp:port=0,bind=127.0.0.1", true, false],
    ["tcp:port=0,bind=localhost,ipversion=6", false, true],
    ["tcp:port=0,bind=0.0.0.0,insecure", true, false],
    ["tcp:port=0,bind=::,insecure", true, true],
  ] as const) {
    test(`${server}: over IPv4 ${over4}, over IPv6 ${over6}`, async (t) => {
      const cli = new Cli(t);
      const { port, joins } = await cli.serve([server], LOOP, undefined, { SECRET: "zq7Kx" });
      const password = server.includes("password") ? ",password=zq7Kx" : "";
      for (const [host, expected] of [
        ["127.0.0.1", over4],
        ["::1", over6],
        ["localhost", true],
      ] as const) {
        const outcome = await tries(cli, `tcp:server=${host},port=${port}${password}`);
        if (expected) assert.equal(outcome, "in", host);
        else assert.match(outcome, /refused the connection: nobody listens there/);
      }
      // As it tells others: by a name of this machine that need not be known on it.
      if (/server=localhost/.test(joins[0] ?? "")) assert.equal(await tries(cli, joins[0] ?? ""), "in");
    });
  }

  test("an address with its interface", async (t) => {
    const found = interfaces.find(({ address, family }) => family === "IPv6" && /^fe[89ab]/.test(address));
    if (found === undefined) return t.skip("this machine has no link-local address");
    const cli = new Cli(t);
    const scoped = `${found.address}%${found.name}`;
    const { joins, port } = await cli.serve([`tcp:port=0,bind=${scoped},password=zq7Kx`], LOOP);
    assert.equal(joins[0], `tcp:server=${scoped},port=${port}`);
    assert.equal(await tries(cli, `${joins[0]},password=zq7Kx`), "in");
    assert.match(await tries(cli, `tcp:server=::1,port=${port},password=zq7Kx`), /refused the connection/);
  });

  test("a server that calls over IPv6", async (t) => {
    const cli = new Cli(t);
    const port = await freePort();
    await cli.serve([`tcp:port=${port},clicon=::1,ipversion=6`], LOOP);
    assert.equal(await tries(cli, `tcp:clicon=::1,port=${port},ipversion=6`), "in");
    assert.equal(await tries(cli, `tcp:clicon=localhost,port=${port},ipversion=6`), "in");
  });
});
