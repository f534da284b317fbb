import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkClient, checkServer } from "../../../../src/vscode/commands/check.ts";

describe("what is said of a connection string while it is typed", () => {
  test("what is right has nothing to say", () => {
    for (const text of ["tcp:port=5005", "npipe:pipe=x", "tcp:port=5005,bind=127.0.0.1"]) {
      const checked = checkServer(text);
      assert.ok(checked.ok && checked.warning === undefined, text);
    }
    assert.ok(checkClient("tcp:server=devbox,port=5005").ok);
  });

  for (const [text, message, selection] of [
    ["tcp:prot=5005", 'Character 5: This is not a key of tcp. Did you mean "port"?', [4, 8]],
    ["  tpc:port=5005", 'Character 3: This transport is not known. Did you mean "tcp"?', [2, 5]],
    ["tcp:access=read,port=5005", /^Character 12: .*view/, [11, 15]],
  ] as const) {
    test(`${text}: where, what, and what to write`, () => {
      const checked = checkServer(text);
      assert.ok(!checked.ok);
      if (typeof message === "string") assert.equal(checked.message, message);
      else assert.match(checked.message, message);
      assert.deepEqual(checked.selection, selection);
      assert.equal(checked.unfinished, false);
    });
  }

  test("characters are counted as people count them", () => {
    const checked = checkClient('tcp:server=h,name="😀😀",prot=1');
    assert.ok(!checked.ok);
    assert.match(checked.message, /^Character 24: /);
    assert.deepEqual(checked.selection, [25, 29]);
  });

  for (const text of [
    "t",
    "tcp",
    "tcp:",
    "tcp:po",
    "tcp:port=",
    "tcp:port=5005,",
    "tcp:port=5005,access=c",
    "npipe:",
  ]) {
    test(`${text} may become right`, () => {
      const checked = checkServer(text);
      assert.ok(!checked.ok && checked.unfinished);
    });
  }

  test("what is missing has no place", () => {
    const checked = checkServer("tcp: ");
    assert.ok(!checked.ok);
    assert.equal(checked.message, "port= is missing. Add port=5005.");
  });

  test("what cannot be served is said at once", () => {
    for (const text of ["tcp:port=5005,bind=0.0.0.0", "tcp:port=5005,clicon=box"]) {
      const checked = checkServer(text);
      assert.ok(!checked.ok && !checked.unfinished, text);
      assert.deepEqual(checked.selection, [0, text.length]);
    }
    assert.ok(checkServer("tcp:port=5005,clicon=box,password=zq7Kx").ok);
    assert.ok(checkClient("tcp:clicon=box,port=5005:5010").ok);
  });

  test("what lets everybody in is said loudly", () => {
    for (const [text, warning] of [
      ["tcp:port=5005,insecure", /can run any code as you/],
      ["tcp:port=5005,access=view,insecure", /sees all of the session/],
      ["tcp:port=5005,clicon=box,insecure", /Whoever answers there can run any code as you/],
      ["tcp:port=5005,any-user", /open to every user of this machine\. A guest can run any code as you/],
      [
        "com:port=2,baud=9600,channel=0",
        /other end of the serial line\. A guest from there can run any code/,
      ],
    ] as const) {
      const checked = checkServer(text);
      assert.ok(checked.ok);
      assert.match(checked.warning ?? "", warning);
    }
  });
});
