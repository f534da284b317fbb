import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { format } from "../../../src/address/format.ts";
import {
  DEFAULTS,
  GRAMMAR,
  chooseForm,
  formsOf,
  keyIds,
  fieldsOf,
  usage,
} from "../../../src/address/grammar.ts";
import { KEYS, TRANSPORTS, isFlag } from "../../../src/address/keys.ts";
import type { KeyId } from "../../../src/address/keys.ts";
import type { ClientAddress, Role, ServerAddress, Transport } from "../../../src/address/model.ts";
import { parseClient, parseServer } from "../../../src/address/parse.ts";

const SERVER = { role: "server", access: "control", maxClients: 256, insecure: false } as const;
const NETWORK_SERVER = { ...SERVER, anyUser: false } as const;
const CLIENT = { role: "client" } as const;
const KEY = { store: "user", match: { kind: "name", name: "lab" } } as const;
const PW = { kind: "literal", value: "Sesame7" } as const;

/** Every form of connection string, with and without what is optional; each is written in canonical form. */
const SERVERS: [string, ServerAddress][] = [
  [
    "tcp:port=5005",
    {
      ...NETWORK_SERVER,
      kind: "tcp",
      ports: { first: 5005, last: 5005 },
      hidden: false,
      ipv6Only: false,
      icfEnable: false,
    },
  ],
  [
    "tcp:port=51:60,hidden,password=Sesame7,ipversion=6,IcfEnable,bind=::1,access=full,maxclients=3",
    {
      ...NETWORK_SERVER,
      kind: "tcp",
      ports: { first: 51, last: 60 },
      hidden: true,
      password: PW,
      ipv6Only: true,
      icfEnable: true,
      bind: "::1",
      access: "full",
      maxClients: 3,
    },
  ],
  [
    "tcp:port=0,insecure",
    {
      ...NETWORK_SERVER,
      kind: "tcp",
      ports: { first: 0, last: 0 },
      hidden: false,
      ipv6Only: false,
      icfEnable: false,
      insecure: true,
    },
  ],
  [
    "ssl:proto=tls1,certuser=lab,port=5005,insecure,any-user",
    {
      ...NETWORK_SERVER,
      kind: "ssl",
      proto: "tls1",
      certificate: KEY,
      ports: { first: 5005, last: 5005 },
      hidden: false,
      insecure: true,
      anyUser: true,
    },
  ],
  [
    "tcp:port=5005,clicon=desk,any-user",
    {
      ...NETWORK_SERVER,
      kind: "tcpReverse",
      port: 5005,
      clicon: "desk",
      ipv6Only: false,
      anyUser: true,
    },
  ],
  [
    "tcp:port=5005,clicon=desk,password=Sesame7,ipversion=6",
    { ...NETWORK_SERVER, kind: "tcpReverse", port: 5005, clicon: "desk", password: PW, ipv6Only: true },
  ],
  ["npipe:pipe=dbg_%d", { ...SERVER, kind: "npipe", pipe: "dbg_%d", hidden: false, icfEnable: false }],
  [
    "npipe:pipe=dbg,hidden,password=Sesame7,IcfEnable,access=view",
    { ...SERVER, kind: "npipe", pipe: "dbg", hidden: true, password: PW, icfEnable: true, access: "view" },
  ],
  [
    "com:port=com2,baud=115200,channel=0",
    { ...SERVER, kind: "com", device: "com2", baud: 115_200, channel: 0, hidden: false },
  ],
  [
    "com:port=/dev/ttyUSB0,baud=19200,channel=254,hidden,password=Sesame7",
    {
      ...SERVER,
      kind: "com",
      device: "/dev/ttyUSB0",
      baud: 19_200,
      channel: 254,
      hidden: true,
      password: PW,
    },
  ],
  [
    "ssl:proto=tls1,certuser=lab,port=5005",
    {
      ...NETWORK_SERVER,
      kind: "ssl",
      proto: "tls1",
      certificate: KEY,
      ports: { first: 5005, last: 5005 },
      hidden: false,
    },
  ],
  [
    "ssl:proto=tls1.3,machuser=lab,port=51:60,hidden,password=Sesame7,bind=10.0.0.1,clientcert=require",
    {
      ...NETWORK_SERVER,
      kind: "ssl",
      proto: "tls1.3",
      certificate: { ...KEY, store: "machine" },
      ports: { first: 51, last: 60 },
      hidden: true,
      password: PW,
      bind: "10.0.0.1",
      clientCert: { kind: "require" },
    },
  ],
  [
    "ssl:proto=tls1.2,certuser=lab,port=5005,clicon=desk,password=Sesame7",
    {
      ...NETWORK_SERVER,
      kind: "sslReverse",
      proto: "tls1.2",
      certificate: KEY,
      port: 5005,
      clicon: "desk",
      password: PW,
    },
  ],
  [
    "spipe:proto=tls1,machuser=lab,pipe=dbg,hidden,password=Sesame7,clientcert=kim",
    {
      ...SERVER,
      kind: "spipe",
      proto: "tls1",
      certificate: { ...KEY, store: "machine" },
      pipe: "dbg",
      hidden: true,
      password: PW,
      clientCert: { kind: "name", name: "kim" },
    },
  ],
];

const CLIENTS: [string, ClientAddress][] = [
  [
    "tcp:server=build-7,port=5005",
    { ...CLIENT, kind: "tcp", server: "build-7", port: 5005, ipv6Only: false },
  ],
  [
    "tcp:server=fe80::1%eth0,port=5005,password=Sesame7,ipversion=6,name=Kim",
    { ...CLIENT, kind: "tcp", server: "fe80::1%eth0", port: 5005, password: PW, ipv6Only: true, name: "Kim" },
  ],
  [
    "tcp:clicon=build-7,port=51:60,password=Sesame7,ipversion=6",
    {
      ...CLIENT,
      kind: "tcpReverse",
      clicon: "build-7",
      ports: { first: 51, last: 60 },
      password: PW,
      ipv6Only: true,
    },
  ],
  [
    "npipe:server=build-7,pipe=dbg,password=Sesame7",
    { ...CLIENT, kind: "npipe", server: "build-7", pipe: "dbg", password: PW },
  ],
  [
    "com:port=com2,baud=115200,channel=0,password=Sesame7",
    { ...CLIENT, kind: "com", device: "com2", baud: 115_200, channel: 0, password: PW },
  ],
  [
    "ssl:proto=tls1,certuser=lab,server=build-7,port=5005,password=Sesame7",
    { ...CLIENT, kind: "ssl", proto: "tls1", certificate: KEY, server: "build-7", port: 5005, password: PW },
  ],
  [
    `ssl:proto=tls1,thumbprint=${"0f".repeat(32)},server=build-7,port=5005,name=Kim`,
    {
      ...CLIENT,
      kind: "ssl",
      proto: "tls1",
      thumbprint: { algorithm: "sha256", hex: "0f".repeat(32) },
      server: "build-7",
      port: 5005,
      name: "Kim",
    },
  ],
  [
    "ssl:proto=tls1,machuser=lab,clicon=build-7,port=51:60,password=Sesame7",
    {
      ...CLIENT,
      kind: "sslReverse",
      proto: "tls1",
      certificate: { ...KEY, store: "machine" },
      clicon: "build-7",
      ports: { first: 51, last: 60 },
      password: PW,
    },
  ],
  [
    "spipe:proto=tls1,certuser=lab,server=build-7,pipe=dbg,password=Sesame7",
    {
      ...CLIENT,
      kind: "spipe",
      proto: "tls1",
      certificate: KEY,
      server: "build-7",
      pipe: "dbg",
      password: PW,
    },
  ],
];

describe("every form of a server", () => {
  for (const [text, value] of SERVERS) {
    test(text, () => {
      assert.deepEqual(parseServer(text), { ok: true, value });
      assert.equal(format(value), text);
    });
  }
});

describe("every form of a client", () => {
  for (const [text, value] of CLIENTS) {
    test(text, () => {
      assert.deepEqual(parseClient(text), { ok: true, value });
      assert.equal(format(value), text);
    });
  }
});

test("the table has exactly the forms that WinDbg documents, besides our own keys", () => {
  const lines = (role: Role) =>
    GRAMMAR.filter((form) => form.role === role).map((form) => usage(form, { ours: false }));
  assert.deepEqual(lines("server"), [
    "tcp:port=P[:Q][,hidden][,password=W][,ipversion=6][,IcfEnable]",
    "tcp:port=P,clicon=H[,password=W][,ipversion=6]",
    "npipe:pipe=N[,hidden][,password=W][,IcfEnable]",
    "com:port=D,baud=B,channel=C[,hidden][,password=W]",
    "ssl:proto=X,{certuser=K|machuser=K},port=P[:Q][,hidden][,password=W]",
    "ssl:proto=X,{certuser=K|machuser=K},port=P,clicon=H[,password=W]",
    "spipe:proto=X,{certuser=K|machuser=K},pipe=N[,hidden][,password=W]",
  ]);
  assert.deepEqual(lines("client"), [
    "tcp:server=H,port=P[,password=W][,ipversion=6]",
    "tcp:clicon=H,port=P[:Q][,password=W][,ipversion=6]",
    "npipe:server=H,pipe=N[,password=W]",
    "com:port=D,baud=B,channel=C[,password=W]",
    "ssl:proto=X,{certuser=K|machuser=K},server=H,port=P[,password=W]",
    "ssl:proto=X,{certuser=K|machuser=K},clicon=H,port=P[:Q][,password=W]",
    "spipe:proto=X,{certuser=K|machuser=K},server=H,pipe=N[,password=W]",
  ]);
  const [tcpServer] = formsOf("server", "tcp");
  assert.ok(tcpServer !== undefined);
  assert.equal(
    usage(tcpServer),
    "tcp:port=P[:Q][,hidden][,password=W][,ipversion=6][,IcfEnable][,bind=ADDRESS]" +
      "[,access={view|control|full}][,maxclients=M][,insecure][,any-user]",
  );
});

test("the tables agree with themselves", () => {
  for (const role of ["server", "client"] as const) {
    for (const transport of Object.keys(TRANSPORTS) as Transport[]) {
      assert.equal(chooseForm(role, transport, []).reverse, false);
      assert.equal(
        chooseForm(role, transport, ["CliCon"]).reverse,
        transport === "tcp" || transport === "ssl",
      );
    }
  }
  for (const form of GRAMMAR) {
    const names = keyIds(form).map((id) => KEYS[id].name.toLowerCase());
    assert.equal(new Set(names).size, names.length, `a name means two things in ${usage(form)}`);
    for (const field of fieldsOf(form)) {
      const ids = keyIds(form).filter((id) => KEYS[id].field === field);
      // Only fields that may be absent have no default: else the address would lack a property.
      const isBoolean = ids.some((id) => isFlag(id) || id === "ipversion");
      assert.ok(!isBoolean || DEFAULTS[field] === false);
    }
  }
  for (const id of Object.keys(KEYS) as KeyId[]) {
    const { name, placeholder, summary, examples } = KEYS[id];
    assert.equal(placeholder === "", isFlag(id));
    assert.ok(summary.endsWith(".") && !summary.includes("\n"));
    for (const example of examples) assert.ok(example === name || example.startsWith(`${name}=`), example);
    assert.ok(
      GRAMMAR.some((form) => id in form.keys),
      `no form has ${id}`,
    );
  }
});
