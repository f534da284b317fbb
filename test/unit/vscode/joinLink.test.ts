import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { format } from "../../../src/address/format.ts";
import { parseClient } from "../../../src/address/parse.ts";
import { AppError } from "../../../src/common/errors.ts";
import { joinLink, pastedLink, describeAddress, readJoinLink } from "../../../src/vscode/joinLink.ts";

function address(text: string) {
  const parsed = parseClient(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

/** What VS Code makes of a link: it decodes each part once. */
function opened(link: string): { path: string; query: string } {
  const { pathname, search } = new URL(link);
  return { path: pathname, query: decodeURIComponent(search.slice(1)) };
}

describe("join links", () => {
  for (const text of [
    "tcp:server=devbox,port=5005",
    "npipe:server=localhost,pipe=launch-program",
    'tcp:server=h,port=5,name="A & B, 100% = #1? + ü"',
    "tcp:server=fe80::1,port=5005,ipversion=6",
  ]) {
    test(`bring back ${text}`, () => {
      const link = joinLink(address(text), "vscode");
      assert.match(link, /^vscode:\/\/debug-server\.debug-server\/join\?remote=[\w%.~!*'()-]+$/);
      const { path, query } = opened(link);
      assert.equal(readJoinLink(path, query), text);
      assert.equal(pastedLink(` ${link}\n`), text);
    });
  }

  test("hold no password, nor where the sender has one", () => {
    for (const password of ["zq7Kx", '"a,b"', "env:ZQ7KX", "file:/home/zq7Kx"]) {
      const link = joinLink(address(`tcp:server=h,port=5,password=${password}`), "vscode-insiders");
      assert.equal(
        link,
        "vscode-insiders://debug-server.debug-server/join?remote=tcp%3Aserver%3Dh%2Cport%3D5",
      );
    }
  });

  test("that are wrong say so", () => {
    for (const [path, query] of [
      ["/", "remote=tcp:server=h,port=5"],
      ["/join/", "remote=tcp:server=h,port=5"],
      ["/join", ""],
      ["/join", "x=1&remote=tcp:server=h,port=5"],
      ["/join", `remote=${"x".repeat(2_001)}`],
    ] as const) {
      assert.ok(readJoinLink(path, query) instanceof AppError, `${path}?${query.slice(0, 40)}`);
    }
  });

  test("are told from other text", () => {
    for (const text of [
      "",
      "tcp:server=h,port=5",
      "https://example.com/join?remote=tcp:server=h,port=5",
      "vscode://other.extension/join?remote=x",
      "vscode://debug-server.debug-server/leave?remote=x",
      "vscode://debug-server.debug-server/join?remote=%E0%A4",
    ])
      assert.equal(pastedLink(text), undefined, text);
  });

  test("lead somewhere that people can read", () => {
    for (const [text, place] of [
      ["tcp:server=devbox,port=5005", "devbox, port 5005"],
      ["npipe:server=localhost,pipe=x", "localhost, pipe x"],
      ["tcp:clicon=devbox,port=5005", "devbox, which is to connect to port 5005 here"],
      ["com:port=2,baud=9600,channel=3", "the serial line com2"],
    ] as const)
      assert.equal(describeAddress(address(text)), place);
    assert.equal(format(address("tcp:server=devbox,port=5005")), "tcp:server=devbox,port=5005");
  });
});
