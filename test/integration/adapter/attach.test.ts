import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { type Client, fixture, lineOf, withClient, withDeadline } from "./client.ts";

const thread = { threadId: 1 };

interface Running {
  child: ChildProcess;
  port: number;
}

/** Starts a program as a user would, with the inspector on a free port. */
async function startProgram(flag: "--inspect" | "--inspect-brk", name: string): Promise<Running> {
  const child = spawn(process.execPath, [`${flag}=127.0.0.1:0`, fixture(name)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.resume();
  const port = await withDeadline(
    new Promise<number>((resolve) => {
      let text = "";
      child.stderr.on("data", (data: Buffer) => {
        text += data.toString();
        const found = /ws:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
    }),
    "the inspector's port",
  );
  return { child, port };
}

async function withProgram(
  flag: "--inspect" | "--inspect-brk",
  name: string,
  run: (client: Client, program: Running) => Promise<void>,
): Promise<void> {
  const program = await startProgram(flag, name);
  try {
    await withClient((client) => run(client, program));
  } finally {
    program.child.kill("SIGKILL");
  }
}

async function attach(client: Client, args: object): Promise<void> {
  await client.request("initialize", { adapterID: "test" });
  await client.request("attach", args);
  await client.event("initialized");
}

test("attaches to a running program, and leaves it running", () =>
  withProgram("--inspect", "forever.cjs", async (client, { child, port }) => {
    await attach(client, { port });
    const line = lineOf("forever.cjs", "tick");
    const { breakpoints } = await client.setBreakpoints("forever.cjs", [{ line }]);
    assert.deepEqual([breakpoints[0]?.verified, breakpoints[0]?.line], [true, line]);
    await client.request("configurationDone");
    const started = await client.event<DebugProtocol.ProcessEvent>("process");
    assert.equal(started.body.startMethod, "attach");
    assert.equal(started.body.systemProcessId, child.pid);
    assert.equal(started.body.name, fixture("forever.cjs"));
    // It cannot be started again: the client is told so.
    const capabilities = await client.event<DebugProtocol.CapabilitiesEvent>("capabilities");
    assert.equal(capabilities.body.capabilities.supportsRestartRequest, false);
    await assert.rejects(client.request("restart"), /can be restarted/);
    await client.stopped("breakpoint");
    assert.equal((await client.topFrame()).name, "tick");
    // What it printed before we came.
    const before = await client.output("ready");
    assert.equal(before.body.category, "stdout");
    await client.request("disconnect");
    await client.closed;
    assert.equal(child.exitCode, null);
    assert.equal(client.text("console"), "", "leaving is no news");
    // It goes on without its breakpoints: a second debugger finds it running.
    await withClient(async (second) => {
      await attach(second, { port, host: "localhost" });
      await second.request("configurationDone");
      await second.request("pause", thread);
      await second.stopped("pause");
      const { id: frameId } = await second.topFrame();
      const args = { expression: "console.error('hello', { a: 1 }, 's')", frameId };
      await second.request("evaluate", args);
      const said = await second.output("hello");
      assert.deepEqual([said.body.category, said.body.output], ["stderr", "hello {a: 1} s\n"]);
    });
    assert.equal(child.exitCode, null);
  }));

test("attaches to a program that waits for it", () =>
  withProgram("--inspect-brk", "throws.cjs", async (client, { port }) => {
    await attach(client, { port });
    await client.request("setExceptionBreakpoints", { filters: ["uncaught"] });
    await client.request("configurationDone");
    await client.stopped("entry");
    await client.request("continue", thread);
    await client.stopped("exception");
    await client.request("continue", thread);
    const uncaught = await client.output("Uncaught RangeError: risky: uncaught");
    assert.equal(uncaught.body.category, "stderr");
    await client.output("The program has ended.");
    await client.event("terminated");
    assert.equal(client.all("exited").length, 0, "nobody told us the exit code");
  }));

test("stopOnEntry: false lets a waiting program run, true stops a running one", async () => {
  await withProgram("--inspect-brk", "forever.cjs", async (client, { port }) => {
    await attach(client, { port, stopOnEntry: false });
    await client.request("configurationDone");
    await client.output("ready");
    assert.equal(client.all("stopped").length, 0);
  });
  await withProgram("--inspect", "forever.cjs", async (client, { port }) => {
    await attach(client, { port, stopOnEntry: true });
    await client.request("configurationDone");
    await client.stopped("pause");
  });
});

test("a program that another debugger stopped is shown as stopped, and as running when that one resumes it", () =>
  withProgram("--inspect", "forever.cjs", async (first, { port }) => {
    await attach(first, { port });
    await first.request("configurationDone");
    await first.request("pause", thread);
    await first.stopped("pause");
    await withClient(async (second) => {
      await attach(second, { port });
      assert.equal(second.all("stopped").length, 0, "not before it is configured");
      await second.request("configurationDone");
      await second.stopped("pause");
      assert.ok((await second.frames()).some(({ source }) => source?.path === fixture("forever.cjs")));
      await first.request("continue", thread);
      const continued = await second.event<DebugProtocol.ContinuedEvent>("continued");
      assert.deepEqual(continued.body, { threadId: 1, allThreadsContinued: true });
      await assert.rejects(second.request("stackTrace", thread), /notStopped/);
    });
  }));

test("disconnect and terminate end an attached program only if asked", async () => {
  for (const [command, args] of [
    ["disconnect", { terminateDebuggee: true }],
    ["terminate", {}],
  ] as const) {
    await withProgram("--inspect", "forever.cjs", async (client, { child, port }) => {
      await attach(client, { port });
      await client.request("configurationDone");
      await client.request("pause", thread);
      await client.stopped("pause");
      const ended = once(child, "exit");
      await client.request(command, args);
      await withDeadline(ended, "the program's end");
      await client.event("terminated");
    });
  }
});

test("a program that dies, and one that is not there", () =>
  withProgram("--inspect", "forever.cjs", async (client, { child, port }) => {
    await client.request("initialize", { adapterID: "test" });
    await assert.rejects(client.request("attach", {}), /"port" is missing/);
    await assert.rejects(client.request("attach", { port: 70_000 }), /"port" must be from 1 to 65535/);
    await assert.rejects(
      client.request("attach", { port: 1, timeout: 0 }),
      /No inspector answers at 127\.0\.0\.1:1/,
    );
    await client.request("attach", { port });
    await client.request("configurationDone");
    child.kill("SIGKILL");
    await client.output("The program is gone");
    await client.event("terminated");
  }));
