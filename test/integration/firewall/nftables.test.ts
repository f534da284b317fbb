import assert from "node:assert/strict";
import { beforeEach, before, describe, test, type TestContext } from "node:test";
import { fixtures } from "../../support/fixtures.ts";
import { ADDRESSES, type Namespace, connected } from "../../support/namespaces.ts";
import { skipWithout } from "../../support/parts.ts";
import { run } from "../../support/process.ts";
import { begin, inspect, leave, setLines } from "../../support/scenario.ts";
import { Cli, type Serve, buildCli } from "../cli/cli.ts";

// In networks of its own: the machine's firewall is neither asked nor changed.

const { javascriptLoop } = fixtures;
const LOOP = ["--node", javascriptLoop.program];
const PASSWORD = "Sesame7";
const SERVER = `tcp:port=0,password=${PASSWORD},IcfEnable`;

/** What a machine has whose owner lets in nothing by default. */
const DROPS = `table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    iif lo accept
    ct state established accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
  }
}`;

/** Two chains that both refuse, one of them behind a jump; and one that only refuses some, which is to stay so. */
const REFUSES_TWICE = `table ip filter {
  chain INPUT {
    type filter hook input priority filter; policy accept;
    iif lo accept
    counter jump others
  }
  chain others { counter reject with tcp reset; }
}
table inet own {
  chain in {
    type filter hook input priority 10; policy accept;
    iif lo accept
    log prefix "refused" reject with tcp reset
  }
}
table inet bans {
  chain input {
    type filter hook input priority 20; policy accept;
    ip saddr 192.0.2.1 drop
  }
}`;

async function load(namespace: Namespace, ruleset: string): Promise<void> {
  await namespace.run("/usr/bin/bash", "-c", `/usr/sbin/nft -f - <<'END'\n${ruleset}\nEND`);
}

function rules(namespace: Namespace): Promise<string> {
  return namespace.run("/usr/sbin/nft", "list", "ruleset");
}

/** What a connection from the other network comes to. */
async function knock(from: Namespace, port: number): Promise<"open" | "refused" | "silent"> {
  const script = `timeout 1 bash -c '</dev/tcp/${ADDRESSES[0]}/${port}' 2>/dev/null; echo $?`;
  const code = (await from.run("/usr/bin/bash", "-c", script)).trim();
  return code === "0" ? "open" : code === "124" ? "silent" : "refused";
}

describe("IcfEnable with nftables", { skip: skipWithout("namespaces", "nftables") }, () => {
  before(buildCli);

  let host: Namespace;
  let guest: Namespace;
  beforeEach(async (t) => {
    [host, guest] = await connected(t as TestContext);
  });

  /** Joins from the other network, sees the stop, steps. */
  async function joinFromFar(t: TestContext, { port }: Serve): Promise<void> {
    const remote = `tcp:server=${ADDRESSES[0]},port=${port},password=${PASSWORD}`;
    const client = new Cli(t, guest).editor(["join", remote, "--name", "Fay"]);
    await begin(client, "node", "attach", {});
    await setLines(client, javascriptLoop.source, [javascriptLoop.line("tick")]);
    await client.request("configurationDone");
    assert.equal((await inspect(client)).frames[0]?.line, javascriptLoop.line("tick"));
    await leave(client, false);
  }

  test("a server behind a chain that drops is reached with it, for as long as it lives", async (t) => {
    await load(host, DROPS);
    const before = await rules(host);
    const cli = new Cli(t, host);

    const closed = await cli.serve([SERVER.replace(",IcfEnable", "")], LOOP);
    assert.equal(await knock(guest, closed.port), "silent");
    assert.equal(await rules(host), before);

    const open = await cli.serve([SERVER], LOOP);
    assert.match(
      await rules(host),
      new RegExp(
        `dport ${open.port} accept comment "Debug Server: tcp port ${open.port}, pid ${open.process.pid}"`,
      ),
    );
    assert.equal(await knock(guest, open.port), "open");
    await joinFromFar(t, open);

    open.process.child.kill("SIGTERM");
    assert.deepEqual(await open.process.waitExit(), { code: 0, signal: null });
    assert.equal(await rules(host), before);
    assert.equal(await knock(guest, open.port), "silent");
    assert.doesNotMatch(open.process.stdout, /"firewall"/);
  });

  test("each chain that refuses by itself lets it through; one that refuses some does so still", async (t) => {
    await load(host, REFUSES_TWICE);
    const bans = () => host.run("/usr/sbin/nft", "list", "table", "inet", "bans");
    const before = await bans();
    const cli = new Cli(t, host);
    const closed = await cli.serve([SERVER.replace(",IcfEnable", "")], LOOP);
    assert.equal(await knock(guest, closed.port), "refused");
    const open = await cli.serve([SERVER], LOOP);
    assert.equal(await knock(guest, open.port), "open");
    assert.equal(await bans(), before);
    open.process.child.kill("SIGINT");
    await open.process.waitExit();
    assert.doesNotMatch(await rules(host), /Debug Server/);
  });

  test("what a killed server left open is closed by the next start, whatever that serves", async (t) => {
    await load(host, DROPS);
    const before = await rules(host);
    const cli = new Cli(t, host);
    const killed = await cli.serve([SERVER], LOOP);
    const living = await cli.serve([SERVER], LOOP);
    await killed.process.kill("SIGKILL");
    assert.match(await rules(host), new RegExp(`dport ${killed.port} accept`));

    const next = await cli.serve(["npipe:pipe=next"], LOOP);
    const now = await rules(host);
    assert.doesNotMatch(now, new RegExp(`dport ${killed.port} accept`));
    assert.match(now, new RegExp(`dport ${living.port} accept`));
    for (const { process } of [living, next]) {
      process.child.kill("SIGTERM");
      await process.waitExit();
    }
    assert.equal(await rules(host), before);
    const records = cli.leftovers().filter((name) => name.startsWith("firewall"));
    assert.deepEqual(records, []);
  });

  test("without the rights the server starts, and says what to run, which does it", async (t) => {
    await load(host, DROPS);
    const before = await rules(host);
    const powerless = {
      command: (command: string, ...args: readonly string[]) =>
        host.command("/usr/bin/setpriv", "--bounding-set", "-net_admin", command, ...args),
    };
    const serve = await new Cli(t, powerless).serve([SERVER], LOOP);
    assert.equal(await rules(host), before);
    assert.equal(await knock(guest, serve.port), "silent");
    const firewall = serve.events()[0]?.["firewall"];
    const told = /^Others may not reach TCP port \d+ yet.* run: sudo (.*)$/.exec(String(firewall))?.[1];
    const [first, ...rest] = host.command(
      "/usr/bin/env",
      "PATH=/usr/sbin:/usr/bin",
      "sh",
      "-c",
      told ?? "false",
    );
    await run(first, rest);
    assert.equal(await knock(guest, serve.port), "open");
  });

  test("without a firewall, or for this machine alone, nothing is opened and nothing complained of", async (t) => {
    const cli = new Cli(t, host);
    for (const ruleset of ["", DROPS]) {
      await load(host, ruleset);
      const before = await rules(host);
      const string = ruleset === "" ? SERVER : "tcp:port=0,IcfEnable";
      const serve = await cli.serve([string, "npipe:pipe=quiet_%d,IcfEnable"], ["-v", ...LOOP]);
      assert.equal(await rules(host), before);
      assert.doesNotMatch(serve.process.stdout, /"firewall"/);
      assert.match(serve.process.stderr, /nothing to open/);
    }
  });
});
