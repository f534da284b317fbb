import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { before, describe, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { PYTHON, adapters } from "../../support/adapters.ts";
import type { DapClient } from "../../support/dapClient.ts";
import { fixtures } from "../../support/fixtures.ts";
import { skipWithout } from "../../support/parts.ts";
import { freePort } from "../../support/process.ts";
import { begin, heard, inspect, outputOf, setLines } from "../../support/scenario.ts";
import { Cli, type Serve, buildCli } from "./cli.ts";

before(buildCli);

const LOOP = ["--node", fixtures.javascriptLoop.program];

async function attach(client: DapClient, args: unknown = {}): Promise<void> {
  await begin(client, "any", "attach", args);
  await client.request("configurationDone");
}

async function nameOf(serve: Serve): Promise<unknown> {
  return (JSON.parse(await serve.reported("joined")) as { name: unknown }).name;
}

describe("join to nothing", () => {
  for (const [name, args, code, says] of [
    ["no server", async () => [`tcp:server=localhost,port=${await freePort()}`], 1, /localhost:\d+/],
    ["no pipe", async () => ["npipe:server=localhost,pipe=nobody"], 1, /nobody/],
    ["not a connection string", async () => ["tcp:server=h,prot=1"], 2, /Did you mean "port"\?/],
    [
      "no such variable",
      async () => ["tcp:server=h,port=1,password=env:NO_SUCH_VARIABLE"],
      1,
      /NO_SUCH_VARIABLE holds no password/,
    ],
  ] as const) {
    test(name, async (t) => {
      const editor = new Cli(t).editor(["join", ...(await args())]);
      const answer = await editor.raw("initialize", { adapterID: "x" });
      assert.equal(answer.success, false);
      const { error } = answer.body as DebugProtocol.ErrorResponse["body"];
      assert.match(error?.format ?? "", says);
      assert.equal(error?.showUser, true);
      await editor.closed;
      assert.deepEqual(await editor.process?.waitExit(), { code, signal: null });
      assert.match(editor.process?.stderr ?? "", says);
      assert.doesNotMatch(JSON.stringify(editor.transcript) + (editor.process?.stderr ?? ""), /geheim/);
      editor.assertNoFaults();
    });
  }

  test("an editor that gives up meanwhile is no failure", async (t) => {
    // 192.0.2.0/24 is nobody's (RFC 5737): the connection is not even refused.
    const editor = new Cli(t).editor(["join", "tcp:server=192.0.2.1,port=1"]);
    editor.end();
    const exit = await editor.process?.waitExit();
    assert.ok(exit?.code === 0 || /192\.0\.2\.1/.test(editor.process?.stderr ?? ""), editor.process?.stderr);
  });
});

describe("names", () => {
  for (const [name, extra, args, expected] of [
    ["by default: user and host", "", [], `${os.userInfo().username}@${os.hostname()}`],
    ["--name", "", ["--name", "Kim"], "Kim"],
    ["name= goes before --name", ",name=Toni", ["--name", "Kim"], "Toni"],
  ] as const) {
    test(name, async (t) => {
      const cli = new Cli(t);
      const serve = await cli.serve(["npipe:pipe=names"], LOOP);
      const editor = cli.editor(["join", (serve.joins[0] ?? "") + extra, ...args]);
      await attach(editor);
      assert.equal(await nameOf(serve), expected);
    });
  }
});

describe("sessions", () => {
  test("--session: the one of that id, or what there is", async (t) => {
    const cli = new Cli(t);
    const serve = await cli.serve(["npipe:pipe=sessions"], LOOP);
    const right = cli.editor(["join", serve.joins[0] ?? "", "--session", "1"]);
    await attach(right);
    const wrong = cli.editor(["join", serve.joins[0] ?? "", "--session", "7"]);
    const answer = await wrong.raw("initialize", { adapterID: "x" });
    const { error } = answer.body as DebugProtocol.ErrorResponse["body"];
    assert.match(error?.format ?? "", /There is no session "7" on this server\. There is 1 \(loop\.js\)\./);
    assert.equal((await wrong.process?.waitExit())?.code, 1);
  });

  test(
    "a child: the editor that is invited to it joins it by a join of its own",
    { skip: skipWithout("debugpy") },
    async (t) => {
      const cli = new Cli(t);
      const serve = await cli.serve(["npipe:pipe=children"], ["--", PYTHON, "-m", "debugpy.adapter"]);
      const parent = cli.editor(["join", serve.joins[0] ?? "", "--name", "Pat"], { onReverse: () => ({}) });
      // Exactly one child: multiprocessing would start a helper process besides.
      const { source, line, program: childProgram } = fixtures.pythonChild;
      const program = path.join(cli.directory, "parent.py");
      writeFileSync(
        program,
        `import subprocess, sys\nsubprocess.run([sys.executable, "${childProgram}", "7"])\n`,
      );
      const configuration = { ...adapters.debugpy.session.arguments, program, subProcess: true };
      await begin(parent, "debugpy", "launch", configuration);
      await setLines(parent, source, [line("child")]);
      await parent.request("configurationDone");

      const invitation = await parent.waitRequest("startDebugging");
      const { request, configuration: invited } =
        invitation.arguments as DebugProtocol.StartDebuggingRequestArguments;
      assert.equal(request, "attach");
      const child = cli.editor(["join", serve.joins[0] ?? "", "--name", "Pat's child"]);
      await begin(child, "debugpy", "attach", invited);
      await child.request("configurationDone");
      const stop = await inspect(child, "n");
      assert.equal(stop.frames[0]?.line, line("child"));
      await child.request("continue", { threadId: stop.threadId });
      await child.waitEvent("terminated");
      for (const client of [child, parent]) client.assertNoFaults();
    },
  );
});

describe("WinDbg's commands in the debug console", () => {
  test("who is in, by which server; and leave, without harm to anybody", async (t) => {
    const cli = new Cli(t);
    const serve = await cli.serve(["tcp:port=0", "npipe:pipe=console"], LOOP);
    const plain = await cli.connect(serve.port);
    await attach(plain);
    const editor = cli.editor(["join", serve.joins[1] ?? "", "--name", "Kim"]);
    await attach(editor);
    const type = async (expression: string) =>
      (await editor.request("evaluate", { expression, context: "repl" })).result;
    assert.equal(
      await type(".servers"),
      `0 - Debugger Server - tcp:port=${serve.port}\n1 - Debugger Server - npipe:pipe=console`,
    );
    assert.match(await type(".clients"), /^Test Client \(tcp .*\), last active .*\nKim \(npipe .*\(you\)$/);
    assert.equal((await editor.raw("evaluate", { expression: ".endsrv 0" })).message, "notAllowed");
    await type(".echo good bye");
    await heard(plain, "Kim: good bye");
    assert.equal(await type(".remote_exit"), "");
    await editor.waitEvent("terminated");
    assert.match(outputOf(editor), /^Debug Server: You have left; the session goes on\.$/m);
    await editor.request("disconnect", { terminateDebuggee: true });
    assert.deepEqual(await editor.process?.waitExit(), { code: 0, signal: null });
    editor.assertNoFaults();
    await serve.reported("left", "Kim");
    await plain.request("threads");
  });
});

describe("the end of a link", () => {
  test("a host that dies: the editor is told why and that it is over, and its disconnect is answered", async (t) => {
    const cli = new Cli(t);
    const serve = await cli.serve(["npipe:pipe=dying"], LOOP);
    const editor = cli.editor(["join", serve.joins[0] ?? ""]);
    await attach(editor);
    serve.process.child.kill("SIGKILL");
    await editor.waitEvent("terminated");
    assert.match(outputOf(editor), /^Debug Server: /m);
    await editor.request("disconnect", {});
    await editor.closed;
    assert.deepEqual(await editor.process?.waitExit(), { code: 1, signal: null });
    assert.match(editor.process?.stderr ?? "", /^debug-server: /);
    editor.assertNoFaults();
  });

  test("an editor that vanishes has left", async (t) => {
    const cli = new Cli(t);
    const serve = await cli.serve(["npipe:pipe=vanish"], LOOP);
    const editor = cli.editor(["join", serve.joins[0] ?? "", "--name", "Vera"]);
    await attach(editor);
    editor.end();
    await serve.reported("left", "Vera");
    assert.deepEqual(await editor.process?.waitExit(), { code: 0, signal: null });
  });
});
