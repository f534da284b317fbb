import assert from "node:assert/strict";
import { test } from "node:test";
import { clientAddressFor, withBoundPort, withExpandedPipe } from "../../../src/address/derive.ts";
import { format } from "../../../src/address/format.ts";
import type { ServerAddress } from "../../../src/address/model.ts";
import { parseServer } from "../../../src/address/parse.ts";
import { expandPipe } from "../../../src/address/pipe.ts";

function server(text: string): ServerAddress {
  const result = parseServer(text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

test("a listing shows the port in use, before the end of the range", () => {
  const shown = (text: string, port: number) => {
    const address = server(text);
    assert.ok("ports" in address);
    return format(withBoundPort(address, port), { secrets: "mask" });
  };
  assert.equal(shown("tcp:port=51:60,password=x", 53), "tcp:port=53:60,Password=*");
  assert.equal(shown("tcp:port=51:60", 60), "tcp:port=60");
  assert.equal(shown("tcp:port=0", 49_152), "tcp:port=49152");
  assert.equal(shown("tcp:port=5005", 5005), "tcp:port=5005");
  assert.equal(shown("ssl:proto=tls1,certuser=lab,port=51:60", 51), "ssl:proto=tls1,certuser=lab,port=51:60");
});

test("codes in a pipe's name become process id and thread id", () => {
  assert.equal(expandPipe("dbg", 255, 16), "dbg");
  assert.equal(expandPipe("dbg_%d", 255, 16), "dbg_255");
  assert.equal(expandPipe("dbg_%x", 255, 16), "dbg_ff");
  assert.equal(expandPipe("%x-%x", 255, 16), "ff-10");
  assert.equal(expandPipe("%d%x", 255, 16), "25510");
  const address = server("npipe:pipe=a%d,hidden");
  assert.ok(address.kind === "npipe");
  assert.equal(format(withExpandedPipe(address, 255, 16)), "npipe:pipe=a255,hidden");
});

test("each server tells how to join it, without its password", () => {
  const pin = { algorithm: "sha256", hex: "0f".repeat(32) } as const;
  const joins = (text: string) => format(clientAddressFor(server(text), "build-7"));
  const pinned = (text: string) => format(clientAddressFor(server(text), "build-7", { thumbprint: pin }));
  const rows: [string, string][] = [
    ["tcp:port=5005,hidden,password=x,access=view", "tcp:server=build-7,port=5005"],
    ["tcp:port=53:60,ipversion=6", "tcp:server=build-7,port=53,ipversion=6"],
    ["tcp:port=5005,clicon=desk,password=x", "tcp:clicon=build-7,port=5005"],
    ["npipe:pipe=dbg,password=x,IcfEnable", "npipe:server=build-7,pipe=dbg"],
    ["com:port=2,baud=9600,channel=1,password=x", "com:port=com2,baud=9600,channel=1"],
    [
      "ssl:proto=tls1,certuser=lab,port=53:60,password=x",
      "ssl:proto=tls1,certuser=lab,server=build-7,port=53",
    ],
    ["ssl:proto=tls1,certuser=lab,port=53,clicon=desk", "ssl:proto=tls1,certuser=lab,clicon=build-7,port=53"],
    ["spipe:proto=tls1,machuser=lab,pipe=dbg", "spipe:proto=tls1,machuser=lab,server=build-7,pipe=dbg"],
  ];
  for (const [text, expected] of rows) {
    assert.equal(joins(text), expected);
    assert.equal(pinned(text), expected.replace(/(certuser|machuser)=lab/, `thumbprint=${pin.hex}`));
  }
});
