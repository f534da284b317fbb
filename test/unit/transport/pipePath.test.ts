import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { maxSocketPath, pipePath } from "../../../src/transport/pipePath.ts";

function errorOf(work: () => unknown): AppError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  return assert.fail("no error");
}

describe("pipe paths", () => {
  test("Windows: the machine's own pipes, and another machine's", () => {
    assert.equal(pipePath("win32", "dbg", undefined, "unused"), "\\\\.\\pipe\\dbg");
    assert.equal(pipePath("win32", "dbg", "localhost", ""), "\\\\.\\pipe\\dbg");
    assert.equal(pipePath("win32", "dbg", ".", ""), "\\\\.\\pipe\\dbg");
    assert.equal(pipePath("win32", "dbg_1.x", "BOX", ""), "\\\\BOX\\pipe\\dbg_1.x");
    assert.equal(pipePath("win32", "dbg", "\\\\BOX", ""), "\\\\BOX\\pipe\\dbg");
  });

  test("elsewhere: a socket in the directory", () => {
    for (const platform of ["linux", "darwin", "freebsd"] as const) {
      assert.equal(pipePath(platform, "dbg", undefined, "/run/user/7/d"), "/run/user/7/d/dbg.sock");
    }
  });

  test("elsewhere: this machine by any of its names, no other", () => {
    for (const server of [
      "",
      ".",
      "localhost",
      "LOCALHOST",
      "\\\\box",
      "Box",
      "box.example.org",
      "127.0.0.1",
      "::1",
    ]) {
      assert.equal(pipePath("linux", "p", server, "/d", "box.example.org"), "/d/p.sock", server);
      assert.equal(pipePath("darwin", "p", server, "/d", "box"), "/d/p.sock", server);
    }
    for (const server of ["other", "box2", "192.0.2.1"]) {
      const error = errorOf(() => pipePath("linux", "p", server, "/d", "box.example.org"));
      assert.equal(error.code, "notSupported");
      assert.match(error.toLine(), /on Windows only.*tcp: or ssl:/);
    }
  });

  test("names that could lead elsewhere are refused", () => {
    for (const platform of ["linux", "win32"] as const) {
      for (const name of ["", "a b", "a/b", "..\\b", 'a"b', "a'b", "a\0b", "a\nb", "/etc/x"]) {
        assert.equal(errorOf(() => pipePath(platform, name, undefined, "/d")).code, "badArguments", name);
      }
    }
    assert.equal(pipePath("linux", "..", undefined, "/d"), "/d/...sock");
  });

  test("what the system would cut off is refused; what just fits is not; bytes count, not characters", () => {
    for (const [platform, limit] of [
      ["linux", 107],
      ["darwin", 103],
    ] as const) {
      assert.equal(maxSocketPath(platform), limit);
      const room = limit - "/d/.sock".length;
      assert.equal(pipePath(platform, "x".repeat(room), undefined, "/d").length, limit);
      const error = errorOf(() => pipePath(platform, "x".repeat(room + 1), undefined, "/d"));
      assert.equal(error.code, "tooLarge");
      assert.match(error.hint ?? "", /by 1 or more/);
      assert.equal(
        errorOf(() => pipePath(platform, "é".repeat(room - 10), undefined, "/d")).code,
        "tooLarge",
      );
    }
    assert.equal(errorOf(() => pipePath("win32", "x".repeat(300), undefined, "")).code, "tooLarge");
  });
});
