import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { clientAddressFor } from "../../../src/address/derive.ts";
import { format } from "../../../src/address/format.ts";
import { parseClient, parseServer } from "../../../src/address/parse.ts";
import type { ParseResult } from "../../../src/address/result.ts";
import { tokenize } from "../../../src/address/tokenizer.ts";
import { clientAddress, serverAddress } from "./arbitraries.ts";

const RUNS = { numRuns: 2000 };

test("what is formatted parses to the same address", () => {
  fc.assert(
    fc.property(serverAddress, (address) => {
      assert.deepEqual(parseServer(format(address)), { ok: true, value: address });
    }),
    RUNS,
  );
  fc.assert(
    fc.property(clientAddress, (address) => {
      assert.deepEqual(parseClient(format(address)), { ok: true, value: address });
    }),
    RUNS,
  );
});

/** Changes case of keys, order and white space: none of them has a meaning. */
function disguise(text: string, seed: number): string {
  const { transport, segments } = tokenize(text);
  const turned = segments.map((_, index) => segments[(index + seed) % segments.length]);
  const parts = turned.map((segment) => {
    if (segment === undefined) return "";
    const key = seed % 2 === 0 ? segment.key.text.toUpperCase() : segment.key.text.toLowerCase();
    return segment.value === undefined ? ` ${key}\t` : ` ${key} = ${segment.value.text} `;
  });
  return ` ${transport.text.toUpperCase()} :${parts.join(",")}\n`;
}

test("order, case of keys and white space do not matter, and the canonical form undoes them", () => {
  fc.assert(
    fc.property(fc.oneof(serverAddress, clientAddress), fc.nat(20), (address, seed) => {
      const text = format(address);
      const parsed =
        address.role === "server" ? parseServer(disguise(text, seed)) : parseClient(disguise(text, seed));
      assert.ok(parsed.ok, JSON.stringify(parsed));
      assert.equal(format(parsed.value), text);
    }),
    RUNS,
  );
});

test("a masked password is nowhere in the text, and cannot be taken for one", () => {
  fc.assert(
    fc.property(serverAddress, (address) => {
      const secret = "s3cr3t";
      const text = format(
        { ...address, insecure: false, password: { kind: "literal", value: secret } },
        { secrets: "mask" },
      );
      assert.ok(text.includes("Password=*") && !text.includes(secret));
      const parsed = parseServer(text);
      assert.ok(!parsed.ok && parsed.message.includes("mask"), JSON.stringify(parsed));
    }),
    RUNS,
  );
});

test("a client's address that a server gives out parses and holds no password", () => {
  fc.assert(
    fc.property(serverAddress, (server) => {
      fc.pre(!("ports" in server) || server.ports.first > 0);
      fc.pre(!("pipe" in server) || !server.pipe.includes("%"));
      const client = clientAddressFor(server, "host");
      assert.equal(client.password, undefined);
      assert.deepEqual(parseClient(format(client)), { ok: true, value: client });
    }),
    RUNS,
  );
});

function assertPointsInside(text: string, result: ParseResult<unknown>): void {
  if (result.ok) return;
  assert.ok(Number.isInteger(result.start) && Number.isInteger(result.end), JSON.stringify(result));
  assert.ok(
    0 <= result.start && result.start <= result.end && result.end <= text.length,
    JSON.stringify(result),
  );
  assert.match(result.message, /^\S.*\.$/);
  if (result.hint !== undefined) assert.match(result.hint, /^\S.*[.?]$/);
  const isMissing = /missing|empty/.test(result.message);
  assert.ok(isMissing || result.start < result.end, `an empty span: ${JSON.stringify(result)}`);
}

function tryBoth(text: string): void {
  for (const parse of [parseServer, parseClient]) {
    const result = parse(text);
    assertPointsInside(text, result);
    if (!result.ok) continue;
    const canonical = format(result.value);
    assert.deepEqual(parse(canonical), result);
    assert.equal(format(result.value), canonical);
  }
}

test("no text makes the parser throw or point outside the text; what it accepts has a canonical form", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), tryBoth), RUNS);
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), tryBoth), RUNS);
  const words = fc.constantFrom(
    ...'tcp npipe com ssl spipe port server pipe clicon hidden password proto certuser IcfEnable : = , " " 5005 51:60 0 env: file: * % %d require ∅ \ud800 \u0000 \\\\ [ ] ::1 tls1 ssl3'.split(
      " ",
    ),
    " ",
    "\t",
    "\n",
    "constructor",
    "__proto__",
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 14 }), (parts) => tryBoth(parts.join(""))),
    { numRuns: 10_000 },
  );
});

test("neither do valid strings with a few characters changed", () => {
  const mutation = fc.record({
    at: fc.nat(),
    remove: fc.nat(3),
    insert: fc.oneof(
      fc.constant(""),
      fc.constantFrom('"', ",", "=", ":", " ", "%", "\\", "*"),
      fc.string({ maxLength: 2 }),
    ),
  });
  fc.assert(
    fc.property(
      fc.oneof(serverAddress, clientAddress),
      fc.array(mutation, { maxLength: 3 }),
      (address, mutations) => {
        let text = format(address);
        for (const { at, remove, insert } of mutations) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + insert + text.slice(place + remove);
        }
        tryBoth(text);
      },
    ),
    { numRuns: 10_000 },
  );
});

test("no message or hint repeats a password, not even one that breaks the grammar", () => {
  const secret = fc.constantFrom(
    "zq7Kx,zq7Kx",
    'zq7Kx"zq7Kx',
    '"zq7Kx',
    '"zq7Kx"zq7Kx',
    "env:zq7Kx zq7Kx",
    "ENV:zq7Kx",
    "zq7Kx,zq7Kx=zq7Kx",
    "*",
  );
  const key = fc.constantFrom("password=", "pasword=", "password:", "password ", "", "pw=", "hidden=");
  const rest = fc.constantFrom("", ",hidden", ",zq7Kx", ",name=x");
  fc.assert(
    fc.property(secret, key, rest, (value, spelled, more) => {
      for (const parse of [parseServer, parseClient]) {
        const result = parse(`tcp:port=5005,${spelled}${value}${more}`);
        if (!result.ok)
          assert.ok(!`${result.message}${result.hint ?? ""}`.includes("zq7Kx"), JSON.stringify(result));
      }
    }),
    RUNS,
  );
});
