import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { type TestContext, describe, test } from "node:test";
import { once } from "node:events";
import { AppError } from "../../../src/common/errors.ts";
import { type Registration, Registry } from "../../../src/host/registry.ts";
import { withDeadline } from "../../support/process.ts";

const ENTRY = {
  server: "tcp:port=53:60,Password=*",
  join: "tcp:server=localhost,port=53",
  session: { name: "a", type: "" },
};

function directory(t: TestContext): string {
  const made = mkdtempSync(path.join(os.tmpdir(), "dsr-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

describe("the registry of servers", () => {
  test("nothing is there, and looking makes nothing", async (t) => {
    const root = directory(t);
    assert.deepEqual(await new Registry(root).list(), []);
    assert.deepEqual(readdirSync(root), []);
  });

  test("an entry is listed from its start to its end", async (t) => {
    const root = directory(t);
    const registry = new Registry(root);
    const before = new Date().toISOString();
    const registration = await registry.add(ENTRY);
    const [entry] = await new Registry(root).list();
    assert.ok(entry !== undefined);
    const { id, startedAt, ...rest } = entry;
    assert.deepEqual(rest, { ...ENTRY, pid: process.pid });
    assert.equal(id, registration.id);
    assert.ok(startedAt >= before && startedAt <= new Date().toISOString());
    registration.dispose();
    registration.dispose();
    assert.deepEqual(await registry.list(), []);
    assert.deepEqual(readdirSync(path.join(root, "servers")), []);
  });

  test("only its owner can read it", async (t) => {
    const root = directory(t);
    const registration = await new Registry(root).add(ENTRY);
    t.after(() => registration.dispose());
    assert.equal(statSync(path.join(root, "servers")).mode & 0o777, 0o700);
    assert.equal(statSync(path.join(root, "servers", `${registration.id}.json`)).mode & 0o777, 0o600);
  });

  test("the session's name and type may come later, but not after the end", async (t) => {
    const root = directory(t);
    const registry = new Registry(root);
    const registration = await registry.add(ENTRY);
    registration.update({ name: "a", type: "python" });
    assert.deepEqual((await registry.list())[0]?.session, { name: "a", type: "python" });
    registration.dispose();
    registration.update({ name: "a", type: "node" });
    assert.deepEqual(readdirSync(path.join(root, "servers")), []);
  });

  test("in the order of their start", async (t) => {
    const registry = new Registry(directory(t));
    const made: Registration[] = [];
    for (const server of ["tcp:port=1", "tcp:port=2", "tcp:port=3"]) {
      made.push(await registry.add({ ...ENTRY, server }));
      // Times are in milliseconds.
      for (const now = Date.now(); Date.now() === now;);
    }
    t.after(() => made.forEach((registration) => registration.dispose()));
    assert.deepEqual(
      (await registry.list()).map(({ server }) => server),
      ["tcp:port=1", "tcp:port=2", "tcp:port=3"],
    );
  });

  test("a living process id alone is no proof: the entry of a dead server is removed", async (t) => {
    const root = directory(t);
    const registry = new Registry(root);
    const registration = await registry.add(ENTRY);
    const servers = path.join(root, "servers");
    const text = readFileSync(path.join(servers, `${registration.id}.json`), "utf8");
    registration.dispose();
    // As after a crash whose process id was given to somebody else: to us.
    writeFileSync(path.join(servers, `${registration.id}.json`), text);
    assert.deepEqual(await registry.list(), []);
    assert.deepEqual(readdirSync(servers), []);
  });

  test("broken files of the dead are removed, those of the living left alone", async (t) => {
    const root = directory(t);
    const registry = new Registry(root);
    const registration = await registry.add(ENTRY);
    const servers = path.join(root, "servers");
    const own = path.join(servers, `${registration.id}.json`);
    for (const text of [
      "",
      "{ half",
      "[]",
      '{"id":"x"}',
      '{"id":1,"server":"s","join":"j","pid":1,"startedAt":"","session":{"name":"n","type":"t"}}',
    ]) {
      writeFileSync(own, text);
      writeFileSync(path.join(servers, "00000000.json"), text);
      assert.deepEqual(await registry.list(), []);
      assert.ok(existsSync(own));
      assert.ok(!existsSync(path.join(servers, "00000000.json")));
    }
    registration.dispose();
  });

  test("what a process left that died half-way is swept up, when it is old enough not to be under way", async (t) => {
    const root = directory(t);
    const registry = new Registry(root);
    (await registry.add(ENTRY)).dispose();
    const servers = path.join(root, "servers");
    const old = path.join(servers, "11111111.tmp");
    const fresh = path.join(servers, "22222222.tmp");
    const foreign = path.join(servers, "README");
    for (const file of [old, fresh, foreign]) writeFileSync(file, "");
    utimesSync(old, new Date(0), new Date(0));
    utimesSync(foreign, new Date(0), new Date(0));
    await registry.list();
    assert.deepEqual(readdirSync(servers).sort(), ["22222222.tmp", "README"]);
  });

  test("a directory that others can enter is neither written nor believed", async (t) => {
    const root = directory(t);
    const registry = new Registry(root);
    const registration = await registry.add(ENTRY);
    t.after(() => registration.dispose());
    chmodSync(path.join(root, "servers"), 0o755);
    assert.deepEqual(await registry.list(), []);
    await assert.rejects(
      registry.add(ENTRY),
      (error) => error instanceof AppError && error.code === "notAllowed",
    );
  });

  test("a server that is busy is not dead", async (t) => {
    const root = directory(t);
    const registry = new Registry(root);
    const registration = await registry.add(ENTRY);
    const servers = path.join(root, "servers");
    const text = readFileSync(path.join(servers, `${registration.id}.json`), "utf8");
    registration.dispose();
    // Takes connections and never answers one.
    const silent = createServer(() => {}).listen(path.join(servers, `${registration.id}.alive`));
    await once(silent, "listening");
    t.after(() => silent.close());
    writeFileSync(path.join(servers, `${registration.id}.json`), text);
    assert.equal((await registry.list()).length, 1);
  });
});

describe("whoever watches the registry", () => {
  /** `next` resolves when something was told since it was last asked. */
  function watching(t: TestContext, root: string) {
    let told = 0;
    let seen = 0;
    let wake = () => {};
    const watch = new Registry(root).watch(() => {
      told++;
      wake();
    });
    t.after(() => watch.dispose());
    return {
      watch,
      told: () => told,
      next: async (): Promise<void> => {
        if (told === seen) await withDeadline(new Promise<void>((resolve) => (wake = resolve)), "a change");
        seen = told;
      },
    };
  }

  /** Looks at each change, until there are so many servers. */
  async function until(count: number, root: string, next: () => Promise<void>): Promise<void> {
    const registry = new Registry(root);
    while ((await registry.list()).length !== count) await next();
  }

  test("is told of servers that enter and leave, the first one too", async (t) => {
    const root = directory(t);
    const { next } = watching(t, root);
    await next();
    const registration = await new Registry(root).add(ENTRY);
    t.after(() => registration.dispose());
    await until(1, root, next);
    registration.dispose();
    await until(0, root, next);
  });

  test("is told nothing any more when they have enough, even at once", async (t) => {
    const root = directory(t);
    const early = watching(t, root);
    early.watch.dispose();
    const late = watching(t, root);
    await late.next();
    late.watch.dispose();
    const told = late.told();
    const other = watching(t, root);
    await other.next();
    const registration = await new Registry(root).add(ENTRY);
    t.after(() => registration.dispose());
    await until(1, root, other.next);
    assert.equal(late.told(), told);
    assert.equal(early.told(), 0);
  });

  test("is told nothing of a place that is not private", async (t) => {
    const root = directory(t);
    (await new Registry(root).add(ENTRY)).dispose();
    chmodSync(path.join(root, "servers"), 0o755);
    const { told } = watching(t, root);
    await new Registry(root).list();
    await assert.rejects(new Registry(root).add(ENTRY));
    assert.equal(told(), 0);
  });
});
