import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonObject, encodeJson, objects } from "../../../src/dap/messages.ts";
import { conventionsBetween } from "../../../src/hub/clientConventions.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { readClientCapabilities } from "../../../src/hub/clientCapabilities.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { VSCODE, connect, enter, settle } from "./memoryClient.ts";

const ZERO = { ...VSCODE, linesStartAt1: false, columnsStartAt1: false };

async function served(guest: JsonObject, driver: JsonObject = VSCODE) {
  const upstream = new FakeUpstream();
  const hub = new Hub(upstream);
  const a = await enter(connect(hub, "driver").client, driver);
  const b = await enter(connect(hub, "guest").client, guest);
  return { upstream, hub, a, b };
}

describe("differences between clients", () => {
  test("lines and columns from 0 and from 1", async () => {
    const { upstream, a, b } = await served(ZERO);
    const source = { path: "/p/a.c" };
    const body = await b.ok("setBreakpoints", { source, lines: [2], breakpoints: [{ line: 2, column: 0 }] });
    assert.deepEqual(upstream.last("setBreakpoints").args, {
      source,
      lines: [3],
      breakpoints: [{ line: 3, column: 1 }],
    });
    assert.equal(objects(body.breakpoints)[0]?.line, 2);
    assert.deepEqual(objects([a.events("breakpoint")[0]?.breakpoint])[0]?.line, 3);
    await a.ok("setBreakpoints", { source, breakpoints: [{ line: 9 }] });
    assert.deepEqual(objects([b.events("breakpoint")[0]?.breakpoint])[0]?.line, 8);
    upstream.stop();
    const frames = await b.ok("stackTrace", { threadId: 1, startFrame: 0, levels: 1 });
    assert.deepEqual(
      objects(frames.stackFrames).map(({ id, line, column }) => [id, line, column]),
      [[1, 2, 0]],
    );
    assert.deepEqual(upstream.last("stackTrace").args, { threadId: 1, startFrame: 0, levels: 1 });
    const same = await a.ok("stackTrace", { threadId: 1, startFrame: 0, levels: 1 });
    assert.deepEqual(
      objects(same.stackFrames).map(({ line, column }) => [line, column]),
      [[3, 1]],
    );
    await b.ok("gotoTargets", { source, line: 0 });
    assert.equal(upstream.last("gotoTargets").args.line, 1);
    upstream.emit("output", { output: "x", line: 1, column: 1, source });
    assert.deepEqual([b.events("output").at(-1)?.line, b.events("output").at(-1)?.column], [0, 0]);
  });

  test("a line of 0 where there is no source stays 0", async () => {
    const { upstream, b } = await served(ZERO);
    upstream.handlers.stackTrace = () => ({ stackFrames: [{ id: 1, name: "asm", line: 0, column: 0 }] });
    upstream.stop();
    const { stackFrames } = await b.ok("stackTrace", { threadId: 1 });
    assert.deepEqual(objects(stackFrames)[0], { id: 1, name: "asm", line: 0, column: 0 });
  });

  test("paths and URIs", async () => {
    const { upstream, a, b } = await served({ ...VSCODE, pathFormat: "uri" });
    await b.ok("setBreakpoints", { source: { path: "file:///p/a%20b.c" }, breakpoints: [{ line: 3 }] });
    await a.ok("setBreakpoints", { source: { path: "/p/a b.c" }, breakpoints: [{ line: 5 }] });
    assert.deepEqual([...upstream.breakpoints.keys()], ["/p/a b.c"], "it is one file");
    const told = objects([b.events("breakpoint")[0]?.breakpoint])[0];
    assert.deepEqual(told?.source, { path: "file:///p/a%20b.c" });
    upstream.emit("loadedSource", { reason: "new", source: { path: "webpack:///x.ts" } });
    assert.deepEqual(b.events("loadedSource")[0]?.source, { path: "webpack:///x.ts" });
  });

  test("memory references only for who asked for them", async () => {
    const { upstream, a, b } = await served({ ...VSCODE, supportsMemoryReferences: false });
    upstream.stop();
    for (const client of [a, b]) {
      await client.ok("stackTrace", { threadId: 1 });
      await client.ok("scopes", { frameId: 1 });
    }
    const [one] = objects((await a.ok("variables", { variablesReference: 1 })).variables);
    const [other] = objects((await b.ok("variables", { variablesReference: 1 })).variables);
    assert.equal(one?.memoryReference, "0x10");
    assert.ok(other !== undefined && !("memoryReference" in other));
    assert.equal(other.variablesReference, 2);
    await b.ok("variables", { variablesReference: 2 });
  });

  test("styled text only for who understands it", async () => {
    const { upstream, a, b } = await served({ ...VSCODE, supportsANSIStyling: false });
    upstream.emit("output", { output: "\u001b[1;31mred\u001b[0m [plain]" });
    assert.equal(a.lines().at(-1), "\u001b[1;31mred\u001b[0m [plain]");
    assert.equal(b.lines().at(-1), "red [plain]");
    upstream.stop();
    upstream.handlers.variables = () => ({
      variables: [{ name: "x", value: "\u001b[32m1\u001b[0m", variablesReference: 0 }],
    });
    await b.ok("stackTrace", { threadId: 1 });
    await b.ok("scopes", { frameId: 1 });
    const { variables } = await b.ok("variables", { variablesReference: 1 });
    assert.equal(objects(variables)[0]?.value, "1");
  });

  test("progress, invalidated and memory events only for who asked for them", async () => {
    const { upstream, a, b } = await served({ adapterID: "fake" });
    upstream.stop();
    for (const event of ["progressStart", "progressUpdate", "progressEnd", "memory"]) {
      upstream.emit(event, { progressId: "p" });
      assert.equal(a.events(event).length, 1, event);
      assert.equal(b.events(event).length, 0, event);
    }
    await a.ok("threads");
    upstream.emit("invalidated", { areas: ["stacks"] });
    assert.equal(b.events("invalidated").length, 0);
    await settle();
    assert.equal(b.events("stopped").length, 2, "it is shown the stop again instead");
  });

  test("none: the bytes are the adapter's own", () => {
    assert.equal(
      conventionsBetween(readClientCapabilities(VSCODE), readClientCapabilities(VSCODE)),
      undefined,
    );
    const conventions = conventionsBetween(readClientCapabilities(ZERO), readClientCapabilities(VSCODE));
    const body = Buffer.from('{ "threads":[] }');
    assert.equal(conventions?.toClient("threads", body), body);
  });

  test("there and back it is the same", () => {
    const conventions = conventionsBetween(
      readClientCapabilities({ ...ZERO, pathFormat: "uri" }),
      readClientCapabilities(VSCODE),
    );
    const args = {
      source: { path: "file:///p/a.c", sources: [{ path: "file:///p/b.c" }] },
      lines: [0, 4],
      breakpoints: [{ line: 4, column: 2, condition: "line" }],
    };
    assert.ok(conventions);
    const sent = conventions.toAdapter("setBreakpoints", encodeJson(args));
    assert.deepEqual(JSON.parse(String(sent)), {
      source: { path: "/p/a.c", sources: [{ path: "/p/b.c" }] },
      lines: [1, 5],
      breakpoints: [{ line: 5, column: 3, condition: "line" }],
    });
    const told = (name: string, body: unknown): unknown =>
      JSON.parse(String(conventions.toClient(name, encodeJson(body))));
    const breakpoints = [{ verified: true, line: 5, column: 3, source: { path: "/p/a.c" } }];
    assert.deepEqual(told("setBreakpoints", { breakpoints }), {
      breakpoints: [{ verified: true, line: 4, column: 2, source: { path: "file:///p/a.c" } }],
    });
    assert.deepEqual(told("completions", { targets: [{ label: "x", start: 1 }] }), {
      targets: [{ label: "x", start: 0 }],
    });
    const location = { path: "/p/a.c" };
    assert.deepEqual(told("disassemble", { instructions: [{ address: "0x1", location, line: 1 }] }), {
      instructions: [{ address: "0x1", location: { path: "file:///p/a.c" }, line: 0 }],
    });
  });

  test("what is left out goes with one comma, wherever it stands", () => {
    const conventions = conventionsBetween(
      readClientCapabilities({ adapterID: "x" }),
      readClientCapabilities(VSCODE),
    );
    const reference = '"memoryReference" : "0x1,"';
    for (const [variable, left] of [
      [reference, ""],
      [` ${reference} `, "  "],
      [`${reference} ,"b":[1,{${reference}}]`, `"b":[1,{${reference}}]`],
      [`"b":{${reference}}, ${reference}`, `"b":{${reference}}`],
      [`"b":1,${reference} ,"c":2`, '"b":1 ,"c":2'],
      ['"b":1,"memory\\u0052eference":3,"c":2', '"b":1,"c":2'],
      [`"line":1,"column":1`, `"line":1,"column":1`],
    ] as const) {
      const body = Buffer.from(`{"variables":[{${variable}},{}]}`);
      assert.equal(String(conventions?.toClient("variables", body)), `{"variables":[{${left}},{}]}`);
    }
    const broken = Buffer.from(`{"variables":[{${reference}}`);
    assert.equal(conventions?.toClient("variables", broken), broken, "what is no JSON is not put right");
  });

  test("what is the adapter's own passes as it was written", () => {
    const conventions = conventionsBetween(
      readClientCapabilities({
        ...ZERO,
        pathFormat: "uri",
        supportsMemoryReferences: false,
        supportsANSIStyling: false,
      }),
      readClientCapabilities(VSCODE),
    );
    assert.ok(conventions);
    const data =
      '{"line":1,"big":12345678901234567890,"e":1.0e2,"source":{"path":"/p"},"memoryReference":"0x1"}';
    const source = (path: string) => `{ "path":"${path}", "adapterData":${data}}`;
    for (const [name, from, to] of [
      [
        "scopes",
        `"scopes":[{"source":${source("/p")},"line":4}]`,
        `"scopes":[{"source":${source("file:///p")},"line":3}]`,
      ],
      ["output", `"data":${data},"output":"x","line":3`, `"data":${data},"output":"x","line":2`],
      ["aCustomRequest", `"line":3,"source":${source("/p")}`, `"line":3,"source":${source("/p")}`],
      ["variables", `"variables":[{"memoryReference":"0x1","line":1 }]`, `"variables":[{"line":1 }]`],
    ] as const)
      assert.equal(String(conventions.toClient(name, Buffer.from(`{${from}}`))), `{${to}}`, name);
    const start = Buffer.from(`{"program":"x","source":${source("file:///p")},"__restart":${data}}`);
    for (const command of ["launch", "attach", "restart", "aCustomRequest"])
      assert.equal(conventions.toAdapter(command, start), start, command);
    assert.equal(
      String(conventions.toAdapter("source", Buffer.from(`{"source":${source("file:///p")}}`))),
      `{"source":${source("/p")}}`,
    );
  });
});
