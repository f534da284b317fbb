import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, rmdir, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../common/errors.ts";
import { errorCode } from "./errno.ts";

const POLL_MS = 10;

/** Locks of this very process: an entry with its pid that is not here is of a dead process that had the same pid. */
const held = new Set<string>();

/**
 * Runs `work` while no other process of this machine does so for the same `lock` path; waits for its turn until the
 * signal aborts. For short work only: a holder is given up for dead only when its process is.
 *
 * The lock is a directory that holds one file, named after the holder's process id and a random number. That is what
 * makes it safe to break the lock of a dead holder, where a plain lock file is not: two processes that find the same dead
 * holder could each delete "the lock file", the second one deleting the first one's new lock. Here the breaker
 * deletes the dead holder's file, whose name no other file ever has; and taking the lock is a rename of a filled
 * directory onto the lock's name, which POSIX allows only while that is absent or empty.
 */
export async function withDirectoryLock<T>(
  lock: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const nonce = randomBytes(6).toString("hex");
  const entry = `${process.pid}-${nonce}`;
  held.add(entry);
  try {
    await take(lock, entry, path.join(path.dirname(lock), `.${nonce}`), signal);
    try {
      return await work();
    } finally {
      await unlink(path.join(lock, entry)).catch(() => {});
      // Fails if the next holder is in already, which is as well.
      await rmdir(lock).catch(() => {});
    }
  } finally {
    held.delete(entry);
  }
}

async function take(lock: string, entry: string, filled: string, signal: AbortSignal): Promise<void> {
  await mkdir(filled, { mode: 0o700 });
  try {
    await writeFile(path.join(filled, entry), "");
    while (!(await renamed(filled, lock))) {
      const others = await breakDead(lock);
      if (others === undefined) continue;
      await delay(POLL_MS, undefined, { signal }).catch((thrown: unknown) => {
        if (!signal.aborted) throw thrown;
        const reason = AppError.from(signal.reason, "aborted");
        if (reason.code !== "timeout") throw reason;
        throw new AppError("busy", `Another process (${others}) is busy with ${lock}.`, {
          hint: "If it hangs, end it and try again.",
          cause: reason,
        });
      });
    }
  } catch (thrown) {
    await rm(filled, { recursive: true, force: true });
    throw thrown;
  }
}

async function renamed(filled: string, lock: string): Promise<boolean> {
  try {
    await rename(filled, lock);
    return true;
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw thrown;
  }
}

/** Deletes what dead holders left; undefined if the lock may be free now, else its holder. */
async function breakDead(lock: string): Promise<string | undefined> {
  const entries = await readdir(lock).catch((): string[] => []);
  const alive: string[] = [];
  for (const entry of entries) {
    if (isAlive(entry)) alive.push(entry);
    else await unlink(path.join(lock, entry)).catch(() => {});
  }
  return alive.length === 0 ? undefined : alive.join(", ");
}

function isAlive(entry: string): boolean {
  const pid = Number(/^(\d+)-[0-9a-f]+$/.exec(entry)?.[1]);
  // Not ours: leave it alone.
  if (!Number.isSafeInteger(pid) || pid <= 0) return true;
  if (pid === process.pid) return held.has(entry);
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return errorCode(thrown) !== "ESRCH";
  }
}
