import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { ServerAddress } from "../../../src/address/model.ts";
import { parseClient, parseServer } from "../../../src/address/parse.ts";
import { type Advert, advertOf, isAnnounced, readAdvert } from "../../../src/host/discovery/advert.ts";
import { ofHost } from "../../../src/host/discovery/discover.ts";

const HEX = "ab".repeat(32);

function address(text: string): ServerAddress {
  const parsed = parseServer(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}

function advert(text: string, session = "shop", host = "build7.example.org"): Advert {
  const server = address(text);
  assert.ok(isAnnounced(server), text);
  const thumbprint = server.kind === "ssl" ? ({ algorithm: "sha256", hex: HEX } as const) : undefined;
  return advertOf(server, { session, host, id: "00ff00", thumbprint });
}

/** As the library hands it over, when it has come from a machine with these addresses. */
function received(
  { txt, port, host }: Advert,
  addresses = ["fe80::1", "192.0.2.7", "2001:db8::7"],
  from = "192.0.2.7",
) {
  return { txt, port, host, addresses, referer: { address: from } };
}

describe("announcements", () => {
  test("are for those that others can reach and that do not hide", () => {
    for (const text of [
      "tcp:port=5,password=x,hidden",
      "tcp:port=5",
      "tcp:port=5,password=x,bind=127.0.0.1",
      "tcp:port=5,clicon=h,password=x",
      "npipe:pipe=p",
      "com:port=/dev/ttyS0,baud=9600,channel=1,password=x",
      "ssl:proto=tls1,certuser=k,port=5,hidden,password=x",
    ])
      assert.equal(isAnnounced(address(text)), false, text);
    for (const text of [
      "tcp:port=5,password=x",
      "tcp:port=5,insecure",
      "ssl:proto=tls1,certuser=k,port=5,password=x",
    ])
      assert.equal(isAnnounced(address(text)), true, text);
  });

  test("say nothing that helps to get in, and fit into DNS", () => {
    const { name, host, port, txt } = advert("tcp:port=5005,password=Sesame7,access=full", "é".repeat(100));
    assert.doesNotMatch(JSON.stringify({ name, txt }), /Sesame7/);
    assert.ok(Buffer.byteLength(name) <= 63, name);
    assert.match(name, /^é+ on build7 \(00ff00\)$/);
    assert.deepEqual([host, port, txt["kind"], txt["password"]], ["build7.local", 5005, "tcp", "1"]);
    for (const value of Object.values(txt)) assert.ok(Buffer.byteLength(value) < 200);
  });

  test("come out as what joins the server", () => {
    const rows = [
      ["tcp:port=5005,password=x", "tcp:server=192.0.2.7,port=5005"],
      ["tcp:port=53:60,password=x,ipversion=6", "tcp:server=2001:db8::7,port=53,ipversion=6"],
      ["tcp:port=5005,insecure,bind=198.51.100.1", "tcp:server=198.51.100.1,port=5005"],
      ["tcp:port=5005,password=x,bind=0.0.0.0", "tcp:server=192.0.2.7,port=5005"],
      [
        "ssl:proto=tls1.3,certuser=k,port=5005,clientcert=require",
        `ssl:proto=tls1.3,thumbprint=${HEX},server=192.0.2.7,port=5005`,
      ],
    ] as const;
    for (const [text, join] of rows) assert.equal(readAdvert(received(advert(text)))?.join, join);
    const found = readAdvert(received(advert("ssl:proto=tls1,certuser=k,port=5,clientcert=require")));
    assert.deepEqual(
      [found?.host, found?.session, found?.password, found?.certificate],
      ["build7", "shop", false, true],
    );
  });

  test("of one that was passed on by a router are of the machine, not of the router", () => {
    assert.equal(
      readAdvert(received(advert("tcp:port=5,insecure"), ["192.0.2.9"], "192.0.2.1"))?.join,
      "tcp:server=192.0.2.9,port=5",
    );
    assert.equal(
      readAdvert(received(advert("tcp:port=5,insecure"), [], "192.0.2.1"))?.join,
      "tcp:server=192.0.2.1,port=5",
    );
    assert.equal(readAdvert(received(advert("tcp:port=5,insecure"), ["fe80::1"], "fe80::1%eth0")), undefined);
  });

  test("of any shape are a connection string that our parser takes, without a word of theirs in it, or nothing", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom("1", "6", "tls1", HEX, "10.0.0.1", "::1", "a,b=c", "x\u202e\n"),
    );
    const txt = fc.record(
      {
        kind: fc.constantFrom("tcp", "ssl", "com", ""),
        session: text,
        password: text,
        proto: fc.oneof(fc.constant("tls1"), text),
        thumbprint: fc.oneof(fc.constant(HEX), text),
        ip: text,
        at: text,
      },
      { requiredKeys: ["kind"] },
    );
    const anything = fc.record({
      host: text,
      port: fc.oneof(fc.integer({ min: -1, max: 70_000 }), text),
      addresses: fc.oneof(fc.array(fc.oneof(text, fc.ipV4(), fc.ipV6()), { maxLength: 4 }), text),
      referer: fc.oneof(fc.record({ address: fc.oneof(fc.ipV4(), text) }), text),
      txt: fc.oneof({ arbitrary: txt, weight: 9 }, { arbitrary: text, weight: 1 }),
    });
    let read = 0;
    fc.assert(
      fc.property(
        fc.oneof({ arbitrary: anything, weight: 9 }, { arbitrary: fc.anything({ maxDepth: 1 }), weight: 1 }),
        (service) => {
          const found = readAdvert(service);
          if (found === undefined) return;
          read++;
          assert.ok(parseClient(found.join).ok);
          assert.match(found.join, /^(tcp|ssl):[\w=.:,[\]]+$/);
          assert.doesNotMatch(found.session + found.host, /[\p{Cc}\u202e]/u);
        },
      ),
      { numRuns: 1_000 },
    );
    assert.ok(read > 10, `${read} were read`);
  });

  test("are of a host by its name, with or without domain or backslashes, or by its address", () => {
    const server = readAdvert(received(advert("tcp:port=5,insecure")));
    assert.ok(server !== undefined);
    for (const host of ["build7", "\\\\BUILD7", "build7.example.org", "192.0.2.7"])
      assert.equal(ofHost([server], host).length, 1, host);
    for (const host of ["build", "build70", "192.0.2.70", ""])
      assert.equal(ofHost([server], host).length, 0, host);
  });
});
