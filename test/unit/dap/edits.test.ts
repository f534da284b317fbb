import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { JsonValue, applyEdits } from "../../../src/dap/edits.ts";
import { scanElements } from "../../../src/dap/envelope.ts";
import { sourcesInArguments, sourcesInBody } from "../../../src/dap/sources.ts";

const at = (text: string) => new JsonValue(Buffer.from(text));

function edited(text: string, edit: (value: JsonValue) => Parameters<typeof applyEdits>[1]): string {
  const json = Buffer.from(text);
  return Buffer.concat(applyEdits(json, edit(new JsonValue(json)))).toString();
}

describe("a value within a message", () => {
  test("members, elements and scalars are found; what is not there is undefined", () => {
    const value = at('{"a":{"b":[1, "two",{"c":null}]},"n":-1.5e3}');
    const [one, two, three, ...rest] = value.member("a")?.member("b")?.elements ?? [];
    assert.equal(one?.number, 1);
    assert.equal(two?.string, "two");
    assert.equal(three?.member("c")?.value, null);
    assert.deepEqual(rest, []);
    assert.equal(value.member("n")?.number, -1500);
    assert.equal(value.member("n")?.string, undefined);
    assert.equal(value.member("n")?.member("x"), undefined);
    assert.deepEqual(value.member("n")?.elements, []);
    assert.equal(value.member("x"), undefined);
  });

  test("elements of any array are those that JSON.parse finds", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.boolean(), (array, spaced) => {
        const json = Buffer.from(JSON.stringify(array, null, spaced ? 2 : 0));
        const found = (scanElements(json) ?? []).map(({ start, end }): unknown =>
          JSON.parse(json.toString("utf8", start, end)),
        );
        assert.deepEqual(found, JSON.parse(json.toString()));
      }),
    );
    for (const text of ["", "[", "[1", "[1,", "[1 2]", "{}", "[] x", "[,]"])
      assert.equal(scanElements(Buffer.from(text)), undefined, text);
  });

  test("an edit leaves everything else as it was written", () => {
    const text = '{ "big":12345678901234567890, "path" : "/a\\u0062", "e":1.0e2 }';
    assert.equal(
      edited(text, (value) => [value.member("path")?.replacedBy("/ü") ?? value.with({ never: 0 })]),
      '{ "big":12345678901234567890, "path" : "/ü", "e":1.0e2 }',
    );
    assert.equal(
      edited('{"a":1}', (value) => [value.with({ b: "x" })]),
      '{"b":"x","a":1}',
    );
    assert.equal(
      edited("{ }", (value) => [value.with({ b: "x" })]),
      '{"b":"x" }',
    );
  });
});

test("a response's body ends where it ends, whatever its sender has put behind it", () => {
  const head = '"seq":1,"type":"response","request_seq":1,"success":true,"command":"loadedSources"';
  const body = '{"sources":[{"path":"/host/a.c"}]}';
  const message = at(`{${head},"body":${body},"more":{}}`);
  assert.deepEqual(message.member("body")?.value, JSON.parse(body));
  const [source] = sourcesInBody("loadedSources", message.member("body") ?? message);
  assert.equal(source?.member("path")?.string, "/host/a.c");
});

describe("the sources of a message", () => {
  const found = (name: string, body: object) =>
    sourcesInBody(name, at(JSON.stringify(body))).map((source) => source.member("path")?.string);
  const source = (path: string, sources: object[] = []) => ({ path, sources });

  test("are where DAP says", () => {
    const nested = { path: "outer", sources: [source("inner")] };
    assert.deepEqual(
      found("stackTrace", { stackFrames: [{ source: source("a") }, {}, { source: nested }] }),
      ["a", "outer", "inner"],
    );
    assert.deepEqual(found("scopes", { scopes: [{ source: source("a") }] }), ["a"]);
    assert.deepEqual(found("loadedSources", { sources: [source("a"), source("b")] }), ["a", "b"]);
    assert.deepEqual(found("loadedSource", { source: source("a") }), ["a"]);
    assert.deepEqual(found("disassemble", { instructions: [{ location: source("a") }] }), ["a"]);
    assert.deepEqual(found("breakpoint", { breakpoint: { source: source("a") } }), ["a"]);
    assert.deepEqual(found("setBreakpoints", { breakpoints: [{ source: source("a") }] }), ["a"]);
    assert.deepEqual(found("output", { source: source("a"), data: { source: source("no") } }), ["a"]);
    assert.deepEqual(found("aCustomRequest", { source: source("a") }), ["a"]);
  });

  test("are not what only looks like one", () => {
    assert.deepEqual(found("variables", { source: source("no"), variables: [{ source: source("no") }] }), []);
    assert.deepEqual(found("evaluate", { source: source("no") }), []);
    assert.deepEqual(found("stackTrace", { source: source("no") }), []);
    assert.deepEqual(found("output", {}), []);
  });

  test("of arguments are one, with those that it was made from", () => {
    const args = at(JSON.stringify({ source: { path: "a", sources: [source("b")] }, line: 1 }));
    assert.deepEqual(
      sourcesInArguments("setBreakpoints", args).map((each) => each.member("path")?.string),
      ["a", "b"],
    );
    for (const command of ["launch", "attach", "variables"])
      assert.deepEqual(sourcesInArguments(command, args), [], `${command}: what is its own is opaque`);
    assert.equal(sourcesInArguments("aCustomRequest", args).length, 2);
  });
});
