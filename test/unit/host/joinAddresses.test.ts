import assert from "node:assert/strict";
import os from "node:os";
import { describe, test } from "node:test";
import { parseServer } from "../../../src/address/parse.ts";
import {
  callProtection,
  insecureWarning,
  isReachable,
  joinAddresses,
  joinString,
  joinStrings,
  openTo,
} from "../../../src/host/joinAddresses.ts";

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

const MACHINE = {
  name: "devbox",
  interfaces: {
    lo: [at("127.0.0.1", true), at("::1", true)],
    eth0: [at("fd00::2"), at("192.0.2.2"), at("fe80::fc:ff:fe00:1"), at("FEBF::1")],
    wlan0: [at("169.254.3.4"), at("198.51.100.7")],
    gone: undefined,
  },
};

function at(address: string, internal = false): os.NetworkInterfaceInfo {
  const common = { address, internal, mac: "", netmask: "", cidr: null };
  return address.includes(":") ? { ...common, family: "IPv6", scopeid: 0 } : { ...common, family: "IPv4" };
}

describe("what guests may call this machine", () => {
  const all = ["devbox", "192.0.2.2", "198.51.100.7", "fd00::2"];
  for (const [text, hosts] of [
    ["tcp:port=5005", ["localhost"]],
    ["tcp:port=5005,password=geheim", all],
    ["tcp:port=5005,insecure", all],
    ["tcp:port=5005,bind=::,password=geheim", all],
    ["ssl:proto=tls1,certuser=K,port=5005,password=geheim", all],
    ["tcp:port=5005,ipversion=6,password=geheim", ["devbox", "fd00::2"]],
    ["tcp:port=5005,bind=0.0.0.0,password=geheim", ["devbox", "192.0.2.2", "198.51.100.7"]],
    ["tcp:port=5005,bind=192.0.2.2,password=geheim", ["192.0.2.2"]],
    ["tcp:port=5005,bind=127.0.0.1,password=geheim", ["localhost"]],
    ["npipe:pipe=x,password=geheim", [process.platform === "win32" ? "devbox" : "localhost"]],
    ["com:port=2,baud=9600,channel=3", ["localhost"]],
  ] as const) {
    test(text, () => {
      const parsed = parseServer(text);
      assert.ok(parsed.ok);
      assert.deepEqual(joinAddresses(parsed.value, MACHINE), hosts);
    });
  }

  test("each makes a connection string, without the password", () => {
    const parsed = parseServer("tcp:port=5005,bind=::,password=geheim");
    assert.ok(parsed.ok);
    assert.deepEqual(
      joinStrings(parsed.value),
      joinAddresses(parsed.value).map((host) => `tcp:server=${host},port=5005`),
    );
  });
});

describe("what nothing keeps out of a server", () => {
  const SSL = "ssl:proto=tls1,certuser=K,port=5005";
  for (const [text, open, protection] of [
    ["tcp:port=5005", undefined, undefined],
    ["tcp:port=5005,any-user", "machine", undefined],
    ["tcp:port=5005,bind=127.0.0.1,insecure", "machine", undefined],
    ["tcp:port=5005,insecure", "network", undefined],
    ["tcp:port=5005,password=geheim", undefined, undefined],
    ["tcp:port=5005,clicon=localhost", undefined, /program of this user, on this machine/],
    ["tcp:port=5005,clicon=localhost,any-user", "machine", undefined],
    ["tcp:port=5005,clicon=localhost,insecure", "machine", undefined],
    ["tcp:port=5005,clicon=desk,insecure", "network", undefined],
    ["tcp:port=5005,clicon=desk,password=geheim", undefined, /the password/],
    [SSL, undefined, undefined],
    [`${SSL},any-user`, "machine", undefined],
    [`${SSL},clientcert=require`, undefined, undefined],
    [`${SSL},clicon=localhost`, undefined, /program of this user, on this machine/],
    [`${SSL},clicon=desk,clientcert=require`, undefined, /a certificate that is trusted/],
    ["npipe:pipe=x", undefined, undefined],
    ["com:port=2,baud=9600,channel=3", "line", undefined],
    ["com:port=2,baud=9600,channel=3,insecure", "line", undefined],
    ["com:port=2,baud=9600,channel=3,password=geheim", undefined, undefined],
  ] as const) {
    test(text, () => {
      const parsed = parseServer(text);
      assert.ok(parsed.ok);
      assert.equal(openTo(parsed.value), open);
      const warning = insecureWarning(parsed.value)?.join(" ");
      if (open === undefined) assert.equal(warning, undefined);
      else assert.match(warning ?? "", /has no password and .* can run any code as you, here\.$/);
      assert.doesNotMatch(warning ?? "", /geheim/);
      if (protection === undefined) assert.equal(callProtection(parsed.value), undefined);
      else assert.match(callProtection(parsed.value) ?? "", protection);
    });
  }
});
