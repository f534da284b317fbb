import { execFile } from "node:child_process";
import { AppError } from "../common/errors.ts";

const DEADLINE_MS = 10_000;
const MAX_OUTPUT = 16 * 1024 * 1024;
/** How the tools say that it is not for this user to do. We ask for their English; Windows' has but this one number. */
const RIGHTS =
  /not permitted|permission denied|be root|not authorized|authorization|access denied|elevation/i;

/**
 * Runs a system's tool, without a shell; resolves with its standard output.
 * Rejects with an AppError: `notAvailable` (not installed, or it failed), `notAllowed`, `timeout`.
 */
export function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: DEADLINE_MS, maxBuffer: MAX_OUTPUT, windowsHide: true, env: environment() };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(failure(command, error, `${stderr}\n${stdout}`));
    });
  });
}

/** The tools are where a user's own path often does not lead. */
function environment(): NodeJS.ProcessEnv {
  if (process.platform === "win32") return process.env;
  return { ...process.env, LC_ALL: "C", PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
}

function failure(command: string, error: Error & { killed?: boolean }, said: string): AppError {
  if (error.killed === true) return new AppError("timeout", `${command} does not answer.`, { cause: error });
  const line = said.split("\n").find((each) => each.trim() !== "") ?? error.message;
  const code = RIGHTS.test(said) ? "notAllowed" : "notAvailable";
  return new AppError(code, `${command} has failed: ${line.trim().slice(0, 200)}`, { cause: error });
}

/** A command as a person types it into a POSIX shell. */
export function shellLine(...words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(" ");
}
