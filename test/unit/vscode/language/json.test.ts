import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { JSON_FEATURES } from "../../../../src/vscode/language/jsonFeatures.ts";
import { connectionStringsIn } from "../../../../src/vscode/language/jsonStrings.ts";

const found = (document: string) => connectionStringsIn(document).map(({ role, text }) => `${role} ${text}`);

/** A launch.json with one configuration. */
const launch = (inside: string) => `{ "configurations": [ { "type": "debug-server", ${inside} } ] }`;

describe("connection strings are found", () => {
  test("in configurations of our type, with comments and commas as VS Code allows them", () => {
    const document = `{
      // "remote": "tcp:comment"
      "version": "0.2.0",
      "remote": "tcp:no configuration",
      "configurations": [
        { "type": "debug-server", "request": "attach", "remote": "tcp:server=a,port=1", },
        { "server": ["tcp:port=2", 7, /* why */ "npipe:pipe=x"], "type": "debug-server", "name": "tcp:" },
        { "type": "python", "remote": "tcp:not ours", "server": ["tcp:port=3"] },
        { "remote": "tcp:no type" },
        { "type": "debug-server", "configuration": { "type": "x", "remote": "tcp:deeper", "server": "y" } },
        null,
      ],
      "other": [{ "type": "debug-server", "remote": "tcp:elsewhere" }],
    }`;
    assert.deepEqual(found(document), [
      "client tcp:server=a,port=1",
      "server tcp:port=2",
      "server npipe:pipe=x",
    ]);
  });

  test("in the settings, and in workspace files with both", () => {
    assert.deepEqual(found('{"debugServer.startWithSession": ["tcp:port=0"], "server": ["tcp:port=1"]}'), [
      "server tcp:port=0",
    ]);
    assert.deepEqual(
      found(`{
        "folders": [],
        "settings": { "debugServer.startWithSession": ["npipe:pipe=a", "tcp:port=0"] },
        "launch": { "configurations": [{ "type": "debug-server", "remote": "tcp:server=b,port=1" }] }
      }`),
      ["server npipe:pipe=a", "server tcp:port=0", "client tcp:server=b,port=1"],
    );
  });

  test("in documents that are being written", () => {
    assert.deepEqual(found('{ "configurations": [ { "type": "debug-server", "remote": "tcp:ser'), [
      "client tcp:ser",
    ]);
    assert.deepEqual(found('{ "configurations": [ { "type": "debug-server", "remote": "'), ["client "]);
    assert.deepEqual(found('{ "configurations": [ { "type": "debug-server", "remote": "tcp:\n } ] }'), [
      "client tcp:",
    ]);
    assert.deepEqual(found('{ "configurations": [ { "type": "debug-server", "remote": '), []);
    assert.deepEqual(found('{ "debugServer.startWithSession": "tcp:" }'), ["server tcp:"]);
    for (const document of ["", "[", "tcp:", "null", '{"remote"}']) assert.deepEqual(found(document), []);
  });
});

test("every character is where it stands in the document, escaped or not", () => {
  const character = fc.tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), fc.boolean());
  const literal = fc.array(character, { maxLength: 20 }).map((characters) => {
    const units = characters.flatMap(([text, escaped]) => text.split("").map((unit) => ({ unit, escaped })));
    const hex = (unit: string) => unit.charCodeAt(0).toString(16).padStart(4, "0");
    return {
      text: units.map(({ unit }) => unit).join(""),
      // Some are escaped that need not be.
      written: `"${units.map(({ unit, escaped }) => (escaped ? `\\u${hex(unit)}` : JSON.stringify(unit).slice(1, -1))).join("")}"`,
    };
  });
  fc.assert(
    fc.property(literal, ({ text, written }) => {
      const document = launch(`"remote": ${written}`);
      const [connection, ...more] = connectionStringsIn(document);
      assert.ok(connection !== undefined && more.length === 0);
      assert.equal(connection.text, text);
      const { offsets } = connection;
      assert.equal(offsets.length, text.length + 1);
      const parts = offsets.slice(1).map((end, index) => document.slice(offsets[index], end));
      assert.deepEqual(
        parts.map((part) => JSON.parse(`"${part}"`) as unknown),
        text.split(""),
      );
    }),
    { numRuns: 2000 },
  );
});

/** The document without the mark, and where the mark was. */
function marked(text: string): [string, number] {
  return [text.replace("|", ""), text.indexOf("|")];
}

test("completion, in the document's offsets and by the role", () => {
  const [document, offset] = marked(launch('"remote": "tcp:n\\u0061me=x,\\u0070or|t=1"'));
  const items = JSON_FEATURES.completionsAt(document, offset);
  assert.deepEqual(
    items.map(({ insertText }) => insertText),
    ["server", "port", "clicon", "password", "ipversion"],
  );
  for (const { start, end } of items) assert.equal(document.slice(start, end), "\\u0070ort");

  const labels = (text: string) => JSON_FEATURES.completionsAt(...marked(text)).map(({ label }) => label);
  assert.deepEqual(labels(launch('"remote": "|"')), ["tcp", "npipe", "com", "ssl", "spipe"]);
  assert.ok(labels(launch('"server": ["tcp:port=1,|"]')).includes("hidden"));
  assert.deepEqual(labels('{"debugServer.startWithSession": ["tcp:port=1,access=|"]}'), [
    "view",
    "control",
    "full",
  ]);
  for (const text of ['"remote": |"tcp:"', '"remote": "tcp:"|', '"name": "tcp:|"', '"rem|ote": "tcp:"']) {
    assert.deepEqual(labels(launch(text)), [], text);
  }
});

test("hover, in the document's offsets", () => {
  const [document, offset] = marked(launch('"remote": "tcp:server=\\\\\\\\desk,\\u0070or|t=1"'));
  const hover = JSON_FEATURES.hoverAt(document, offset);
  assert.equal(hover?.title, "port=P");
  assert.equal(document.slice(hover.start, hover.end), "\\u0070ort");
  assert.equal(JSON_FEATURES.hoverAt(document, 3), undefined);
});

test("findings: mistakes, and passwords that everybody can read", () => {
  const findings = (document: string) =>
    JSON_FEATURES.findings(document).map(
      ({ severity, start, end }) => `${severity} ${document.slice(start, end)}`,
    );
  assert.deepEqual(findings(launch('"remote": "tcp:server=a,port=1,password=env:X"')), []);
  assert.deepEqual(findings(launch('"remote": "tcp:serv\\u0065r=a,prot=1"')), ["error prot"]);
  assert.deepEqual(findings(launch('"remote": "tcp:server=a,port=1,password=\\"a,b\\""')), [
    'warning \\"a,b\\"',
  ]);
  assert.deepEqual(findings(launch('"server": ["tcp:password=s3", "tcp:port=1,insecure"]')), [
    "error ",
    "warning s3",
  ]);
  const [missing] = JSON_FEATURES.findings(launch('"remote": ""'));
  assert.deepEqual(
    missing?.message,
    "The connection string is empty. Write for example tcp:server=HOST,port=5005.",
  );
});

test("findings: what VS Code puts in the place of a variable nobody knows before", () => {
  const severities = (document: string) => JSON_FEATURES.findings(document).map(({ severity }) => severity);
  assert.deepEqual(severities(launch('"remote": "tcp:server=${input:host},port=${env:PORT}"')), []);
  assert.deepEqual(severities(launch('"remote": "tcp:server=a,port=1,password=${input:password}"')), []);
  assert.deepEqual(severities(launch('"remote": "tcp:server=${input:host},port=1,password=s3"')), [
    "warning",
  ]);
  assert.deepEqual(severities('{"debugServer.startWithSession": ["tcp:port=${env:PORT}"]}'), ["error"]);
});

const DOCUMENT = launch(
  '"remote": "tcp:server=\\\\a,port=1,password=\\"x\\"", "server": ["tcp:", "\\u00"], "x": 1',
);

test("no document and no offset makes it throw, and all it says is inside", () => {
  const mutated = fc
    .array(
      fc.tuple(fc.nat(DOCUMENT.length), fc.nat(4), fc.constantFrom("", '"', "\\", "{", ",", "\n", ":", "/*")),
      {
        maxLength: 3,
      },
    )
    .map((edits) =>
      edits.reduce((text, [at, remove, add]) => text.slice(0, at) + add + text.slice(at + remove), DOCUMENT),
    );
  fc.assert(
    fc.property(
      fc.oneof(mutated, fc.string()),
      fc.integer({ min: -1, max: DOCUMENT.length }),
      (text, offset) => {
        const hover = JSON_FEATURES.hoverAt(text, offset);
        const all = [
          ...JSON_FEATURES.completionsAt(text, offset),
          ...JSON_FEATURES.findings(text),
          ...(hover ? [hover] : []),
        ];
        for (const { start, end } of all) assert.ok(0 <= start && start <= end && end <= text.length);
      },
    ),
    { numRuns: 3000 },
  );
});
