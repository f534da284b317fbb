import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { before, describe, test, type TestContext } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { encodeMessage } from "../../support/dapFraming.ts";
import { fixtures } from "../../support/fixtures.ts";
import { usePki } from "../../support/pki.ts";
import { withDeadline } from "../../support/process.ts";
import { type RecordedAdapter, recordedAdapter } from "../../support/recordedAdapter.ts";
import { Cli, type Serve, buildCli } from "./cli.ts";

// Every way to authenticate, with success and in vain, through the real command line; what is said, and that the adapter
// hears nothing of clients that are not admitted.

const PASSWORD = "zq7Kx-right";
const WRONG = "zq7Kx-wrong";

/** Servers of one session, by what the tests call them. */
const SERVERS = {
  tcp: "tcp:port=0",
  "tcp password": `tcp:port=0,bind=127.0.0.1,password=env:HOST_PASSWORD`,
  npipe: "npipe:pipe=open_%d",
  "npipe password": "npipe:pipe=locked_%d,password=env:HOST_PASSWORD",
  ssl: "ssl:proto=tls1,certuser=devbox,port=0",
  "ssl signed": "ssl:proto=tls1,certuser=signed,port=0",
  "ssl elsewhere": "ssl:proto=tls1,certuser=elsewhere,port=0",
  "ssl password": "ssl:proto=tls1,certuser=devbox,port=0,bind=127.0.0.1,password=env:HOST_PASSWORD",
  "ssl guest": "ssl:proto=tls1,certuser=devbox,port=0,bind=127.0.0.1,clientcert=ana",
  "ssl guests": "ssl:proto=tls1,certuser=devbox,port=0,bind=127.0.0.1,clientcert=require",
  "ssl both":
    "ssl:proto=tls1,certuser=devbox,port=0,bind=127.0.0.1,clientcert=ana,password=env:HOST_PASSWORD",
  "ssl 1.2": "ssl:proto=tls1.2,certuser=devbox,port=0",
  "ssl 1.3": "ssl:proto=tls1.3,certuser=devbox,port=0",
  spipe: "spipe:proto=tls1,certuser=devbox,pipe=secure_%d",
  "spipe password": "spipe:proto=tls1,certuser=devbox,pipe=secure_locked_%d,password=env:HOST_PASSWORD",
  "spipe guest": "spipe:proto=tls1,certuser=devbox,pipe=secure_guest_%d,clientcert=ana",
} as const;
type Name = keyof typeof SERVERS;

const IN = "in";
const NO_PASSWORD = /This server asks for a password\. Add password=/;
const WRONG_PASSWORD = /The password is wrong\./;
const NO_LOCK = /This server has neither a password nor a certificate\. Leave out password=/;
const NO_SUCH_PASSWORD = /This server has no password\. Leave out password=/;
const TLS_ONLY = /This server is joined by TLS only\. Write ssl:/;
const PIPE_TLS_ONLY = /This server is joined by TLS only\. Write spipe:/;
const WRONG_PIN = /The server's certificate is not the one with this thumbprint\./;
const NOT_NAMED = /is not the one that you named, and was issued by nobody whom this machine trusts/;
const UNTRUSTED = /The server's certificate was issued by nobody|is not the one that you named/;
const OTHER_HOST =
  /The server's certificate is not for (localhost|127\.0\.0\.1), but for elsewhere\.example\./;
const WANTS_CERTIFICATE = /This server asks guests for a certificate\./;
const NOT_ACCEPTED = /This server does not accept your certificate\./;
const LATE = /Your certificate expired on \d{4}-\d\d-\d\d\./;
const NOT_CLIENT = /Your certificate is not for client authentication\./;
const VERSION = /The server does not speak a version of TLS that is allowed here\./;

const PIN = "0".repeat(64);
const right = "password=env:RIGHT";
const wrong = "password=env:WRONG";

/** Server, what the guest writes of how to join it (by default the server's own join string), more keys, outcome. */
type Row = readonly [server: Name, keys: string, outcome: RegExp | typeof IN];
const ROWS: readonly Row[] = [
  ["tcp", "", IN],
  ["tcp", right, NO_LOCK],
  ["tcp password", right, IN],
  ["tcp password", wrong, WRONG_PASSWORD],
  ["tcp password", "", NO_PASSWORD],
  ["npipe", "", IN],
  ["npipe", right, NO_LOCK],
  ["npipe password", right, IN],
  ["npipe password", wrong, WRONG_PASSWORD],
  ["npipe password", "", NO_PASSWORD],
  // The server's own join string pins its certificate.
  ["ssl", "", IN],
  ["ssl", `thumbprint=${PIN}`, WRONG_PIN],
  ["ssl", "certuser=devbox", IN],
  ["ssl", "certuser=notserver", NOT_NAMED],
  ["ssl", right, NO_SUCH_PASSWORD],
  ["ssl signed", "certuser=authority", IN],
  ["ssl signed", "certuser=devbox", UNTRUSTED],
  ["ssl elsewhere", "certuser=authority", OTHER_HOST],
  ["ssl elsewhere", "", IN],
  ["ssl password", right, IN],
  ["ssl password", wrong, WRONG_PASSWORD],
  ["ssl password", "", NO_PASSWORD],
  ["ssl password", `thumbprint=${PIN},${right}`, WRONG_PIN],
  ["ssl guest", "certuser=ana,thumbprint=", IN],
  ["ssl guest", "", WANTS_CERTIFICATE],
  ["ssl guest", "certuser=stranger,thumbprint=", NOT_ACCEPTED],
  ["ssl guest", "certuser=late,thumbprint=", LATE],
  ["ssl guests", "certuser=ana,thumbprint=", IN],
  ["ssl guests", "certuser=stranger,thumbprint=", NOT_ACCEPTED],
  ["ssl guests", "certuser=notclient,thumbprint=", NOT_CLIENT],
  ["ssl guests", "", WANTS_CERTIFICATE],
  ["ssl both", `certuser=ana,thumbprint=,${right}`, IN],
  ["ssl both", `certuser=ana,thumbprint=,${wrong}`, WRONG_PASSWORD],
  ["ssl both", `certuser=stranger,thumbprint=,${right}`, NOT_ACCEPTED],
  ["ssl both", right, WANTS_CERTIFICATE],
  ["ssl both", "certuser=ana,thumbprint=", NO_PASSWORD],
  ["ssl 1.2", "", IN],
  ["ssl 1.2", "proto=tls1.3", VERSION],
  ["ssl 1.3", "", IN],
  ["ssl 1.3", "proto=tls1.2", VERSION],
  ["spipe", "", IN],
  ["spipe", `thumbprint=${PIN}`, WRONG_PIN],
  ["spipe", "certuser=devbox", IN],
  ["spipe password", right, IN],
  ["spipe password", wrong, WRONG_PASSWORD],
  ["spipe password", "", NO_PASSWORD],
  ["spipe guest", "certuser=ana,thumbprint=", IN],
  ["spipe guest", "", WANTS_CERTIFICATE],
  ["spipe guest", "certuser=stranger,thumbprint=", NOT_ACCEPTED],
];

const pki = usePki();
before(buildCli);

interface Scene {
  readonly cli: Cli;
  readonly serve: Serve;
  readonly adapter: RecordedAdapter;
  /** The string that joins a server, with some keys replaced or added. `thumbprint=` alone stays as it is. */
  readonly join: (server: Name, keys?: string) => string;
  /** `in`, or what the editor is told. */
  readonly tries: (string: string) => Promise<string>;
}

async function scene(t: TestContext, names: readonly Name[]): Promise<Scene> {
  const cli = new Cli(t);
  const adapter = recordedAdapter(cli.directory);
  const serve = await cli.serve(
    names.map((name) => SERVERS[name]),
    adapter.command,
    undefined,
    { ...pki.hosts, HOST_PASSWORD: PASSWORD },
  );
  await adapter.running();
  const guest = { ...pki.guests, RIGHT: PASSWORD, WRONG };
  return {
    cli,
    serve,
    adapter,
    join: (server, keys = "") => withKeys(serve.joins[names.indexOf(server)] ?? "", keys),
    async tries(string) {
      const editor = cli.editor(["join", string], {}, undefined, guest);
      const answer = await editor.raw("initialize", { adapterID: "test" });
      if (!answer.success) {
        assert.deepEqual(await editor.process?.waitExit(), { code: 1, signal: null });
        return errorText(answer);
      }
      await editor.request("disconnect");
      await editor.process?.waitExit();
      return IN;
    },
  };
}

function withKeys(string: string, keys: string): string {
  const [transport = "", rest = ""] = string.split(/:(.*)/);
  const all = new Map(rest.split(",").map((pair) => pair.split("=") as [string, string]));
  if (keys.startsWith("certuser") && !keys.includes("thumbprint")) all.delete("thumbprint");
  for (const pair of keys.split(",").filter(Boolean)) {
    const [key = "", value = ""] = pair.split("=");
    if (value !== "") all.set(key, value);
  }
  return `${transport}:${[...all].map(([key, value]) => `${key}=${value}`).join(",")}`;
}

function errorText(answer: DebugProtocol.Response): string {
  return (answer.body as DebugProtocol.ErrorResponse["body"]).error?.format ?? "";
}

describe("authentication", { timeout: 300_000 }, () => {
  test("who is let in, who is not, and what they are told", async (t) => {
    const names = Object.keys(SERVERS) as Name[];
    const { join, tries, adapter, serve } = await scene(t, names);
    const failures: string[] = [];
    for (const [server, keys, expected] of ROWS) {
      const before = adapter.received();
      const outcome = await tries(join(server, keys));
      const fits = expected === IN ? outcome === IN : expected.test(outcome);
      if (!fits) failures.push(`${server} with ${keys || "nothing"}: ${outcome}`);
      if (expected !== IN) assert.equal(adapter.received(), before, `the adapter heard of ${server} ${keys}`);
    }
    assert.deepEqual(failures, []);
    const wrongs = ROWS.filter(([, , outcome]) => outcome === WRONG_PASSWORD).length;
    const told = serve.events().filter(({ event }) => event === "wrongPassword");
    assert.equal(told.length, wrongs);
    // Nowhere, and not in the list of processes.
    const everything = serve.process.stdout + serve.process.stderr;
    assert.doesNotMatch(everything, /zq7Kx/);
  });

  test("plain DAP is told how to join", async (t) => {
    const { serve, cli, adapter } = await scene(t, ["tcp password", "ssl"]);
    for (const [index, says] of [
      [0, /This server asks for a password\. Plain DAP has none/],
      [1, TLS_ONLY],
    ] as const) {
      const port = Number(/port=(\d+)/.exec(serve.joins[index] ?? "")?.[1]);
      const client = await cli.connect(port);
      const before = adapter.received();
      const answer = await client.raw("initialize", { adapterID: "test" });
      assert.equal(answer.success, false);
      assert.match(errorText(answer), says);
      await client.closed;
      assert.equal(adapter.received(), before);
    }
  });

  test("the wrong transport", async (t) => {
    const { join, tries } = await scene(t, ["tcp", "ssl", "spipe", "npipe", "tcp password"]);
    const port = (name: Name) => /port=(\d+)/.exec(join(name))?.[1] ?? "";
    const pipe = (name: Name) => /pipe=([^,]+)/.exec(join(name))?.[1] ?? "";
    const pinned = `thumbprint=${PIN}`;
    assert.match(await tries(`tcp:server=localhost,port=${port("ssl")}`), TLS_ONLY);
    assert.match(await tries(`npipe:server=localhost,pipe=${pipe("spipe")}`), PIPE_TLS_ONLY);
    assert.match(await tries(`ssl:proto=tls1,${pinned},server=localhost,port=${port("tcp")}`), NO_LOCK);
    assert.match(await tries(`spipe:proto=tls1,${pinned},server=localhost,pipe=${pipe("npipe")}`), NO_LOCK);
    assert.match(
      await tries(`ssl:proto=tls1,certuser=devbox,server=localhost,port=${port("tcp password")}`),
      UNTRUSTED,
    );
  });

  for (const [certificate, says] of [
    ["expired", /The certificate expired \(.*\) has expired on/],
    ["future", /is not valid before/],
    ["notserver", /is not for server authentication/],
    ["ana", /has no private key/],
    ["nobody", /No certificate in the user's store is called "nobody"/],
  ] as const) {
    test(`cannot be served: ${certificate}`, async (t) => {
      const cli = new Cli(t);
      const env = pki.hosts;
      const server = `ssl:proto=tls1,certuser=${certificate},port=0`;
      const done = await cli.finish(["serve", "-s", server, "--node", fixtures.javascriptLoop.program], {
        env,
      });
      assert.equal(done.code, 1);
      assert.match(done.stderr, says);
    });
  }

  for (const proto of ["ssl2", "ssl3", "pct1"]) {
    test(`proto=${proto} is refused with the reason`, async (t) => {
      const done = await new Cli(t).finish(["join", `ssl:proto=${proto},server=h,port=1,thumbprint=${PIN}`]);
      assert.equal(done.code, 2);
      assert.match(done.stderr, /broken[^]*tls1/i);
    });
  }
});

describe("foreign peers", { timeout: 120_000 }, () => {
  /** Starts openssl; its whole output is in `said`. */
  function openssl(t: TestContext, args: readonly string[]) {
    const child: ChildProcess = spawn("openssl", args, { stdio: "pipe" });
    t.after(() => child.kill("SIGKILL"));
    let said = "";
    const waiting: (() => void)[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data: Buffer) => {
        said += data.toString("latin1");
        for (const look of waiting) look();
      });
    }
    const until = (pattern: RegExp) =>
      withDeadline(
        new Promise<void>((resolve) => {
          const look = () => pattern.test(said) && resolve();
          waiting.push(look);
          look();
        }),
        `openssl says ${String(pattern)}`,
      );
    return { child, until, said: () => said };
  }

  test("openssl s_client: TLS 1.2 and 1.3 come in with plain DAP, older ones do not", async (t) => {
    const { serve, adapter } = await scene(t, ["ssl"]);
    const port = /port=(\d+)/.exec(serve.joins[0] ?? "")?.[1] ?? "";
    const connect = ["s_client", "-connect", `127.0.0.1:${port}`, "-quiet"];
    const before = adapter.received();
    for (const version of ["-tls1", "-tls1_1"]) {
      const old = openssl(t, [...connect, version, "-cipher", "DEFAULT@SECLEVEL=0"]);
      await withDeadline(once(old.child, "close"), `the end of ${version}`);
      assert.match(old.said(), /alert protocol version|unsupported protocol|no protocols available/);
    }
    assert.equal(adapter.received(), before);
    for (const version of ["-tls1_2", "-tls1_3"]) {
      const { child, until } = openssl(t, [...connect, version]);
      child.stdin?.write(
        encodeMessage({ seq: 1, type: "request", command: "initialize", arguments: { adapterID: "x" } }),
      );
      await until(/"success":true,"command":"initialize"|"command":"initialize","success":true/);
      child.kill();
    }
  });

  test("openssl s_server: what a guest says of certificates and versions", async (t) => {
    const cli = new Cli(t);
    const env = pki.guests;
    for (const [certificate, keys, extra, says] of [
      ["expired", "certuser=expired", [], /The server's certificate expired on/],
      ["future", "certuser=future", [], /The server's certificate is not valid before/],
      ["notserver", "certuser=notserver", [], /The server's certificate is not for server authentication/],
      ["stranger", "certuser=devbox", [], NOT_NAMED],
      ["devbox", `thumbprint=${PIN}`, [], WRONG_PIN],
      ["devbox", "certuser=devbox", ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], VERSION],
    ] as const) {
      const file = pki.file(certificate);
      const listen = ["s_server", "-accept", "127.0.0.1:0", "-cert", file, "-key", file, "-naccept", "1"];
      const server = openssl(t, [...listen, ...extra]);
      await server.until(/ACCEPT [\d.]+:\d+/);
      const port = /ACCEPT [\d.]+:(\d+)/.exec(server.said())?.[1] ?? "";
      const string = `ssl:proto=tls1,${keys},server=127.0.0.1,port=${port}`;
      const editor = cli.editor(["join", string], {}, undefined, env);
      const answer = await editor.raw("initialize", { adapterID: "test" });
      assert.equal(answer.success, false, certificate);
      assert.match(errorText(answer), says);
      // Nothing of the link has left.
      assert.doesNotMatch(server.said(), /DBGSRV/);
      server.child.kill("SIGKILL");
    }
  });
});
