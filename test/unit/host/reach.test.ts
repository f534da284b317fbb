import assert from "node:assert/strict";
import os from "node:os";
import { describe, test } from "node:test";
import { parseServer } from "../../../src/address/parse.ts";
import { isReachable, joinString } from "../../../src/host/reach.ts";

const NAME = os.hostname();

describe("how a server is joined, and whether others can reach it", () => {
  for (const [text, join, reachable] of [
    ["tcp:port=5005", "tcp:server=localhost,port=5005", false],
    ["tcp:port=53:60", "tcp:server=localhost,port=53", false],
    ["tcp:port=5005,ipversion=6", "tcp:server=localhost,port=5005,ipversion=6", false],
    ["tcp:port=5005,bind=127.0.0.2", "tcp:server=localhost,port=5005", false],
    ["tcp:port=5005,bind=localhost,insecure", "tcp:server=localhost,port=5005", false],
    ["tcp:port=5005,insecure", `tcp:server=${NAME},port=5005`, true],
    ["tcp:port=5005,bind=::,insecure", `tcp:server=${NAME},port=5005`, true],
    ["tcp:port=5005,bind=10.0.0.7,insecure", "tcp:server=10.0.0.7,port=5005", true],
    ["tcp:port=5005,password=geheim", `tcp:server=${NAME},port=5005`, true],
    ["tcp:port=5005,clicon=localhost", "tcp:clicon=localhost,port=5005", false],
    ["tcp:port=5005,clicon=desk,password=geheim", `tcp:clicon=${NAME},port=5005`, true],
    ["npipe:pipe=x", "npipe:server=localhost,pipe=x", false],
    ["com:port=2,baud=9600,channel=3", "com:port=com2,baud=9600,channel=3", false],
    ["ssl:proto=tls1,certuser=K,port=5005", "ssl:proto=tls1,certuser=K,server=localhost,port=5005", false],
    [
      "ssl:proto=tls1,certuser=K,port=5005,clientcert=require",
      `ssl:proto=tls1,certuser=K,server=${NAME},port=5005`,
      true,
    ],
  ] as const) {
    test(text, { skip: process.platform === "win32" && text.startsWith("npipe") }, () => {
      const parsed = parseServer(text);
      assert.ok(parsed.ok);
      assert.equal(joinString(parsed.value), join);
      assert.equal(isReachable(parsed.value), reachable);
    });
  }
});
