import os from "node:os";

/** What ends a command in order; of the third there is none on Windows. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Resolves with the first signal that asks the process to end. A second one is taken to mean "at once": the process
 * exits there and then, with the exit code that shells expect.
 */
export function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (asked) process.exit(128 + os.constants.signals[signal]);
        asked = true;
        resolve(signal);
      });
    }
  });
}
