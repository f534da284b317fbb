import assert from "node:assert/strict";
import os from "node:os";
import { describe, test } from "node:test";
import { tcpPeer } from "../../../src/transport/peer.ts";
import { isThisMachine, peerGroup, shownPeer } from "../../../src/transport/peerGroup.ts";

const groupOf = (address: string, user?: string) => peerGroup(tcpPeer(address, 1234), user);

describe("limits per peer count by what a peer cannot change at will", () => {
  test("of IPv4 the address, and its /24", () => {
    const group = { peer: "tcp:192.0.2.7", network: "tcp:192.0.2.0/24" };
    assert.deepEqual(groupOf("192.0.2.7"), group);
    assert.deepEqual(groupOf("::ffff:192.0.2.7"), group);
    assert.equal(groupOf("192.0.2.250").network, group.network);
    assert.notEqual(groupOf("192.0.3.7").network, group.network);
  });

  test("of IPv6 the /64, and its /48, however it is written", () => {
    assert.deepEqual(groupOf("2001:db8:1:2:3:4:5:6"), {
      peer: "tcp:2001:db8:1:2::/64",
      network: "tcp:2001:db8:1::/48",
    });
    assert.deepEqual(groupOf("2001:db8::6"), {
      peer: "tcp:2001:db8:0:0::/64",
      network: "tcp:2001:db8:0::/48",
    });
    assert.deepEqual(groupOf("fe80::1%eth7"), { peer: "tcp:fe80:0:0:0::/64", network: "tcp:fe80:0:0::/48" });
  });

  test("on this machine the user, by whatever address of it", () => {
    const own = Object.values(os.networkInterfaces()).flatMap(
      (all) => all?.map(({ address }) => address) ?? [],
    );
    for (const address of ["127.0.0.1", "127.0.1.77", "127.255.255.254", "::1", "::ffff:127.0.0.9", ...own]) {
      assert.equal(isThisMachine(address), true, address);
      assert.deepEqual(
        groupOf(address, "1000"),
        { peer: "local:user 1000", network: "local:user 1000" },
        address,
      );
      assert.equal(groupOf(address).peer, "local:unknown user", address);
    }
    for (const address of ["192.0.2.1", "128.0.0.1", "2001:db8::1", "::2"])
      assert.equal(isThisMachine(address), false, address);
  });

  test("where there is no address, all that a server has", () => {
    assert.equal(peerGroup({ transport: "npipe", address: "x", local: true }).peer, "npipe:x");
    assert.equal(peerGroup({ transport: "com", address: "/dev/ttyS0", local: false }).peer, "com:/dev/ttyS0");
  });

  test("is shown to people", () => {
    assert.equal(shownPeer(groupOf("2001:db8:1:2:3:4:5:6").peer), "tcp 2001:db8:1:2::/64");
    assert.equal(shownPeer(groupOf("127.0.0.1", "1000").peer), "local user 1000");
  });
});
