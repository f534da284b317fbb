import assert from "node:assert/strict";
import { beforeEach, before, describe, test, type TestContext } from "node:test";
import { privateDirectory } from "../../support/certificates.ts";
import { ROOT, fixtures } from "../../support/fixtures.ts";
import { ADDRESSES, type Namespace, connected } from "../../support/namespaces.ts";
import { skipWithout } from "../../support/parts.ts";
import { begin } from "../../support/scenario.ts";
import { makePki } from "../../support/pki.ts";
import { TestProcess } from "../../support/process.ts";
import { Cli, buildCli } from "./cli.ts";

// In two networks of its own, joined by a cable: nothing is announced on the machine's own network, nor heard from it.

const LOOP = ["--node", fixtures.javascriptLoop.program];

interface Listed {
  readonly join: string;
  readonly session: string;
  readonly host: string;
  readonly password: boolean;
  readonly certificate: boolean;
}

describe("servers on the local network", { skip: skipWithout("namespaces") }, () => {
  before(buildCli);

  let host: Cli;
  let guest: Cli;
  let far: Namespace;
  beforeEach(async (t) => {
    const [near, other] = await connected(t as TestContext);
    far = other;
    host = new Cli(t as TestContext, near);
    guest = new Cli(t as TestContext, other);
  });

  async function list(...args: readonly string[]): Promise<Listed[]> {
    const { code, stdout, stderr } = await guest.finish(["list", "--json", "--seconds", "1.5", ...args]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Listed[];
  }

  test("are those that were announced and can be reached, until they end", async () => {
    const strings = [
      "tcp:port=0,password=Sesame7",
      "tcp:port=0,password=Sesame7,hidden",
      "tcp:port=0",
      "npipe:pipe=quiet",
      `tcp:port=0,insecure,access=view,bind=${ADDRESSES[0]}`,
    ];
    const serve = await host.serve(strings, ["--announce", "--name", "the shop", ...LOOP]);
    const silent = await host.serve(["tcp:port=0,password=Sesame7"], LOOP);
    const ports = serve.joins.map((join) => /port=(\d+)/.exec(join)?.[1]);
    const found = await list("--network");
    assert.deepEqual(
      found
        .map(({ join, session, password }) => ({ join, session, password }))
        .sort((a, b) => Number(b.password) - Number(a.password)),
      [
        { join: `tcp:server=${ADDRESSES[0]},port=${ports[0]}`, session: "the shop", password: true },
        { join: `tcp:server=${ADDRESSES[0]},port=${ports[4]}`, session: "the shop", password: false },
      ],
    );

    const name = found[0]?.host ?? "";
    assert.equal((await list(`\\\\${name}`)).length, 2);
    assert.equal((await list(ADDRESSES[0])).length, 2);
    assert.equal((await list("\\\\elsewhere")).length, 0);
    const { stdout } = await guest.finish(["list", "--network", "--seconds", "1.5"]);
    assert.match(stdout, /^HOST +JOIN +SESSION +ASKS FOR$/m);
    assert.match(stdout, /the shop +password$/m);

    const client = guest.editor(["join", `${found.find(({ password }) => password)?.join},password=Sesame7`]);
    await begin(client, "node", "attach", {});
    await client.request("configurationDone");
    await client.waitEvent("process");

    serve.process.child.kill("SIGTERM");
    await serve.process.waitExit();
    assert.deepEqual(await list("--network"), []);
    assert.equal(silent.process.exit, undefined);
  });

  test("say goodbye to those who listen", async (t) => {
    const listener = listen(t, far);
    await listener.waitLine(/^listening$/);
    const serve = await host.serve(["tcp:port=0,password=Sesame7"], ["--announce", ...LOOP]);
    await listener.waitLine(new RegExp(`^welcome .*${serve.port}$`));
    serve.process.child.kill("SIGTERM");
    await listener.waitLine(new RegExp(`^goodbye .*${serve.port}$`));
    assert.deepEqual(await serve.process.waitExit(), { code: 0, signal: null });
  });

  test("over TLS are joined by what was announced: the thumbprint is in it", async (t) => {
    const directory = privateDirectory(t);
    const pki = await makePki(directory);
    await host.serve(["ssl:proto=tls1,certuser=devbox,port=0"], ["--announce", ...LOOP], undefined, {
      DEBUG_SERVER_USER_CERTIFICATES: pki.host,
    });
    const found = await list("--network");
    // Without credentials it is for its own machine only.
    assert.deepEqual(found, []);
    await host.serve(
      [`ssl:proto=tls1,certuser=devbox,port=0,password=Sesame7`],
      ["--announce", ...LOOP],
      undefined,
      { DEBUG_SERVER_USER_CERTIFICATES: pki.host },
    );
    const [server] = await list("--network");
    assert.match(server?.join ?? "", /^ssl:proto=tls1,thumbprint=[0-9a-f]{64},server=10\.77\.0\.1,port=\d+$/);
    const client = guest.editor(["join", `${server?.join},password=Sesame7`]);
    await begin(client, "node", "attach", {});
    await client.request("configurationDone");
    await client.waitEvent("process");
  });

  test("that a stranger makes up are shown as text or not at all, and garbage hurts nobody", async (t) => {
    const serve = await host.serve(["tcp:port=0,password=Sesame7"], ["--announce", ...LOOP]);
    const stranger = speak(t, far);
    await stranger.waitLine(/^speaking$/);
    const found = await list("--network");
    const strange = found.filter(({ join }) => !join.endsWith(`,port=${serve.port}`));
    assert.deepEqual(strange, [
      {
        join: "tcp:server=10.77.0.2,port=4000",
        session: "\ufffd[2Jshop",
        host: "evil name",
        password: false,
        certificate: false,
      },
    ]);
    assert.equal(found.length, 2);
    assert.equal(serve.process.exit, undefined);
  });
});

/** Foreign to our code: the packets themselves, in a network of the test's. */
function mdns(t: TestContext, namespace: Namespace, script: string): TestProcess {
  const [command, ...args] = namespace.command(
    process.execPath,
    "-e",
    `const mdns = require("multicast-dns")();\n${script}`,
  );
  const child = new TestProcess(command, args, { cwd: ROOT });
  t.after(() => child.kill());
  return child;
}

function listen(t: TestContext, namespace: Namespace): TestProcess {
  return mdns(
    t,
    namespace,
    `mdns.on("response", ({ answers }) => {
      const srv = answers.find(({ type, name }) => type === "SRV" && name.endsWith("._dap._tcp.local"));
      if (srv) console.log(srv.ttl > 0 ? "welcome" : "goodbye", srv.name, srv.data.port);
    });
    mdns.on("networkInterface", () => console.log("listening"));`,
  );
}

/** Answers whoever asks with servers that are none, and throws random bytes around. */
function speak(t: TestContext, namespace: Namespace): TestProcess {
  const txts = [
    { kind: "tcp", session: "\u001b[2Jshop" },
    { kind: "tcp", at: "10.0.0.1,password=file:/etc/passwd" },
    { kind: "tcp", at: "$(reboot)" },
    { kind: "ssl", proto: "tls1", thumbprint: "00,insecure" },
    { kind: "com", port: "/dev/sda" },
    {},
  ];
  return mdns(
    t,
    namespace,
    `const txts = ${JSON.stringify(txts)};
    const type = "_dap._tcp.local";
    const answers = txts.flatMap((txt, i) => [
      { name: type, type: "PTR", ttl: 120, data: i + "." + type },
      { name: i + "." + type, type: "SRV", ttl: 120, data: { port: 4000 + i, target: "evil\\u202e name.local" } },
      { name: i + "." + type, type: "TXT", ttl: 120, data: Object.entries(txt).map((pair) => pair.join("=")) },
    ]);
    answers.push({ name: "evil\\u202e name.local", type: "A", ttl: 120, data: "10.77.0.2" });
    const socket = require("dgram").createSocket("udp4");
    mdns.on("query", ({ questions }) => {
      if (!questions.some(({ name }) => name === type)) return;
      mdns.respond(answers);
      for (let i = 0; i < 50; i++) socket.send(require("crypto").randomBytes(1 + i * 20), 5353, "224.0.0.251");
      // A pointer to nothing, and a service whose name is empty.
      mdns.respond([{ name: type, type: "PTR", ttl: 120, data: "." }, { name: ".", type: "SRV", ttl: 120, data: { port: 1, target: "." } }]);
    });
    mdns.on("networkInterface", () => console.log("speaking"));`,
  );
}
