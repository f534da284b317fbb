import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import type { Duplex } from "node:stream";
import { before, describe, test, type TestContext } from "node:test";
import tls from "node:tls";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { createCertificate } from "../../../src/security/certificates/create.ts";
import { descendants } from "../../support/process.ts";
import { type RecordedAdapter, recordedAdapter } from "../../support/recordedAdapter.ts";
import { Cli, type Serve, buildCli } from "./cli.ts";

// What somebody sees who listens, sits in between, or looks around on this machine.

const PASSWORD = "zq7Kx-right";
const SECRET = /zq7Kx/;

before(buildCli);

interface Scene {
  readonly cli: Cli;
  readonly serve: Serve;
  readonly adapter: RecordedAdapter;
  readonly port: number;
}

async function scene(t: TestContext, server: string, env: NodeJS.ProcessEnv = {}): Promise<Scene> {
  const cli = new Cli(t);
  const adapter = recordedAdapter(cli.directory);
  const serve = await cli.serve([server], adapter.command, undefined, env);
  await adapter.running();
  return { cli, serve, adapter, port: serve.port };
}

/** Stands between a guest and port `to`, and keeps all that passes. */
async function between(t: TestContext, to: number, server: net.Server, dial: () => Duplex): Promise<Tap> {
  const recorded: Buffer[] = [];
  const onConnection = (near: Duplex) => {
    const far = dial();
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("data", (data: Buffer) => recorded.push(data));
      from.on("error", () => into.destroy());
      from.pipe(into);
    }
  };
  server.on(server instanceof tls.Server ? "secureConnection" : "connection", onConnection);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return {
    port: (server.address() as net.AddressInfo).port,
    recorded: () => Buffer.concat(recorded).toString("latin1"),
  };
}

interface Tap {
  readonly port: number;
  recorded(): string;
}

async function initialize(cli: Cli, string: string, env: NodeJS.ProcessEnv = {}) {
  const editor = cli.editor(["join", string], {}, undefined, env);
  const answer = await editor.raw("initialize", { adapterID: "test" });
  const { error } = (answer.body ?? {}) as Partial<DebugProtocol.ErrorResponse["body"]>;
  return { editor, success: answer.success, says: error?.format ?? "" };
}

describe("a password", () => {
  test("who listens learns nothing", async (t) => {
    const { cli, port } = await scene(t, "tcp:port=0,bind=127.0.0.1,password=env:SECRET", {
      SECRET: PASSWORD,
    });
    const tap = await between(t, port, net.createServer(), () => net.connect(port, "127.0.0.1"));
    const string = `tcp:server=127.0.0.1,port=${tap.port},password=env:SECRET`;
    const { editor, success } = await initialize(cli, string, { SECRET: PASSWORD });
    assert.equal(success, true);
    await editor.request("disconnect");
    assert.ok(tap.recorded().length > 1000);
    // Neither the password nor a word of what is said behind it.
    for (const word of [SECRET, /KNOCK/, /DBGSRV/, /initialize/, /sessions/])
      assert.doesNotMatch(tap.recorded(), word);
  });

  test("who ends TLS in between learns nothing that verifies a guess, and both sides notice", async (t) => {
    const { cli, port, adapter, serve } = await scene(t, "tcp:port=0,bind=127.0.0.1,password=env:SECRET", {
      SECRET: PASSWORD,
    });
    const { certificate, privateKey } = await createCertificate({ commonName: "debug-server" });
    const tap = await between(t, port, tls.createServer({ cert: certificate, key: privateKey }), () =>
      tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false }),
    );
    const before = adapter.received();
    const string = `tcp:server=127.0.0.1,port=${tap.port},password=env:SECRET`;
    const { success, says } = await initialize(cli, string, { SECRET: PASSWORD });
    assert.equal(success, false);
    assert.match(says, /Somebody is between guest and host/);
    assert.match(tap.recorded(), /KNOCK01\n\{"start"/);
    assert.doesNotMatch(tap.recorded(), SECRET);
    assert.doesNotMatch(tap.recorded(), /DBGSRV/);
    assert.equal(adapter.received(), before);
    assert.deepEqual(
      serve.events().map(({ event }) => event),
      ["listening"],
    );
  });

  test("is in no list of processes, in no environment of what is debugged, and in no file of ours", async (t) => {
    const { cli, serve } = await scene(t, `tcp:port=0,bind=127.0.0.1,access=full,password=${PASSWORD}`, {});
    const second = await cli.serve(
      ["tcp:port=0,bind=127.0.0.1,password=env:SECRET"],
      recordedAdapter(cli.directory).command,
      undefined,
      { SECRET: PASSWORD },
    );
    const string = `${serve.joins[0] ?? ""},password=${PASSWORD}`;
    const { editor, success } = await initialize(cli, string);
    assert.equal(success, true);
    const servers = [serve, second].map(({ process: { child } }) => child.pid ?? 0);
    const shown = (pid: number, what: "cmdline" | "environ") =>
      readFileSync(`/proc/${pid}/${what}`, "latin1");
    if (process.platform === "linux") {
      for (const pid of [...servers, editor.process?.child.pid ?? 0])
        assert.doesNotMatch(shown(pid, "cmdline"), SECRET);
      const children = servers.flatMap((pid) => descendants(pid));
      assert.ok(children.length >= 4, "adapters and programs");
      for (const pid of children)
        for (const what of ["cmdline", "environ"] as const) assert.doesNotMatch(shown(pid, what), SECRET);
    }
    for (const [args, shows] of [
      [["list"], /tcp:server=localhost/],
      [["list", "--json"], /Password=\*/],
    ] as const) {
      const { stdout } = await cli.finish(args);
      assert.match(stdout, shows);
      assert.doesNotMatch(stdout, SECRET);
    }
    const root = path.join(cli.directory, "debug-server");
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    assert.ok(files.length >= 2);
    for (const { parentPath, name } of files)
      assert.doesNotMatch(readFileSync(path.join(parentPath, name), "latin1"), SECRET);
    await editor.request("disconnect");
    for (const { process: child } of [serve, second])
      assert.doesNotMatch(child.stdout + child.stderr, SECRET);
  });

  test("is not repeated by any complaint", async (t) => {
    const cli = new Cli(t);
    for (const server of [`tcp:port=0,pasword=${PASSWORD}`, `tcp:port=0,password="${PASSWORD}`]) {
      const { code, stdout, stderr } = await cli.finish(["serve", "-s", server, "--node", "x"]);
      assert.equal(code, 2);
      assert.doesNotMatch(stdout + stderr, SECRET);
    }
    for (const string of [
      `tcp:server=localhost,port=1,password=${PASSWORD}`,
      `tcp:port=9,password="${PASSWORD}`,
    ]) {
      const { editor, success, says } = await initialize(cli, string);
      assert.equal(success, false);
      assert.notEqual(says, "");
      await editor.process?.waitExit();
      assert.doesNotMatch(says + (editor.process?.stderr ?? ""), SECRET);
    }
  });
});
