import os from "node:os";
import type { Ending } from "./report.ts";

/** What ends a command in order; of the third there is none on Windows. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Resolves at the first signal that asks the process to end. A second one is taken to mean "at once": the process
 * exits there and then, with the exit code that shells expect.
 */
export function askedToEnd(): Promise<Ending> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (asked) process.exit(128 + os.constants.signals[signal]);
        asked = true;
        resolve({ reason: "The host has ended the session.", expected: true });
      });
    }
  });
}
