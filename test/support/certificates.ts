import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

/** A foreign peer. Its output; throws with what it said if it fails. */
export function openssl(...args: string[]): string {
  return execFileSync("openssl", args, { encoding: "utf8", stdio: "pipe" });
}

/** A directory that only this user can enter, until the end of the test. */
export function privateDirectory(t: TestContext): string {
  const made = mkdtempSync(path.join(os.tmpdir(), "certificates-"));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

/** Writes a file as its owner's alone, and returns its path. */
export function writeFile(folder: string, name: string, content: string | Buffer, mode = 0o600): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, name);
  writeFileSync(file, content, { mode });
  return file;
}
