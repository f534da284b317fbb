import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { parsePassword } from "../../../src/address/password.ts";
import { generatePassword } from "../../../src/security/password/generate.ts";
import { readPassword } from "../../../src/security/password/secret.ts";

const directory = mkdtempSync(path.join(os.tmpdir(), "secret-"));
after(() => rmSync(directory, { recursive: true }));

function file(content: string): string {
  const written = path.join(directory, "password");
  writeFileSync(written, content);
  return written;
}

describe("the password that a connection string names", () => {
  test("is the first line of a file, however it ends", async () => {
    for (const content of ["zq7Kx", "zq7Kx\n", "zq7Kx\r\nmore", "\ufeffzq7Kx\n"])
      assert.equal(await readPassword({ kind: "file", path: file(content) }), "zq7Kx");
  });

  test("is that of a variable, and the same on every system", async () => {
    assert.equal(await readPassword({ kind: "env", name: "P" }, { P: "zq7Kx" }), "zq7Kx");
    assert.equal(await readPassword({ kind: "literal", value: "Cafe\u0301" }), "Caf\u00e9");
  });

  test("is missed with words that hold nothing of it", async () => {
    for (const wanted of [
      { kind: "env", name: "NONE" },
      { kind: "file", path: path.join(directory, "none") },
      { kind: "file", path: directory },
      { kind: "file", path: file("\nzq7Kx") },
      { kind: "literal", value: "zq7Kx".repeat(1000) },
      { kind: "file", path: file("zq7Kx".repeat(10_000)) },
    ] as const) {
      await assert.rejects(readPassword(wanted, {}), (thrown: unknown) => {
        assert.ok(thrown instanceof AppError);
        assert.equal(thrown.code, "badArguments");
        assert.doesNotMatch(thrown.toLine(), /zq7Kx/);
        return true;
      });
    }
  });

  test("one that is made up is of the classic rule, needs no quotation marks, and is another one each time", () => {
    const made = new Set(Array.from({ length: 100 }, generatePassword));
    assert.equal(made.size, 100);
    for (const password of made) {
      assert.match(password, /^[a-z0-9]{12}$/);
      assert.deepEqual(parsePassword({ text: password, start: 0 }), {
        ok: true,
        value: { kind: "literal", value: password },
      });
    }
  });
});
