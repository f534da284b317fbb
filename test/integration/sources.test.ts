import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { type TestContext, describe, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { DiskSources } from "../../src/host/sourceReader.ts";
import { type AdapterEntry, adapters } from "../support/adapters.ts";
import type { DapClient } from "../support/dapClient.ts";
import { ROOT } from "../support/fixtures.ts";
import { joinAsGuest } from "../support/guest.ts";
import { launchServed } from "../support/joined.ts";
import { skipWithout } from "../support/parts.ts";
import { begin, inspect, outputOf, setLines, whereNext } from "../support/scenario.ts";
import { type ServeOptions, serveAdapter } from "../support/served.ts";

const OPTIONS: ServeOptions = { access: "control", sources: new DiskSources(() => [ROOT]) };

function temporary(t: TestContext): string {
  const directory = realpathSync(mkdtempSync(path.join(os.tmpdir(), "dsg-")));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A guest's copy of a host's file, in the same place of its own project; `edit`: what is different in it. */
function copyTo(folder: string, file: string, edit?: (text: string) => string): string {
  const copy = path.join(folder, path.relative(ROOT, file));
  mkdirSync(path.dirname(copy), { recursive: true });
  copyFileSync(file, copy);
  if (edit !== undefined) writeFileSync(copy, edit(readFileSync(copy, "utf8")));
  return copy;
}

async function attach(client: DapClient, adapterID: string): Promise<void> {
  await begin(client, adapterID, "attach", { type: adapterID, request: "attach", name: "guest" });
  await client.request("configurationDone");
}

/** Another stop at that line, as the guest sees it. */
async function goTo(client: DapClient, threadId: number, line: number): Promise<DebugProtocol.StackFrame> {
  await client.request("continue", { threadId });
  const frame = await whereNext(client, threadId);
  assert.equal(frame.line, line);
  return frame;
}

for (const entry of [
  adapters.debugpy,
  adapters.embedded,
  adapters.lldb,
  adapters.delve,
] as readonly AdapterEntry[]) {
  describe(`a guest's sources: ${entry.name}`, { skip: skipWithout(...entry.parts) }, () => {
    const { fixture, structure } = entry.session;
    const text = readFileSync(fixture.source, "utf8");

    test("no copy: the host's is served, with breakpoints that work in it", async (t) => {
      const served = await serveAdapter(entry, OPTIONS);
      try {
        const { client: host } = await launchServed(served, entry);
        await inspect(host, structure);
        const { client, leave } = await joinAsGuest(served.port, temporary(t));
        await attach(client, entry.adapterID);
        const { frames, threadId } = await inspect(client, structure);
        const source = frames[0]?.source;
        assert.ok(source?.sourceReference);
        const { content } = await client.request("source", {
          source,
          sourceReference: source.sourceReference,
        });
        assert.equal(content, text);
        const line = fixture.line("after");
        const { breakpoints } = await client.request("setBreakpoints", { source, breakpoints: [{ line }] });
        assert.equal(breakpoints[0]?.verified, true);
        await setLines(host, fixture.source, []);
        assert.equal((await goTo(client, threadId, line)).source?.sourceReference, source.sourceReference);
        assert.equal((await whereNext(host, threadId)).source?.path, fixture.source);
        await leave();
        client.assertNoFaults();
      } finally {
        await served.close();
      }
    });

    test("an equal copy elsewhere: it is the guest's own", async (t) => {
      const served = await serveAdapter(entry, OPTIONS);
      try {
        const { client: host } = await launchServed(served, entry);
        await inspect(host, structure);
        const folder = temporary(t);
        const copy = copyTo(folder, fixture.source);
        const { client, leave } = await joinAsGuest(served.port, folder);
        await attach(client, entry.adapterID);
        const announced = await client.waitEvent<DebugProtocol.BreakpointEvent>("breakpoint");
        assert.equal(announced.body.breakpoint.source?.path, copy);
        const { frames, threadId } = await inspect(client, structure);
        assert.equal(frames[0]?.source?.path, copy);
        assert.ok(!frames[0]?.source?.sourceReference);
        const line = fixture.line("after");
        const [breakpoint] = await setLines(client, copy, [line]);
        assert.equal(breakpoint?.verified, true);
        await setLines(host, fixture.source, []);
        assert.equal((await goTo(client, threadId, line)).source?.path, copy);
        await leave();
        client.assertNoFaults();
      } finally {
        await served.close();
      }
    });

    test("a copy that differs: it is said, the host's is shown, and breakpoints in it go nowhere", async (t) => {
      const served = await serveAdapter(entry, OPTIONS);
      try {
        const { client: host } = await launchServed(served, entry);
        await inspect(host, structure);
        const folder = temporary(t);
        const copy = copyTo(folder, fixture.source, (own) => `\n${own}`);
        const { client, leave } = await joinAsGuest(served.port, folder);
        await attach(client, entry.adapterID);
        const { frames } = await inspect(client, structure);
        assert.ok(frames[0]?.source?.sourceReference);
        const said = outputOf(client).match(/^Debug Server: .* is not the same as the host's .*$/gm) ?? [];
        assert.deepEqual(said, [
          `Debug Server: ${copy} is not the same as the host's ${fixture.source}, so the host's is shown.`,
        ]);
        const [breakpoint] = await setLines(client, copy, [fixture.line("after")]);
        assert.equal(breakpoint?.verified, false);
        assert.match(breakpoint.message ?? "", /The host has no file like this/);
        await leave();
        client.assertNoFaults();
      } finally {
        await served.close();
      }
    });
  });
}

describe("a file that the program has not been in", { skip: skipWithout("debugpy") }, () => {
  const MAIN =
    "import sys\nsys.dont_write_bytecode = True\nstart = 1\nimport lib\nfor n in range(3):\n    lib.work(n)\n";
  const LIB = "def work(n):\n    twice = n * 2\n    return twice\n";

  /** A Python program of two files, stopped before it has loaded the second; a guest has a copy of that. */
  async function stopped(t: TestContext, roots: (host: string) => string[]) {
    const [host, guest] = [temporary(t), temporary(t)];
    const program = path.join(host, "main.py");
    writeFileSync(program, MAIN);
    for (const folder of [host, guest]) writeFileSync(path.join(folder, "lib.py"), LIB);
    const entry = adapters.debugpy;
    const served = await serveAdapter(entry, { ...OPTIONS, sources: new DiskSources(() => roots(host)) });
    t.after(() => served.close());
    const driver = await served.connect({ name: "host" });
    const { session, adapterID } = entry;
    await begin(driver, adapterID, session.request, { ...session.arguments, program, cwd: host });
    await setLines(driver, program, [3]);
    await driver.request("configurationDone");
    const { threadId } = await inspect(driver);
    const { client } = await joinAsGuest(served.port, guest);
    await attach(client, adapterID);
    return {
      driver,
      client,
      threadId,
      copy: path.join(guest, "lib.py"),
      lib: path.join(host, "lib.py"),
      program,
    };
  }

  test("is found in the host's project, so a breakpoint in the guest's copy works at once", async (t) => {
    const { client, threadId, copy, lib, driver } = await stopped(t, (host) => [host]);
    const [breakpoint] = await setLines(client, copy, [2]);
    assert.equal(breakpoint?.verified, true);
    const told = await driver.waitEvent<DebugProtocol.BreakpointEvent>("breakpoint");
    assert.equal(told.body.breakpoint.source?.path, lib);
    assert.equal((await goTo(client, threadId, 2)).source?.path, copy);
    client.assertNoFaults();
  });

  test("is waited for where the host does not know it, and set when the program comes there", async (t) => {
    const { client, driver, threadId, copy, lib } = await stopped(t, () => []);
    const [unverified] = await setLines(client, copy, [3]);
    assert.equal(unverified?.verified, false);
    await setLines(driver, lib, [2]);
    await driver.request("continue", { threadId });
    const first = await whereNext(driver, threadId);
    assert.equal(first.source?.path, lib);
    // The guest sees the stop in its own copy, and with that its breakpoint is set.
    assert.equal((await whereNext(client, threadId)).source?.path, copy);
    const changed = await client.waitEvent<DebugProtocol.BreakpointEvent>(
      "breakpoint",
      ({ body }) => body.reason === "changed" && body.breakpoint.id === unverified.id,
    );
    assert.equal(changed.body.breakpoint.verified, true);
    assert.equal(changed.body.breakpoint.source?.path ?? copy, copy);
    await goTo(client, threadId, 3);
    client.assertNoFaults();
  });
});
