import { readFileSync, statSync, unwatchFile, watchFile, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT, fixtures } from "./fixtures.ts";
import { withDeadline } from "./process.ts";

/** A real adapter that keeps what it is sent: whoever is not let in must not add a byte to it. */
export interface RecordedAdapter {
  /** What follows `--server …` on the command line of `serve`: the session runs at once. */
  readonly command: readonly string[];
  /** How many bytes the adapter has been sent so far. */
  received(): number;
  /** Resolves when the program runs: from then on nobody says anything to the adapter but guests. */
  running(): Promise<void>;
}

export function recordedAdapter(directory: string): RecordedAdapter {
  const record = path.join(directory, "adapter-input");
  const launch = path.join(directory, "launch.json");
  writeFileSync(record, "");
  const configuration = { type: "node", request: "launch", program: fixtures.javascriptLoop.program };
  writeFileSync(launch, JSON.stringify(configuration));
  const script = 'tee "$1" | exec "$2" "$3" embedded-adapter';
  const adapter = ["sh", "-c", script, "sh", record, process.execPath, path.join(ROOT, "dist/cli.cjs")];
  return {
    command: ["--launch", launch, "--continue", "--", ...adapter],
    received: () => statSync(record).size,
    running: () =>
      withDeadline(
        new Promise<void>((resolve) => {
          const look = () => {
            if (!readFileSync(record, "latin1").includes("configurationDone")) return;
            unwatchFile(record, look);
            resolve();
          };
          watchFile(record, { interval: 20 }, look);
          look();
        }),
        "the program runs",
      ),
  };
}
