import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { chooseAdapter, parseHostPort } from "../../../src/cli/adapterChoice.ts";
import { errorText as words, exitCodeOf, UsageError } from "../../../src/cli/failure.ts";
import { table } from "../../../src/cli/text.ts";
import { AppError } from "../../../src/common/errors.ts";

describe("--connect", () => {
  for (const [text, host, port] of [
    ["localhost:4711", "localhost", 4711],
    ["4711", "localhost", 4711],
    [":4711", "localhost", 4711],
    ["10.0.0.7:1", "10.0.0.7", 1],
    ["[::1]:65535", "::1", 65535],
    ["[fe80::1%eth0]:80", "fe80::1%eth0", 80],
  ] as const) {
    test(text, () => assert.deepEqual(parseHostPort(text), { kind: "tcp", host, port }));
  }

  for (const text of ["", "host", "host:", "host:0", "host:65536", "::1:80", "host:80x", "[::1]"]) {
    test(`not "${text}"`, () => assert.throws(() => parseHostPort(text), UsageError));
  }
});

describe("the adapter of a command line", () => {
  test("--node: absolute, with its arguments, held until somebody has come", async () => {
    const program = path.relative(process.cwd(), "test/fixtures/javascript/program.js");
    const { sessions } = await chooseAdapter({ node: true }, [program, "a", "--b"]);
    assert.equal(sessions.name, "program.js a --b");
    assert.equal(sessions.holdForClient, true);
    assert.deepEqual(sessions.start?.configuration, {
      type: "debug-server-node",
      request: "launch",
      name: "program.js a --b",
      program: path.resolve(program),
      args: ["a", "--b"],
      cwd: process.cwd(),
      stopOnEntry: false,
    });
    assert.equal(
      (await chooseAdapter({ node: true, continue: true }, [program])).sessions.holdForClient,
      false,
    );
  });

  test("a command: the first client drives it", async () => {
    const { source, sessions } = await chooseAdapter({}, ["/usr/bin/python3", "-m", "debugpy.adapter"]);
    assert.deepEqual(source, {
      kind: "process",
      command: "/usr/bin/python3",
      args: ["-m", "debugpy.adapter"],
    });
    assert.deepEqual(sessions, { name: "python3 -m debugpy.adapter" });
  });
});

describe("words", () => {
  test("an error is one line, and a second one with what to do", () => {
    assert.equal(
      words(new AppError("busy", "It is busy.", { hint: "Wait." })),
      "debug-server: It is busy.\n  Wait.",
    );
    assert.equal(words(new Error("odd")), "debug-server: odd");
    assert.equal(words(new UsageError("as it\n  is")), "as it\n  is");
    assert.equal(
      words(new AppError("adapterFailed", "red \u001b[31m\nline")),
      "debug-server: red \ufffd[31m\ufffdline",
    );
  });

  test("exit codes", () => {
    assert.equal(exitCodeOf(new UsageError("")), 2);
    assert.equal(exitCodeOf(new AppError("usage", "")), 2);
    assert.equal(exitCodeOf(new AppError("busy", "")), 1);
    assert.equal(exitCodeOf(new TypeError("")), 1);
  });

  test("columns", () => {
    const rows = [
      ["A", "LONG", ""],
      ["bbb", "c", "d"],
      ["x", "y", ""],
    ];
    assert.deepEqual(table(rows), ["A    LONG", "bbb  c     d", "x    y"]);
  });
});
