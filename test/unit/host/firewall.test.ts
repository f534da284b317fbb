import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { parseServer } from "../../../src/address/parse.ts";
import type { ServerAddress } from "../../../src/address/model.ts";
import { AppError } from "../../../src/common/errors.ts";
import type { Firewall } from "../../../src/host/firewall/firewall.ts";
import { firewallsOf } from "../../../src/host/firewall/firewalls.ts";
import { firewalld } from "../../../src/host/firewall/firewalld.ts";
import { isOn, macos } from "../../../src/host/firewall/macos.ts";
import { addArguments, netshDeleteArguments, netsh } from "../../../src/host/firewall/netsh.ts";
import { insertArguments } from "../../../src/host/firewall/nftables.ts";
import { chainsThatDrop, readRuleset, rulesNamed } from "../../../src/host/firewall/nftRuleset.ts";
import { openFirewall, sweepFirewall } from "../../../src/host/firewall/opening.ts";
import { isRule, pipeRule, tcpRule } from "../../../src/host/firewall/rule.ts";
import { addedRules, ufw } from "../../../src/host/firewall/ufw.ts";

const RULE = tcpRule(5005, 1234);
const NAME = "Debug Server: tcp port 5005, pid 1234";
const windows = process.platform === "win32" ? "the tools are shell scripts" : false;

let directory = "";
const PATH = process.env["PATH"];
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "dsf-"));
});
afterEach(() => {
  process.env["PATH"] = PATH;
  rmSync(directory, { recursive: true, force: true });
});

/** A stand-in for a tool that is not here: it writes down its arguments and answers as the script says. */
function tool(name: string, script: string): () => string[][] {
  const log = path.join(directory, `${name}.log`);
  const bin = path.join(directory, "bin");
  mkdirSync(bin, { recursive: true });
  const file = path.join(bin, name);
  const record = `for a in "$@"; do printf '%s\\037' "$a" >>'${log}'; done; echo >>'${log}'`;
  writeFileSync(file, `#!/bin/sh\n${record}\n${script}\n`);
  chmodSync(file, 0o755);
  process.env["PATH"] = `${bin}:${PATH}`;
  return () =>
    readFileSync(log, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split("\u001f").slice(0, -1));
}

function address(text: string): ServerAddress {
  const parsed = parseServer(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}

describe("rules", () => {
  test("name the server and the process, in letters that need no quoting", () => {
    assert.equal(RULE.name, NAME);
    const odd = pipeRule(`my"pipe;$(x)`, 7);
    assert.deepEqual([odd.name, odd.port], ["Debug Server: pipe my_pipe___x_, pid 7", 445]);
    for (const rule of [RULE, odd, JSON.parse(JSON.stringify(odd))]) assert.ok(isRule(rule));
    const wrong = [
      null,
      "x",
      {},
      { ...RULE, name: `${NAME}" accept` },
      { ...RULE, port: 0 },
      { ...RULE, pid: "1" },
    ];
    for (const value of wrong) assert.equal(isRule(value), false);
  });
});

describe("firewalld", { skip: windows }, () => {
  const rule = `rule port port="5005" protocol="tcp" log prefix="${NAME}" level="debug" limit value="1/m" accept`;

  test("is in force when it says that it runs; rules are those of the running one", async () => {
    const calls = tool("firewall-cmd", `case "$1" in --state) echo running;; *) echo success;; esac`);
    assert.equal(await firewalld.isInForce(), true);
    await firewalld.open(RULE);
    await firewalld.close(RULE);
    assert.deepEqual(calls(), [["--state"], [`--add-rich-rule=${rule}`], [`--remove-rich-rule=${rule}`]]);
    assert.equal(firewalld.command(RULE), `sudo firewall-cmd '--add-rich-rule=${rule}'`);
  });

  test("is not when it does not run, or is not there", async () => {
    tool("firewall-cmd", "echo not running; exit 252");
    assert.equal(await firewalld.isInForce(), false);
    process.env["PATH"] = directory;
    assert.equal(await firewalld.isInForce(), false);
  });

  test("that refuses is said to be not for this user", async () => {
    tool("firewall-cmd", "echo 'Authorization failed.' >&2; exit 253");
    await assert.rejects(firewalld.open(RULE), { code: "notAllowed" });
    tool("firewall-cmd", "echo 'ZONE_CONFLICT' >&2; exit 1");
    await assert.rejects(firewalld.open(RULE), { code: "notAvailable", message: /ZONE_CONFLICT/ });
  });
});

describe("ufw", { skip: windows }, () => {
  test("is in force where its configuration says so", async () => {
    const file = path.join(directory, "ufw.conf");
    assert.equal(await ufw(file).isInForce(), false);
    writeFileSync(file, "# ENABLED=yes\nENABLED=no\n");
    assert.equal(await ufw(file).isInForce(), false);
    writeFileSync(file, "# Set to yes to start on boot\nENABLED=yes\nLOGLEVEL=low\n");
    assert.equal(await ufw(file).isInForce(), true);
  });

  test("opens before all other rules, and closes only what it has opened", async () => {
    const calls = tool("ufw", `[ "$1" = show ] && cat '${directory}/added'`);
    const added = path.join(directory, "added");
    const firewall = ufw();
    const open = ["prepend", "allow", "5005/tcp", "comment", NAME];
    const remove = ["delete", "allow", "5005/tcp"];

    writeFileSync(added, "Added user rules:\nufw allow 22/tcp\n");
    tool("ufw", `[ "$1" != show ] || cat '${added}'`);
    await firewall.open(RULE);
    writeFileSync(added, `Added user rules:\nufw allow 5005/tcp comment '${NAME}'\nufw allow 22/tcp\n`);
    await firewall.close(RULE);
    writeFileSync(added, "Added user rules:\nufw allow 5005/tcp comment 'mine'\n");
    await firewall.open(RULE);
    await firewall.close(RULE);
    const changes = calls().filter(([first]) => first !== "show");
    assert.deepEqual(changes, [open, remove]);
    assert.equal(firewall.command(RULE), `sudo ufw prepend allow 5005/tcp comment '${NAME}'`);
  });

  test("forgets with the machine's restart nothing: what has no process is removed by the next", async () => {
    const added = path.join(directory, "added");
    const calls = tool("ufw", `[ "$1" != show ] || cat '${added}'`);
    const gone = tcpRule(7000, 2 ** 22 + 1);
    const own = tcpRule(7001, process.pid);
    writeFileSync(
      added,
      [gone, own].map(({ port, name }) => `ufw allow ${port}/tcp comment '${name}'\n`).join(""),
    );
    await ufw().open(RULE);
    assert.deepEqual(
      calls().filter(([first]) => first !== "show"),
      [
        ["delete", "allow", "7000/tcp"],
        ["prepend", "allow", "5005/tcp", "comment", NAME],
      ],
    );
  });

  test("its list is read", () => {
    const shown = `Added user rules (see 'ufw status' for running firewall):
ufw allow 22
ufw allow 80/tcp
ufw deny 5005/tcp
ufw allow 5006/tcp comment 'web'
ufw allow 5005/tcp comment '${NAME}'`;
    assert.deepEqual(addedRules(shown), [
      { port: 80, pid: undefined },
      { port: 5006, pid: undefined },
      { port: 5005, pid: 1234 },
    ]);
  });
});

describe("Windows and macOS, as far as their command lines go", () => {
  test("netsh gets one argument for a name with spaces; a person gets quotation marks", async (t) => {
    const head = ["advfirewall", "firewall"];
    const tail = ["protocol=TCP", "localport=5005"];
    assert.deepEqual(addArguments(RULE), [
      ...head,
      "add",
      "rule",
      `name=${NAME}`,
      "dir=in",
      "action=allow",
      ...tail,
    ]);
    assert.deepEqual(netshDeleteArguments(RULE), [
      ...head,
      "delete",
      "rule",
      `name=${NAME}`,
      "dir=in",
      ...tail,
    ]);
    assert.equal(
      netsh.command(RULE),
      `netsh advfirewall firewall add rule name="${NAME}" dir=in action=allow protocol=TCP localport=5005`,
    );
    if (windows !== false) return t.skip(windows);
    const calls = tool("netsh", `case "$*" in *"show rule"*) echo "Rule Name: ${NAME}";; esac`);
    assert.equal(await netsh.isInForce(), true);
    await netsh.open(RULE);
    await netsh.close(RULE);
    await netsh.close(tcpRule(6000, 1));
    assert.deepEqual(
      calls().map((args) => args.slice(0, 4).join(" ")),
      [
        "advfirewall show currentprofile state",
        "advfirewall firewall add rule",
        "advfirewall firewall show rule",
        "advfirewall firewall delete rule",
        "advfirewall firewall show rule",
      ],
    );
  });

  test("macOS' firewall of programs is left to a person", async () => {
    assert.equal(isOn("Firewall is enabled. (State = 1)"), true);
    assert.equal(isOn("Firewall is disabled. (State = 0)"), false);
    await assert.rejects(macos.open(RULE), { code: "notSupported" });
    assert.match(macos.command(RULE), /^sudo \S+socketfilterfw --unblockapp /);
  });

  test("each system has its own", () => {
    const names = (platform: NodeJS.Platform) => firewallsOf(platform).map(({ name }) => name);
    assert.deepEqual(names("linux"), ["firewalld", "ufw", "nftables"]);
    assert.deepEqual([names("win32").length, names("darwin").length, names("freebsd").length], [1, 1, 0]);
  });
});

describe("nftables' ruleset", () => {
  const chain = (name: string, more: object = {}, table = "t", family = "inet") => ({
    chain: { family, table, name, handle: 1, ...more },
  });
  const base = (name: string, policy: string, more: object = {}) =>
    chain(name, { type: "filter", hook: "input", prio: 0, policy, ...more });
  const rule = (name: string, ...expr: object[]) => ({
    rule: { family: "inet", table: "t", chain: name, handle: 9, comment: `of ${name}`, expr },
  });
  const found = (...items: object[]) =>
    chainsThatDrop(readRuleset(JSON.stringify({ nftables: [{ metainfo: {} }, ...items] }))).map(
      ({ name }) => name,
    );
  const condition = { match: { op: "==", left: { meta: { key: "iif" } }, right: "lo" } };
  const isTcp = { match: { op: "==", left: { meta: { key: "l4proto" } }, right: "tcp" } };

  test("chains that drop by their policy or their last word", () => {
    assert.deepEqual(found(base("a", "drop"), base("b", "accept")), ["a"]);
    assert.deepEqual(found(base("a", "accept"), rule("a", condition, { drop: null })), []);
    assert.deepEqual(found(base("a", "accept"), rule("a", { counter: {} }, { drop: null })), ["a"]);
    assert.deepEqual(found(base("a", "accept"), rule("a", isTcp, { reject: { type: "tcp reset" } })), ["a"]);
    assert.deepEqual(found(base("a", "accept"), rule("a", { xt: { type: "target", name: "REJECT" } })), [
      "a",
    ]);
    assert.deepEqual(found(base("a", "drop"), rule("a", { log: null }, { accept: null })), []);
  });

  test("jumps are followed, also those that lead in a circle", () => {
    const jump = (target: string) => ({ jump: { target } });
    const goto = (target: string) => ({ goto: { target } });
    const drops = rule("c", { drop: null });
    assert.deepEqual(found(base("a", "accept"), chain("c"), rule("a", jump("c")), drops), ["a"]);
    assert.deepEqual(found(base("a", "accept"), chain("c"), rule("a", condition, jump("c")), drops), []);
    assert.deepEqual(
      found(base("a", "drop"), chain("c"), rule("a", goto("c")), rule("a", { accept: null })),
      ["a"],
    );
    assert.deepEqual(
      found(base("a", "drop"), chain("c"), rule("a", jump("c")), rule("c", { return: null })),
      ["a"],
    );
    assert.deepEqual(found(base("a", "accept"), chain("c"), rule("a", jump("c")), rule("c", jump("a"))), []);
  });

  test("other hooks, kinds and families are not asked", () => {
    assert.deepEqual(found(base("o", "drop", { hook: "output" }), base("n", "drop", { type: "nat" })), []);
    assert.deepEqual(found(chain("b", { type: "filter", hook: "input", policy: "drop" }, "t", "bridge")), []);
  });

  test("what is none is an error; what is unknown in it is passed over", () => {
    for (const text of ["", "{}", "[]", "nft: what?"]) assert.throws(() => readRuleset(text), AppError);
    assert.deepEqual(found({ chain: 3 }, { rule: { family: "inet" } }, { future: {} }), []);
  });

  test("rules are found by their name, and put in as one sentence of nft's", () => {
    const ruleset = readRuleset(JSON.stringify({ nftables: [rule("a"), rule("b")] }));
    assert.deepEqual(rulesNamed(ruleset, "of b"), [{ family: "inet", table: "t", chain: "b", handle: 9 }]);
    assert.equal(
      insertArguments(RULE, { family: "ip", table: "filter", name: "INPUT" }).join(" "),
      `insert rule ip filter INPUT tcp dport 5005 accept comment "${NAME}"`,
    );
  });
});

describe("IcfEnable", { skip: windows }, () => {
  /** Keeps a list instead of a firewall. */
  function listed(more: Partial<Firewall> = {}): Firewall & { readonly rules: Set<string> } {
    const rules = new Set<string>();
    return {
      name: "listed",
      rules,
      isInForce: () => Promise.resolve(true),
      open: async ({ name }) => void (await Promise.resolve(rules.add(name))),
      close: async ({ name }) => void (await Promise.resolve(rules.delete(name))),
      command: ({ port }) => `open ${port}`,
      ...more,
    };
  }
  const records = () =>
    readdirSync(path.join(directory, "firewall")).filter((name) => name.endsWith(".json"));
  const SERVER = address("tcp:port=5005,password=Sesame7,IcfEnable");

  test("opens the port in use, and closes it once", async () => {
    const firewall = listed();
    const opening = await openFirewall(SERVER, { firewalls: [firewall], directory });
    assert.equal(opening.problem, undefined);
    assert.deepEqual([...firewall.rules], [tcpRule(5005, process.pid).name]);
    assert.equal(records().length, 1);
    await sweepFirewall({ firewalls: [firewall], directory });
    assert.equal(firewall.rules.size, 1);
    await Promise.all([opening.close(), opening.close()]);
    assert.deepEqual([firewall.rules.size, records()], [0, []]);
  });

  test("asks no firewall for what is not asked for, or cannot be reached from elsewhere", async () => {
    const isInForce = () => assert.fail("asked");
    for (const text of [
      "tcp:port=5005,password=Sesame7",
      "tcp:port=5005,IcfEnable",
      "npipe:pipe=p,IcfEnable",
    ]) {
      const opening = await openFirewall(address(text), { firewalls: [listed({ isInForce })], directory });
      assert.equal(opening.problem, undefined);
    }
  });

  test("takes the first that is in force", async () => {
    const off = listed({ isInForce: () => Promise.resolve(false) });
    const [first, second] = [listed(), listed()];
    const opening = await openFirewall(SERVER, { firewalls: [off, first, second], directory });
    assert.deepEqual([off.rules.size, first.rules.size, second.rules.size], [0, 1, 0]);
    await opening.close();
  });

  test("in vain is a problem with what to run, and leaves nothing", async () => {
    const open = () => Promise.reject(new AppError("notAllowed", "nft has failed: Operation not permitted"));
    const { problem } = await openFirewall(SERVER, { firewalls: [listed({ open })], directory });
    assert.equal(problem?.code, "notAllowed");
    assert.match(problem?.hint ?? "", /run: open 5005$/);
    assert.deepEqual(records(), []);
  });

  test("a rule that cannot be closed is tried again later; a record that is none is removed", async () => {
    const folder = path.join(directory, "firewall");
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(path.join(folder, "0000aaaa.json"), JSON.stringify({ firewall: "listed", rule: RULE }));
    writeFileSync(
      path.join(folder, "0000bbbb.json"),
      JSON.stringify({ firewall: "listed", rule: { port: "; rm" } }),
    );
    const failing = listed({ close: () => Promise.reject(new AppError("notAllowed", "no")) });
    await sweepFirewall({ firewalls: [failing], directory });
    assert.deepEqual(records(), ["0000aaaa.json"]);
    const firewall = listed();
    firewall.rules.add(NAME);
    chmodSync(folder, 0o777);
    await sweepFirewall({ firewalls: [firewall], directory });
    assert.equal(firewall.rules.size, 1);
    chmodSync(folder, 0o700);
    await sweepFirewall({ firewalls: [firewall], directory });
    assert.deepEqual([firewall.rules.size, records()], [0, []]);
  });
});
