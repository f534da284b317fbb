import { type LogLevel, type Logger, lineLogger } from "../common/logger.ts";
import { errorText } from "./failure.ts";
import { ownLine, printable, printableJson } from "../common/sanitize.ts";

/** How long a reader of ours that has stalled may hold up our end. */
const FLUSH_MS = 1_000;

/** A line for the program that reads the results. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A line for people, beside the results. */
export function printNote(line: string): void {
  process.stderr.write(`${ownLine(line)}\n`);
}

/** A value for the program that reads the results, as JSON. */
export function printJson(value: unknown, indent?: number): void {
  print(printableJson(JSON.stringify(value, undefined, indent)));
}

export function complain(thrown: unknown): void {
  printNote(errorText(thrown));
}

export function stderrLogger(verbose: boolean): Logger {
  const minimum: LogLevel = verbose ? "debug" : "warn";
  return lineLogger((line) => printNote(`debug-server: ${printable(line)}`), minimum);
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
