import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { freePort } from "../../support/process.ts";
import { Cli, buildCli } from "./cli.ts";
import { BINDINGS, LOOP, bindingCases, interfaces, noIPv6, tries } from "./ipVersionCases.ts";

before(buildCli);

describe("addresses and IP versions", { skip: noIPv6, timeout: 120_000 }, () => {
  bindingCases(BINDINGS.first);

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
