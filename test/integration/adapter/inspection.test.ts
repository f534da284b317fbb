import assert from "node:assert/strict";
import { test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { type Client, fixture, lineOf, withClient } from "./client.ts";

const thread = { threadId: 1 };

/** Stopped in look(), which has variables of all kinds. */
async function atLook(client: Client): Promise<number> {
  await client.launch("data.cjs", { breakpoints: [{ line: lineOf("data.cjs", "look") }] });
  await client.stopped("breakpoint");
  return (await client.topFrame()).id;
}

function evaluate(client: Client, args: object): Promise<DebugProtocol.EvaluateResponse["body"]> {
  return client.request("evaluate", args);
}

test("the stack, whole and in pages", () =>
  withClient(async (client) => {
    await atLook(client);
    type Trace = DebugProtocol.StackTraceResponse["body"];
    const whole = await client.request<Trace>("stackTrace", thread);
    assert.equal(whole.stackFrames.length, whole.totalFrames);
    assert.equal(whole.stackFrames[0]?.name, "look");
    assert.equal(whole.stackFrames[0]?.source?.path, fixture("data.cjs"));
    assert.equal(whole.stackFrames[1]?.line, lineOf("data.cjs", "call"));
    const internal = whole.stackFrames[2];
    assert.match(internal?.source?.name ?? "", /^node:/);
    assert.equal(internal?.presentationHint, "subtle");
    assert.equal(internal?.source?.presentationHint, "deemphasize");
    const page = await client.request<Trace>("stackTrace", { ...thread, startFrame: 1, levels: 2 });
    assert.deepEqual(page.stackFrames, whole.stackFrames.slice(1, 3));
    assert.equal(page.totalFrames, whole.totalFrames);
    const beyond = await client.request<Trace>("stackTrace", { ...thread, startFrame: 1000, levels: 1 });
    assert.deepEqual(beyond.stackFrames, []);
    // Node's own code has no file: its text comes from the adapter.
    const source = await client.request<DebugProtocol.SourceResponse["body"]>("source", {
      source: internal?.source,
      sourceReference: internal?.source?.sourceReference,
    });
    assert.match(source.content, /function/);
  }));

test("scopes", () =>
  withClient(async (client) => {
    await client.launch("data.cjs", { breakpoints: [{ line: lineOf("data.cjs", "counter") }] });
    await client.stopped("breakpoint");
    const scopes = await client.scopes();
    assert.deepEqual(
      scopes.map(({ name, expensive }) => [name, expensive]),
      [
        ["Local", false],
        ["Closure (makeCounter)", false],
        ["Closure", false],
        ["Global", true],
      ],
    );
    assert.equal(scopes[0]?.presentationHint, "locals");
    const local = await client.scope("Local");
    assert.equal(local.get("by")?.value, "0");
    assert.ok(local.has("this"));
    assert.equal((await client.scope("Closure")).get("count")?.value, "10");
    const globals = await client.scope("Global");
    assert.ok(globals.has("process"));
    assert.equal([...globals.keys()].filter((name) => name.includes("debug-server")).length, 0);
    await client.setBreakpoints("data.cjs", [{ line: lineOf("data.cjs", "block") }]);
    await client.request("continue", thread);
    await client.stopped("breakpoint");
    const block = await client.scope("Block");
    assert.equal(block.get("inBlock")?.value, "'block'");
  }));

test("the value that a function returned", () =>
  withClient(async (client) => {
    await client.launch("data.cjs", { breakpoints: [{ line: lineOf("data.cjs", "counter") + 1 }] });
    await client.stopped("breakpoint");
    await client.request("next", thread);
    await client.stopped("step");
    assert.equal((await client.scope("Local")).get("Return value")?.value, "10");
  }));

test("values of all kinds", () =>
  withClient(async (client) => {
    await atLook(client);
    const local = await client.scope("Local");
    const shown = Object.fromEntries([...local].map(([name, { value, type }]) => [name, [value, type]]));
    assert.deepEqual(shown["label"], ["'first'", "string"]);
    assert.deepEqual(shown["list"], ["(3) [1, 'two', {…}]", "Array"]);
    assert.deepEqual(shown["point"], ["Point {#secret: 42, x: 3, y: 4}", "Point"]);
    assert.deepEqual(shown["map"], ["Map(1) {'key' => {value: 1}}", "Map"]);
    assert.deepEqual(shown["big"], ["12345678901234567890n", "bigint"]);
    assert.deepEqual(shown["changeable"], ["2", "number"]);
    assert.deepEqual(shown["nested"], [
      "{text: 'a\\n\\'b\\'', nothing: null, missing: undefined, deep: {…}}",
      "Object",
    ]);
    const list = await client.variables(local.get("list")?.variablesReference ?? 0);
    assert.deepEqual(
      list.map(({ name, evaluateName }) => [name, evaluateName]),
      [
        ["0", "list[0]"],
        ["1", "list[1]"],
        ["2", "list[2]"],
        ["length", "list.length"],
        ["[[Prototype]]", undefined],
      ],
    );
    const point = await client.variables(local.get("point")?.variablesReference ?? 0);
    assert.equal(point.find(({ name }) => name === "#secret")?.presentationHint?.visibility, "private");
    // A getter of the class runs for the object, and only when it is asked for.
    const prototype = point.find(({ name }) => name === "[[Prototype]]");
    const inherited = await client.variables(prototype?.variablesReference ?? 0);
    const getter = inherited.find(({ name }) => name === "length");
    assert.equal(getter?.value, "(...)");
    assert.equal(getter?.presentationHint?.lazy, true);
    const [length] = await client.variables(getter?.variablesReference ?? 0);
    assert.equal(length?.value, "5");
    const map = await client.variables(local.get("map")?.variablesReference ?? 0);
    const entries = map.find(({ name }) => name === "[[Entries]]");
    assert.equal((await client.variables(entries?.variablesReference ?? 0))[0]?.value, "{'key' => {…}}");
  }));

test("long lists come in pages", () =>
  withClient(async (client) => {
    await atLook(client);
    const local = await client.scope("Local");
    for (const [name, length, value] of [
      ["long", 250, (i: number) => String(i * 2)],
      ["bytes", 500, () => "0"],
    ] as const) {
      const list = local.get(name);
      assert.equal(list?.indexedVariables, length);
      assert.ok((list?.namedVariables ?? 0) > 0);
      const reference = list?.variablesReference ?? 0;
      const page = await client.variables(reference, { filter: "indexed", start: 100, count: 100 });
      assert.deepEqual(
        page.map((variable) => [variable.name, variable.value, variable.evaluateName]),
        Array.from({ length: 100 }, (_, i) => [String(100 + i), value(100 + i), `${name}[${100 + i}]`]),
      );
      const last = await client.variables(reference, { filter: "indexed", start: length - 1, count: 100 });
      assert.equal(last.length, 1);
      const named = await client.variables(reference, { filter: "named" });
      assert.ok(named.every((variable) => !/^\d+$/.test(variable.name)));
      assert.ok(named.some((variable) => variable.name === "[[Prototype]]"));
      assert.equal((await client.variables(reference)).length, length + named.length);
      assert.equal((await client.variables(reference, { start: 5, count: 7 })).length, 7);
    }
    assert.equal(local.get("list")?.indexedVariables, undefined, "short ones do not");
    await assert.rejects(
      client.variables(local.get("list")?.variablesReference ?? 0, { filter: "odd" }),
      /"filter"/,
    );
  }));

test("variables are set wherever they are", () =>
  withClient(async (client) => {
    const frameId = await atLook(client);
    type Set = DebugProtocol.SetVariableResponse["body"];
    const [localScope, closureScope] = await client.scopes(frameId);
    const local = localScope?.variablesReference ?? 0;
    const set = (variablesReference: number, name: string, value: string) =>
      client.request<Set>("setVariable", { variablesReference, name, value });
    assert.equal((await set(local, "changeable", "changeable + 40")).value, "42");
    const object = await set(local, "label", "{a: 1}");
    assert.equal(object.value, "{a: 1}");
    assert.ok((object.variablesReference ?? 0) > 0);
    const variables = await client.scope("Local");
    assert.equal(variables.get("changeable")?.value, "42");
    assert.equal(variables.get("label")?.value, "{a: 1}");
    assert.equal(
      (await evaluate(client, { expression: "[changeable, label.a]", frameId })).result,
      "(2) [42, 1]",
    );
    // A property, an element, and a global variable.
    const nested = variables.get("nested")?.variablesReference ?? 0;
    assert.equal((await set(nested, "text", "'new'")).value, "'new'");
    const list = variables.get("list")?.variablesReference ?? 0;
    assert.equal((await set(list, "0", "-0")).value, "-0");
    assert.equal((await evaluate(client, { expression: "nested.text + list[0]", frameId })).result, "'new0'");
    const globals = (await client.scopes(frameId)).at(-1)?.variablesReference ?? 0;
    await set(globals, "someGlobal", "1n");
    assert.equal((await evaluate(client, { expression: "someGlobal" })).result, "1n");
    assert.ok(closureScope !== undefined);
    for (const [reference, name, value, why] of [
      [local, "this", "1", /cannot be set/],
      [local, "changeable", "nonsense", /ReferenceError: nonsense/],
      [local, "changeable", "1 +", /SyntaxError/],
      [list, "length", "-1", /RangeError/],
    ] as const) {
      await assert.rejects(set(reference, name, value), why);
    }
  }));

test("expressions are set, and assignments in the console are seen", () =>
  withClient(async (client) => {
    const frameId = await atLook(client);
    const body = await client.request<DebugProtocol.SetExpressionResponse["body"]>("setExpression", {
      expression: "nested.deep.deeper",
      value: "{ changed: [1] }",
      frameId,
    });
    assert.equal(body.value, "{changed: Array(1)}");
    assert.equal(
      (await evaluate(client, { expression: "nested.deep.deeper.changed[0]", frameId })).result,
      "1",
    );
    await assert.rejects(
      client.request("setExpression", { expression: "1", value: "2", frameId }),
      /SyntaxError/,
    );
    await evaluate(client, { expression: "changeable = 'seen'", frameId, context: "repl" });
    const local = await client.scope("Local");
    assert.equal(local.get("changeable")?.value, "'seen'");
    assert.equal(local.get("big")?.value, "12345678901234567890n");
  }));

test("evaluate, in all contexts", () =>
  withClient(async (client) => {
    const frameId = await atLook(client);
    const repl = await evaluate(client, { expression: "{ a: point.x }", frameId, context: "repl" });
    assert.equal(repl.result, "{a: 3}");
    assert.equal(repl.type, "Object");
    const [a] = await client.variables(repl.variablesReference);
    assert.deepEqual([a?.name, a?.value], ["a", "3"]);
    const watch = await evaluate(client, { expression: "long", frameId, context: "watch" });
    assert.equal(watch.indexedVariables, 250);
    const [first] = await client.variables(watch.variablesReference, {
      filter: "indexed",
      start: 0,
      count: 1,
    });
    assert.equal(first?.evaluateName, "long[0]");
    assert.equal((await evaluate(client, { expression: "point.x", frameId, context: "hover" })).result, "3");
    // Pointing at something does not change it.
    await assert.rejects(
      evaluate(client, { expression: "changeable++", frameId, context: "hover" }),
      /side-effect/,
    );
    const clipboard = await evaluate(client, { expression: "nested", frameId, context: "clipboard" });
    assert.deepEqual(JSON.parse(clipboard.result), {
      text: "a\n'b'",
      nothing: null,
      deep: { deeper: { deepest: true } },
    });
    const long = "'x'.repeat(50_000)";
    assert.ok(
      (await evaluate(client, { expression: long, frameId, context: "watch" })).result.length < 20_000,
    );
    assert.equal(
      (await evaluate(client, { expression: long, frameId, context: "clipboard" })).result.length,
      50_002,
    );
    // Of the second frame, and of none.
    const outer = (await client.frames())[1]?.id;
    assert.equal((await evaluate(client, { expression: "sum", frameId: outer })).result, "265");
    assert.equal((await evaluate(client, { expression: "typeof sum" })).result, "'undefined'");
    for (const context of ["repl", "watch", "hover", "clipboard", undefined]) {
      const failed = evaluate(client, { expression: "undefinedName", frameId, context });
      await assert.rejects(failed, /^Error: ReferenceError: undefinedName is not defined$/);
    }
    await assert.rejects(evaluate(client, { expression: "1 +", frameId }), /SyntaxError/);
    await assert.rejects(evaluate(client, { expression: "(() => { throw 7 })()", frameId }), /7/);
  }));

test("evaluate while the program runs, with await and declarations", () =>
  withClient(async (client) => {
    await client.launch("forever.cjs");
    await client.output("ready");
    const repl = (expression: string) => evaluate(client, { expression, context: "repl" });
    assert.equal((await repl("await Promise.resolve(20 + 1)")).result, "21");
    assert.equal((await repl("const declared = 5; declared * 2")).result, "10");
    assert.equal((await repl("const declared = 6; declared")).result, "6");
    assert.match((await repl("Promise.resolve(1)")).result, /^Promise/);
    const object = await repl("({ b: 2 })");
    assert.equal((await client.variables(object.variablesReference))[0]?.value, "2");
    await assert.rejects(repl("await Promise.reject(new Error('no'))"), /Error: no/);
    assert.equal(
      (await evaluate(client, { expression: "typeof process", context: "watch" })).result,
      "'object'",
    );
  }));

test("completions", () =>
  withClient(async (client) => {
    const frameId = await atLook(client);
    type Completions = DebugProtocol.CompletionsResponse["body"];
    const complete = async (text: string, frame: number | undefined = frameId) => {
      const args = { text, column: text.length + 1, frameId: frame };
      return (await client.request<Completions>("completions", args)).targets;
    };
    assert.deepEqual(
      (await complete("chang")).map(({ label, start, length }) => [label, start, length]),
      [["changeable", 0, 5]],
    );
    const properties = (await complete("1 + point.")).map(({ label }) => label);
    for (const name of ["x", "y", "length", "reveal", "hasOwnProperty"])
      assert.ok(properties.includes(name), name);
    assert.deepEqual(
      (await complete("nested.deep.dee")).map(({ label }) => label),
      ["deeper"],
    );
    assert.deepEqual(
      (await complete("label.toUpperC")).map(({ label }) => label),
      ["toUpperCase"],
    );
    assert.deepEqual(await complete("nonsense()."), []);
    const { targets } = await client.request<Completions>("completions", { text: "proces", column: 7 });
    assert.ok(targets.some(({ label }) => label === "process"));
  }));

test("code without a file is shown and can have breakpoints", () =>
  withClient(async (client) => {
    await client.launch("nofile.cjs", { breakpoints: [{ line: lineOf("nofile.cjs", "add") }] });
    await client.stopped("breakpoint");
    await client.request("stepIn", thread);
    await client.stopped("step");
    const top = await client.topFrame();
    assert.equal(top.name, "add");
    assert.equal(top.source?.name, "made-up.js");
    const reference = top.source?.sourceReference ?? 0;
    assert.ok(reference > 0);
    const { content } = await client.request<DebugProtocol.SourceResponse["body"]>("source", {
      sourceReference: reference,
    });
    assert.match(content, /^\(function add\(a, b\) \{\n {2}const sum = a \+ b;/);
    const { breakpoints } = await client.request<DebugProtocol.SetBreakpointsResponse["body"]>(
      "setBreakpoints",
      {
        source: top.source,
        breakpoints: [{ line: 3, condition: "sum === 7" }],
      },
    );
    assert.deepEqual([breakpoints[0]?.verified, breakpoints[0]?.line], [true, 3]);
    await client.request("continue", thread);
    const stopped = await client.stopped("breakpoint");
    assert.deepEqual(stopped.body.hitBreakpointIds, [breakpoints[0]?.id]);
    assert.equal((await client.scope("Local")).get("sum")?.value, "7");
    const { sources } = await client.request<DebugProtocol.LoadedSourcesResponse["body"]>("loadedSources");
    const names = sources.map(({ name, path }) => path ?? name);
    assert.ok(names.includes(fixture("nofile.cjs")));
    assert.ok(names.includes("made-up.js"));
    assert.ok(names.every((name) => !name?.startsWith("node:")));
    const loaded = client
      .all<DebugProtocol.LoadedSourceEvent>("loadedSource")
      .map(({ body }) => body.source.name);
    for (const name of ["nofile.cjs", "made-up.js", "mapped.js"]) assert.ok(loaded.includes(name), name);
    assert.equal(client.text("console").split("source maps").length, 2, "said once");
    await assert.rejects(client.request("source", { sourceReference: 999 }), /no source 999/);
  }));
