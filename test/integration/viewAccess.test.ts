import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type TestContext, describe, test } from "node:test";
import { type AdapterEntry, adapters } from "../support/adapters.ts";
import type { DapClient } from "../support/dapClient.ts";
import { fixtures } from "../support/fixtures.ts";
import { joinServed, launchServed } from "../support/joined.ts";
import { skipWithout } from "../support/parts.ts";
import { inspect, outputOf } from "../support/scenario.ts";
import { type Served, serveAdapter } from "../support/served.ts";

interface Try {
  readonly name: string;
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** With the right to steer, it does make the directory: the try is a real one. */
  readonly works?: true;
}

interface At {
  readonly threadId: number;
  readonly frameId: number;
  readonly variablesReference: number;
  readonly source: unknown;
  /** A directory that does not exist. Whoever runs code can make it. */
  readonly trace: string;
}

/** Ways to make a real adapter run code that the one who asks has written. */
const TRIES: Readonly<Record<string, (at: At) => Try[]>> = {
  debugpy: ({ trace, frameId }) => {
    const code = `__import__("os").mkdir("${trace}")`;
    return [
      { name: "evaluate", command: "evaluate", args: { expression: code, frameId }, works: true },
      {
        name: "completions",
        command: "completions",
        args: { text: `${code}.`, column: code.length + 2, frameId },
      },
    ];
  },
  embedded: ({ trace, frameId }) => {
    const code = `process.getBuiltinModule("fs").mkdirSync("${trace}")`;
    return [
      { name: "evaluate", command: "evaluate", args: { expression: code, frameId }, works: true },
      { name: "completions", command: "completions", args: { text: `${code}.`, column: code.length + 2 } },
    ];
  },
  "cdt-gdb": ({ trace, threadId, frameId }) => {
    const call = String.raw`((int(*)(const char*,int))mkdir)(\"${trace}\",511)`;
    // A line of its own in what the adapter writes to gdb.
    const line = `\n-interpreter-exec console "shell mkdir ${trace}"\n`;
    return [
      {
        name: "evaluate",
        command: "evaluate",
        args: { expression: `>shell mkdir ${trace}`, context: "repl", frameId },
        works: true,
      },
      {
        name: "a call as a reference",
        command: "readMemory",
        args: { memoryReference: call, count: 1 },
        works: true,
      },
      {
        name: "a line in a reference",
        command: "readMemory",
        args: { memoryReference: `0" 1${line}`, count: 1 },
        works: true,
      },
      {
        name: "a line in an offset",
        command: "readMemory",
        args: { memoryReference: "0", count: 1, offset: `0 "0" 1${line}` },
        works: true,
      },
      {
        name: "a line in startFrame",
        command: "stackTrace",
        args: { threadId, startFrame: `0 1${line}` },
        works: true,
      },
    ];
  },
};

/** What everybody who takes part may be shown. */
async function looks(
  client: DapClient,
  { threadId, frameId, variablesReference, source }: At,
): Promise<void> {
  await client.request("threads");
  const { stackFrames } = await client.request("stackTrace", { threadId, startFrame: 0, levels: 20 });
  assert.ok(stackFrames.length > 0);
  await client.request("scopes", { frameId });
  assert.ok((await client.request("variables", { variablesReference })).variables.length > 0);
  await client.raw("source", { source, sourceReference: 0 });
}

/** Resolves when the debugger has done whatever it was made to do. */
async function tryOut(client: DapClient, command: string, args: unknown): Promise<unknown> {
  const answer = await client.raw(command, args);
  await client.raw("threads");
  return answer;
}

async function stopped(
  t: TestContext,
  entry: AdapterEntry,
): Promise<{ served: Served; host: DapClient; trace: string }> {
  const served = await serveAdapter(entry);
  t.after(() => served.close());
  const directory = mkdtempSync(path.join(os.tmpdir(), "dsl-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const { client: host } = await launchServed(served, entry);
  await inspect(host, entry.session.structure);
  return { served, host, trace: path.join(directory, "trace") };
}

/** A guest of that right, at the stop. */
async function joined(
  served: Served,
  entry: AdapterEntry,
  access: "view" | "control",
  trace: string,
): Promise<{ client: DapClient; at: At }> {
  const { client } = await joinServed(served, entry, access);
  const participant = served.sessions.participants().at(-1);
  assert.ok(participant);
  served.sessions.setAccess(participant, access);
  const { threadId, frames, scope } = await inspect(client, entry.session.structure);
  const [top] = frames;
  assert.ok(top);
  const { variablesReference } = scope;
  return { client, at: { threadId, frameId: top.id, variablesReference, source: top.source, trace } };
}

for (const entry of [adapters.embedded, adapters.debugpy, adapters["cdt-gdb"]] as readonly AdapterEntry[]) {
  describe(`a guest that may only look: ${entry.name}`, { skip: skipWithout(...entry.parts) }, () => {
    const tries = (at: At) => TRIES[entry.name]?.(at) ?? [];

    test("runs nothing, sees everything, and the program goes on as if it were not there", async (t) => {
      const { served, host, trace } = await stopped(t, entry);
      const { client, at } = await joined(served, entry, "view", trace);
      for (const { name, command, args } of tries(at)) {
        await tryOut(client, command, args);
        assert.equal(existsSync(trace), false, name);
      }
      await looks(client, at);
      for (const command of ["continue", "next", "pause", "setBreakpoints", "terminate", "restart"])
        assert.equal((await client.raw(command, { ...at, breakpoints: [] })).message, "notAllowed", command);
      await host.request("setBreakpoints", {
        source: { path: entry.session.fixture.source },
        breakpoints: [],
      });
      await host.request("continue", { threadId: at.threadId });
      await host.waitEvent("terminated");
      assert.match(outputOf(host), /^total \d+$/m);
      assert.equal(existsSync(trace), false);
      client.assertNoFaults();
    });

    test("while each of the tries that work does what it says for one that may steer", async (t) => {
      const { served, trace } = await stopped(t, entry);
      const { client, at } = await joined(served, entry, "control", trace);
      for (const { name, command, args, works } of tries(at)) {
        const answer = await tryOut(client, command, args);
        if (works === true) assert.equal(existsSync(trace), true, `${name}: ${JSON.stringify(answer)}`);
        rmSync(trace, { recursive: true, force: true });
      }
    });
  });
}

describe("a guest that may only look at a C++ program, in gdb", { skip: skipWithout("gdb", "cpp") }, () => {
  const CALLS = [
    "price-tax",
    "*price",
    "price - tax",
    "&*price",
    "(price-tax)",
    "0+(price-tax)",
    "$_siginfo",
  ];
  const requests = (memoryReference: string) =>
    [
      ["readMemory", { memoryReference, count: 1 }],
      ["disassemble", { memoryReference, instructionCount: 1 }],
    ] as const;

  /** The program at its stop, with a guest; `trace` is there once an operator of the program's was called. */
  async function atStop(t: TestContext, access: "view" | "control") {
    const directory = mkdtempSync(path.join(os.tmpdir(), "dsl-"));
    t.after(() => rmSync(directory, { recursive: true }));
    const trace = path.join(directory, "trace");
    const gdb = adapters["cdt-gdb"];
    const fixture = fixtures.cppMoney;
    const launch = { ...gdb.session.arguments, program: fixture.program, arguments: trace };
    const session = { ...gdb.session, arguments: launch, fixture, structure: "price" };
    const { served } = await stopped(t, { ...gdb, session });
    const { client, at } = await joined(served, { ...gdb, session }, access, trace);
    return { client, at, trace };
  }

  test("calls no operator of the program's by a reference, and reads what the debugger gave it", async (t) => {
    const { client, at, trace } = await atStop(t, "view");
    for (const reference of CALLS) {
      for (const [command, args] of requests(reference)) {
        assert.equal((await client.raw(command, args)).message, "notAllowed", `${command} ${reference}`);
        assert.equal(existsSync(trace), false, `${command} ${reference}`);
      }
    }
    const { variables } = await client.request("variables", { variablesReference: at.variablesReference });
    const price = variables.find(({ name }) => name === "price");
    assert.ok(price?.memoryReference !== undefined);
    const read = await client.request("readMemory", { memoryReference: price.memoryReference, count: 4 });
    const { address = "", data } = read ?? {};
    assert.equal(Buffer.from(data ?? "", "base64").readInt32LE(), 1190);
    const again = await client.request("readMemory", { memoryReference: address, count: 4 });
    assert.equal(again?.data, data);
    const [frame] = (await client.request("stackTrace", { threadId: at.threadId })).stackFrames;
    const memoryReference = frame?.instructionPointerReference ?? "";
    const disassembled = await client.request("disassemble", { memoryReference, instructionCount: 2 });
    assert.ok((disassembled?.instructions.length ?? 0) > 0);
    assert.equal(existsSync(trace), false);
  });

  test("while one that may steer does", async (t) => {
    const { client, trace } = await atStop(t, "control");
    for (const reference of ["price-tax", "*price"]) {
      await tryOut(client, "readMemory", { memoryReference: reference, count: 1 });
      assert.equal(existsSync(trace), true, reference);
      rmSync(trace, { recursive: true });
    }
  });
});
