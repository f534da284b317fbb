import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { before, describe, test, type TestContext } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { DapClient } from "../support/dapClient.ts";
import { fixtures } from "../support/fixtures.ts";
import {
  OTHER_USER,
  otherUsersCli,
  otherUsersClient,
  otherUsersScript,
  ownScript,
} from "../support/otherUser.ts";
import { skipWithout } from "../support/parts.ts";
import { usePki } from "../support/pki.ts";
import { freePort } from "../support/process.ts";
import { Questions } from "../support/questions.ts";
import { begin } from "../support/scenario.ts";
import { serveUpstream } from "../support/served.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";
import { Cli, type Serve, buildCli } from "./cli/cli.ts";

// Another user of this machine, by real processes of theirs, at servers of the real command line.

const LOOP = ["--node", fixtures.javascriptLoop.program, "--continue"];
const ONLY_OWN = /^Only programs of the user who runs this server are let in\..*password=….*npipe:.*any-user/;
const TOLD = new RegExp(`A program of another user \\(${OTHER_USER}\\) was not let in\\.`);

const WHOSE = new RegExp(`This server is a program of another user of this machine \\(${OTHER_USER}\\)`);

const pki = usePki();
before(buildCli);

interface Scene {
  readonly cli: Cli;
  readonly other: Cli;
  readonly serve: (...strings: readonly string[]) => Promise<Serve>;
}

function scene(t: TestContext): Scene {
  const cli = new Cli(t);
  return {
    cli,
    other: otherUsersCli(t),
    serve: (...strings) => cli.serve(strings, LOOP, undefined, pki.hosts),
  };
}

/** What a client is told that is not let in. */
async function refusal(client: DapClient): Promise<string> {
  const answer = await client.raw("initialize", { adapterID: "x", clientName: "mallory" });
  assert.equal(answer.success, false);
  const { error } = (answer as DebugProtocol.ErrorResponse).body;
  return error?.format ?? "";
}

/** Takes part, and runs something. */
async function takePart(client: DapClient): Promise<void> {
  await begin(client, "node", "attach", {});
  await client.request("configurationDone");
  const { threads } = await client.request("threads");
  assert.equal(threads.length, 1);
}

function joined(serve: Serve): number {
  return serve.events().filter(({ event }) => event === "joined").length;
}

/** The host is told once, and none has come in. */
async function assertKeptOut(serve: Serve): Promise<void> {
  await serve.process.waitLine(TOLD);
  assert.equal(joined(serve), 0);
  assert.equal(serve.process.lines.filter((line) => TOLD.test(line)).length, 1);
}

describe("another user of this machine", { timeout: 300_000, skip: skipWithout("otherUser") }, () => {
  test("is not let in by plain DAP, whatever the address that they come from", async (t) => {
    const { cli, serve } = scene(t);
    const server = await serve("tcp:port=0");
    for (const [host, from] of [
      ["127.0.0.1"],
      ["::1"],
      ["::ffff:127.0.0.1"],
      ["127.0.0.1", "127.9.9.9"],
    ] as const)
      assert.match(await refusal(otherUsersClient(t, server.port, host, from)), ONLY_OWN, host);
    await assertKeptOut(server);
    // This user is, as ever.
    await takePart(await cli.connect(server.port));
  });

  test("is not let in by the link, and is told why", async (t) => {
    const { cli, other, serve } = scene(t);
    const server = await serve("tcp:port=0");
    const [join = ""] = server.joins;
    assert.match(await refusal(other.editor(["join", join])), ONLY_OWN);
    await assertKeptOut(server);
    await takePart(cli.editor(["join", join]));
  });

  test("is not let in by TLS that asks for no password and no certificate, and is told why inside it", async (t) => {
    const { cli, other, serve } = scene(t);
    const server = await serve("ssl:proto=tls1,certuser=devbox,port=0");
    const [join = ""] = server.joins;
    assert.match(await refusal(other.editor(["join", join])), ONLY_OWN);
    await assertKeptOut(server);
    await takePart(cli.editor(["join", join]));
  });

  test("runs nothing by leaving before anything is known: a socket without a process looks like root's", async (t) => {
    const { cli, serve } = scene(t);
    const server = await serve("tcp:port=0");
    const mark = path.join(cli.directory, "mark");
    const script = `
      const [port, mark, how] = process.argv.slice(1);
      const requests = [
        ["initialize", { adapterID: "x" }], ["attach", {}], ["configurationDone"],
        ["evaluate", { expression: "process.getBuiltinModule('fs').writeFileSync(" + JSON.stringify(mark) + ", '')", context: "repl" }],
      ];
      const bytes = requests.map(([command, args], i) => {
        const body = JSON.stringify({ seq: i + 1, type: "request", command, arguments: args });
        return "Content-Length: " + Buffer.byteLength(body) + "\\r\\n\\r\\n" + body;
      }).join("");
      let left = 20;
      const next = () => {
        if (left-- === 0) return process.exit();
        const socket = require("node:net").connect(Number(port), "127.0.0.1", () =>
          socket.write(bytes, () => (how === "reset" ? socket.resetAndDestroy() : socket.destroy())));
        socket.on("error", () => {}).on("close", next);
      };
      next();`;
    for (const how of ["end", "reset"])
      await otherUsersScript(t, script, String(server.port), mark, how).waitExit();
    // What they sent has been handled when this user, who came after them, has taken part.
    await takePart(await cli.connect(server.port));
    assert.equal(joined(server), 1);
    assert.equal(existsSync(mark), false);
  });

  for (const [name, server, keys] of [
    ["tcp", "tcp:", "tcp:"],
    ["ssl", "ssl:proto=tls1,certuser=devbox,", "ssl:proto=tls1,thumbprint=DEVBOX,"],
  ] as const)
    test(`does not get a session by listening where a server calls its guest: ${name}`, async (t) => {
      const { cli, other, serve } = scene(t);
      const port = await freePort();
      const join = `${keys.replace("DEVBOX", pki.thumbprint("devbox"))}clicon=localhost,port=${port}`;
      const waiting = other.editor(["join", join]);
      await waiting.process?.waitLine(/^Waiting for a debug server to call/);
      const answer = refusal(waiting);
      const calling = await serve(`${server}port=${port},clicon=localhost`);
      await calling.process.waitLine(/^Only a program of this user, on this machine, gets in\.$/);
      assert.match(await answer, ONLY_OWN);
      assert.match(await calling.reported("unreachable", "was not let in"), /Only programs of the user/);
      await assertKeptOut(calling);
      await waiting.process?.waitExit();
      await takePart(cli.editor(["join", join]));
    });

  test("does not get a session by answering a call and saying nothing, or with plain DAP", async (t) => {
    const { cli, serve } = scene(t);
    const port = await freePort();
    const silent = otherUsersScript(
      t,
      `require("node:net").createServer((s) => { s.on("error", () => {}).on("data", (d) => console.log(String(d).split("\\n").at(-1))); s.write(process.argv[2]); console.log("called"); })
       .listen(Number(process.argv[1]), "127.0.0.1", () => console.log("ready"))`,
      String(port),
      initializeText(),
    );
    await silent.waitLine(/^ready$/);
    const calling = await serve(`tcp:port=${port},clicon=localhost`);
    await silent.waitLine(/"success":false.*Only programs of the user/);
    await assertKeptOut(calling);
    await silent.kill();
    await takePart(cli.editor(["join", `tcp:clicon=localhost,port=${port}`]));
  });

  test("does not take over a broken connection, even with the proof that it is its guest's", async (t) => {
    const { cli, serve } = scene(t);
    const server = await serve("tcp:port=0");
    const port = await freePort();
    const relay = `
      const net = require("node:net");
      net.createServer((near) => {
        const far = net.connect(Number(process.argv[1]), "127.0.0.1");
        for (const [one, two] of [[near, far], [far, near]])
          one.on("error", () => two.destroy()).on("close", () => two.destroy()).pipe(two);
      }).listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));`;
    const words = [String(server.port), String(port)] as const;
    const way = ownScript(t, relay, ...words);
    await way.waitLine(/^ready$/);
    const guest = cli.editor(["join", `tcp:server=127.0.0.1,port=${port}`]);
    await takePart(guest);
    await way.kill();
    await server.reported("away");
    const stolen = otherUsersScript(t, relay, ...words);
    await stolen.waitLine(/^ready$/);
    await guest.waitEvent("terminated");
    await server.process.waitLine(TOLD);
    assert.deepEqual(
      server.events().filter(({ event }) => event === "back"),
      [],
    );
  });

  test("is let in by any-user, which is said loudly, and by insecure", async (t) => {
    const { other, serve } = scene(t);
    const server = await serve("tcp:port=0,any-user", "tcp:port=0,bind=127.0.0.1,insecure");
    for (const string of ["any-user", "bind=127\\.0\\.0\\.1,insecure"])
      await server.process.waitLine(
        new RegExp(
          `^WARNING: tcp:port=\\d+,${string} has no password and is open to every user of this machine\\.$`,
        ),
      );
    for (const join of server.joins) await takePart(other.editor(["join", join]));
    await takePart(otherUsersClient(t, server.port));
    assert.equal(joined(server), 3);
  });

  test("is let in where a server that calls says any-user", async (t) => {
    const { other, serve } = scene(t);
    const port = await freePort();
    const waiting = other.editor(["join", `tcp:clicon=localhost,port=${port}`]);
    await serve(`tcp:port=${port},clicon=localhost,any-user`);
    await takePart(waiting);
  });

  test("may serve, and lets in their own programs, but not root's", async (t) => {
    const { cli, other } = scene(t);
    const server = await other.serve(["tcp:port=0"], LOOP);
    assert.match(await refusal(await cli.connect(server.port)), ONLY_OWN);
    await server.process.waitLine(/A program of another user \(0\) was not let in\./);
    await takePart(otherUsersClient(t, server.port));
    await takePart(other.editor(["join", server.joins[0] ?? ""]));
    assert.equal(joined(server), 2);
  });

  test("keeps their programs out of nothing else: a password lets in whoever knows it", async (t) => {
    const { cli, other } = scene(t);
    const env = { RIGHT: "zq7Kx-right" };
    const server = await cli.serve(["tcp:port=0,bind=127.0.0.1,password=env:RIGHT"], LOOP, undefined, env);
    await takePart(other.editor(["join", `${server.joins[0]},password=env:RIGHT`], {}, undefined, env));
  });

  test("is named to who joins their server, where nothing proves whose it is: they may have taken the port", async (t) => {
    const { cli, other } = scene(t);
    const env = { RIGHT: "zq7Kx-right" };
    const strings = ["tcp:port=0,any-user", "tcp:port=0,bind=127.0.0.1,password=env:RIGHT"];
    const { joins } = await other.serve(strings, LOOP, undefined, env);
    const unproved = cli.editor(["join", joins[0] ?? ""]);
    await takePart(unproved);
    await unproved.waitEvent<DebugProtocol.OutputEvent>("output", ({ body }) => WHOSE.test(body.output));
    const proved = cli.editor(["join", `${joins[1]},password=env:RIGHT`], {}, undefined, env);
    await takePart(proved);
    assert.doesNotMatch(JSON.stringify(proved.transcript), WHOSE);
    const own = await cli.serve(["tcp:port=0"], LOOP);
    const among = cli.editor(["join", own.joins[0] ?? ""]);
    await takePart(among);
    assert.doesNotMatch(JSON.stringify(among.transcript), WHOSE);
  });

  test("is named to a guest who waits to be called, and to a host that connects to their adapter", async (t) => {
    const { cli, other } = scene(t);
    const port = await freePort();
    const waiting = cli.editor(["join", `tcp:clicon=localhost,port=${port}`]);
    await other.serve([`tcp:port=${port},clicon=localhost,any-user`], LOOP);
    await takePart(waiting);
    await waiting.waitEvent<DebugProtocol.OutputEvent>("output", ({ body }) => WHOSE.test(body.output));
    const adapter = otherUsersScript(
      t,
      `require("node:net").createServer((s) => s.on("error", () => {}).resume()).listen(0, "127.0.0.1", function () { console.log("port " + this.address().port); })`,
    );
    const [, where] = await adapter.waitLine(/^port (\d+)$/);
    const host = cli.start(["serve", "-s", "tcp:port=0", "--connect", `localhost:${where}`]);
    await host.waitLine(
      new RegExp(`The debug adapter at .* of another user of this machine \\(${OTHER_USER}\\)`),
    );
  });

  test("costs the host no question: what keeps them out comes first", async (t) => {
    const host = new Questions();
    const served = await serveUpstream(new FakeUpstream(), { admit: host.admit });
    t.after(() => served.close());
    assert.match(await refusal(otherUsersClient(t, served.port)), ONLY_OWN);
    const other = otherUsersCli(t);
    assert.match(await refusal(other.editor(["join", `tcp:server=localhost,port=${served.port}`])), ONLY_OWN);
    assert.equal(host.asked, 0);
  });

  test("cannot be told from this one where the system's table is hidden: then all are kept out", async (t) => {
    const cli = new Cli(t, {
      command: (...words) => [
        "/usr/bin/unshare",
        "--mount",
        "sh",
        "-c",
        'mount -t tmpfs none /proc && exec "$@"',
        "sh",
        ...words,
      ],
    });
    const server = await cli.serve(["tcp:port=0"], LOOP);
    const text = await refusal(await new Cli(t).connect(server.port));
    assert.match(text, /and it cannot be known whose program this is\..*password=….*npipe:.*any-user/);
    await server.process.waitLine(/A connection was not let in: it cannot be known whose program this is\./);
  });
});

function initializeText(): string {
  const body = JSON.stringify({
    seq: 1,
    type: "request",
    command: "initialize",
    arguments: { adapterID: "x" },
  });
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
