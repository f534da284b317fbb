import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { format } from "../../../src/address/format.ts";
import { parseClient, parseServer } from "../../../src/address/parse.ts";
import type { Address } from "../../../src/address/model.ts";
import type { ParseResult } from "../../../src/address/result.ts";

function value<T extends Address>(result: ParseResult<T>): T {
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

/** What is read on the left is written on the right. */
function canonical(parse: (text: string) => ParseResult<Address>, rows: [string, string][]): void {
  for (const [text, expected] of rows) {
    test(text, () => {
      assert.equal(format(value(parse(text))), expected);
      assert.deepEqual(parse(expected), parse(text));
    });
  }
}

describe("servers in many spellings", () => {
  canonical(parseServer, [
    ["TCP:PORT=5005,HIDDEN,icfenable", "tcp:port=5005,hidden,IcfEnable"],
    ["  tcp : port = 5005 ,\thidden \n", "tcp:port=5005,hidden"],
    ["tcp:hidden,port=5005", "tcp:port=5005,hidden"],
    ["tcp:port=05005", "tcp:port=5005"],
    ["tcp:port=60:60", "tcp:port=60"],
    ["tcp:port=0", "tcp:port=0"],
    ["tcp:port=65535", "tcp:port=65535"],
    ["tcp:port=1,access=control,maxclients=256", "tcp:port=1"],
    ["tcp:port=1,bind=[::1]", "tcp:port=1,bind=::1"],
    ["tcp:port=1,clicon=\\\\DESK", "tcp:port=1,clicon=DESK"],
    ["tcp:port=1,clicon=[fe80::1%eth0],ipversion=6", "tcp:port=1,clicon=fe80::1%eth0,ipversion=6"],
    ["tcp:port=1,clicon=münchen.example.", "tcp:port=1,clicon=münchen.example."],
    ["com:port=2,baud=9600,channel=7", "com:port=com2,baud=9600,channel=7"],
    ["com:port=COM2,baud=9600,channel=7", "com:port=com2,baud=9600,channel=7"],
    ["com:port=\\\\.\\COM12,baud=9600,channel=7", "com:port=\\\\.\\COM12,baud=9600,channel=7"],
    ['com:port="/dev/a,b",baud=9600,channel=7', 'com:port="/dev/a,b",baud=9600,channel=7'],
    ["npipe:pipe=%x_%d", "npipe:pipe=%x_%d"],
    [
      `spipe:pipe=p,machuser=${"AB:CD:".repeat(6)}${"ab cd ".repeat(4)},proto=tls1`,
      `spipe:proto=tls1,machuser=${"abcd".repeat(10)},pipe=p`,
    ],
    [
      `spipe:pipe=p,certuser=\u200e${"F".repeat(64)},proto=tls1`,
      `spipe:proto=tls1,certuser=${"f".repeat(64)},pipe=p`,
    ],
    ['spipe:pipe=p,certuser="CN=a, O=b",proto=tls1', 'spipe:proto=tls1,certuser="CN=a, O=b",pipe=p'],
    ["spipe:pipe=p,certuser=my lab,proto=tls1", "spipe:proto=tls1,certuser=my lab,pipe=p"],
    [
      'spipe:pipe=p,certuser=a,proto=tls1,clientcert="require"',
      'spipe:proto=tls1,certuser=a,pipe=p,clientcert="require"',
    ],
  ]);
});

describe("clients in many spellings", () => {
  canonical(parseClient, [
    ["tcp:server=[::1],port=5005", "tcp:server=::1,port=5005"],
    ["tcp:server=::ffff:10.0.0.1,port=5005", "tcp:server=::ffff:10.0.0.1,port=5005"],
    ["tcp:port=5005,server=\\\\BUILD_7", "tcp:server=BUILD_7,port=5005"],
    ["tcp:clicon=\\BUILD_7,port=5005", "tcp:clicon=BUILD_7,port=5005"],
    ['tcp:server=a,port=1,name="Kim, upstairs"', 'tcp:server=a,port=1,name="Kim, upstairs"'],
    ["tcp:server=a,port=1,name=Kim at home", "tcp:server=a,port=1,name=Kim at home"],
  ]);
});

describe("passwords", () => {
  const password = (text: string) => value(parseServer(`tcp:port=1,password=${text}`)).password;
  const rows: [string, unknown, string][] = [
    ["Sesame7", { kind: "literal", value: "Sesame7" }, "Sesame7"],
    [
      "correct horse battery staple",
      { kind: "literal", value: "correct horse battery staple" },
      "correct horse battery staple",
    ],
    ["p=q:r\\s%d", { kind: "literal", value: "p=q:r\\s%d" }, "p=q:r\\s%d"],
    ['"Sesame7"', { kind: "literal", value: "Sesame7" }, "Sesame7"],
    ['"a,b"', { kind: "literal", value: "a,b" }, '"a,b"'],
    ['"a""b"', { kind: "literal", value: 'a"b' }, '"a""b"'],
    ['""""', { kind: "literal", value: '"' }, '""""'],
    ['""","""', { kind: "literal", value: '","' }, '""","""'],
    ['" a "', { kind: "literal", value: " a " }, '" a "'],
    ['"a\\"', { kind: "literal", value: "a\\" }, "a\\"],
    ['"*"', { kind: "literal", value: "*" }, '"*"'],
    ["**", { kind: "literal", value: "**" }, "**"],
    ['"env:X"', { kind: "literal", value: "env:X" }, '"env:X"'],
    ['"File:x"', { kind: "literal", value: "File:x" }, '"File:x"'],
    ["env:DEBUG_PASSWORD", { kind: "env", name: "DEBUG_PASSWORD" }, "env:DEBUG_PASSWORD"],
    [
      "file:C:\\Users\\kim\\pw.txt",
      { kind: "file", path: "C:\\Users\\kim\\pw.txt" },
      "file:C:\\Users\\kim\\pw.txt",
    ],
    ['file:"/tmp/a, b"', { kind: "file", path: "/tmp/a, b" }, 'file:"/tmp/a, b"'],
    ["file:  ~/pw", { kind: "file", path: "~/pw" }, "file:~/pw"],
  ];
  for (const [text, expected, written] of rows) {
    test(text, () => {
      assert.deepEqual(password(text), expected);
      const address = value(parseServer(`tcp:hidden,password=${text},port=1`));
      assert.equal(format(address), `tcp:port=1,hidden,password=${written}`);
      assert.equal(format(address, { secrets: "show" }), format(address));
      assert.equal(format(address, { secrets: "mask" }), "tcp:port=1,hidden,Password=*");
    });
  }
  test("nothing is masked where there is nothing", () => {
    assert.equal(format(value(parseServer("tcp:port=1")), { secrets: "mask" }), "tcp:port=1");
  });
});
