import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TcpConnection } from "../../../../src/transport/channel.ts";
import { readLsof } from "../../../../src/transport/peerUser/lsof.ts";
import { NetTcpConnection } from "../../../../src/transport/peerUser/netTcpConnection.ts";
import { findOwner } from "../../../../src/transport/peerUser/openSockets.ts";

// What macOS and Windows print, written down: neither is run here.

function connection(address: string): TcpConnection {
  return { local: { address, port: 5005 }, remote: { address, port: 53211 }, inode: undefined };
}

const IPV4 = connection("127.0.0.1");
const MAPPED = connection("::ffff:127.0.0.1");
const IPV6 = connection("::1");

describe("lsof's list", () => {
  const HOST = ["p812", "u501", "f21", "n127.0.0.1:5005", "f22", "n127.0.0.1:5005->127.0.0.1:53211"];
  const find = (lines: readonly string[], wanted = IPV4, pid = 812) =>
    findOwner(wanted, readLsof([...lines, ""].join("\n")), pid);

  test("names the user of the process at the other end", () => {
    const guest = ["p900", "u502", "f3", "n127.0.0.1:53211->127.0.0.1:5005"];
    assert.deepEqual(find([...HOST, ...guest]), { kind: "owner", user: "502" });
    assert.deepEqual(find([...guest, ...HOST], MAPPED), { kind: "owner", user: "502" });
  });

  test("spells IPv6 in brackets, and may spell IPv4 as mapped", () => {
    const ends = [
      ["[::1]:5005", "[::1]:53211"],
      ["[::ffff:127.0.0.1]:5005", "127.0.0.1:53211"],
    ];
    for (const [index, [ours, theirs]] of ends.entries()) {
      const lines = [
        "p812",
        "u501",
        "f22",
        `n${ours}->${theirs}`,
        "p900",
        "u501",
        "f3",
        `n${theirs}->${ours}`,
      ];
      assert.deepEqual(find(lines, index === 0 ? IPV6 : IPV4), { kind: "owner", user: "501" });
    }
  });

  test("has nothing of others' processes for who is not root", () => {
    assert.deepEqual(find(HOST), { kind: "missing" });
    assert.deepEqual(find([]), { kind: "missing" });
  });

  test("has one user, or none: each process that holds a socket can speak", () => {
    const guest = ["f3", "n127.0.0.1:53211->127.0.0.1:5005"];
    const two = (other: string) => [...HOST, "p900", "u501", ...guest, "p901", other, ...guest];
    assert.deepEqual(find(two("u501")), { kind: "owner", user: "501" });
    assert.deepEqual(find(two("u0")), { kind: "ambiguous" });
    assert.deepEqual(find([...HOST, "p900", ...guest]), { kind: "missing" });
  });

  test("must have our own end", () => {
    const guest = ["p900", "u501", "f3", "n127.0.0.1:53211->127.0.0.1:5005"];
    assert.deepEqual(find([...HOST, ...guest], IPV4, 813), { kind: "missing" });
  });
});

describe("Get-NetTCPConnection's list", () => {
  const OWN = "S-1-5-21-1004336348-1177238915-682003330-1001";
  const OTHER = "S-1-5-21-1004336348-1177238915-682003330-1002";
  const row = (
    local: string,
    localPort: number,
    remote: string,
    remotePort: number,
    process: number,
    user: string | null,
  ) => ({
    local,
    localPort,
    remote,
    remotePort,
    process,
    user,
  });
  const ours = row("127.0.0.1", 5005, "127.0.0.1", 53211, 812, OWN);

  async function find(connections: unknown, wanted = IPV4) {
    const ports: string[] = [];
    const table = new NetTcpConnection(async (script, env) => {
      ports.push(env["DEBUG_SERVER_PORTS"] ?? "");
      assert.ok(!script.includes("53211"), "nothing is written into the script");
      return `\ufeff${JSON.stringify({ own: OWN, connections })}\r\n`;
    }, 812);
    const found = (await table.find([wanted])).get(wanted);
    assert.deepEqual(ports, ["0,5005,53211"]);
    assert.equal(await table.ownUser(), OWN);
    assert.equal(ports.length, 1, "both are read at once");
    return found;
  }

  test("names the user of the process at the other end", async () => {
    const theirs = (user: string | null) => row("127.0.0.1", 53211, "127.0.0.1", 5005, 900, user);
    assert.deepEqual(await find([ours, theirs(OTHER)]), { kind: "owner", user: OTHER });
    assert.deepEqual(await find([ours, theirs(OWN)], MAPPED), { kind: "owner", user: OWN });
    // One that this user may not see.
    assert.deepEqual(await find([ours, theirs(null)]), { kind: "missing" });
    assert.deepEqual(await find([ours, theirs(OTHER), theirs(OWN)]), { kind: "ambiguous" });
    assert.deepEqual(await find([ours, theirs(null), theirs(OWN)]), { kind: "ambiguous" });
  });

  test("spells IPv6 without brackets", async () => {
    const rows = [row("::1", 5005, "::1", 53211, 812, OWN), row("::1", 53211, "::1", 5005, 900, OTHER)];
    assert.deepEqual(await find(rows, IPV6), { kind: "owner", user: OTHER });
  });

  test("must have our own end", async () => {
    const theirs = row("127.0.0.1", 53211, "127.0.0.1", 5005, 900, OWN);
    assert.deepEqual(await find([theirs, { ...ours, process: 813 }]), { kind: "missing" });
    // PowerShell gives a list of one as that one, in older versions.
    assert.deepEqual(await find(theirs), { kind: "missing" });
    assert.deepEqual(await find([]), { kind: "missing" });
    assert.deepEqual(await find([null, {}, 7, ours]), { kind: "missing" });
  });

  test("is nothing to go by if it is something else", async () => {
    for (const output of ["", "nothing", "null", '{"own":"Kim","connections":[]}']) {
      const table = new NetTcpConnection(() => Promise.resolve(output), 812);
      await assert.rejects(table.find([IPV4]), { code: "notAvailable" });
    }
  });

  test("asks for this user when nothing has been looked for", async () => {
    const table = new NetTcpConnection(
      () => Promise.resolve(JSON.stringify({ own: OWN, connections: [] })),
      812,
    );
    assert.equal(await table.ownUser(), OWN);
  });
});
