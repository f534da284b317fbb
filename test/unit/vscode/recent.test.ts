import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ClientAddress } from "../../../src/address/model.ts";
import { parseClient } from "../../../src/address/parse.ts";
import { Recents } from "../../../src/vscode/recent.ts";

const SECRET = "zq7Kx, geheim";

/** What VS Code keeps in plain, and what it keeps encrypted. */
class Stores {
  readonly plain = new Map<string, unknown>();
  readonly encrypted = new Map<string, string>();
  readonly recents = new Recents(
    {
      get: <T>(key: string) => this.plain.get(key) as T,
      update: async (key: string, value: unknown) => void this.plain.set(key, structuredClone(value)),
    },
    {
      get: async (key) => this.encrypted.get(key),
      store: async (key, value) => void this.encrypted.set(key, value),
      delete: async (key) => void this.encrypted.delete(key),
    },
  );
}

function address(text: string): ClientAddress {
  const parsed = parseClient(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

describe("recently joined servers", () => {
  test("are listed the last one first, each once", async () => {
    const { recents } = new Stores();
    for (const text of ["tcp:server=a,port=1", "npipe:server=b,pipe=x", "TCP: port=1, server=a"])
      await recents.remember(address(text));
    assert.deepEqual(recents.list(), ["tcp:server=a,port=1", "npipe:server=b,pipe=x"]);
  });

  test("never hold a password in plain, wherever it stands in the string", async () => {
    for (const password of [SECRET, "*", "env:X", "a"]) {
      const { recents, plain, encrypted } = new Stores();
      const quoted = `"${password}"`;
      for (const text of [
        `tcp:server=h,port=5,password=${quoted}`,
        `tcp:password=${quoted},server=h,port=5`,
        `npipe:server=h,pipe=p,name=Ana,password=${quoted}`,
      ]) {
        const open = await recents.remember(address(text));
        assert.ok(!open.includes("assword"), open);
        assert.ok(!JSON.stringify([...plain]).includes(quoted.slice(1, -1)) || password === "a");
        assert.ok(!JSON.stringify([...plain]).includes("assword"));
        assert.ok(![...encrypted.keys()].join().includes("assword"));
        assert.deepEqual(await recents.withPassword(address(open)), address(text));
      }
    }
  });

  test("keep the place of a password, which is no secret", async () => {
    const { recents, encrypted } = new Stores();
    const text = "tcp:server=h,port=5,password=env:DEBUG_PASSWORD";
    assert.equal(await recents.remember(address(text)), text);
    assert.deepEqual(recents.list(), [text]);
    assert.equal(encrypted.size, 0);
  });

  test("use a password that is typed now, not the one of last time", async () => {
    const { recents } = new Stores();
    await recents.remember(address("tcp:server=h,port=5,password=old"));
    const typed = address("tcp:server=h,port=5,password=new");
    assert.equal(await recents.withPassword(typed), typed);
    await recents.remember(typed);
    assert.deepEqual(await recents.withPassword(address("tcp:server=h,port=5")), typed);
    assert.deepEqual(
      await recents.withPassword(address("tcp:server=h,port=6")),
      address("tcp:server=h,port=6"),
    );
  });

  test("are ten; who falls out or is removed leaves no password", async () => {
    const { recents, encrypted } = new Stores();
    for (let port = 1; port <= 12; port++)
      await recents.remember(address(`tcp:server=h,port=${port},password=${SECRET.slice(0, 5)}${port}`));
    assert.equal(recents.list().length, 10);
    assert.equal(recents.list()[0], "tcp:server=h,port=12");
    assert.equal(encrypted.size, 10);
    for (const text of recents.list()) await recents.forget(text);
    assert.deepEqual(recents.list(), []);
    assert.equal(encrypted.size, 0);
  });

  test("are none where the state is not ours", async () => {
    for (const state of [
      undefined,
      "tcp:server=h,port=5",
      { 0: "x" },
      [7, "tcp:", "tcp:server=h,port=5,password=x"],
    ]) {
      const { recents, plain } = new Stores();
      plain.set("recentJoins", state);
      assert.deepEqual(recents.list(), []);
    }
  });
});
