import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type TestContext, describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import { type SourceHandlers, sourceHandlers } from "../../../src/host/sourceFiles.ts";
import { DiskSources } from "../../../src/host/sourceReader.ts";
import { LINK_LIMITS } from "../../../src/link/limits.ts";

const hashOf = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");

interface World {
  readonly directory: string;
  readonly root: string;
  readonly handlers: SourceHandlers;
  /** Writes a file and returns its path. */
  readonly write: (name: string, content: string | Buffer) => string;
  readonly named: Set<string>;
  /** What the guest was charged. */
  readonly charged: number[];
}

/** A disk with a project's folder `root`, and a guest. */
function world(t: TestContext, access: "view" | "control" = "control"): World {
  const directory = realpathSync(mkdtempSync(path.join(os.tmpdir(), "dss-")));
  t.after(() => rmSync(directory, { recursive: true }));
  const root = path.join(directory, "root");
  mkdirSync(root);
  const named = new Set<string>();
  const charged: number[] = [];
  const handlers = sourceHandlers(new DiskSources(() => [root]), {
    names: (session, file) => session === "1" && named.has(file),
    needControl() {
      if (access !== "control") throw new AppError("notAllowed", "You may only look.");
    },
    charge: (cost) => charged.push(cost),
  });
  return {
    directory,
    root,
    handlers,
    named,
    charged,
    write(name, content) {
      const file = path.join(directory, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
  };
}

const refused = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;

describe("a file that the adapter has named", () => {
  test("is charged to the guest, each time that it is read or hashed: others have their turns meanwhile", async (t) => {
    const { handlers, named, charged, write, root } = world(t);
    const file = write("root/a.js", "12345");
    named.add(file);
    await handlers.describeSource({ session: "1", path: file });
    assert.deepEqual(charged.splice(0), [5]);
    await handlers.readSource({ session: "1", path: file, offset: 0 });
    assert.deepEqual(charged.splice(0), [5]);
    await handlers.findSource({ session: "1", path: `${root}/a.js`, sha256: "0".repeat(64) });
    assert.deepEqual(charged.splice(0), [5]);
    await assert.rejects(async () => handlers.describeSource({ session: "1", path: `${root}/other.js` }));
    assert.deepEqual(charged, []);
  });

  test("is described and read, in pieces", async (t) => {
    const { handlers, named, write } = world(t);
    const content = Buffer.alloc(LINK_LIMITS.sourceChunkBytes * 2 + 5, "lines\n");
    const file = write("root/src/big.js", content);
    named.add(file);
    assert.deepEqual(await handlers.describeSource({ session: "1", path: file }), {
      size: content.length,
      sha256: hashOf(content),
      relativePath: "src/big.js",
    });
    const pieces: Buffer[] = [];
    for (let offset = 0, ended = false; !ended;) {
      const chunk = await handlers.readSource({ session: "1", path: file, offset });
      assert.equal(chunk.size, content.length);
      pieces.push(Buffer.from(chunk.data, "base64"));
      offset += pieces.at(-1)?.length ?? 0;
      ended = chunk.end;
      // What is read further is of the content with which it was begun.
      write("root/src/big.js", "changed");
    }
    assert.equal(pieces.length, 3);
    assert.deepEqual(Buffer.concat(pieces), content);
    assert.deepEqual(await handlers.readSource({ session: "1", path: file, offset: 0 }), {
      size: 7,
      data: Buffer.from("changed").toString("base64"),
      end: true,
    });
    assert.deepEqual(await handlers.readSource({ session: "1", path: file, offset: 99 }), {
      size: 7,
      data: "",
      end: true,
    });
  });

  test("outside of the project has no place in it; an empty one is one", async (t) => {
    const { handlers, named, write } = world(t, "view");
    const file = write("elsewhere/empty.js", "");
    named.add(file);
    assert.deepEqual(await handlers.describeSource({ session: "1", path: file }), {
      size: 0,
      sha256: hashOf(""),
      relativePath: undefined,
    });
    assert.deepEqual(await handlers.readSource({ session: "1", path: file, offset: 0 }), {
      size: 0,
      data: "",
      end: true,
    });
  });
});

describe("is not shown", () => {
  const both = async (handlers: SourceHandlers, file: string, code: string, session = "1") => {
    for (const offset of [undefined, 0, 10_000]) {
      const name = { session, path: file };
      await assert.rejects(
        async () =>
          offset === undefined ? handlers.describeSource(name) : handlers.readSource({ ...name, offset }),
        refused(code),
        `${file} from ${offset}`,
      );
    }
  };

  test("what nobody has named, in this session and by this very path, whether it is there or not", async (t) => {
    const { handlers, named, write, root } = world(t);
    const file = write("root/a.js", "a");
    named.add(file);
    for (const other of [
      write("root/b.js", "b"),
      path.join(root, "none.js"),
      `${root}/./a.js`,
      `${root}/x/../a.js`,
      `${root}//a.js`,
      `${file}\0`,
      "/etc/passwd",
      "/etc/shadow",
    ])
      await both(handlers, other, "notAllowed");
    await both(handlers, file, "notAllowed", "2");
  });

  test("what is no text file: binary, too large, a folder, a pipe, a device, relative, gone", async (t) => {
    const { handlers, named, write, directory } = world(t);
    const pipe = path.join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    const late = Buffer.alloc(10_000, "x");
    late[8191] = 0;
    const huge = write("huge.js", Buffer.alloc(LIMITS.sourceBytes + 1, "x"));
    for (const [file, code] of [
      [write("binary", "\x7fELF\0\0"), "notAvailable"],
      [write("late", late), "notAvailable"],
      [directory, "notAvailable"],
      [pipe, "notAvailable"],
      ["/dev/zero", "notAvailable"],
      ["package.json", "notAvailable"],
      [path.join(directory, "gone.js"), "notAvailable"],
      [huge, "tooLarge"],
    ] as const) {
      named.add(file);
      await both(handlers, file, code);
    }
  });

  test("more at a time than one file: requests are taken one after the other, each with its own answer", async (t) => {
    const { named, write, root } = world(t);
    let reading = 0;
    const disk = new DiskSources(() => [root]);
    const handlers = sourceHandlers(
      {
        roots: () => disk.roots(),
        realPath: (file) => disk.realPath(file),
        async read(file) {
          assert.equal(++reading, 1);
          const content = await disk.read(file);
          reading--;
          return content;
        },
      },
      { names: (_, file) => named.has(file), needControl() {}, charge() {} },
    );
    const files = [1, 2, 3].map((n) => write(`root/${n}.js`, `${n}`));
    for (const file of files) named.add(file);
    const read = async (file: string) => handlers.readSource({ session: "1", path: file, offset: 0 });
    const answers = await Promise.all(
      [...files, "/none", ...files].map((file) =>
        read(file).then(
          ({ data }) => Buffer.from(data, "base64").toString(),
          (error: AppError) => error.code,
        ),
      ),
    );
    assert.deepEqual(answers, ["1", "2", "3", "notAllowed", "1", "2", "3"]);
  });
});

describe("a guest's own file is found on the host", () => {
  const find = async ({ handlers }: World, file: string, content: string, samePlace = false) =>
    (await handlers.findSource({ session: "1", path: file, sha256: hashOf(content), samePlace })).path;

  test("by its content, where its path ends most alike", async (t) => {
    const here = world(t);
    const file = here.write("root/app/src/a.js", "a");
    here.write("root/a.js", "a");
    assert.equal(await find(here, "/home/me/app/src/a.js", "a"), file);
    assert.equal(await find(here, "C:\\work\\app\\src\\a.js", "a"), file);
    assert.equal(await find(here, "/home/me/src/a.js", "a"), path.join(here.root, "a.js"));
    assert.equal(await find(here, "/home/me/app/src/a.js", "other"), undefined);
    assert.equal(await find(here, "/home/me/b.js", "a"), undefined);
  });

  test("at the very same place, even outside of the project, if it is looked for there", async (t) => {
    const here = world(t);
    const file = here.write("elsewhere/x.js", "x");
    assert.equal(await find(here, file, "x", true), file);
    assert.equal(await find(here, file, "y", true), undefined);
    assert.equal(await find(here, file, "x"), undefined);
    // The project's comes first.
    const copy = here.write("root/elsewhere/x.js", "x");
    assert.equal(await find(here, file, "x", true), copy);
  });

  test("but not by a way out of the project", async (t) => {
    const here = world(t);
    here.write("secret/a.js", "a");
    symlinkSync(path.join(here.directory, "secret"), path.join(here.root, "link"));
    symlinkSync(path.join(here.directory, "secret/a.js"), path.join(here.root, "b.js"));
    assert.equal(await find(here, "/home/me/link/a.js", "a"), undefined);
    assert.equal(await find(here, "/home/me/b.js", "a"), undefined);
    for (const way of [
      "/home/../secret/a.js",
      "../secret/a.js",
      "/home/me/./a.js",
      "C:\\..\\secret\\a.js",
      "/a\0.js",
    ])
      await assert.rejects(find(here, way, "a"), refused("badArguments"), way);
  });

  test("a link that stays in the project counts", async (t) => {
    const here = world(t);
    here.write("root/real/a.js", "a");
    symlinkSync(path.join(here.root, "real"), path.join(here.root, "link"));
    assert.equal(await find(here, "/home/me/link/a.js", "a"), path.join(here.root, "link/a.js"));
  });

  test("not for one who may only look", async (t) => {
    const here = world(t, "view");
    const file = here.write("root/a.js", "a");
    await assert.rejects(find(here, file, "a"), refused("notAllowed"));
  });

  test("whatever lies there: folders, pipes, large files are not the guest's", async (t) => {
    const here = world(t);
    mkdirSync(path.join(here.root, "a.js"));
    execFileSync("mkfifo", [path.join(here.root, "b.js")]);
    for (const name of ["a.js", "b.js"]) assert.equal(await find(here, `/me/${name}`, ""), undefined);
    // A long path costs a bounded number of looks.
    assert.equal(await find(here, `/${"x/".repeat(2000)}a.js`, ""), undefined);
  });
});
