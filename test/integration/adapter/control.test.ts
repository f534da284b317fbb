import assert from "node:assert/strict";
import { realpathSync } from "node:fs";
import { test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { AliveWatch } from "./alive.ts";
import { Client, fixture, lineOf, RequestError, withClient } from "./client.ts";

const thread = { threadId: 1 };

test("launches, stops at a breakpoint, continues and ends", () =>
  withClient(async (client) => {
    const line = lineOf("data.cjs", "after");
    const [breakpoint] = await client.launch("data.cjs", { breakpoints: [{ line }] });
    assert.equal(breakpoint?.verified, false);
    const started = await client.event<DebugProtocol.ProcessEvent>("process");
    assert.equal(started.body.name, fixture("data.cjs"));
    assert.equal(started.body.startMethod, "launch");
    assert.equal(started.body.isLocalProcess, true);
    assert.equal(typeof started.body.systemProcessId, "number");
    const stopped = await client.stopped("breakpoint");
    assert.deepEqual(stopped.body.hitBreakpointIds, [breakpoint?.id]);
    assert.equal(stopped.body.threadId, 1);
    assert.equal(stopped.body.allThreadsStopped, true);
    assert.equal((await client.topFrame()).line, line);
    const { threads } = await client.request<DebugProtocol.ThreadsResponse["body"]>("threads");
    assert.deepEqual(threads, [{ id: 1, name: "Main thread" }]);
    const resumed = await client.request<DebugProtocol.ContinueResponse["body"]>("continue", thread);
    assert.equal(resumed.allThreadsContinued, true);
    const exited = await client.event<DebugProtocol.ExitedEvent>("exited");
    assert.equal(exited.body.exitCode, 0);
    await client.event("terminated");
    assert.deepEqual(
      client.all<DebugProtocol.ThreadEvent>("thread").map(({ body }) => body.reason),
      ["started", "exited"],
    );
    assert.equal(client.all("continued").length, 0, "no continued for what the client asked for");
    await client.request("disconnect");
    await client.closed;
  }));

test("stops on entry, steps over, into and out, and answers before it stops again", () =>
  withClient(async (client) => {
    await client.launch("data.cjs", {
      launch: { stopOnEntry: true },
      breakpoints: [{ line: lineOf("data.cjs", "loop") }],
    });
    await client.stopped("entry");
    await client.request("continue", thread);
    await client.stopped("breakpoint");
    await client.request("stepIn", thread);
    await client.stopped("step");
    const inside = await client.topFrame();
    assert.equal(inside.name, "counter");
    assert.equal(inside.line, lineOf("data.cjs", "counter"));
    await client.request("next", thread);
    await client.stopped("step");
    assert.equal((await client.topFrame()).line, lineOf("data.cjs", "counter") + 1);
    await client.request("stepOut", thread);
    await client.stopped("step");
    const back = await client.topFrame();
    assert.equal(back.name, "(anonymous)");
    // V8 stops at the next thing to do after the call: `i++` one line above.
    assert.ok([0, 1].includes(lineOf("data.cjs", "loop") - back.line));
    await client.request("continue", thread);
    await client.stopped("breakpoint");
    // Each resuming request is answered before the stop that it leads to.
    const order = client.received.flatMap((message) => {
      if ("event" in message) return message.event === "stopped" ? ["stopped"] : [];
      return "command" in message && /^(stepIn|next|stepOut|continue)$/.test(String(message.command))
        ? ["resumed"]
        : [];
    });
    assert.deepEqual(order.join(" "), `stopped${" resumed stopped".repeat(5)}`);
  }));

test("stepping does not enter Node's own code", () =>
  withClient(async (client) => {
    await client.launch("modules.mjs", { breakpoints: [{ line: lineOf("modules.mjs", "basename") }] });
    await client.stopped("breakpoint");
    await client.request("stepIn", thread);
    await client.stopped("step");
    const top = await client.topFrame();
    assert.equal(top.source?.path, fixture("modules.mjs"));
    assert.equal(top.line, lineOf("modules.mjs", "log"));
  }));

test("of two steps at the same moment one is made", () =>
  withClient(async (client) => {
    await client.launch("data.cjs", { breakpoints: [{ line: lineOf("data.cjs", "call") }] });
    await client.stopped("breakpoint");
    const [first, second] = await client.sendTwice("next", thread);
    assert.equal(first?.success, true);
    assert.equal(second?.success, false);
    assert.equal(second?.message, "notStopped");
    await client.stopped("step");
    assert.equal((await client.topFrame()).line, lineOf("data.cjs", "after"));
  }));

test("pauses a running program and refuses what needs a stop while it runs", () =>
  withClient(async (client) => {
    await client.launch("forever.cjs");
    await client.output("ready");
    for (const [command, args] of [
      ["stackTrace", thread],
      ["continue", thread],
      ["next", thread],
      ["scopes", { frameId: 1 }],
    ] as const) {
      const response = await client.send(command, args);
      assert.equal(response.message, "notStopped", command);
    }
    await client.request("pause", thread);
    await client.stopped("pause");
    // Maybe within something of Node's that the program called.
    assert.ok((await client.frames()).some(({ source }) => source?.path === fixture("forever.cjs")));
    await client.request("pause", thread);
    await client.request("continue", thread);
  }));

test("handles of an earlier stop are refused", () =>
  withClient(async (client) => {
    await client.launch("data.cjs", { breakpoints: [{ line: lineOf("data.cjs", "loop") }] });
    await client.stopped("breakpoint");
    const frame = await client.topFrame();
    const [scope] = await client.scopes(frame.id);
    await client.request("continue", thread);
    await client.stopped("breakpoint");
    assert.notEqual((await client.topFrame()).id, frame.id);
    const reference = scope?.variablesReference;
    for (const [command, args] of [
      ["scopes", { frameId: frame.id }],
      ["evaluate", { expression: "i", frameId: frame.id }],
      ["variables", { variablesReference: reference }],
    ] as const) {
      await assert.rejects(client.request(command, args), /There is no (frame|variable)/, command);
    }
  }));

test("restarts a frame", () =>
  withClient(async (client) => {
    await client.launch("data.cjs", { breakpoints: [{ line: lineOf("data.cjs", "look") }] });
    await client.stopped("breakpoint");
    const frame = await client.topFrame();
    assert.equal(frame.canRestart, true);
    await client.request("restartFrame", { frameId: frame.id });
    await client.stopped("restart");
    const top = await client.topFrame();
    assert.equal(top.name, "look");
    assert.ok(top.line < frame.line);
  }));

test("restarts the program with its breakpoints", () =>
  withClient(async (client) => {
    const line = lineOf("data.cjs", "call");
    const [breakpoint] = await client.launch("data.cjs", { breakpoints: [{ line }] });
    const first = await client.event<DebugProtocol.ProcessEvent>("process");
    await client.stopped("breakpoint");
    await client.request("restart");
    const second = await client.event<DebugProtocol.ProcessEvent>("process");
    assert.notEqual(second.body.systemProcessId, first.body.systemProcessId);
    const stopped = await client.stopped("breakpoint");
    assert.deepEqual(stopped.body.hitBreakpointIds, [breakpoint?.id]);
    assert.equal(client.all("continued").length, 1, "nobody asked for the stop to end");
    assert.equal(client.all("terminated").length + client.all("exited").length, 0);
    assert.equal((await client.topFrame()).line, line);
    await client.setBreakpoints("data.cjs", []);
    await client.request("restart", { arguments: { program: fixture("output.cjs") } });
    await client.output("plain line");
    assert.equal((await client.event<DebugProtocol.ExitedEvent>("exited")).body.exitCode, 3);
    await client.event("terminated");
    await assert.rejects(client.request("restart"), /can be restarted/);
  }));

test("terminate asks the program, which may say goodbye", () =>
  withClient(async (client) => {
    await client.launch("forever.cjs", { launch: { env: { HANDLE_SIGTERM: "1" } } });
    await client.output("ready");
    await client.request("pause", thread);
    await client.stopped("pause");
    await client.request("terminate");
    await client.output("asked to end");
    assert.equal((await client.event<DebugProtocol.ExitedEvent>("exited")).body.exitCode, 5);
    await client.event("terminated");
    assert.equal(client.all("terminated").length, 1);
  }));

test("terminate ends a program that does not handle it", () =>
  withClient(async (client) => {
    await client.launch("forever.cjs");
    await client.output("ready");
    await client.request("terminate");
    assert.equal((await client.event<DebugProtocol.ExitedEvent>("exited")).body.exitCode, 128 + 15);
    await client.event("terminated");
  }));

test("disconnect ends a launched program", async () => {
  const watch = await AliveWatch.listen();
  await withClient(async (client) => {
    await client.launch("forever.cjs", { launch: { env: watch.env } });
    const { ended } = await watch.alive();
    await client.request("disconnect");
    await ended;
    await client.closed;
    assert.equal(client.all("terminated").length, 1);
  });
  watch.dispose();
});

test("disconnect lets a launched program live if asked, even when it is stopped", async () => {
  const watch = await AliveWatch.listen();
  let pid = 0;
  await withClient(async (client) => {
    await client.launch("forever.cjs", { launch: { env: watch.env } });
    pid = Number(/ready (\d+)/.exec((await client.output("ready")).body.output)?.[1]);
    await client.request("pause", thread);
    await client.stopped("pause");
    await client.request("disconnect", { terminateDebuggee: false });
    await client.closed;
  });
  const { ended } = await watch.alive();
  assert.equal(process.kill(pid, 0), true);
  process.kill(pid, "SIGKILL");
  await ended;
  watch.dispose();
});

test("the end of stdin ends the adapter and the program", async () => {
  const watch = await AliveWatch.listen();
  const client = Client.spawn();
  await client.launch("forever.cjs", { launch: { env: watch.env } });
  const { ended } = await watch.alive();
  await client.dispose();
  assert.equal(client.process?.exitCode, 0);
  await ended;
  watch.dispose();
});

test("a signal ends the adapter and the program", { skip: process.platform === "win32" }, async () => {
  const watch = await AliveWatch.listen();
  const client = Client.spawn();
  await client.launch("forever.cjs", { launch: { env: watch.env } });
  const { ended } = await watch.alive();
  client.process?.kill("SIGTERM");
  await ended;
  await client.closed;
  await client.dispose();
  watch.dispose();
});

test("a program that dies ends the session", () =>
  withClient(async (client) => {
    await client.launch("forever.cjs");
    const pid = Number(/ready (\d+)/.exec((await client.output("ready")).body.output)?.[1]);
    await client.request("pause", thread);
    await client.stopped("pause");
    process.kill(pid, "SIGKILL");
    assert.equal((await client.event<DebugProtocol.ExitedEvent>("exited")).body.exitCode, 128 + 9);
    await client.event("terminated");
    await assert.rejects(client.request("stackTrace", thread), /No program is being debugged/);
    const { threads } = await client.request<DebugProtocol.ThreadsResponse["body"]>("threads");
    assert.deepEqual(threads, []);
  }));

test("passes arguments, environment, directory and the runtime's arguments", () =>
  withClient(async (client) => {
    await client.request("initialize", { adapterID: "test" });
    await client.request("launch", {
      program: "output.cjs",
      cwd: fixture(""),
      args: ["one", "two words"],
      env: { GREETING: "hello", NODE_NO_WARNINGS: null },
      runtimeExecutable: process.execPath,
      runtimeArgs: ["--stack-trace-limit=3"],
    });
    await client.request("configurationDone");
    await client.event("terminated");
    assert.match(
      client.text("stdout"),
      new RegExp(`env hello ${realpathSync(fixture(""))} one\\+two words\n`),
    );
  }));

test("runs without debugging", () =>
  withClient(async (client) => {
    const [breakpoint] = await client.launch("output.cjs", {
      launch: { noDebug: true },
      breakpoints: [{ line: 4 }],
    });
    assert.equal(breakpoint?.verified, false);
    assert.equal((await client.event<DebugProtocol.ExitedEvent>("exited")).body.exitCode, 3);
    await client.event("terminated");
    assert.match(client.text("stdout"), /^raw text\nplain line\n/);
    assert.equal(client.text("stderr"), "to stderr\nraw stderr\n");
    assert.equal(client.all("stopped").length, 0);
  }));

test("child processes of the program do not wait for a debugger", () =>
  withClient(async (client) => {
    await client.launch("forks.cjs");
    await client.output("child ended with 0");
    await client.event("terminated");
    assert.match(client.text("stdout"), /child runs/);
  }));

test("RequestError carries the response", async () => {
  await withClient(async (client) => {
    await assert.rejects(client.request("continue", thread), (error: unknown) => {
      assert.ok(error instanceof RequestError);
      const { body } = error.response as DebugProtocol.ErrorResponse;
      assert.equal(body.error?.format, "No program is being debugged.");
      return true;
    });
  });
});
