import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseServer } from "../../../../src/address/parse.ts";
import { hostItems } from "../../../../src/vscode/commands/hostItems.ts";

const COMMON = { internal: false, mac: "", netmask: "", cidr: null };
const MACHINE = {
  name: "devbox",
  interfaces: {
    eth0: [
      { ...COMMON, family: "IPv4", address: "192.0.2.2" } as const,
      { ...COMMON, family: "IPv6", address: "fd00::2", scopeid: 0 } as const,
    ],
  },
};

function items(text: string, last?: string) {
  const parsed = parseServer(text);
  assert.ok(parsed.ok);
  const thumbprint = { algorithm: "sha256", hex: "ab".repeat(32) } as const;
  const found = hostItems({ address: parsed.value, thumbprint }, last, MACHINE);
  return found.map(({ label, description, join }) => [label, description, join]);
}

describe("what guests may call this machine, to choose from", () => {
  const pin = "ab".repeat(32);
  const name = ["devbox", "name of this machine", `ssl:proto=tls1,thumbprint=${pin},server=devbox,port=5005`];
  const v4 = [
    "192.0.2.2",
    "IPv4 address of eth0",
    `ssl:proto=tls1,thumbprint=${pin},server=192.0.2.2,port=5005`,
  ];
  const v6 = ["fd00::2", "IPv6 address of eth0", `ssl:proto=tls1,thumbprint=${pin},server=fd00::2,port=5005`];
  const server = "ssl:proto=tls1,certuser=K,port=5005,password=geheim";

  test("the name first, then the addresses, each with what it is", () => {
    assert.deepEqual(items(server), [name, v4, v6]);
  });

  test("what was chosen last is the first, if it is still there", () => {
    assert.deepEqual(items(server, "fd00::2"), [v6, name, v4]);
    assert.deepEqual(items(server, "192.0.2.99"), [name, v4, v6]);
  });

  test("an address that the server is bound to leaves no choice", () => {
    assert.deepEqual(
      items("tcp:port=5005,bind=203.0.113.1,password=geheim").map(([label, description]) => [
        label,
        description,
      ]),
      [["203.0.113.1", "IPv4 address"]],
    );
  });
});
