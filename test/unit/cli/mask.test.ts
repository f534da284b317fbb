import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { maskSecrets } from "../../../src/cli/mask.ts";

describe("what is shown of a connection string", () => {
  for (const [text, shown] of [
    ["tcp:port=5005", "tcp:port=5005"],
    ["tcp:port=5005,password=geheim,hidden", "tcp:port=5005,password=*,hidden"],
    ["tcp:port=5005, Password = geheim , hidden", "tcp:port=5005, Password = * , hidden"],
    ['tcp:password="a,b",port=5', "tcp:password=*,port=5"],
    ['tcp:port=5,password="never closed,hidden', "tcp:port=5,password=*"],
    ["tcp:password=env:NAME,port=5", "tcp:password=*,port=5"],
    // A comma that was meant as a part of it.
    ["tcp:password=a,b,c=d,port=5", "tcp:password=*,*,*,port=5"],
    // Misspelt, or in the words of other programs.
    ["tcp:pasword=geheim", "tcp:pasword=*"],
    ["tcp:PWD=geheim,port=1", "tcp:PWD=*,port=1"],
    ["tcp:password:geheim,port=1", "tcp:password:*,port=1"],
    ["tcp:password geheim", "tcp:password *"],
    ["password=geheim,port=1", "password=*,port=1"],
    // Nobody knows what it is, so it may be one.
    ["tcp:auth=geheim,port=1", "tcp:auth=*,port=1"],
    // A misspelling of what is no secret helps most when it is shown.
    ["tcp:prot=5005", "tcp:prot=5005"],
    ["tcp:password=geheim,prot=5,port=6", "tcp:password=*,*,port=6"],
    ["tcp:prot=5005,password=x", "tcp:prot=5005,password=*"],
    ["tcp:port:5005", "tcp:port:5005"],
    ["", ""],
    ["tcp", "tcp"],
  ] as const) {
    test(text, () => assert.equal(maskSecrets(text).text, shown));
  }

  test("offsets lead to the same characters, those of a secret to its mask", () => {
    const text = "tcp:password=geheim,port=5";
    const masked = maskSecrets(text);
    assert.equal(masked.text, "tcp:password=*,port=5");
    assert.equal(masked.offset(4), 4);
    assert.equal(masked.offset(13), 13);
    assert.equal(masked.offset(16), 13);
    assert.equal(masked.offset(19), 14);
    assert.equal(masked.text.slice(masked.offset(20), masked.offset(24)), "port");
    assert.equal(masked.offset(text.length), masked.text.length);
  });

  test("no part of a password is ever shown, and offsets stay in order and inside", () => {
    const secret = fc.stringMatching(/^[A-Z0-9]{6,20}$/);
    const other = fc.constantFrom("port=5", "prot=5", "hidden", "server=h", "name=x", "", "nonsense", " ");
    const key = fc.constantFrom(
      "password",
      "Password",
      "pasword",
      "passwrd",
      "pass",
      "pwd",
      "token",
      "secret",
    );
    const string = fc.tuple(
      fc.array(other),
      key,
      fc.constantFrom("=", " = ", ":", '="', "= \t"),
      secret,
      secret,
      fc.array(other),
    );
    fc.assert(
      fc.property(string, ([before, name, between, one, two, after]) => {
        const text = `tcp:${[...before, `${name}${between}${one},${two}`, ...after].join(",")}`;
        const masked = maskSecrets(text);
        assert.ok(!masked.text.includes(one) && !masked.text.includes(two), masked.text);
        let last = 0;
        for (let at = 0; at <= text.length; at++) {
          const offset = masked.offset(at);
          assert.ok(offset >= last && offset <= masked.text.length);
          last = offset;
        }
      }),
    );
  });

  test("nothing makes it throw", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void maskSecrets(text)));
  });
});
