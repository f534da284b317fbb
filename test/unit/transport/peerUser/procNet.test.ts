import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import type { TcpConnection } from "../../../../src/transport/channel.ts";
import type { Finding } from "../../../../src/transport/peerUser/connectionTable.ts";
import { ProcNet, standsForOthers } from "../../../../src/transport/peerUser/procNet.ts";

// Tables as Linux 6.18 wrote them; the machine is little-endian.

const HEAD4 =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     ";
const HEAD6 =
  "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

/** 127.0.0.1:40829, a server, and 127.0.0.1:53916, who has connected to it. */
const [SERVER, CLIENT] = ["0100007F:9F7D", "0100007F:D29C"];
const [SERVER6, CLIENT6] = ["0000000000000000FFFF00000100007F:9F7D", "0000000000000000FFFF00000100007F:D29C"];
const IPV4: TcpConnection = {
  local: { address: "127.0.0.1", port: 40829 },
  remote: { address: "127.0.0.1", port: 53916 },
  inode: 24513,
};

function row(ends: string, state: string, uid: number, inode: number): string {
  const tail =
    inode === 0 ? "0 2 000000009a5a1d39" : `${inode} 1 0000000039697668 20 0 0 10 -1                     `;
  return `   2: ${ends} ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${tail}`;
}
const listening = row("0100007F:9F7D 00000000:0000", "0A", 0, 24511);
const ours = row(`${SERVER} ${CLIENT}`, "01", 0, 24513);
const theirs = (state: string, uid: number, inode: number) => row(`${CLIENT} ${SERVER}`, state, uid, inode);

interface Tables {
  readonly tcp?: readonly string[] | undefined;
  readonly tcp6?: readonly string[] | undefined;
}

async function findIn(
  tables: Tables,
  connections: readonly TcpConnection[],
): Promise<(Finding | undefined)[]> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "net-"));
  try {
    if (tables.tcp) writeFileSync(path.join(directory, "tcp"), [HEAD4, ...tables.tcp, ""].join("\n"));
    if (tables.tcp6) writeFileSync(path.join(directory, "tcp6"), [HEAD6, ...tables.tcp6, ""].join("\n"));
    const found = await new ProcNet(directory).find(connections);
    return connections.map((each) => found.get(each));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function find(tcp: readonly string[], connection = IPV4, tcp6: readonly string[] = []) {
  return (await findIn({ tcp, tcp6 }, [connection]))[0];
}

describe("the table of connections that Linux has", () => {
  test("names the user at the other end", async () => {
    assert.deepEqual(await find([listening, ours, theirs("01", 65534, 24512)]), {
      kind: "owner",
      user: "65534",
    });
  });

  test("has an IPv4 connection among the IPv6 ones if the other end's socket is one of IPv6", async () => {
    const mapped = row(`${CLIENT6} ${SERVER6}`, "01", 1000, 24512);
    assert.deepEqual(await find([listening, ours], IPV4, [mapped]), { kind: "owner", user: "1000" });
  });

  test("has both ends among the IPv6 ones if ours is a dual-stack socket", async () => {
    const address = "::ffff:127.0.0.1";
    const connection = { ...IPV4, local: { address, port: 40829 }, remote: { address, port: 53916 } };
    const rows = [row(`${SERVER6} ${CLIENT6}`, "01", 0, 24513), row(`${CLIENT6} ${SERVER6}`, "01", 7, 1)];
    assert.deepEqual(await find([], connection, rows), { kind: "owner", user: "7" });
    assert.deepEqual(await find([theirs("01", 7, 1)], connection, rows.slice(0, 1)), {
      kind: "owner",
      user: "7",
    });
  });

  test("spells IPv6 by words of this machine", async () => {
    const connection: TcpConnection = {
      local: { address: "fe80::1:2%eth0", port: 5005 },
      remote: { address: "2001:db8::abcd:0:102:304", port: 1 },
      inode: 9,
    };
    const [local, remote] = [
      "000080FE000000000000000002000100:138D",
      "B80D0120000000000000CDAB04030201:0001",
    ];
    const rows = [row(`${local} ${remote}`, "01", 0, 9), row(`${remote} ${local}`, "01", 12, 8)];
    assert.deepEqual(await find([], connection, rows), { kind: "owner", user: "12" });
  });

  test("says nothing of the owner of a socket that is held by no process: it shows root", async () => {
    for (const state of ["04", "05", "06", "07", "08", "09", "0B"])
      assert.deepEqual(await find([listening, ours, theirs(state, 0, 0)]), { kind: "closed" }, state);
  });

  test("tells a connection that waits to be accepted from one that is closed", async () => {
    for (const state of ["01", "03"])
      assert.deepEqual(await find([listening, ours, theirs(state, 0, 0)]), { kind: "pending" }, state);
  });

  test("counts a peer that has ended its half", async () => {
    for (const state of ["04", "05", "08"])
      assert.deepEqual(await find([ours, theirs(state, 0, 3)]), { kind: "owner", user: "0" }, state);
  });

  test("counts no socket in a state in which it cannot speak", async () => {
    for (const state of ["02", "06", "07", "09", "0B", "0C"])
      assert.deepEqual(await find([ours, theirs(state, 0, 3)]), { kind: "closed" }, state);
  });

  test("has one owner, or it has none", async () => {
    const [one, other] = [theirs("01", 1000, 4), theirs("01", 65534, 5)];
    assert.deepEqual(await find([ours, one, other]), { kind: "ambiguous" });
    assert.deepEqual(await find([ours, one], IPV4, [row(`${CLIENT6} ${SERVER6}`, "01", 1000, 5)]), {
      kind: "ambiguous",
    });
    assert.deepEqual(await find([ours, theirs("06", 0, 0), one]), { kind: "ambiguous" });
    // The table has changed while it was read.
    assert.deepEqual(await find([ours, one, one, ours]), { kind: "owner", user: "1000" });
  });

  test("tells nothing if our own end is not there, is another socket's, or is held by none", async () => {
    const peer = theirs("01", 0, 24512);
    assert.deepEqual(await find([listening, peer]), { kind: "missing" });
    // A connection of the same two ends that came when ours had broken.
    assert.deepEqual(await find([row(`${SERVER} ${CLIENT}`, "01", 0, 24999), peer]), { kind: "missing" });
    assert.deepEqual(await find([row(`${SERVER} ${CLIENT}`, "08", 0, 0), peer]), { kind: "missing" });
    assert.deepEqual(await find([ours, peer], { ...IPV4, inode: undefined }), { kind: "missing" });
    assert.deepEqual(await find([row(`${SERVER} ${CLIENT}`, "08", 0, 0), peer], { ...IPV4, inode: 0 }), {
      kind: "missing",
    });
  });

  test("is matched by both ends", async () => {
    const others = [
      row(`${CLIENT} 0100007F:9F7E`, "01", 0, 5),
      row(`0200007F:D29C ${SERVER}`, "01", 0, 6),
      row(`${SERVER} 00000000:0000`, "0A", 0, 7),
      row(`1${CLIENT} ${SERVER}`, "01", 0, 8),
    ];
    assert.deepEqual(await find([ours, ...others]), { kind: "missing" });
  });

  test("lets in nobody by a row that is not as it should be", async () => {
    for (const damaged of [
      `   2: ${CLIENT} ${SERVER} 01`,
      `   2: ${CLIENT} ${SERVER} 01 0 0 0 root 0 24512`,
      `   2: ${CLIENT} ${SERVER} 1 00000000:00000000 00:00000000 00000000 0 0 24512`,
      theirs("01", 0, 24512).replace(" 24512 ", " -1 "),
    ])
      assert.deepEqual(await find([ours, damaged]), { kind: "closed" }, damaged);
  });

  test("answers many at one read, also from a table of many rows", async () => {
    const many = Array.from({ length: 300 }, (_, i) => ({
      connection: { ...IPV4, remote: { address: "127.0.0.1", port: 20000 + i }, inode: 100_000 + i },
      end: `0100007F:${(20000 + i).toString(16).toUpperCase()}`,
      uid: i % 7,
    }));
    const rows = many.flatMap(({ end, uid, connection: { inode } }) => [
      row(`${SERVER} ${end}`, "01", 0, inode),
      ...Array.from({ length: 20 }, () => row("0A0A0A0A:0016 0B0A0A0A:FFFF", "01", 9, 1)),
      row(`${end} ${SERVER}`, "01", uid, inode + 1_000),
    ]);
    const found = await findIn(
      { tcp: rows, tcp6: [] },
      many.map(({ connection }) => connection),
    );
    assert.deepEqual(
      found,
      many.map(({ uid }) => ({ kind: "owner", user: String(uid) })),
    );
  });

  test("is read without IPv6, and not at all if it is not there", async () => {
    const tcp = [ours, theirs("01", 5, 24512)];
    assert.deepEqual(await findIn({ tcp }, [IPV4]), [{ kind: "owner", user: "5" }]);
    await assert.rejects(findIn({ tcp6: tcp }, [IPV4]), { code: "notAvailable" });
  });

  test("cannot tell users apart that have no number in this user namespace", () => {
    assert.equal(standsForOthers("65534", "         0          0 4294967295\n", "65534\n"), false);
    assert.equal(standsForOthers("65534", "         0     100000      65536\n", "65534\n"), true);
    assert.equal(standsForOthers("65534", "0 1000 1\n65534 65534 1\n", "65534\n"), true);
    assert.equal(standsForOthers("0", "         0       1000          1\n", "65534\n"), false);
  });
});
