import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import type { ServerEntry } from "../../../src/host/registry.ts";
import { fixtures } from "../../support/fixtures.ts";
import { begin } from "../../support/scenario.ts";
import { Cli, buildCli, muteAdapter } from "./cli.ts";

before(buildCli);

const LOOP = ["--node", fixtures.javascriptLoop.program];

async function listed(cli: Cli): Promise<ServerEntry[]> {
  const { code, stdout } = await cli.finish(["list", "--json"]);
  assert.equal(code, 0);
  return JSON.parse(stdout) as ServerEntry[];
}

describe("list", () => {
  test("nothing", async (t) => {
    const cli = new Cli(t);
    assert.deepEqual(await cli.finish(["list"]), {
      code: 0,
      stdout: "No debug server of yours runs on this machine.\n",
      stderr: "",
    });
    assert.deepEqual(await listed(cli), []);
  });

  test("what runs, by the string that joins it; not what is hidden; not what was killed", async (t) => {
    const cli = new Cli(t);
    const first = await cli.serve(["tcp:port=0", "npipe:pipe=hidden_%d,hidden"], LOOP);
    const second = await cli.serve(["npipe:pipe=second_%d,access=view"], ["--name", "the second", ...LOOP]);
    const entries = await listed(cli);
    assert.deepEqual(
      entries.map(({ server, join, session, pid }) => ({ server, join, session, pid })),
      [
        {
          server: `tcp:port=${first.port}`,
          join: first.joins[0],
          session: { name: "loop.js", type: "debug-server-node" },
          pid: first.process.pid,
        },
        {
          server: `npipe:pipe=second_${second.process.pid},access=view`,
          join: second.joins[0],
          session: { name: "the second", type: "debug-server-node" },
          pid: second.process.pid,
        },
      ],
    );
    const { stdout } = await cli.finish(["list"]);
    const [head, ...rows] = stdout.trimEnd().split("\n");
    assert.match(head ?? "", /^ID +JOIN +SESSION +TYPE +PID +STARTED$/);
    assert.equal(rows.length, 2);
    assert.match(
      rows[0] ?? "",
      new RegExp(`^[0-9a-f]{8}  ${first.joins[0]} .*loop\\.js .*\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d$`),
    );

    // Its own directory, for nobody else.
    const servers = path.join(cli.directory, "debug-server/servers");
    assert.equal(statSync(servers).mode & 0o777, 0o700);
    for (const name of readdirSync(servers))
      if (name.endsWith(".json")) assert.equal(statSync(path.join(servers, name)).mode & 0o777, 0o600);

    // One dies without a word; a broken file lies about.
    first.process.child.kill("SIGKILL");
    await first.process.waitExit();
    writeFileSync(path.join(servers, "deadbeef.json"), "{ half");
    assert.deepEqual(
      (await listed(cli)).map(({ pid }) => pid),
      [second.process.pid],
    );
    assert.equal(
      readdirSync(servers).filter((name) => name.endsWith(".json")).length,
      1,
      "the dead are removed",
    );

    second.process.child.kill("SIGTERM");
    await second.process.waitExit();
    assert.deepEqual(await listed(cli), []);
    assert.deepEqual(readdirSync(servers), []);
  });

  test("the type is known as soon as a client has said it", async (t) => {
    const cli = new Cli(t);
    const serve = await cli.serve(["tcp:port=0"], ["--", ...muteAdapter(cli.directory)]);
    assert.equal((await listed(cli))[0]?.session.type, "mute.cjs");
    const client = await cli.connect(serve.port);
    await client.request("initialize", { adapterID: "my\u001b[31mtype", clientName: "x" });
    client.send({ type: "request", command: "launch", arguments: {} });
    await serve.reported("joined");
    assert.equal((await listed(cli))[0]?.session.type, "my\u001b[31mtype");
    const { stdout } = await cli.finish(["list"]);
    assert.match(stdout, /my\ufffd\[31mtype/);
    // Its adapter would keep an orderly end waiting.
    await serve.process.kill();
  });

  test("the string that it shows joins", async (t) => {
    const cli = new Cli(t);
    await cli.serve(["tcp:port=0"], LOOP);
    const [entry] = await listed(cli);
    const guest = cli.editor(["join", entry?.join ?? ""]);
    await begin(guest, "node", "attach", {});
    await guest.request("configurationDone");
    await guest.waitEvent("process");
  });
});
