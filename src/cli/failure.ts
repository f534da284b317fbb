import { AppError } from "../common/errors.ts";
import { printable } from "../common/sanitize.ts";

/** The exit codes of every command. */
export const EXIT = { ended: 0, failed: 1, usage: 2 } as const;

/** Runs a command and keeps its exit code. */
export type Run = (command: () => Promise<number>) => Promise<void>;

/** A mistake in how the program was called, in the words that are shown, which may be several lines. */
export class UsageError extends Error {}

/** What was thrown, as standard error shows it: one line of why, and beneath it what to do about it. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof UsageError) return thrown.message;
  const { message, hint } = AppError.from(thrown);
  const line = `debug-server: ${printable(message)}`;
  return hint === undefined ? line : `${line}\n  ${printable(hint)}`;
}

export function exitCodeOf(thrown: unknown): number {
  const usage = thrown instanceof UsageError || (thrown instanceof AppError && thrown.code === "usage");
  return usage ? EXIT.usage : EXIT.failed;
}
