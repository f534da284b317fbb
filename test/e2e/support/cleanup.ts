import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

type CleanUp = () => Promise<void> | void;

const pending = new WeakMap<TestContext, CleanUp[]>();

/** Runs at the end of the test, the latest first: what was started last stands on what was there before. */
export function atEnd(context: TestContext, cleanUp: CleanUp): void {
  const known = pending.get(context);
  if (known) known.push(cleanUp);
  else {
    const all = [cleanUp];
    pending.set(context, all);
    context.after(async () => {
      const failures: unknown[] = [];
      for (let next = all.pop(); next; next = all.pop())
        await Promise.resolve(next()).catch((thrown: unknown) => failures.push(thrown));
      if (failures.length > 0) throw new AggregateError(failures, "what a test had started did not end well");
    });
  }
}

/**
 * An empty directory for this user alone, until the test (or, if it crashes, its process) has ended. Its path is short:
 * sockets are put there.
 */
export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), "dse-"));
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", remove);
  atEnd(context, () => {
    process.off("exit", remove);
    remove();
  });
  return directory;
}
