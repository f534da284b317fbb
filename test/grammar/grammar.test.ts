import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { format } from "../../src/address/format.ts";
import { TRANSPORT_NAMES } from "../../src/address/grammar.ts";
import { KEYS } from "../../src/address/keys.ts";
import type { KeyDefinition } from "../../src/address/keys.ts";
import { tokenize as tokenizeAddress } from "../../src/address/tokenizer.ts";
import { DOT_COMMANDS, SCRIPT_COMMAND_IDS } from "../../src/common/dotCommands.ts";
import { clientAddress, serverAddress } from "../unit/address/arbitraries.ts";
import { CONTRIBUTIONS, grammarOf, textsOf, tokenize } from "./tokenize.ts";
import type { Token } from "./tokenize.ts";

const CONNECTION = await grammarOf("source.debug-server-connection-string");
const SCRIPT = await grammarOf("source.debug-server-script");
const JSONC = await grammarOf("source.json.comments");
const JSON_ONLY = await grammarOf("source.json");

const KEY = "variable.parameter.key.debug-server";
const FLAG = "storage.modifier.flag.debug-server";
const TRANSPORT = "storage.type.transport.debug-server";
const WORD = "constant.language.value.debug-server";
const NUMBER = "constant.numeric.debug-server";
const VALUE = "string.unquoted.value.debug-server";
const COMMAND = "keyword.control.command.debug-server";

const DEFINITIONS: readonly KeyDefinition[] = Object.values(KEYS);
const isFlag = ({ kind }: KeyDefinition) => kind === "flag";
const sorted = (words: Iterable<string>) => [...new Set(words)].sort();

/** The alternatives of every group that ignores case: `(?i:(a|b))`. */
function wordsIn(scopeName: string): string[] {
  const path = CONTRIBUTIONS.find((each) => each.scopeName === scopeName)?.path ?? "";
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  return [...text.matchAll(/\(\?i:\(?([^()]+)\)/g)].flatMap(([, words = ""]) =>
    words.replaceAll("\\\\.", ".").split("|"),
  );
}

test("the words of the grammars are those of the tables, no more and no fewer", () => {
  const known = [...TRANSPORT_NAMES, ...DEFINITIONS.map(({ name }) => name)];
  assert.deepEqual(sorted(wordsIn("source.debug-server-connection-string")), sorted(known));
  assert.deepEqual(sorted(wordsIn("source.debug-server-json")), sorted(TRANSPORT_NAMES));
  const commands = SCRIPT_COMMAND_IDS.map((id) => DOT_COMMANDS[id].name);
  assert.deepEqual(sorted(wordsIn("source.debug-server-script")), sorted(commands));
});

test("every transport, key, flag and word has its scope, in any case where case does not matter", () => {
  for (const transport of TRANSPORT_NAMES) {
    for (const written of [transport, transport.toUpperCase()]) {
      assert.deepEqual(textsOf(tokenize(CONNECTION, `${written}:`), TRANSPORT), [written]);
    }
  }
  for (const definition of DEFINITIONS) {
    for (const name of [definition.name, definition.name.toUpperCase()]) {
      const entry = isFlag(definition) ? name : `${name}=?`;
      const tokens = tokenize(CONNECTION, `tcp:${entry}, ${entry}`);
      assert.deepEqual(textsOf(tokens, isFlag(definition) ? FLAG : KEY), [name, name], entry);
    }
    for (const word of definition.words ?? []) {
      assert.deepEqual(textsOf(tokenize(CONNECTION, `tcp:${definition.name}=${word},x`), WORD), [word]);
      const upper = word.toUpperCase();
      if (upper !== word) assert.deepEqual(wordsOf(`tcp:${definition.name}=${upper}`), []);
    }
    // The same words mean nothing as values of other keys.
    if (definition.words === undefined) assert.deepEqual(wordsOf(`tcp:${definition.name}=view`), []);
  }
});

function wordsOf(text: string): string[] {
  return textsOf(tokenize(CONNECTION, text), WORD);
}

test("what is no key, no flag and no transport has no such scope", () => {
  const tokens = tokenize(CONNECTION, "udp:prot=5,hiddenx,hidden=5,port,xport=1,name=port=2,:pipe");
  assert.deepEqual(textsOf(tokens, TRANSPORT), []);
  assert.deepEqual(textsOf(tokens, FLAG), []);
  assert.deepEqual(textsOf(tokens, KEY), ["name"]);
  assert.deepEqual(textsOf(tokens, VALUE), ["port=2"]);
});

/** What the parser's own scanner sees in a text, and what the grammar sees. */
function assertSame(text: string, tokens: readonly Token[]): void {
  const { transport, segments } = tokenizeAddress(text);
  const names = (flags: boolean) =>
    segments.filter(({ equals }) => (equals === undefined) === flags).map(({ key }) => key.text);
  assert.deepEqual(textsOf(tokens, TRANSPORT), [transport.text], text);
  assert.deepEqual(textsOf(tokens, KEY), names(false), text);
  assert.deepEqual(textsOf(tokens, FLAG), names(true), text);
}

test("grammar and parser agree on every valid string, alone, in a script and in JSON", () => {
  fc.assert(
    fc.property(fc.oneof(serverAddress, clientAddress), fc.boolean(), (address, spaced) => {
      const canonical = format(address);
      const { transport, segments } = tokenizeAddress(canonical);
      const text = spaced
        ? `${transport.text} : ${segments.map(({ start, end }) => canonical.slice(start, end)).join(" , ")}`
        : canonical;
      assertSame(text, tokenize(CONNECTION, text));
      assertSame(text, tokenize(SCRIPT, `  .server ${text}`));
      for (const grammar of [JSONC, JSON_ONLY]) {
        const json = tokenize(grammar, `{"remote": ${JSON.stringify(text)}, "after": true}`);
        assertSame(text, json);
        // The string ended where it ends.
        assert.deepEqual(textsOf(json, "constant.language.json"), ["true"], text);
      }
    }),
    { numRuns: 1000 },
  );
});

test("values have their scopes", () => {
  const line =
    'tcp:port=51:60,password=env:DBG,password="a,""b",password=s3,bind=fe80::1%eth0,port=com2, name= "x"';
  const tokens = tokenize(CONNECTION, line);
  assert.deepEqual(textsOf(tokens, NUMBER), ["51:60"]);
  assert.deepEqual(textsOf(tokens, "keyword.other.source.debug-server"), ["env"]);
  assert.deepEqual(textsOf(tokens, VALUE), ["DBG", "s3", "fe80::1%eth0", "com2"]);
  assert.deepEqual(textsOf(tokens, "string.quoted.double.debug-server").join(""), '"a,""b""x"');
  assert.deepEqual(textsOf(tokens, "constant.character.escape.debug-server"), ['""']);
  assert.equal(textsOf(tokens, "punctuation.separator.entry.debug-server").length, 6);
});

test("a script: commands, comments, and nothing else", () => {
  const tokens = tokenize(
    SCRIPT,
    [
      "* .server tcp:port=1",
      "  $$ two",
      "# three",
      ".SERVER tcp:port=5005,hidden",
      ".endsrv 0",
      ".echo Look: tcp:port=5",
      ".servers ",
      ".clients",
      "$$<other.txt",
      ".clients now",
      ".serverx tcp:port=1",
      "tcp:port=1",
    ].join("\n"),
  );
  assert.deepEqual(textsOf(tokens, "comment.line.debug-server"), [
    "* .server tcp:port=1",
    "$$ two",
    "# three",
  ]);
  assert.deepEqual(textsOf(tokens, COMMAND), [".SERVER", ".endsrv", ".echo", ".servers", ".clients"]);
  assert.deepEqual(textsOf(tokens, TRANSPORT), ["tcp"]);
  assert.deepEqual(textsOf(tokens, FLAG), ["hidden"]);
  assert.deepEqual(textsOf(tokens, NUMBER), ["5005", "0"]);
  assert.deepEqual(textsOf(tokens, "string.unquoted.text.debug-server"), ["Look: tcp:port=5"]);
});

const LAUNCH = `{
  // "remote": "tcp:server=comment,port=1"
  "configurations": [
    {
      "type": "debug-server",
      "remote": "tcp:server=\\\\\\\\desk,port=5005,password=\\"a,b\\",name=K\\u0069m",
      "other": "tcp:port=1",
    },
    { "server": [ "npipe:pipe=x,", /* why */ "not one", "com:port=2" ], "remote": "", "x": 1 },
    { "server": "ssl:proto=tls1", "remote": { "deep": ["tcp:port=1"] } },
    { "debugServer.startWithSession": ["tcp:port=0,insecure"], "y": false }
  ],
  "z": null,
  "remote": "tcp:server=open
}`;

test("JSON: strings of our properties only, and all the rest stays as it was", () => {
  const tokens = tokenize(JSONC, LAUNCH);
  assert.deepEqual(textsOf(tokens, TRANSPORT), ["tcp", "npipe", "com", "ssl", "tcp", "tcp"]);
  assert.deepEqual(textsOf(tokens, "string.quoted.double.debug-server").join(""), '\\"a,b\\"');
  assert.deepEqual(textsOf(tokens, VALUE), ["\\\\\\\\desk", "K\\u0069m", "x", "open"]);
  assert.deepEqual(textsOf(tokens, "invalid"), []);
  assert.deepEqual(textsOf(tokens, "constant.numeric.json"), ["1"]);
  const constants = textsOf(tokens, "constant.language.json");
  assert.deepEqual(constants, ["false", "null"]);
  const names = textsOf(tokens, "support.type.property-name.json").filter((text) => text !== '"');
  assert.deepEqual(
    names,
    [...LAUNCH.replace(/\/\/.*/, "").matchAll(/"([\w.]+)":/g)].map(([, name]) => name),
  );
});

test("JSON: a mistake in a string does not reach beyond it", () => {
  for (const value of [
    'tcp:port=5,"',
    'tcp:name=a"b',
    "tcp:name=a\\",
    'tcp:password="',
    'tcp:password="a\\',
  ]) {
    const text = `{ "remote": ${JSON.stringify(value)}, "z": true, "server": [${JSON.stringify(value)}, 7] }`;
    const tokens = tokenize(JSONC, text);
    assert.deepEqual(textsOf(tokens, "constant.language.json"), ["true"], text);
    assert.deepEqual(textsOf(tokens, "constant.numeric.json"), ["7"], text);
    assert.deepEqual(textsOf(tokens, "invalid"), [], text);
  }
});
