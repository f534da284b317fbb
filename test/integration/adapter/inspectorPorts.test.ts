import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { portsOf } from "../../support/listening.ts";
import { type Client, fixture, withClient } from "./client.ts";

// Whoever knows the id of a program's inspector runs code in the program, past password and rights. Other users of
// this machine can reach its port, so nothing may tell them the id.

const run = promisify(execFile);
const ID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/i;
/** As root the request is really another user's. */
const AS_ANOTHER_USER =
  process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];

/** What another user of this machine is told by an inspector's port. */
async function ask(port: number): Promise<string> {
  const script = `
    const ask = async (path) => {
      const answer = await fetch("http://127.0.0.1:${port}" + path);
      return answer.status + " " + (await answer.text());
    };
    Promise.all(["/json", "/json/list", "/json/version"].map(ask)).then((all) => console.log(all.join()));`;
  const [command = process.execPath, ...args] = [...AS_ANOTHER_USER, process.execPath, "-e", script];
  return (await run(command, args)).stdout;
}

test("no inspector of a program or of its children tells another user its id, nor does any output", () =>
  withClient(async (client) => {
    await client.launch("inspectors.cjs");
    const { body } = await client.output("all of ");
    const pids = (/all of ([\d,]+)/.exec(body.output)?.[1] ?? "").split(",").map(Number);
    assert.equal(pids.length, 6);
    for (const [index, pid] of pids.entries()) {
      const ports = portsOf(pid);
      assert.ok(ports.length > 0, `process ${index} has an inspector`);
      for (const port of ports) assert.doesNotMatch(await ask(port), ID, `process ${index}`);
    }
    assert.match(client.text("stdout"), /^mine ws:\/\/127\.0\.0\.1:\d+\/<hidden>$/m);
    // Of a child: the adapter keeps its own for itself.
    await client.output("Debugger listening on ws://127.0.0.1:");
    assert.doesNotMatch(JSON.stringify(client.received), ID);
  }));

/** A runtime that prints these lines on its stderr and ends so. */
function runtimeThat(t: TestContext, lines: readonly string[], end: string): string {
  const directory = mkdtempSync(path.join(tmpdir(), "ds-runtime-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, "runtime");
  const echoes = lines.map((line) => `echo '${line}' >&2\n`);
  writeFileSync(file, `#!/bin/sh\n${echoes.join("")}${end}\n`, { mode: 0o700 });
  return file;
}

async function launchWith(client: Client, runtimeExecutable: string): Promise<string> {
  await client.request("initialize", { adapterID: "test" });
  const failed = await client.send("launch", { program: fixture("forever.cjs"), runtimeExecutable });
  assert.equal(failed.success, false);
  assert.doesNotMatch(JSON.stringify(client.received), ID);
  return failed.message ?? "";
}

const SOME_ID = "8fee40a2-357c-4d44-b151-5aa438effa6c";

test("an error about the inspector does not say its id", (t) =>
  withClient(async (client) => {
    // Nothing listens there.
    const line = `Debugger listening on ws://127.0.0.1:9/${SOME_ID}`;
    const message = await launchWith(client, runtimeThat(t, [line], "exec sleep 60"));
    assert.match(message, /127\.0\.0\.1:9: connect ECONNREFUSED/);
  }));

test("an inspector is looked for on this machine only, whatever the program says", (t) =>
  withClient(async (client) => {
    const hosts = ["192.0.2.1:9", "localhost:9", "127.0.0.1:9@192.0.2.1:9", "[::1]:9", "127.0.0.1.example:9"];
    const lines = hosts.map((host) => `Debugger listening on ws://${host}/${SOME_ID}`);
    const message = await launchWith(client, runtimeThat(t, lines, "exit 3"));
    assert.match(message, /ended before it could be debugged \(exit code 3\)/);
  }));
