import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { type TestContext, describe, test } from "node:test";
import type { Access } from "../../src/common/access.ts";
import { AppError } from "../../src/common/errors.ts";
import { LIMITS } from "../../src/common/limits.ts";
import { DiskSources } from "../../src/host/sourceReader.ts";
import type { GuestLink } from "../../src/link/guestLink.ts";
import { LINK_LIMITS } from "../../src/link/limits.ts";
import { joinLinked } from "../support/linked.ts";
import { serveUpstream } from "../support/served.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";

/** A host with real files, an adapter that names what the test wants, and a guest over the real link. */
interface Scene {
  /** With a project in its folder `root`. */
  readonly directory: string;
  readonly link: GuestLink;
  /** Writes a file, and returns its path. */
  readonly write: (name: string, content: string | Buffer) => string;
  /** The adapter names it of itself. */
  readonly name: (file: string) => void;
  /** The file's content as the guest gets it, or the code of the refusal. */
  readonly read: (file: string) => Promise<string>;
}

async function scene(t: TestContext, access: Access = "view"): Promise<Scene> {
  const directory = realpathSync(mkdtempSync(path.join(os.tmpdir(), "dsf-")));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  // Others may look into it, so that what they cannot read is so by its own mode.
  chmodSync(directory, 0o755);
  const root = path.join(directory, "root");
  mkdirSync(root);
  const upstream = new FakeUpstream();
  const served = await serveUpstream(upstream, {
    access,
    sources: new DiskSources(() => [root]),
    start: { request: "launch", configuration: {}, adapterID: "fake" },
  });
  upstream.endAtDisconnect();
  t.after(() => served.close());
  const joined = await joinLinked(`tcp:server=127.0.0.1,port=${served.port}`, "Ana");
  const { link } = joined;
  t.after(() => link.close());
  const { id: session } = await joined.findSession();
  return {
    directory,
    link,
    write(name, content) {
      const file = path.join(directory, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    name: (file) => upstream.emit("loadedSource", { reason: "new", source: { path: file } }),
    async read(file) {
      // Both ways agree: what is not described is not read either.
      const described = await codeOf(link.request("describeSource", { session, path: file }));
      const got = await codeOf(link.request("readSource", { session, path: file, offset: 0 }));
      if (typeof got === "string" || typeof described === "string") {
        assert.equal(got, described);
        return String(got);
      }
      return Buffer.from(got.data, "base64").toString("utf8");
    },
  };
}

async function codeOf<T>(answer: Promise<T>): Promise<T | string> {
  try {
    return await answer;
  } catch (thrown) {
    assert.ok(thrown instanceof AppError);
    // Nothing of the machine is in the words of a refusal.
    assert.doesNotMatch(thrown.toLine(), /\/|EACCES|ENOENT|ELOOP|permission/);
    return thrown.code;
  }
}

const hashOf = (content: string) => createHash("sha256").update(content).digest("hex");

describe("of the host's files a guest reads what the adapter has named, by that very name", () => {
  test("and nothing beside it", async (t) => {
    const { directory, write, name, read } = await scene(t);
    const file = write("root/src/a.js", "a");
    write("root/src/b.js", "b");
    write("secret.txt", "s");
    name(file);
    assert.equal(await read(file), "a");
    for (const other of [
      `${directory}/root/src/b.js`,
      `${directory}/root/src/../src/a.js`,
      `${directory}/root/src/../../secret.txt`,
      `${file}/../b.js`,
      `${file}/`,
      `${directory}/root//src/a.js`,
      `/proc/self/cwd/package.json`,
      `/proc/self/root${file}`,
      "root/src/a.js",
      `file://${file}`,
      `\\\\localhost\\share\\a.js`,
      "/etc/passwd",
      "/etc/no-such-file",
    ])
      assert.equal(await read(other), "notAllowed", other);
  });

  test("with the dots and links that the adapter has put into it", async (t) => {
    const { directory, write, name, read } = await scene(t);
    write("root/src/a.js", "a");
    const dotted = `${directory}/root/x/../src/a.js`;
    mkdirSync(`${directory}/root/x`);
    name(dotted);
    assert.equal(await read(dotted), "a");
    assert.equal(await read(`${directory}/root/src/a.js`), "notAllowed");
  });

  test("in the letters that the adapter has written", async (t) => {
    const { directory, write, name, read } = await scene(t);
    const composed = write("root/caf\u00e9.js", "one");
    const decomposed = `${directory}/root/cafe\u0301.js`;
    name(composed);
    assert.equal(await read(composed), "one");
    assert.equal(await read(decomposed), "notAllowed");
    assert.equal(await read(composed.toUpperCase()), "notAllowed");
    assert.equal(await read(`${directory}/ROOT/caf\u00e9.js`), "notAllowed");
  });
});

describe("a link among the host's files", () => {
  test("is followed where the adapter has named it; what it leads to has no name by that", async (t) => {
    const { directory, write, name, read } = await scene(t);
    const target = write("elsewhere/a.js", "a");
    symlinkSync(target, `${directory}/root/file.js`);
    symlinkSync(`${directory}/elsewhere`, `${directory}/root/folder`);
    for (const file of [`${directory}/root/file.js`, `${directory}/root/folder/a.js`]) {
      assert.equal(await read(file), "notAllowed");
      name(file);
      assert.equal(await read(file), "a");
    }
    assert.equal(await read(target), "notAllowed");
    write("elsewhere/b.js", "b");
    assert.equal(await read(`${directory}/root/folder/b.js`), "notAllowed");
  });

  test("in a circle, or into nothing, is no file", async (t) => {
    const { directory, name, read } = await scene(t);
    symlinkSync(`${directory}/root/b.js`, `${directory}/root/a.js`);
    symlinkSync(`${directory}/root/a.js`, `${directory}/root/b.js`);
    symlinkSync(`${directory}/none`, `${directory}/root/c.js`);
    for (const letter of ["a", "b", "c"]) {
      name(`${directory}/root/${letter}.js`);
      assert.equal(await read(`${directory}/root/${letter}.js`), "notAvailable");
    }
  });

  test("that takes a named file's place is subject to the same rules as a file", async (t) => {
    const { directory, write, name, read } = await scene(t);
    const file = write("root/a.js", "a");
    name(file);
    assert.equal(await read(file), "a");
    const swap = (target: string) => {
      symlinkSync(target, `${file}.new`);
      renameSync(`${file}.new`, file);
    };
    execFileSync("mkfifo", [`${directory}/pipe`]);
    for (const target of [
      `${directory}/pipe`,
      "/dev/zero",
      "/dev/tty",
      directory,
      "/dev/fd/0",
      "/proc/self/mem",
    ]) {
      swap(target);
      assert.match(await read(file), /^(notAvailable|)$/, target);
    }
    write("binary", Buffer.from("key\0"));
    swap(`${directory}/binary`);
    assert.equal(await read(file), "notAvailable");
  });
});

describe("of what is no text file of the host's nothing is shown, and nobody waits", () => {
  test("folders, pipes, sockets, devices, what the kernel makes up", async (t) => {
    const { directory, name, read } = await scene(t);
    execFileSync("mkfifo", [`${directory}/pipe`]);
    for (const file of [
      directory,
      `${directory}/pipe`,
      "/dev/zero",
      "/dev/random",
      "/dev/null",
      "/dev/stdin",
    ]) {
      name(file);
      assert.equal(await read(file), "notAvailable", file);
    }
    // Its size is said to be 0.
    name("/proc/self/environ");
    assert.equal(await read("/proc/self/environ"), "");
  });

  test("binary files, and such as are only larger than the limit", async (t) => {
    const { directory, write, name, read } = await scene(t);
    const sparse = write("sparse.js", "");
    truncateSync(sparse, 2 ** 40);
    const over = write("over.js", Buffer.alloc(LIMITS.sourceBytes + 1, "x"));
    const most = write("most.js", Buffer.alloc(LIMITS.sourceBytes, "x"));
    const holes = write("holes.js", "");
    truncateSync(holes, LIMITS.sourceBytes);
    for (const [file, code] of [
      [sparse, "tooLarge"],
      [over, "tooLarge"],
      [holes, "notAvailable"],
      [write("elf", "\x7fELF\0"), "notAvailable"],
      [write("utf16.txt", Buffer.from("text", "utf16le")), "notAvailable"],
    ] as const) {
      name(file);
      assert.equal(await read(file), code, file);
    }
    name(most);
    assert.ok((await read(most)).startsWith("xxxx"));
    unlinkSync(`${directory}/most.js`);
    assert.equal(await read(most), "notAvailable");
  });

  test("a file that grows while it is read is shown as long as it was", async (t) => {
    const { link, write, name } = await scene(t);
    const file = write("grows.js", "x".repeat(LINK_LIMITS.sourceChunkBytes - 5000));
    name(file);
    const grow = setInterval(() => appendFileSync(file, "x".repeat(1000)), 1);
    t.after(() => clearInterval(grow));
    // It grows beyond one piece: a guest reads on, and the file stays what it was at the first piece.
    for (let round = 0; round < 50; round++) {
      const { size, ...first } = await link.request("readSource", { session: "1", path: file, offset: 0 });
      let length = Buffer.from(first.data, "base64").length;
      for (let { end } = first; !end;) {
        const piece = await link.request("readSource", { session: "1", path: file, offset: length });
        assert.equal(piece.size, size);
        assert.notEqual(piece.data, "");
        length += Buffer.from(piece.data, "base64").length;
        end = piece.end;
      }
      assert.equal(length, size);
    }
  });
});

test("what the host may not read itself is as if it were not there", async (t) => {
  const { directory, write, name, read } = await scene(t);
  const nobody = 65_534;
  const mine = write("mine.js", "mine");
  const closed = write("closed.js", "secret");
  const within = write("folder/a.js", "secret");
  chmodSync(closed, 0);
  chmodSync(path.dirname(within), 0);
  const isRoot = process.getuid?.() === 0;
  // Root may read all: the host is somebody else for the while, and the files are root's.
  if (isRoot) {
    chmodSync(closed, 0o600);
    chmodSync(path.dirname(within), 0o700);
    chownSync(mine, nobody, nobody);
    process.seteuid?.(nobody);
  }
  try {
    for (const file of [mine, closed, within, `${directory}/none.js`, `${directory}/folder/none.js`])
      name(file);
    assert.equal(await read(mine), "mine");
    for (const file of [closed, within, `${directory}/none.js`, `${directory}/folder/none.js`])
      assert.equal(await read(file), "notAvailable", file);
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(path.dirname(within), 0o700);
  }
});

describe("a guest that looks for its own file on the host", () => {
  test("learns of none but the one that it has, and opens nothing by that", async (t) => {
    const { directory, link, write } = await scene(t, "control");
    const find = (file: string, content: string, samePlace = true) =>
      codeOf(
        link
          .request("findSource", { session: "1", path: file, sha256: hashOf(content), samePlace })
          .then((result) => ({ path: result.path })),
      );
    const file = write("root/src/a.js", "a");
    const outside = write("outside.js", "o");
    execFileSync("mkfifo", [`${directory}/pipe`]);
    assert.deepEqual(await find("/home/me/src/a.js", "a"), { path: file });
    assert.deepEqual(await find(outside, "o"), { path: outside });
    for (const [name, content] of [
      [outside, "other"],
      [`${directory}/pipe`, ""],
      ["/dev/null", ""],
      ["\\\\192.0.2.1\\share\\a.js", "x"],
      ["//192.0.2.1/share/x.js", "x"],
      ["C:\\none.js", "x"],
    ] as const)
      assert.deepEqual(await find(name, content), { path: undefined }, name);
    assert.equal(await find(`${directory}/root/../outside.js`, "o"), "badArguments");
  });

  test("needs the right to set breakpoints", async (t) => {
    const { link, write } = await scene(t);
    const file = write("root/a.js", "a");
    const asked = link.request("findSource", { session: "1", path: file, sha256: hashOf("a") });
    assert.equal(await codeOf(asked), "notAllowed");
  });
});

test("the link's other requests ask for the right that they need", async (t) => {
  const TRIES = [
    ["setAccess", { client: 1, access: "full" }],
    ["removeClient", { client: 1 }],
    ["endSession", { session: "1" }],
    ["endServer", { server: 0 }],
  ] as const;
  for (const access of ["view", "control"] as const) {
    const { link } = await scene(t, access);
    for (const [name, params] of TRIES)
      assert.equal(await codeOf(link.request(name, params as never)), "notAllowed", `${access}: ${name}`);
    assert.equal((await link.request("listSessions", {})).sessions.length, 1);
    await link.request("listClients", {});
    await link.request("listServers", {});
    await link.request("say", { text: "hello" });
  }
});
