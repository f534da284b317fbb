import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import path from "node:path";
import { before, describe, test } from "node:test";
import { parseServer } from "../../../src/address/parse.ts";
import { joinAddresses } from "../../../src/host/joinAddresses.ts";
import { LLDB_DAP, PYTHON } from "../../support/adapters.ts";
import { ROOT, fixtures } from "../../support/fixtures.ts";
import { skipWithout } from "../../support/parts.ts";
import { Cli, buildCli } from "./cli.ts";

before(buildCli);

const NODE = ["--node", fixtures.javascriptLoop.program];

/** A call, its exit code, and what standard error must say. */
const WRONG: readonly (readonly [name: string, args: readonly string[], code: number, says: RegExp])[] = [
  ["no command", [], 2, /Usage: debug-server/],
  ["an unknown command", ["srve"], 2, /unknown command 'srve'\n\(Did you mean serve\?\)/],
  [
    "an unknown option",
    ["serve", "--sever", "x"],
    2,
    /unknown option '--sever'\n\(Did you mean --server\?\)/,
  ],
  ["no server", ["serve", ...NODE], 2, /Where is the session to be joined\?\n {2}Write for example -s/],
  ["no adapter", ["serve", "-s", "tcp:port=0"], 2, /Which debug adapter\?\n {2}Write -- COMMAND, --connect/],
  ["two adapters", ["serve", "-s", "tcp:port=0", "--connect", "h:1", "--", "x"], 2, /exclude each other/],
  ["no address", ["serve", "-s", "tcp:port=0", "--connect", "h"], 2, /--connect h is no address/],
  ["--node without a program", ["serve", "-s", "tcp:port=0", "--node"], 2, /--node needs a program/],
  [
    "--node with --launch",
    ["serve", "-s", "tcp:port=0", "--launch", "x", ...NODE],
    2,
    /--node has its own launch/,
  ],
  [
    "--continue alone",
    ["serve", "-s", "tcp:port=0", "--continue", "--", "x"],
    2,
    /--continue needs --launch or --node/,
  ],
  [
    "a misspelt key",
    ["serve", "-s", "tcp:prot=5005", ...NODE],
    2,
    /^debug-server: This is not a key of tcp\.\n {2}tcp:prot=5005\n {6}\^{4}\n {2}Did you mean "port"\?\n$/,
  ],
  ["a client's string", ["join", "tcp:port=5005"], 2, /server= is missing/],
  [
    "folders that are none",
    ["join", "tcp:server=h,port=1", "--map", "/srv"],
    2,
    /\/srv is no pair of folders/,
  ],
  [
    "no such program",
    ["serve", "-s", "tcp:port=0", "--", "no-such-adapter"],
    1,
    /"no-such-adapter" could not be started: no such program\.\n {2}Check/,
  ],
  ["no such file", ["serve", "-s", "tcp:port=0", "--node", "gone.js"], 1, /There is no program .*gone\.js/],
  [
    "no such configuration",
    ["serve", "-s", "tcp:port=0", "--launch", "gone.json", "--", "x"],
    1,
    /gone\.json cannot be read/,
  ],
  [
    "no such password",
    ["serve", "-s", "tcp:port=0,password=file:/no/such/file", ...NODE],
    1,
    /cannot be read from the file \/no\/such\/file/,
  ],
  [
    "a serial port that is not there",
    ["serve", "-s", "com:port=/dev/no-such-port,baud=9600,channel=0", ...NODE],
    1,
    /There is no serial port \/dev\/no-such-port\./,
  ],
  [
    "a call to whoever answers",
    ["serve", "-s", "tcp:port=5,clicon=h", ...NODE],
    1,
    /without a password does not call h\.\n.*insecure/,
  ],
  [
    "open to all by accident",
    ["serve", "-s", "tcp:port=0,bind=0.0.0.0", ...NODE],
    1,
    /without a password is not opened on 0\.0\.0\.0/,
  ],
];

describe("wrong calls", () => {
  for (const [name, args, code, says] of WRONG) {
    test(name, async (t) => {
      const result = await new Cli(t).finish(args);
      assert.match(result.stderr, says);
      assert.equal(result.code, code);
      assert.equal(result.stdout, "");
      assert.doesNotMatch(result.stderr, /geheim|at .*\.(ts|cjs):/);
    });
  }

  test("a password is not shown, however it is written", async (t) => {
    const cli = new Cli(t);
    for (const string of [
      "tcp:prot=1,password=geheim",
      'tcp:port=1,password="geheim',
      "tcp:port=1,pasword=geheim,hidden",
      "tcp:port=1,password=a,geheim",
      "tcp:port=1,password:geheim",
    ]) {
      const { stderr, code } = await cli.finish(["serve", "-s", string, ...NODE]);
      assert.equal(code, 2, stderr);
      assert.doesNotMatch(stderr, /geheim/);
      assert.match(stderr, /\^/);
    }
  });

  test("launch configurations that are none", async (t) => {
    const cli = new Cli(t);
    const file = path.join(cli.directory, "launch.json");
    for (const [text, says] of [
      ["{ // comment\n}", /is not JSON:.*\n {2}Comments/],
      ["[]", /holds no launch configuration/],
      ['{"type":"x"}', /has no "request"/],
      ['{"configurations":[]}', /has no "request".*\n {2}Write one of its configurations/],
    ] as const) {
      writeFileSync(file, text);
      const { stderr, code } = await cli.finish(["serve", "-s", "tcp:port=0", "--launch", file, "--", "x"]);
      assert.match(stderr, says);
      assert.equal(code, 1);
    }
  });
});

describe("what cannot be served", () => {
  test("a port in use: nothing else stays open either", async (t) => {
    const cli = new Cli(t);
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    t.after(() => other.close());
    const address = other.address();
    const port = typeof address === "object" ? address?.port : 0;
    const { stderr, stdout, code } = await cli.finish([
      "serve",
      "-s",
      "npipe:pipe=first",
      "-s",
      `tcp:port=${port}`,
      ...NODE,
    ]);
    assert.match(stderr, new RegExp(`^debug-server: .*${port}.* in use`));
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.deepEqual(cli.leftovers(), []);
  });

  test("an adapter that dies at once", async (t) => {
    const { stdout, stderr, code } = await new Cli(t).finish([
      "serve",
      "--json",
      "-s",
      "npipe:pipe=dead",
      "--",
      "sh",
      "-c",
      "echo out of luck >&2; exit 3",
    ]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /"event":"ended","reason":"The debug adapter sh ended \(exit code 3\): out of luck","expected":false/,
    );
    assert.equal(stderr, "");
  });

  test("a program that the adapter cannot start", { skip: skipWithout("lldb") }, async (t) => {
    const cli = new Cli(t);
    const file = path.join(cli.directory, "launch.json");
    writeFileSync(file, JSON.stringify({ request: "launch", program: "/no/such/program" }));
    const { stderr, code } = await cli.finish([
      "serve",
      "-s",
      "npipe:pipe=nothing",
      "--launch",
      file,
      "--",
      LLDB_DAP,
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /The session could not be started: .*\/no\/such\/program/);
  });

  test("a command that is no adapter", async (t) => {
    const cli = new Cli(t);
    const file = path.join(cli.directory, "launch.json");
    writeFileSync(file, JSON.stringify({ request: "launch", program: "x" }));
    const { stderr, code } = await cli.finish([
      "serve",
      "-s",
      "npipe:pipe=silly",
      "--launch",
      file,
      "--",
      PYTHON,
      "-c",
      "print('hello')",
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /debug adapter|could not be started/);
  });
});

test("a server without a password that others can reach is announced loudly", async (t) => {
  const cli = new Cli(t);
  const child = cli.start(["serve", "-s", "tcp:port=0,insecure", ...NODE]);
  await child.waitLine(
    /^WARNING: tcp:port=\d+,insecure has no password and can be reached from other machines\.$/,
  );
  await child.waitLine(/^WARNING: .*can run any code as you/);
});

test("how a server is joined is told for everything that its machine is called", async (t) => {
  const cli = new Cli(t);
  const env = { HOST_PASSWORD: "zq7Kx" };
  const server = "tcp:port=0,password=env:HOST_PASSWORD";
  const serve = await cli.serve([server], NODE, ROOT, env);
  const [listening] = serve.events() as unknown as { readonly join: string; readonly joins: string[] }[];
  const address = parseServer(server);
  assert.ok(address.ok && listening !== undefined);
  const expected = joinAddresses(address.value).map((host) => `tcp:server=${host},port=${serve.port}`);
  assert.deepEqual(listening.joins, expected);
  assert.equal(listening.join, listening.joins[0]);
});

describe("help", () => {
  test("--version", async (t) => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
      version: string;
    };
    assert.deepEqual(await new Cli(t).finish(["--version"]), { code: 0, stdout: `${version}\n`, stderr: "" });
  });

  for (const args of [
    ["--help"],
    ["help"],
    ["serve", "--help"],
    ["help", "serve"],
    ["adapter", "--help"],
    ["join", "--help"],
    ["list", "--help"],
    ["demo", "--help"],
  ]) {
    test(args.join(" "), async (t) => {
      const { code, stdout, stderr } = await new Cli(t).finish(args);
      assert.equal(code, 0);
      assert.equal(stderr, "");
      assert.match(stdout, /^Usage: debug-server /);
      assert.doesNotMatch(stdout, /embedded-adapter/);
      // It fits a terminal of ordinary width.
      for (const line of stdout.split("\n")) assert.ok(line.length <= 120, line);
    });
  }
});
