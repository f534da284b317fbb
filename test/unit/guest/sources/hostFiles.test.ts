import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AppError } from "../../../../src/common/errors.ts";
import { HostFiles } from "../../../../src/guest/sources/hostFiles.ts";
import { LINK_LIMITS } from "../../../../src/link/limits.ts";
import { FakeHost } from "./fakes.ts";

const PATH = "/srv/a.js";

function files(content: string): { host: FakeHost; files: HostFiles } {
  const host = new FakeHost();
  host.has(PATH, content);
  return { host, files: new HostFiles(host.link) };
}

describe("the host's files", () => {
  test("are read whole, and how far it is is told", async () => {
    const content = "line\n".repeat(LINK_LIMITS.sourceChunkBytes / 2);
    const { files: there } = files(content);
    const progress: number[] = [];
    const read = await there.read("1", PATH, { onProgress: (bytes, size) => progress.push(bytes / size) });
    assert.equal(read.toString(), content);
    assert.equal(progress.length, 3);
    assert.equal(progress.at(-1), 1);
  });

  test("one after the other, because the host keeps one for each guest", async () => {
    const { host, files: there } = files("a");
    const big = "b".repeat(LINK_LIMITS.sourceChunkBytes * 2 + 1);
    host.has("/srv/b.js", big);
    host.has("/srv/c.js", big.replaceAll("b", "c"));
    const read = await Promise.all(["/srv/b.js", "/srv/c.js", PATH].map((path) => there.read("1", path)));
    assert.deepEqual(
      read.map((content) => content.toString()),
      [big, big.replaceAll("b", "c"), "a"],
    );
  });

  test("as they are now; when they cannot be had any more, as they were", async () => {
    const { host, files: there } = files("first");
    assert.equal((await there.read("1", PATH)).toString(), "first");
    host.has(PATH, "second");
    assert.equal((await there.read("1", PATH)).toString(), "second");
    host.gate = Promise.reject(new AppError("closed", "The link has ended."));
    assert.equal((await there.read("1", PATH)).toString(), "second");
    await assert.rejects(there.read("1", "/srv/other.js"), { code: "closed" });
  });

  test("a refusal is the host's", async () => {
    const { files: there } = files("a");
    await assert.rejects(there.read("2", PATH), { code: "notAllowed" });
    await assert.rejects(there.describe("1", "/srv/other.js"), { code: "notAllowed" });
  });

  test("one that changes while it is read is not taken for either", async () => {
    const there = new HostFiles({
      request: async (method: string) =>
        method === "describeSource"
          ? { size: 1, sha256: "0".repeat(64) }
          : { size: 1, data: "YQ==", end: true },
    });
    await assert.rejects(there.read("1", PATH), /changed while it was read/);
  });

  test("a host that sends more than it said, or nothing, is not listened to for ever", async () => {
    for (const data of ["YQ==", ""]) {
      const there = new HostFiles({
        request: async (method: string) =>
          method === "describeSource" ? { size: 3, sha256: "0".repeat(64) } : { size: 3, data, end: false },
      });
      await assert.rejects(there.read("1", PATH), AppError);
    }
  });

  test("of many questions only some are under way, for the link has other uses", async () => {
    let underWay = 0;
    let most = 0;
    const there = new HostFiles({
      request: async () => {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setImmediate(resolve));
        underWay--;
        return { size: 0, sha256: "0".repeat(64) };
      },
    });
    await Promise.all(Array.from({ length: 200 }, (_, i) => there.describe("1", `/srv/${i}.js`)));
    assert.ok(most <= LINK_LIMITS.controlRequests / 2, `${most}`);
    assert.equal(underWay, 0);
  });
});
