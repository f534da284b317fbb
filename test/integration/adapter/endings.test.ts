import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { startEmbeddedAdapter } from "../../../src/adapter/embedded.ts";
import { serveEmbeddedAdapter } from "../../support/embeddedAdapterServer.ts";
import { ManneredServer } from "../../support/manneredAdapter.ts";
import { AliveWatch } from "./alive.ts";
import { ADAPTER_ARGS, Client, fixture, lineOf, withClient, withDeadline } from "./client.ts";

const thread = { threadId: 1 };

test("wrong arguments get a clear error", () =>
  withClient(async (client) => {
    const wrong: [command: string, args: unknown, why: RegExp][] = [
      ["launch", {}, /launch: "program" is missing; it must be a string/],
      ["launch", { program: 7 }, /"program" must be a string/],
      ["launch", { program: "/no/such.js" }, /"program" does not exist: \/no\/such\.js/],
      ["launch", { program: fixture("data.cjs"), args: "x" }, /"args" must be a list of strings/],
      ["launch", { program: fixture("data.cjs"), cwd: "/no/such" }, /"cwd" is not a directory/],
      ["launch", { program: fixture("data.cjs"), env: { A: 1 } }, /"env" must be an object of strings/],
      ["launch", { program: fixture("data.cjs"), stopOnEntry: "yes" }, /"stopOnEntry" must be true or false/],
      [
        "launch",
        { program: fixture("data.cjs"), runtimeExecutable: "no-such-node" },
        /Cannot start no-such-node/,
      ],
      [
        "launch",
        { program: fixture("data.cjs"), runtimeArgs: ["--no-such-flag"] },
        /ended before it could .*bad option/s,
      ],
      ["launch", [], /arguments must be an object/],
      ["configurationDone", {}, /Launch or attach/],
      ["setBreakpoints", {}, /"source" is missing/],
      ["setBreakpoints", { source: {} }, /"path" is missing/],
      ["setBreakpoints", { source: { path: "x" }, breakpoints: [{}] }, /"line" is missing/],
      ["setBreakpoints", { source: { path: "file://host%/x" }, breakpoints: [] }, /not the URI of a file/],
      ["setBreakpoints", { source: { sourceReference: 3 } }, /no source 3/],
      ["stackTrace", thread, /No program is being debugged/],
      ["flyToTheMoon", {}, /does not know the request "flyToTheMoon"/],
      ["toString", {}, /does not know the request "toString"/],
    ];
    for (const [command, args, why] of wrong) {
      await assert.rejects(
        client.request(command, args as object),
        why,
        `${command} ${JSON.stringify(args)}`,
      );
    }
    const failed = await client.send("launch", { program: "{curly}" });
    const { body } = failed as DebugProtocol.ErrorResponse;
    assert.equal(body.error?.format, "{text}");
    assert.match(body.error?.variables?.["text"] ?? "", /\{curly\}/);
    assert.equal(body.error?.showUser, true);
    // None of it did harm.
    await client.launch("data.cjs", { breakpoints: [{ line: lineOf("data.cjs", "loop") }] });
    await client.stopped("breakpoint");
    await assert.rejects(
      client.request("launch", { program: fixture("data.cjs") }),
      /being debugged already/,
    );
    for (const [command, args, why] of [
      ["continue", {}, /"threadId" is missing/],
      ["next", { threadId: 7 }, /no thread 7/],
      ["scopes", {}, /"frameId" is missing/],
      ["variables", { variablesReference: 0 }, /no variable with the reference 0/],
      ["variables", { variablesReference: "1" }, /must be an integer/],
      ["evaluate", { expression: "1", frameId: 1.5 }, /must be an integer/],
      ["source", {}, /"sourceReference" is missing/],
    ] as const) {
      await assert.rejects(client.request(command, args), why);
    }
  }));

test("after one program has ended another one can be launched", () =>
  withClient(async (client) => {
    await client.launch("output.cjs");
    await client.event("terminated");
    await client.launch("data.cjs", { breakpoints: [{ line: lineOf("data.cjs", "after") }] });
    await client.stopped("breakpoint");
  }));

test("each capability that is announced is real", () =>
  withClient(async (client) => {
    const capabilities = await client.request<DebugProtocol.Capabilities>("initialize", {
      adapterID: "test",
    });
    assert.deepEqual(
      capabilities.exceptionBreakpointFilters?.map(({ filter }) => filter),
      ["all", "uncaught"],
    );
    for (const [capability, command] of [
      ["supportsBreakpointLocationsRequest", "breakpointLocations"],
      ["supportsExceptionInfoRequest", "exceptionInfo"],
      ["supportsSetVariable", "setVariable"],
      ["supportsSetExpression", "setExpression"],
      ["supportsCompletionsRequest", "completions"],
      ["supportsLoadedSourcesRequest", "loadedSources"],
      ["supportsRestartFrame", "restartFrame"],
      ["supportsRestartRequest", "restart"],
      ["supportsTerminateRequest", "terminate"],
      ["supportsConfigurationDoneRequest", "configurationDone"],
    ] as const) {
      assert.equal(capabilities[capability], true);
      const response = await client.send(command, {});
      assert.doesNotMatch(response.message ?? "", /does not know/, command);
    }
  }));

test("a broken inspector ends the session and the program", async () => {
  const watch = await AliveWatch.listen();
  await withClient(async (client) => {
    await client.launch("closes.cjs", { launch: { env: watch.env } });
    const { ended } = await watch.alive();
    const line = await client.output("connection to the program broke");
    assert.equal(line.body.category, "console");
    await ended;
    await client.event("terminated");
    assert.equal(client.all("terminated").length, 1);
  });
  watch.dispose();
});

test("a request that waits while the program dies is answered", () =>
  withClient(async (client) => {
    await client.launch("forever.cjs");
    const pid = Number(/ready (\d+)/.exec((await client.output("ready")).body.output)?.[1]);
    const waiting = client.request("evaluate", {
      expression: "await new Promise(() => {})",
      context: "repl",
    });
    const failed = assert.rejects(waiting, /The debuggee is gone/);
    await client.request("threads");
    process.kill(pid, "SIGKILL");
    await failed;
    await client.event("terminated");
  }));

test("text that is not DAP ends the adapter, and the program", async () => {
  const watch = await AliveWatch.listen();
  const client = Client.spawn();
  await client.launch("forever.cjs", { launch: { env: watch.env } });
  const { ended } = await watch.alive();
  client.process?.stdin?.write("Content-Length: 5\r\n\r\n{{{{{");
  await client.closed;
  await ended;
  await client.dispose();
  watch.dispose();
});

test("runs in this process, over any streams", async () => {
  const watch = await AliveWatch.listen();
  const input = new PassThrough();
  const output = new PassThrough();
  const adapter = startEmbeddedAdapter(input, output);
  const client = new Client(output, input);
  await client.launch("forever.cjs", { launch: { env: watch.env } });
  await client.output("ready");
  const { ended } = await watch.alive();
  adapter.dispose();
  adapter.dispose();
  await withDeadline(adapter.ended, "the adapter's end");
  await ended;
  watch.dispose();
});

test("in this process it dies by closing its streams", async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const die = () => {
    input.destroy();
    output.destroy();
  };
  const adapter = startEmbeddedAdapter(input, output, new ManneredServer(die));
  const client = new Client(output, input);
  await client.launch("forever.cjs", { launch: { manners: { dieOn: "threads" } } });
  void client.send("threads").catch(() => {});
  await withDeadline(client.closed, "the end of the output");
  await withDeadline(adapter.ended, "the adapter's end");
});

test("serves over TCP, a session a connection", async () => {
  const server = await serveEmbeddedAdapter(0);
  const clients = [0, 1].map(() => {
    const socket = connect(server.port, "127.0.0.1");
    return { socket, client: new Client(socket, socket) };
  });
  await Promise.all(
    clients.map(async ({ client }, index) => {
      await client.launch("output.cjs", { launch: { args: [`client${index}`] } });
      await client.event("terminated");
      assert.match(client.text("stdout"), new RegExp(`client${index}\n$`));
    }),
  );
  for (const { client, socket } of clients) {
    await client.request("disconnect");
    socket.destroy();
  }
  server.dispose();
});

test("the process serves over TCP, too", async () => {
  const child = spawn(process.execPath, [...ADAPTER_ARGS, "--server=0"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [line] = (await withDeadline(once(child.stderr, "data"), "the port")) as [Buffer];
  const port = Number(/Listening on 127\.0\.0\.1:(\d+)/.exec(line.toString())?.[1]);
  const socket = connect(port, "127.0.0.1");
  const client = new Client(socket, socket);
  await client.launch("output.cjs");
  await client.event("terminated");
  socket.destroy();
  child.kill();
});

test("works as a CommonJS bundle", async () => {
  const directory = mkdtempSync(join(tmpdir(), "adapter-"));
  const bundle = join(directory, "adapter.cjs");
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const esbuild = join(root, "node_modules/esbuild/bin/esbuild");
  const options = ["--bundle", "--platform=node", "--format=cjs", "--log-level=error", `--outfile=${bundle}`];
  execFileSync(esbuild, ["test/support/embeddedAdapter.ts", ...options], { cwd: root });
  const client = Client.spawn([bundle]);
  await client.launch("data.cjs", { breakpoints: [{ line: lineOf("data.cjs", "loop") }] });
  await client.stopped("breakpoint");
  await client.request("disconnect");
  await client.dispose();
  rmSync(directory, { recursive: true });
});
