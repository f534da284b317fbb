import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseClient } from "../../../../src/address/parse.ts";
import { AppError } from "../../../../src/common/errors.ts";
import type { ServerEntry } from "../../../../src/host/registry.ts";
import {
  type JoinSources,
  choice,
  entryChoice,
  joinConfiguration,
  joinGroups,
} from "../../../../src/vscode/commands/joinItems.ts";

const NOTHING: JoinSources = { typed: "", clipboard: "", entries: [], recents: [], own: new Set() };

function entry(join: string, name = "Launch Program", type = "node"): ServerEntry {
  return { id: join, server: join, join, session: { name, type }, pid: 1, startedAt: "2026-11-25T02:00:00Z" };
}

function shown(sources: Partial<JoinSources>): Record<string, string[]> {
  const groups = joinGroups({ ...NOTHING, ...sources });
  return Object.fromEntries(groups.map(({ title, items }) => [title, items.map(({ label }) => label)]));
}

describe("what the quick pick of joining offers", () => {
  test("nothing is nothing", () => {
    assert.deepEqual(joinGroups(NOTHING), []);
  });

  test("what is typed, as soon as it is a connection string or a link", () => {
    assert.deepEqual(shown({ typed: "launch" }), {});
    assert.deepEqual(shown({ typed: " tcp: server=devbox, port=5005" }), {
      typed: ["$(plug) Join tcp:server=devbox,port=5005"],
    });
    assert.deepEqual(
      shown({ typed: "vscode://debug-server.debug-server/join?remote=tcp%3Aserver%3Dh%2Cport%3D5" }),
      { typed: ["$(plug) Join tcp:server=h,port=5"] },
    );
  });

  test("what is wrong with it, which cannot be chosen", () => {
    for (const [typed, icon] of [
      ["tcp:sever=h,port=5", "error"],
      ["tcp:server=h,", "info"],
      ["tcp:server=h,port=5,pasword=zq7Kx", "error"],
    ] as const) {
      const [group] = joinGroups({ ...NOTHING, typed });
      const [item] = group?.items ?? [];
      assert.ok(item !== undefined && item.join === undefined && item.alwaysShow);
      assert.ok(item.label.startsWith(`$(${icon}) `), item.label);
      assert.doesNotMatch(item.label, /zq7Kx/);
    }
  });

  test("a string that is whole stands alone; before that, the other rows stay where they are", () => {
    const sources = { clipboard: "tcp:server=h,port=5", entries: [entry("tcp:server=localhost,port=1")] };
    const others = {
      "in the clipboard": ["$(plug) tcp:server=h,port=5"],
      "on this machine": ["$(debug-alt) Launch Program"],
    };
    assert.deepEqual(shown({ ...sources, typed: "launch" }), others);
    const unfinished = Object.entries(shown({ ...sources, typed: "tcp:server=x," }));
    assert.deepEqual(unfinished.slice(0, 2), Object.entries(others));
    assert.deepEqual(
      unfinished.slice(2).map(([title]) => title),
      ["typed"],
    );
    assert.deepEqual(shown({ ...sources, typed: "tcp:server=x,port=5" }), {
      typed: ["$(plug) Join tcp:server=x,port=5"],
    });
  });

  test("a serial line is not joined at the server's own end", () => {
    assert.deepEqual(shown({ entries: [entry("com:port=/dev/ttyS0,baud=9600,channel=0")] }), {});
  });

  test("the clipboard, if it is one, without its password on the screen", () => {
    assert.deepEqual(shown({ clipboard: "  tcp:server=h,port=5\n" }), {
      "in the clipboard": ["$(plug) tcp:server=h,port=5"],
    });
    const [group] = joinGroups({ ...NOTHING, clipboard: "tcp:server=h,port=5,password=zq7Kx" });
    const [item] = group?.items ?? [];
    assert.equal(item?.label, "$(plug) tcp:server=h,port=5,Password=*");
    assert.deepEqual(item.join?.address.password, { kind: "literal", value: "zq7Kx" });
    for (const clipboard of ["hello", "tcp:port=5005", `tcp:server=${"h".repeat(2_000)},port=5`, "a\nb"])
      assert.deepEqual(shown({ clipboard }), {});
  });

  test("the servers of this machine by their sessions, and recent ones by their strings", () => {
    const groups = joinGroups({
      ...NOTHING,
      entries: [entry("tcp:server=localhost,port=1"), entry("npipe:server=localhost,pipe=x", "", "")],
      recents: ["tcp:server=devbox,port=5005"],
    });
    assert.deepEqual(
      groups.map(({ title, items }) => [title, items.map(({ label, detail }) => [label, detail])]),
      [
        [
          "on this machine",
          [
            ["$(debug-alt) Launch Program", "tcp:server=localhost,port=1"],
            ["$(debug-alt) Debug session", "npipe:server=localhost,pipe=x"],
          ],
        ],
        ["recently joined", [["$(plug) tcp:server=devbox,port=5005", undefined]]],
      ],
    );
    assert.deepEqual(
      groups.map(({ items }) => items[0]?.recent),
      [undefined, "tcp:server=devbox,port=5005"],
    );
  });

  test("each server once, and not this window's own", () => {
    const one = "tcp:server=localhost,port=1";
    const two = "tcp:server=localhost,port=2";
    const sources = { clipboard: two, entries: [entry(one), entry(two)], recents: [one, two] };
    assert.deepEqual(shown(sources), {
      "in the clipboard": [`$(plug) ${two}`],
      "on this machine": ["$(debug-alt) Launch Program"],
    });
    assert.deepEqual(shown({ ...sources, own: new Set([one, two]) }), {});
  });

  test("a session is named by its host, who puts no icons here", () => {
    const [group] = joinGroups({
      ...NOTHING,
      entries: [entry("tcp:server=h,port=1", "$(verified) ok", "$(x)")],
    });
    assert.equal(group?.items[0]?.label, "$(debug-alt) $ (verified) ok");
    assert.equal(group.items[0].description, "$ (x)");
  });

  test("what a newer version has registered is left out", () => {
    assert.equal(entryChoice(entry("quic:server=h,port=1")), undefined);
    assert.deepEqual(shown({ entries: [entry("quic:server=h,port=1")] }), {});
  });
});

describe("the configuration of a join", () => {
  function address(text: string) {
    const parsed = parseClient(text);
    assert.ok(parsed.ok, text);
    return parsed.value;
  }

  test("holds no password", () => {
    const wanted = choice(address("tcp:server=h,port=5,password=zq7Kx"));
    assert.deepEqual(joinConfiguration(wanted), {
      type: "debug-server",
      request: "attach",
      name: "tcp:server=h,port=5,Password=*",
      remote: "tcp:server=h,port=5",
    });
  });

  for (const text of [
    "tcp:server=h,port=5,name=${env:SECRET}",
    'tcp:server=h,port=5,name="a ${command:workbench.action.quit}"',
    "npipe:server=h,pipe=${env:SECRET}",
    "tcp:server=h,port=5,password=env:${env:SECRET}",
  ]) {
    test(`nothing is filled in: ${text}`, () => {
      const configuration = joinConfiguration(choice(address(text)));
      assert.ok(configuration instanceof AppError);
      assert.equal(configuration.code, "address");
    });
  }

  test("nor in a name that its host has given it, or a server on the network", () => {
    for (const name of ["${env:SECRET}", "$${command:x}", "$\u200b{env:SECRET}", "$(x)${env:SECRET}"]) {
      const configuration = joinConfiguration({ address: address("tcp:server=h,port=5"), name });
      assert.doesNotMatch(JSON.stringify(configuration), /\$\{/);
    }
  });
});
