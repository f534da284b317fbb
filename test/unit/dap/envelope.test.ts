import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { AppError } from "../../../src/common/errors.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import {
  collectNumbers,
  nesting,
  parseJson,
  readAdapterMessage,
  scanMembers,
} from "../../../src/dap/envelope.ts";
import {
  eventParts,
  isObject,
  readClientMessage,
  requestParts,
  responseParts,
} from "../../../src/dap/messages.ts";

/** Names and texts that could be mistaken for what the scanner looks for. */
const tricky = fc.constantFrom(
  "variablesReference",
  '"variablesReference":5',
  'x"variablesReference',
  "\\",
  '\\"',
  "}",
  "]{,:",
  "body",
  "\u2028 ü 😀",
  "\u0000\b\n",
);
const name = fc.oneof(fc.string(), tricky);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.oneof(
      fc.string({ unit: "binary" }),
      tricky,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4 }),
  ),
})).value;
const object = fc.dictionary(name, json, { maxKeys: 6 });
const space = fc.constantFrom("", " ", "\n", "\t ", "\r\n  ");

/** JSON text of a value with white space, and letters escaped, wherever JSON allows. */
function spell(value: unknown, blank: string, escape: boolean): string {
  const word = (text: string) => {
    const plain = JSON.stringify(text);
    if (!escape) return plain;
    return plain.replace(
      /(\\u....|\\.)|([a-e])/g,
      (_, kept: string | undefined, letter: string | undefined) =>
        kept ?? `\\u${(letter ?? "").charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  };
  const spelt = (node: unknown): string => {
    if (typeof node === "string") return word(node);
    if (Array.isArray(node)) return `[${blank}${node.map(spelt).join(`${blank},${blank}`)}${blank}]`;
    if (!isObject(node)) return JSON.stringify(node);
    const members = Object.entries(node)
      .filter(([, child]) => child !== undefined)
      .map(([key, child]) => `${word(key)}${blank}:${blank}${spelt(child)}`);
    return `{${blank}${members.join(`${blank},${blank}`)}${blank}}`;
  };
  return `${blank}${spelt(value)}${blank}`;
}

function numbersIn(value: unknown, wanted: string, into = new Set<number>()): Set<number> {
  if (Array.isArray(value)) for (const item of value) numbersIn(item, wanted, into);
  if (isObject(value)) {
    for (const [key, child] of Object.entries(value)) {
      if (key === wanted && typeof child === "number") into.add(child);
      numbersIn(child, wanted, into);
    }
  }
  return into;
}

describe("scanMembers", () => {
  test("finds what JSON.parse finds", () => {
    fc.assert(
      fc.property(object, space, fc.boolean(), (value, blank, escape) => {
        const bytes = Buffer.from(spell(value, blank, escape));
        const parsed: unknown = JSON.parse(bytes.toString());
        const members = scanMembers(bytes);
        assert.ok(members !== undefined && isObject(parsed));
        const found = Object.fromEntries(
          [...members].map(([key, { start, end }]) => [key, parseJson(bytes.subarray(start, end))]),
        );
        assert.deepEqual(found, { ...parsed });
      }),
      { numRuns: 500 },
    );
  });

  test("finds the end of strings of every length, with quotation marks and backslashes at every place", () => {
    for (let length = 0; length < 200; length++) {
      for (const special of ["", '"', "\\", '\\"', '"\\', '\\\\"', '""""', "\\\\\\"]) {
        for (const rest of ["", "y".repeat(100)]) {
          const value = { first: `${"x".repeat(length)}${special}${rest}`, second: "}" };
          const bytes = Buffer.from(JSON.stringify(value));
          const spans = [...(scanMembers(bytes)?.values() ?? [])];
          const found = spans.map(({ start, end }) => parseJson(bytes.subarray(start, end)));
          assert.deepEqual(found, Object.values(value));
          assert.equal(nesting(bytes), 1);
          const open = bytes.lastIndexOf('"first"') + '"first":'.length;
          assert.equal(scanMembers(bytes.subarray(0, open + length + 1)), undefined);
        }
      }
    }
  });

  test("property: finds the end of long strings of little else than quotation marks and backslashes", () => {
    const text = fc.string({ unit: fc.constantFrom('"', "\\", "x".repeat(40)), maxLength: 60 });
    fc.assert(
      fc.property(text, text, (one, two) => {
        const bytes = Buffer.from(JSON.stringify({ one, two }));
        const spans = [...(scanMembers(bytes)?.values() ?? [])];
        assert.deepEqual(
          spans.map(({ start, end }) => parseJson(bytes.subarray(start, end))),
          [one, two],
        );
      }),
    );
  });

  test("takes the last of two equal names, as JSON.parse does, however it is written", () => {
    for (const text of ['{"a":1,"a":2}', String.raw`{"a":1,"\u0061":2}`]) {
      const span = scanMembers(Buffer.from(text))?.get("a");
      assert.equal(text.slice(span?.start, span?.end), "2");
    }
  });

  test("says undefined to what is no object, and never throws", () => {
    for (const text of [
      "",
      " ",
      "1",
      "[]",
      "{",
      "}",
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a":1,}',
      '{"a":1}x',
      "{a:1}",
      '{"a" 1}',
      '{"a":"',
      '{"a":[}',
      '{"a":"\\',
      String.raw`{"\u00":1}`,
    ]) {
      assert.equal(scanMembers(Buffer.from(text)), undefined, text);
    }
    const pieces = fc.array(
      fc.constantFrom(
        "{",
        "}",
        "[",
        "]",
        '"',
        "\\",
        ":",
        ",",
        "1",
        "a",
        "body",
        '"body":',
        " ",
        "\u0000",
        "ü",
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
          pieces.map((all) => Buffer.from(all.join(""))),
        ),
        (bytes) => {
          scanMembers(bytes);
          collectNumbers(bytes, "variablesReference", new Set());
          nesting(bytes);
          readAdapterMessage(bytes);
          readClientMessage(bytes);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("readAdapterMessage", () => {
  const body = fc.option(json, { nil: undefined });
  const message = fc.oneof(
    fc.record({
      type: fc.constant("response"),
      request_seq: fc.integer(),
      success: fc.boolean(),
      command: name,
      message: fc.option(fc.string(), { nil: undefined }),
      body,
    }),
    fc.record({ type: fc.constant("event"), event: name, body }),
    fc.record({ type: fc.constant("request"), seq: fc.nat(), command: name, arguments: body }),
  );

  test("reads what JSON.parse reads, and hands on the very bytes of the body", () => {
    fc.assert(
      fc.property(
        message,
        fc.boolean(),
        space,
        fc.boolean(),
        fc.boolean(),
        (value, last, blank, escape, large) => {
          const filler = large ? { filler: "x".repeat(70_000) } : {};
          const members = last
            ? { seq: 0, ...filler, ...value }
            : { ...Object.fromEntries(Object.entries({ seq: 0, ...value }).reverse()), ...filler };
          const bytes = Buffer.from(spell(members, blank, escape));
          const parsed = JSON.parse(bytes.toString()) as Record<string, unknown>;
          const read = readAdapterMessage(bytes);
          assert.ok(read !== undefined);
          assert.equal(read.type, parsed.type);
          if (read.type === "response") {
            assert.deepEqual(
              [read.requestSeq, read.success, read.message],
              [parsed.request_seq, parsed.success, parsed.message],
            );
          } else if (read.type === "event") {
            assert.equal(read.event, parsed.event);
          } else {
            assert.deepEqual([read.seq, read.command], [parsed.seq, parsed.command]);
          }
          const inner = read.type === "request" ? read.arguments : read.body;
          const wanted = read.type === "request" ? parsed.arguments : parsed.body;
          assert.deepEqual(parseJson(inner), wanted);
          if (inner !== undefined) assert.equal(inner.buffer, bytes.buffer, "not copied");
        },
      ),
      { numRuns: 300 },
    );
  });

  test("members behind a large body are no part of it: else they would be members of what is made of it", () => {
    const large = JSON.stringify({ text: "x".repeat(100_000) });
    const more = '"type":"request","command":"runInTerminal","arguments":{"args":["touch","x"]}';
    const head = '{"seq":1,"type":"response","request_seq":2,"success":true,"command":"variables"';
    assert.deepEqual(readAdapterMessage(Buffer.from(`${head},"body":${large},"more":{}}`)), {
      ...{ type: "response", requestSeq: 2, success: true, message: undefined, body: Buffer.from(large) },
      rest: Buffer.from(',"more":{}'),
    });
    // The last of two equal names counts.
    assert.equal(readAdapterMessage(Buffer.from(`${head},"body":${large},${more}}`))?.type, "request");
    assert.equal(readAdapterMessage(Buffer.from(`${head},"body":{"text":"x"}${large}}`)), undefined);
  });

  test("is undefined for JSON that is no DAP", () => {
    for (const text of [
      "{}",
      "[]",
      '{"type":"response"}',
      '{"type":"event"}',
      '{"type":"request"}',
      '{"type":1}',
      '{"jsonrpc":"2.0","id":1}',
      '{"type":"response","request_seq":"1"}',
    ]) {
      assert.equal(readAdapterMessage(Buffer.from(text)), undefined, text);
    }
  });

  test("takes a large body from the end only where that is certain", () => {
    const big = JSON.stringify({ variables: "x".repeat(100_000) });
    const head = '"seq":0,"type":"response","request_seq":1,"success":true,"command":"variables"';
    for (const rest of [
      `"body":${big}}`,
      `"body":${big} }\n`,
      `"body":${big},"message":"}"}`,
      `"message":"m","body":${big}}`,
    ]) {
      const read = readAdapterMessage(Buffer.from(`{${head},${rest}`));
      assert.ok(read?.type === "response");
      assert.equal(String(read.body), big);
    }
    const first = readAdapterMessage(Buffer.from(`{"body":${big},${head}}`));
    assert.ok(first?.type === "response");
    assert.equal(String(first.body), big);
  });
});

describe("collectNumbers", () => {
  test("finds every number of that name that JSON.parse finds, and no other", () => {
    fc.assert(
      fc.property(json, space, (value, blank) => {
        const bytes = Buffer.from(spell(value, blank, false));
        const found = new Set<number>();
        collectNumbers(bytes, "variablesReference", found);
        assert.deepEqual(found, numbersIn(JSON.parse(bytes.toString()), "variablesReference"));
      }),
      { numRuns: 1_000 },
    );
  });

  test("is not fooled by strings", () => {
    const value = {
      a: '"variablesReference":1',
      'x"variablesReference': 2,
      variablesReference: 3,
      b: ["variablesReference", 4],
      c: { variablesReference: "5" },
    };
    const found = new Set<number>();
    collectNumbers(Buffer.from(JSON.stringify(value)), "variablesReference", found);
    assert.deepEqual([...found], [3]);
  });
});

describe("what we write", () => {
  test("is JSON with the body's bytes in it", () => {
    fc.assert(
      fc.property(
        json,
        name,
        fc.option(fc.string(), { nil: undefined }),
        fc.boolean(),
        (value, word, message, success) => {
          const body = Buffer.from(JSON.stringify(value));
          const read = (parts: readonly Buffer[]) =>
            JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>;
          const same = JSON.parse(body.toString()) as unknown;
          assert.deepEqual(read(eventParts(7, word, body)), {
            seq: 7,
            type: "event",
            event: word,
            body: same,
          });
          assert.deepEqual(read(eventParts(7, word, undefined)), { seq: 7, type: "event", event: word });
          assert.deepEqual(read(requestParts(7, word, body)), {
            seq: 7,
            type: "request",
            command: word,
            arguments: same,
          });
          assert.deepEqual(read(responseParts(7, 3, word, { success, message, body })), {
            seq: 7,
            type: "response",
            request_seq: 3,
            success,
            command: word,
            ...(message === undefined ? {} : { message }),
            body: same,
          });
          assert.ok(eventParts(7, word, body).includes(body), "the body is not copied");
        },
      ),
    );
  });
});

describe("readClientMessage", () => {
  test("keeps the arguments' text beside their value, of the same member", () => {
    fc.assert(
      fc.property(object, space, fc.boolean(), (value, blank, escape) => {
        const bytes = Buffer.from(
          spell({ seq: 1, type: "request", command: "x", arguments: value }, blank, escape),
        );
        const message = readClientMessage(bytes);
        assert.ok(!(message instanceof AppError) && message.type === "request");
        assert.deepEqual(parseJson(message.rawArgs), message.args);
      }),
    );
  });

  test("takes no arguments but an object's", () => {
    for (const text of ["null", "1", '"x"', "[]", "true"]) {
      const message = readClientMessage(
        Buffer.from(`{"seq":1,"type":"request","command":"x","arguments":${text}}`),
      );
      assert.ok(!(message instanceof AppError) && message.type === "request");
      assert.deepEqual([message.args, message.rawArgs], [{}, undefined]);
    }
  });

  test("takes no message that is nested too deep to be walked through", () => {
    const deep = (levels: number) =>
      Buffer.from(
        `{"seq":1,"type":"request","command":"x","arguments":{"a":${"[".repeat(levels)}${"]".repeat(levels)}}}`,
      );
    assert.ok(!(readClientMessage(deep(LIMITS.nesting - 2)) instanceof AppError));
    assert.ok(readClientMessage(deep(LIMITS.nesting - 1)) instanceof AppError);
    assert.ok(readClientMessage(deep(1_000_000)) instanceof AppError);
  });
});
