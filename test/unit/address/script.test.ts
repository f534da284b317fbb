import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseServer } from "../../../src/address/parse.ts";
import { parseScript, scriptLines } from "../../../src/address/script.ts";
import { DOT_COMMANDS, SCRIPT_COMMAND_IDS } from "../../../src/common/dotCommands.ts";
import { scriptCompletionsAt, scriptHoverAt } from "../../../src/address/scriptHelp.ts";

test("commands are read with the line where they stand, between comments and blank lines", () => {
  const text = [
    "* WinDbg's comment",
    "$$ another",
    "  # a third",
    "",
    " .server  tcp:port=5005,password=a;b ",
    "\t.SERVERS",
    ".clients",
    ".echo  Look at line 7: x = 5 ",
    ".endsrv 0",
  ];
  const address = parseServer("tcp:port=5005,password=a;b");
  assert.ok(address.ok);
  for (const separator of ["\n", "\r\n", "\r"]) {
    assert.deepEqual(parseScript(`\ufeff${text.join(separator)}`), {
      ok: true,
      commands: [
        { kind: "server", address: address.value, line: 4 },
        { kind: "servers", line: 5 },
        { kind: "clients", line: 6 },
        { kind: "echo", text: "Look at line 7: x = 5", line: 7 },
        { kind: "endsrv", server: 0, line: 8 },
      ],
    });
  }
  assert.deepEqual(parseScript(""), { ok: true, commands: [] });
});

/** A line, the part of it that is wrong, and what is said. */
const WRONG: [string, string, RegExp][] = [
  [".server tcp:prot=5005", "prot", /not a key of tcp.*"port"/],
  ["  .server", "", /empty.*tcp:port=5005/],
  [".server tcp:port=5005; .servers", "5005; .servers", /A port is a number/],
  [".endsrv", "", /number of a server is missing.*\.endsrv 0/],
  [".endsrv first", "first", /not the number/],
  [".endsrv 12345678901", "12345678901", /not the number/],
  [".echo ", "", /no text/],
  [".servers now", "now", /\.servers stands alone/],
  [".clients;", ".clients;", /"\.clients"/],
  [".srever tcp:port=1", ".srever", /"\.server"/],
  ["server tcp:port=1", "server", /"\.server"/],
  ["-server tcp:port=1", "-server", /"\.server"/],
  [".list", ".list", /"\.servers"/],
  [".who", ".who", /"\.clients"/],
  ["tcp:port=5005", "tcp", /command is missing.*\.server before/],
  ["$$<other.dbgsrv", "$$<other.dbgsrv", /cannot run another/],
  ["$$>a<other.dbgsrv x", "$$>a<other.dbgsrv", /cannot run another/],
  ["bp main", "bp", /not known.*\.server, \.endsrv/],
];

test("every wrong line is reported, at its characters", () => {
  const lines = WRONG.map(([line]) => line);
  const script = parseScript(lines.join("\r\n"));
  assert.ok(!script.ok);
  assert.equal(script.problems.length, WRONG.length);
  for (const [index, { line, start, end, message, hint }] of script.problems.entries()) {
    const [written = "", part = "", said = /$^/] = WRONG[index] ?? [];
    assert.equal(line, index);
    assert.equal(written.slice(start, end), part, written);
    assert.match(`${message} ${hint ?? ""}`, said, written);
  }
});

test("a script with one mistake has no commands", () => {
  const script = parseScript(".server tcp:port=1\n.nothing");
  assert.deepEqual(script.ok ? [] : script.problems.map(({ line }) => line), [1]);
});

const pieces = fc.constantFrom(
  ...".server .servers .endsrv .echo * $$ # $$< tcp:port=5005 ,hidden , : = 7 zq7Kx password= -server".split(
    " ",
  ),
  " ",
  " ",
  "\n",
  "\r",
  "\t",
  "\ufeff",
);
const scripts = fc.oneof(
  fc.array(pieces, { maxLength: 20 }).map((all) => all.join("")),
  fc.string({ unit: "binary" }),
);

test("no text makes it throw, every problem is within its line and repeats nothing of it", () => {
  fc.assert(
    fc.property(scripts, (text) => {
      const lines = scriptLines(text);
      for (const { text: line, start } of lines) assert.equal(text.slice(start, start + line.length), line);
      const script = parseScript(text);
      const found = script.ok ? script.commands : script.problems;
      for (const { line } of found) assert.ok(line >= 0 && line < lines.length);
      if (script.ok) return;
      assert.ok(script.problems.length > 0);
      for (const { line, start, end, message, hint } of script.problems) {
        assert.ok(0 <= start && start <= end && end <= (lines[line]?.text.length ?? -1));
        assert.ok(!`${message}${hint ?? ""}`.includes("zq7Kx"));
      }
    }),
    { numRuns: 5000 },
  );
});

const labels = (line: string, offset: number) => scriptCompletionsAt(line, offset).map(({ label }) => label);

test("commands are completed where one can stand, and behind .server what the connection string can hold", () => {
  const commands = SCRIPT_COMMAND_IDS.map((id) => DOT_COMMANDS[id].name);
  for (const [line, offset] of [
    ["", 0],
    ["  ", 1],
    [".se", 3],
    ["  .se", 4],
    [".server tcp:", 3],
  ] as const) {
    assert.deepEqual(labels(line, offset), commands, line);
  }
  assert.deepEqual(labels(".server ", 8), ["tcp", "npipe", "com", "ssl", "spipe"]);
  const [port] = scriptCompletionsAt("  .server tcp:po", 16);
  assert.deepEqual([port?.insertText, port?.start, port?.end], ["port=", 14, 16]);
  assert.ok(!labels(".server tcp:port=1,", 19).includes("port"));
  for (const [line, offset] of [
    ["* .se", 5],
    ["$$ ", 3],
    [".echo tcp:", 10],
    [".endsrv ", 8],
    ["  .se", 1],
  ] as const) {
    assert.deepEqual(labels(line, offset), [], line);
  }
});

test("a command that has an argument is completed with a blank, unless something follows", () => {
  const inserted = (line: string) => scriptCompletionsAt(line, 1).map(({ insertText }) => insertText);
  assert.deepEqual(inserted("."), [".server ", ".endsrv ", ".servers", ".clients", ".echo "]);
  assert.deepEqual(inserted(".s tcp:port=1")[0], ".server");
});

test("commands and connection strings are explained", () => {
  assert.deepEqual(scriptHoverAt("  .endsrv 0", 4), {
    start: 2,
    end: 9,
    title: ".endsrv N",
    text: "Ends the server that .servers lists under this number.",
    usage: [".endsrv 0"],
  });
  const port = scriptHoverAt(" .server tcp:port=5005", 15);
  assert.deepEqual([port?.title, port?.start, port?.end], ["port=P[:Q]", 13, 17]);
  for (const [line, offset] of [
    ["# .server", 4],
    [".nothing", 2],
    [".endsrv 0", 9],
    ["", 0],
  ] as const) {
    assert.equal(scriptHoverAt(line, offset), undefined, line);
  }
});

test("no line and no offset makes the help throw", () => {
  fc.assert(
    fc.property(scripts, fc.integer({ min: -1, max: 40 }), (line, offset) => {
      for (const { start, end } of scriptCompletionsAt(line, offset))
        assert.ok(start <= end && end <= line.length);
      const hover = scriptHoverAt(line, offset);
      if (hover !== undefined) assert.ok(hover.start < hover.end && hover.end <= line.length);
    }),
    { numRuns: 5000 },
  );
});
