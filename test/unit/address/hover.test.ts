import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findClearPassword } from "../../../src/address/clearPassword.ts";
import { GRAMMAR, keyIds, usage } from "../../../src/address/grammar.ts";
import { hoverAt } from "../../../src/address/hover.ts";
import { KEYS, entryUsage } from "../../../src/address/keys.ts";
import type { Role } from "../../../src/address/model.ts";

test("a transport is explained with the forms of the role", () => {
  assert.deepEqual(hoverAt(" npipe:pipe=x", 3, "server"), {
    start: 1,
    end: 6,
    title: "npipe:",
    text: "A named pipe on Windows, a Unix socket elsewhere.",
    usage: [
      "npipe:pipe=N[,hidden][,password=W][,IcfEnable][,access={view|control|full}][,maxclients=M][,insecure]",
    ],
  });
  assert.equal(hoverAt("tcp", 0, "client")?.usage.length, 2);
});

test("every key of every form is explained at its key and at its value, by what it means in that form", () => {
  for (const form of GRAMMAR) {
    for (const id of keyIds(form)) {
      const other = form.reverse && id !== "clicon" ? "clicon=desk," : "";
      const example = KEYS[id].examples[0];
      const text = `${form.transport}:${other}${example}`;
      const start = text.length - example.length;
      const hover = hoverAt(text, start + 1, form.role);
      assert.equal(hover?.title, entryUsage(id), text);
      assert.ok(hover.text.startsWith(KEYS[id].summary));
      assert.match(
        hover.text,
        KEYS[id].origin === "ours" ? /WinDbg does not have it\.$/ : /WinDbg has it too\.$/,
      );
      assert.deepEqual(hover.usage, [usage(form)]);
      assert.equal(text.slice(hover.start, hover.end).toLowerCase(), KEYS[id].name.toLowerCase());
      if (!example.includes("=")) continue;
      const atValue = hoverAt(text, text.length - 1, form.role);
      assert.deepEqual({ ...atValue, start: 0, end: 0 }, { ...hover, start: 0, end: 0 });
      assert.equal(text.slice(atValue?.start, atValue?.end), example.slice(example.indexOf("=") + 1));
    }
  }
});

test("what is unknown, empty or white space is not explained", () => {
  for (const [text, offset] of [
    ["", 0],
    ["udp:port=5", 1],
    ["udp:port=5", 5],
    ["tcp:prot=5", 5],
    ["tcp:", 4],
    ["tcp:port=", 9],
    ["tcp:port=5 ", 11],
    ["tcp:baud=5", 5],
  ] as const) {
    assert.equal(hoverAt(text, offset, "server"), undefined, `${text} at ${offset}`);
  }
});

const ROLES: readonly Role[] = ["server", "client"];

test("no text makes it throw, and no value is repeated", () => {
  const parts = fc.array(
    fc.constantFrom(
      "tcp",
      "password",
      "pw",
      "bind",
      ":",
      "=",
      ",",
      '"',
      " ",
      "zq7Kx",
      "hidden",
      "\n",
      "access",
    ),
    { maxLength: 12 },
  );
  const text = fc.oneof(
    parts.map((all) => all.join("")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: -1, max: 30 }),
      fc.constantFrom(...ROLES),
      (written, offset, role) => {
        const hover = hoverAt(written, offset, role);
        const clear = findClearPassword(written, role);
        assert.ok(!JSON.stringify([hover, clear] satisfies unknown[]).includes("zq7Kx"));
        if (hover !== undefined)
          assert.ok(0 <= hover.start && hover.start < hover.end && hover.end <= written.length);
      },
    ),
    { numRuns: 5000 },
  );
});

test("a password in the text itself is found, the place of one is not", () => {
  const spans = (text: string) => {
    const found = findClearPassword(text, "client");
    return found && [found.start, found.end];
  };
  assert.deepEqual(spans("tcp:server=a,port=1,password= secret ,name=x"), [30, 36]);
  assert.deepEqual(spans('tcp:PASSWORD="env:X"'), [13, 20]);
  assert.deepEqual(spans("udp:password=secret"), [13, 19]);
  for (const text of [
    "tcp:password=env:X",
    "tcp:password=file:/x",
    "tcp:password=",
    "tcp:password=*",
    "tcp:name=x",
  ]) {
    assert.equal(spans(text), undefined, text);
  }
  assert.match(findClearPassword("tcp:password=x", "client")?.hint ?? "", /env:NAME .*leave it out/);
  assert.doesNotMatch(findClearPassword("tcp:password=x", "server")?.hint ?? "", /leave it out/);
});
