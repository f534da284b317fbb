import assert from "node:assert/strict";
import os from "node:os";
import { describe, test } from "node:test";
import { comesFrom } from "../../../src/transport/reverseListener.ts";
import { tcpPeer } from "../../../src/transport/peer.ts";
import type { Resolver } from "../../../src/transport/dial.ts";

const never = new AbortController().signal;

const NAMES: Readonly<Record<string, readonly string[]>> = {
  box: ["192.0.2.7", "2001:db8::7"],
  here: ["127.0.1.1"],
};

const resolver: Resolver = async (host) => {
  const found = NAMES[host];
  if (found === undefined) throw Object.assign(new Error("raw"), { code: "ENOTFOUND" });
  return found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
};

const from = (address: string, host: string) => comesFrom(tcpPeer(address, 40_000), host, never, resolver);

describe("where a caller comes from", () => {
  for (const [address, host, expected] of [
    ["192.0.2.7", "192.0.2.7", true],
    ["192.0.2.8", "192.0.2.7", false],
    ["::ffff:192.0.2.7", "192.0.2.7", true],
    ["2001:db8::7", "2001:0DB8:0::7", true],
    ["2001:db8::7", "2001:db8::8", false],
    ["fe80::7%eth0", "fe80::7%eth0", true],
    ["fe80::7%eth0", "fe80::7%3", true],
    ["fe80::7%eth0", "fe80::8%eth0", false],
    ["192.0.2.7", "box", true],
    ["2001:db8::7", "box", true],
    ["192.0.2.8", "box", false],
    ["127.0.0.1", "box", false],
    ["192.0.2.8", "nobody-knows", "unknown"],
    ["127.0.0.1", "127.0.0.1", true],
    ["::1", "127.0.0.1", true],
    ["127.0.0.2", "127.0.0.1", false],
    ["127.0.0.1", "here", true],
    ["192.0.2.8", "here", false],
  ] as const) {
    const skip =
      address === "::1" &&
      !Object.values(os.networkInterfaces()).some((all) => all?.some(({ address: own }) => own === "::1"));
    test(`${address} as ${host}: ${expected}`, { skip }, async () => {
      assert.equal(await from(address, host), expected);
    });
  }

  test("this machine may call itself from any of its addresses", async () => {
    for (const { address } of Object.values(os.networkInterfaces()).flatMap((all) => all ?? []))
      assert.equal(await from(address, "here"), true);
  });

  test("a look-up ends with the wait", async () => {
    const given = AbortSignal.abort();
    await assert.rejects(comesFrom(tcpPeer("192.0.2.7", 1), "box", given, () => new Promise(() => {})));
    const controller = new AbortController();
    const looking = comesFrom(tcpPeer("192.0.2.7", 1), "box", controller.signal, () => new Promise(() => {}));
    controller.abort();
    await assert.rejects(looking);
  });
});
