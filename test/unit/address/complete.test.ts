import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { completionsAt } from "../../../src/address/complete.ts";
import type { Completion } from "../../../src/address/complete.ts";
import { format } from "../../../src/address/format.ts";
import { GRAMMAR, TRANSPORT_NAMES, formsOf, keyIds } from "../../../src/address/grammar.ts";
import { KEYS } from "../../../src/address/keys.ts";
import type { Role } from "../../../src/address/model.ts";
import { parseAddress } from "../../../src/address/parse.ts";
import { clientAddress, serverAddress } from "./arbitraries.ts";

const ROLES: readonly Role[] = ["server", "client"];

/** What is offered where `|` stands. */
function at(marked: string, role: Role): Completion[] {
  const offset = marked.indexOf("|");
  return completionsAt(marked.replace("|", ""), offset, role);
}

const inserts = (marked: string, role: Role) => at(marked, role).map(({ insertText }) => insertText);

function applied(text: string, { start, end, insertText }: Completion): string {
  return text.slice(0, start) + insertText + text.slice(end);
}

describe("transports", () => {
  test("are offered with their colon, or without if it is there, also before a key", () => {
    const names = ["tcp", "npipe", "com", "ssl", "spipe"];
    const withColon = names.map((name) => `${name}:`);
    for (const text of ["|", " |", "tc|", "|port=5"])
      assert.deepEqual(inserts(text, "server"), withColon, text);
    for (const text of ["|tcp:port=5", "tc|p:port=5", "|:"])
      assert.deepEqual(inserts(text, "client"), names, text);
    assert.deepEqual(
      at(" t|cp", "server").map(({ start, end }) => [start, end]),
      names.map(() => [1, 4]),
    );
  });

  test("come with the usage of their forms", () => {
    const [tcp] = at("|", "client");
    assert.equal(tcp?.kind, "transport");
    assert.equal(tcp.detail, "TCP/IP.");
    assert.match(tcp.documentation, /^tcp:server=H,port=P.*\ntcp:clicon=H,port=P\[:Q\]/);
  });
});

describe("keys", () => {
  test("are those of the form, what is needed first", () => {
    const rest = "hidden password= ipversion= IcfEnable bind= access= maxclients= insecure any-user".split(
      " ",
    );
    assert.deepEqual(inserts("tcp:|", "server"), ["port=", "clicon=", ...rest]);
    assert.deepEqual(inserts("tcp:port=5005, |", "server"), ["clicon=", ...rest]);
    assert.deepEqual(inserts("com:|", "client"), ["port=", "baud=", "channel=", "password=", "name="]);
  });

  const OFFERED: [string, Role, { has?: string[]; lacks?: string[] }][] = [
    // What is given, or excluded by what is given.
    ["ssl:certuser=a,|", "server", { has: ["proto=", "port="], lacks: ["certuser=", "machuser="] }],
    ["ssl:certuser=a,|", "client", { has: ["thumbprint="], lacks: ["machuser="] }],
    [
      "tcp:port=5005,password=x,|",
      "server",
      { has: ["hidden"], lacks: ["insecure", "any-user", "password="] },
    ],
    ["tcp:port=5005,insecure,|", "server", { has: ["hidden"], lacks: ["insecure", "password="] }],
    ["ssl:insecure,|", "server", { has: ["proto="], lacks: ["clientcert="] }],
    ["tcp:port=5005,any-user,|", "server", { has: ["insecure"], lacks: ["any-user", "password="] }],
    ["ssl:any-user,clicon=h,|", "server", { has: ["proto="], lacks: ["clientcert=", "password="] }],
    ["npipe:pipe=x,|", "server", { has: ["insecure"], lacks: ["any-user"] }],
    ["tcp:server=h,|", "client", { has: ["port="], lacks: ["any-user"] }],
    ["tcp:bind=127.0.0.1,|", "server", { has: ["port="], lacks: ["ipversion=", "clicon="] }],
    ["tcp:port=5005,ipversion=6,|", "server", { has: ["bind=", "clicon="] }],
    // Only one half-written: it counts as given.
    ["tcp:port=,|", "server", { lacks: ["port="] }],
    // Which form it can still become.
    ["tcp:port=5005,clicon=desk,|", "server", { has: ["access="], lacks: ["hidden", "bind=", "IcfEnable"] }],
    ["tcp:port=51:60,|", "server", { lacks: ["clicon="] }],
    ["tcp:port=5005,hidden,|", "server", { lacks: ["clicon="] }],
    ["tcp:server=desk,|", "client", { has: ["port="], lacks: ["clicon="] }],
    ["tcp:clicon=desk,|", "client", { has: ["port="], lacks: ["server="] }],
    ["npipe:|", "server", { lacks: ["clicon=", "bind="] }],
    // A mistake elsewhere hides nothing.
    ["tcp:prot=5,hidden,|", "server", { has: ["port=", "password="], lacks: ["hidden"] }],
    ["tcp:insecure,password=x,|", "server", { has: ["port=", "access="] }],
    // Keys and transports in any case.
    ["TCP:PORT=5005,|", "server", { has: ["hidden"], lacks: ["port="] }],
  ];
  for (const [marked, role, { has = [], lacks = [] }] of OFFERED) {
    test(`${marked} (${role})`, () => {
      const offered = inserts(marked, role);
      assert.ok(offered.length > 0);
      for (const each of has) assert.ok(offered.includes(each), `${each} in ${offered.join(" ")}`);
      for (const each of lacks) assert.ok(!offered.includes(each), `${each} in ${offered.join(" ")}`);
    });
  }

  test("that have a value keep it, and no flag takes their place", () => {
    const items = at("tcp:po|rt=5005,hidden", "server");
    assert.deepEqual(
      items.map(({ insertText }) => insertText),
      ["port", "password", "ipversion", "bind", "access", "maxclients"],
    );
    for (const { start, end } of items) assert.deepEqual([start, end], [4, 8]);
  });

  test("say how they are used and whose they are", () => {
    const [item] = at("tcp:port=1,acc|", "server").filter(({ label }) => label === "access");
    assert.deepEqual(item, {
      kind: "key",
      label: "access",
      insertText: "access=",
      start: 11,
      end: 14,
      detail: "access={view|control|full}",
      documentation: "What a guest may do; control if not given. WinDbg does not have it.",
    });
  });

  test("are offered for every key of every form", () => {
    for (const form of GRAMMAR) {
      const text = `${form.transport}:${form.reverse ? "clicon=desk," : ""}`;
      const offered = completionsAt(text, text.length, form.role).map(({ label }) => label);
      for (const id of keyIds(form)) {
        const { name } = KEYS[id];
        assert.equal(offered.includes(name), !(form.reverse && id === "clicon"), `${text} ${name}`);
      }
    }
  });
});

describe("values", () => {
  test("are the words of the key, else its examples without their placeholders", () => {
    assert.deepEqual(inserts("tcp:port=1,access=|", "server"), ["view", "control", "full"]);
    assert.deepEqual(inserts("ssl:proto=tls1.|", "client"), ["tls1", "tls1.2", "tls1.3"]);
    assert.deepEqual(inserts("tcp:port=|", "server"), ["5005", "51:60", "0"]);
    assert.deepEqual(inserts("tcp:port=|", "client"), ["5005"]);
    assert.deepEqual(inserts("tcp:port=1,password=|", "server"), ["env:", "file:"]);
    assert.deepEqual(inserts("ssl:clientcert=|", "server"), ["require"]);
    for (const text of ["ssl:certuser=|", "ssl:thumbprint=|", "tcp:clicon=|"]) {
      assert.deepEqual(inserts(text, "client"), [], text);
    }
  });

  test("take the place of the whole value", () => {
    for (const item of at("tcp:access= vi|ew ,port=1", "server")) {
      assert.deepEqual([item.start, item.end, item.kind], [12, 16, "value"]);
    }
  });

  test("are not offered where they would contradict the rest, or where there is nothing to say", () => {
    assert.deepEqual(inserts("tcp:bind=127.0.0.1,ipversion=|", "server"), []);
    assert.deepEqual(inserts("ssl:insecure,clientcert=|", "server"), []);
    for (const text of [
      "tcp:hidden=|",
      "tcp:nothing=|",
      'tcp:password="|',
      "udp:port=|",
      "tcp:port=1 |",
      "udp:|",
    ]) {
      assert.deepEqual(inserts(text, "server"), [], text);
    }
  });
});

/** An offset within a text and one behind it. */
const anywhere = fc.integer({ min: -2, max: 40 });

function assertInside(text: string, offset: number, role: Role): void {
  for (const { start, end, insertText, label } of completionsAt(text, offset, role)) {
    assert.ok(0 <= start && start <= end && end <= text.length, `${start}–${end} of ${JSON.stringify(text)}`);
    const place = Math.max(0, Math.min(offset, text.length));
    assert.ok(start <= place && place <= end);
    assert.ok(insertText.startsWith(label));
  }
}

test("no text and no offset makes it throw, and what is replaced is where the offset is", () => {
  const words = fc.constantFrom(
    ..."tcp ssl com port server pipe clicon hidden password insecure ipversion certuser machuser : = , : = ,".split(
      " ",
    ),
    ...' |\t|\n|"|5005|51:60|6|127.0.0.1|env:|\ud800|__proto__'.split("|"),
  );
  const half = fc.array(words, { maxLength: 14 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary" }), half),
      anywhere,
      fc.constantFrom(...ROLES),
      assertInside,
    ),
    { numRuns: 10_000 },
  );
});

/** In a valid string, or in one that is valid as far as it goes, no proposal makes anything before it wrong. */
function assertHarmless(text: string, offset: number, role: Role): void {
  for (const item of completionsAt(text, offset, role)) {
    const after = applied(text, item);
    const parsed = parseAddress(after, role);
    assert.ok(parsed.ok || parsed.start >= item.start, `${after}: ${JSON.stringify(parsed)}`);
  }
}

test("a proposal never makes wrong what stands before it", () => {
  fc.assert(
    fc.property(fc.oneof(serverAddress, clientAddress), fc.nat(), (address, seed) => {
      const text = format(address);
      const offset = seed % (text.length + 1);
      assertHarmless(text, offset, address.role);
      assertHarmless(text.slice(0, offset), offset, address.role);
      assertHarmless(`${text},`, text.length + 1, address.role);
    }),
    { numRuns: 5000 },
  );
});

test("nothing is offered that is given already", () => {
  fc.assert(
    fc.property(fc.oneof(serverAddress, clientAddress), (address) => {
      const text = `${format(address)},`;
      for (const item of completionsAt(text, text.length, address.role)) {
        const parsed = parseAddress(applied(text, item), address.role);
        assert.ok(
          parsed.ok || !/twice|exclude|contradict|cannot be used/.test(parsed.message),
          JSON.stringify(parsed),
        );
      }
    }),
    { numRuns: 2000 },
  );
});

test("every transport can be written by proposals alone, with examples where only the user knows the value", () => {
  for (const role of ROLES) {
    for (const transport of TRANSPORT_NAMES) {
      let text = `${transport}:`;
      while (!parseAddress(text, role).ok) {
        const [key] = completionsAt(text, text.length, role);
        assert.ok(key !== undefined, text);
        text = applied(text, key);
        const [value] = completionsAt(text, text.length, role);
        const id = formsOf(role, transport)
          .flatMap(keyIds)
          .find((each) => KEYS[each].name === key.label);
        assert.ok(id !== undefined);
        text =
          value === undefined
            ? text + KEYS[id].examples[0].slice(key.insertText.length)
            : applied(text, value);
        if (!parseAddress(text, role).ok) text += ",";
      }
      assert.ok(text.length > transport.length + 1);
    }
  }
});

describe("values that exist on this machine", () => {
  const existing = {
    certuser: [{ value: "devbox", detail: "valid" }],
    "tcp port": [{ value: "5007", detail: "served there" }],
  };
  const labels = (text: string, role: Role) =>
    completionsAt(text, text.length, role, existing).map(({ label, detail }) => [label, detail]);

  test("come in the place of examples, for the key and the transport that they are of", () => {
    assert.deepEqual(labels("tcp:server=h,port=", "client"), [["5007", "served there"]]);
    assert.deepEqual(labels("ssl:proto=tls1,certuser=", "server"), [["devbox", "valid"]]);
    assert.notDeepEqual(labels("ssl:server=h,port=", "client"), [["5007", "served there"]]);
    assert.equal(
      labels("tcp:port=", "server").some(([label]) => label === "5007"),
      false,
    );
  });
});
