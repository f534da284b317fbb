import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

type CleanUp = () => Promise<void> | void;

/** What things live in: a test (its TestContext), or `inScope`. */
export interface Scope {
  after(cleanUp: CleanUp): void;
}

const pending = new WeakMap<Scope, CleanUp[]>();

/** Runs at the end of the scope, the latest first: what was started last stands on what was there before. */
export function atEnd(scope: Scope, cleanUp: CleanUp): void {
  const known = pending.get(scope);
  if (known) {
    known.push(cleanUp);
    return;
  }
  const all = [cleanUp];
  pending.set(scope, all);
  scope.after(async () => {
    const failures: unknown[] = [];
    for (let next = all.pop(); next; next = all.pop()) {
      try {
        await next();
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "what was started did not end well");
  });
}

/** A scope outside of tests. */
export async function inScope<T>(body: (scope: Scope) => Promise<T>): Promise<T> {
  const cleanUps: CleanUp[] = [];
  try {
    return await body({ after: (cleanUp) => void cleanUps.push(cleanUp) });
  } finally {
    for (const cleanUp of cleanUps) await cleanUp();
  }
}

/**
 * An empty directory for this user alone, until its scope (or, in a crash, its process) has ended. Its path is short:
 * sockets are put there.
 */
export function temporaryDirectory(scope: Scope): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), "dse-"));
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", remove);
  atEnd(scope, () => {
    process.off("exit", remove);
    remove();
  });
  return directory;
}
