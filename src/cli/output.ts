import { type LogLevel, type Logger, lineLogger } from "../common/logger.ts";
import { describe } from "./failure.ts";
import { ownLine, printable } from "../common/shown.ts";

/** How long a reader of ours that has stalled may hold up our end. */
const FLUSH_MS = 1_000;

/** All that JSON.stringify leaves of what `printable` replaces. */
const STEERING = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** A line for whoever reads the results. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A line for people, beside the results. */
export function note(line: string): void {
  process.stderr.write(`${ownLine(line)}\n`);
}

/**
 * A value for whoever reads the results, as JSON. It means the same with more letters escaped than JSON must: those that
 * would steer a terminal, or end the line for some readers.
 */
export function printJson(value: unknown, indent?: number): void {
  const json = JSON.stringify(value, undefined, indent);
  print(json.replace(STEERING, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`));
}

export function complain(thrown: unknown): void {
  note(describe(thrown));
}

export function stderrLogger(verbose: boolean): Logger {
  const minimum: LogLevel = verbose ? "debug" : "warn";
  return lineLogger((line) => note(`debug-server: ${printable(line)}`), minimum);
}

/** A reader who has gone is no reason to fall over: the session is more than its report. */
export function tolerateClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}

/** Resolves when all that was printed has left: pipes are written behind our back, and `process.exit` forgets them. */
export async function flushOutput(): Promise<void> {
  const flush = (stream: NodeJS.WriteStream) =>
    new Promise<void>((resolve) => {
      if (!stream.writable) resolve();
      else stream.write("", () => resolve());
    });
  const enough = new Promise<void>((resolve) => setTimeout(resolve, FLUSH_MS).unref());
  await Promise.race([Promise.all([flush(process.stdout), flush(process.stderr)]), enough]);
}
