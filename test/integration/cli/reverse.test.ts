import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { before, describe, test, type TestContext } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { DapClient } from "../../support/dapClient.ts";
import { fixtures } from "../../support/fixtures.ts";
import { usePki } from "../../support/pki.ts";
import { freePort } from "../../support/process.ts";
import { begin } from "../../support/scenario.ts";
import { Cli, type Serve, buildCli } from "./cli.ts";

// The server calls, the guest waits: through the real command line.

const LOOP = ["--node", fixtures.javascriptLoop.program, "--continue"];

const pki = usePki();
before(buildCli);

/** What the server's string and the guest's begin with. */
const SERVERS = {
  "tcp without credentials": ["tcp:", "tcp:"],
  "tcp by a password": ["tcp:password=env:RIGHT,", "tcp:password=env:RIGHT,"],
  "ssl without credentials": ["ssl:proto=tls1,certuser=devbox,", "ssl:proto=tls1,certuser=devbox,"],
  "ssl by a password": [
    "ssl:proto=tls1,certuser=devbox,password=env:RIGHT,",
    "ssl:proto=tls1,certuser=devbox,password=env:RIGHT,",
  ],
  "ssl by certificates": [
    "ssl:proto=tls1,certuser=signed,clientcert=ana,",
    "ssl:proto=tls1,certuser=ana,thumbprint=SIGNED,",
  ],
} as const;

class Scene {
  readonly cli: Cli;

  constructor(t: TestContext) {
    this.cli = new Cli(t);
  }

  serve(...strings: readonly string[]): Promise<Serve> {
    return this.cli.serve(strings, LOOP, undefined, { ...pki.hosts, RIGHT: "zq7Kx-right" });
  }

  guest(string: string, ...args: readonly string[]): DapClient {
    const env = { ...pki.guests, RIGHT: "zq7Kx-right", WRONG: "zq7Kx-wrong" };
    return this.cli.editor(["join", string, ...args], {}, undefined, env);
  }

  /** Lets a guest take part and leave. */
  async visit(guest: DapClient): Promise<void> {
    await takePart(guest);
    await guest.request("disconnect");
    assert.deepEqual(await guest.process?.waitExit(), { code: 0, signal: null });
  }
}

async function takePart(guest: DapClient): Promise<void> {
  await begin(guest, "any", "attach", {});
  await guest.request("configurationDone");
  const { threads } = await guest.request("threads");
  assert.equal(threads.length, 1);
}

/** The port on which a guest says that it waits. */
async function waitsOn(guest: DapClient): Promise<number> {
  const line = await guest.process?.waitLine(/^Waiting for a debug server to call, on port (\d+)\.$/);
  return Number(line?.[1]);
}

async function failure(guest: DapClient): Promise<string> {
  const answer = await guest.raw("initialize", { adapterID: "x" });
  assert.equal(answer.success, false);
  assert.deepEqual(await guest.process?.waitExit(), { code: 1, signal: null });
  return (answer.body as DebugProtocol.ErrorResponse["body"]).error?.format ?? "";
}

describe("reverse connections", { timeout: 300_000 }, () => {
  for (const [name, [server, client]] of Object.entries(SERVERS)) {
    test(`${name}: the guest first, then the server first, for two guests in turn`, async (t) => {
      const scene = new Scene(t);
      const port = await freePort();
      const keys = client.replace("SIGNED", pki.thumbprint("signed"));
      const first = scene.guest(`${keys}clicon=localhost,port=${port}`);
      assert.equal(await waitsOn(first), port);
      const serve = await scene.serve(`${server}clicon=localhost,port=${port}`);
      await scene.visit(first);
      // The server's own join string pins its certificate, and has neither the password nor the guest's certificate.
      const joins = serve.joins[0] ?? "";
      assert.match(joins, /^(tcp|ssl:proto=tls1,thumbprint=[0-9a-f]{64}).*clicon=localhost,port=\d+$/);
      await scene.visit(scene.guest(`${keys}clicon=localhost,port=${port}`, "--name", "Kim"));
      await serve.reported("joined", '"name":"Kim"');
    });
  }

  test("what is said at once: that it serves, whom it calls; and that nobody is there, once", async (t) => {
    const { cli } = new Scene(t);
    const port = await freePort();
    const serve = cli.start(["serve", "-s", `tcp:port=${port},clicon=localhost`, ...LOOP]);
    await serve.waitLine(new RegExp(`^Debugger Server - tcp:port=${port},clicon=localhost$`));
    await serve.waitLine(new RegExp(`^Join it with: debug-server join "tcp:clicon=localhost,port=${port}"$`));
    await serve.waitLine(new RegExp(`^It calls localhost, port ${port}, until somebody there joins\\.$`));
    await serve.waitLine(new RegExp(`^localhost:${port} refused the connection: nobody listens there\\.`));
    const listed = await cli.finish(["list"]);
    assert.equal(listed.stdout, "No debug server of yours runs on this machine.\n");
    serve.child.kill("SIGINT");
    assert.deepEqual(await serve.waitExit(), { code: 0, signal: null });
    assert.equal(serve.lines.filter((line) => /refused the connection/.test(line)).length, 1);
  });

  test("a name that is not known is told once, and keeps nobody else from being called", async (t) => {
    const scene = new Scene(t);
    const port = await freePort();
    const serve = await scene.serve(
      "tcp:port=5,clicon=a_name-that.invalid,password=env:RIGHT",
      `tcp:port=${port},clicon=localhost`,
    );
    assert.match(await serve.reported("unreachable", '"id":0'), /a_name-that\.invalid/);
    for (let guests = 0; guests < 2; guests++)
      await scene.visit(scene.guest(`tcp:clicon=localhost,port=${port}`));
    const told = serve.events().filter(({ event, id }) => event === "unreachable" && id === 0);
    assert.equal(told.length, 1);
  });

  test("a guest with a wrong password is told so; the server calls on, and the right one gets in", async (t) => {
    const scene = new Scene(t);
    const port = await freePort();
    const guest = (keys: string) => scene.guest(`tcp:clicon=localhost,port=${port}${keys}`);
    const serve = await scene.serve(`tcp:port=${port},clicon=localhost,password=env:RIGHT`);
    assert.match(await failure(guest(",password=env:WRONG")), /The password is wrong\./);
    await serve.reported("wrongPassword");
    assert.match(await failure(guest("")), /This server asks for a password\. Add password=/);
    await scene.visit(guest(",password=env:RIGHT"));
    assert.doesNotMatch(serve.process.stdout + serve.process.stderr, /zq7Kx/);
  });

  test("a server with another certificate is not the one that is waited for", async (t) => {
    const scene = new Scene(t);
    const port = await freePort();
    const string = `ssl:proto=tls1,certuser=devbox,clicon=localhost,port=${port}`;
    const guest = scene.guest(string);
    await waitsOn(guest);
    const wrong = await scene.serve(`ssl:proto=tls1,certuser=elsewhere,port=${port},clicon=localhost`);
    await guest.process?.waitLine(/came to nothing: The server's certificate .* Still waiting, on port/);
    wrong.process.child.kill("SIGTERM");
    assert.deepEqual(await wrong.process.waitExit(), { code: 0, signal: null });
    assert.deepEqual(
      wrong.events().filter(({ event }) => event === "joined"),
      [],
    );
    await scene.serve(`ssl:proto=tls1,certuser=devbox,port=${port},clicon=localhost`);
    await scene.visit(guest);
  });

  test("the server is killed: the guest is told; another one that calls is not taken for it; it waits again", async (t) => {
    const scene = new Scene(t);
    const port = await freePort();
    const server = `tcp:port=${port},clicon=localhost`;
    const client = `tcp:clicon=localhost,port=${port}`;
    const first = await scene.serve(server);
    const guest = scene.guest(client);
    await takePart(guest);
    await first.process.kill();
    await guest.waitEvent<DebugProtocol.OutputEvent>("output", ({ body }) =>
      /Reconnecting/.test(body.output),
    );
    await scene.serve(server);
    await guest.waitEvent("terminated");
    await scene.visit(scene.guest(client));
  });

  test("the guest is killed: the server calls again", async (t) => {
    const scene = new Scene(t);
    const port = await freePort();
    const serve = await scene.serve(`tcp:port=${port},clicon=localhost`);
    const guest = scene.guest(`tcp:clicon=localhost,port=${port}`);
    await takePart(guest);
    await guest.process?.kill();
    await serve.reported("away");
    await scene.visit(scene.guest(`tcp:clicon=localhost,port=${port}`));
  });

  test("the guest waits on the first free port of its range", async (t) => {
    const scene = new Scene(t);
    const busy = net.createServer().listen(0, "127.0.0.1");
    t.after(() => busy.close());
    await once(busy, "listening");
    const { port } = busy.address() as net.AddressInfo;
    const guest = scene.guest(`tcp:clicon=localhost,port=${port}:${port + 20}`);
    const used = await waitsOn(guest);
    assert.ok(used > port && used <= port + 20);
    await scene.serve(`tcp:port=${used},clicon=localhost`);
    await scene.visit(guest);
    const none = scene.guest(`tcp:clicon=localhost,port=${port}`);
    assert.match(await failure(none), new RegExp(`Port ${port} is in use`));
  });

  test("who is not invited, talks nonsense or says nothing does not keep the server out", async (t) => {
    const scene = new Scene(t);
    const guest = scene.guest("tcp:clicon=127.0.0.1,port=0");
    const port = await waitsOn(guest);
    const call = async (localAddress: string): Promise<net.Socket> => {
      const socket = net.connect({ port, host: "127.0.0.1", localAddress });
      socket.on("error", () => {});
      t.after(() => socket.destroy());
      await once(socket, "connect");
      return socket;
    };
    await call("127.0.0.1");
    if (process.platform === "linux") {
      await call("127.0.0.2");
      await guest.process?.waitLine(/A call from 127\.0\.0\.2 was not taken: it is not from 127\.0\.0\.1\./);
    }
    (await call("127.0.0.1")).write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await guest.process?.waitLine(
      /^A call from 127\.0\.0\.1 came to nothing: .* Still waiting, on port \d+\.$/,
    );
    await scene.serve(`tcp:port=${port},clicon=127.0.0.1`);
    await scene.visit(guest);
  });

  test("an editor that gives up ends the wait, and so does Ctrl-C", async (t) => {
    const scene = new Scene(t);
    const editor = scene.guest("tcp:clicon=localhost,port=0");
    await waitsOn(editor);
    editor.end();
    assert.deepEqual(await editor.process?.waitExit(), { code: 0, signal: null });
    const terminal = scene.guest("tcp:clicon=localhost,port=0");
    await waitsOn(terminal);
    terminal.process?.child.kill("SIGINT");
    await terminal.process?.waitExit();
  });
});
