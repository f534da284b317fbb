import { lstat, mkdir, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { AppError } from "../common/errors.ts";
import { errorCode } from "./errno.ts";

const NAME = "debug-server";

/** What decides where the directory is; the defaults are this process's. */
export interface UserDirectoryOptions {
  /** `$XDG_RUNTIME_DIR`. */
  readonly runtime?: string | undefined;
  readonly temporary?: string;
  /** Undefined on Windows, where the directory for temporary files is the user's own already. */
  readonly uid?: number | undefined;
}

function ownEnvironment(): UserDirectoryOptions {
  return { runtime: process.env["XDG_RUNTIME_DIR"], temporary: os.tmpdir(), uid: process.getuid?.() };
}

/**
 * Where this user's servers may have their sockets, best first. A server uses the first; a client looks at all,
 * as it may have been started without the variables that the server had (by cron, by ssh, under sudo).
 */
export async function userDirectories(options: UserDirectoryOptions = ownEnvironment()): Promise<string[]> {
  const { runtime, temporary = os.tmpdir(), uid } = options;
  const fallback = path.join(temporary, uid === undefined ? NAME : `${NAME}-${uid}`);
  const usable = runtime !== undefined && path.isAbsolute(runtime) && (await isPrivateTo(runtime, uid));
  return usable ? [path.join(runtime, NAME), fallback] : [fallback];
}

/** The directory for what this user's servers share (sockets, registry), created if need be, for this user alone. */
export async function userDirectory(options: UserDirectoryOptions = ownEnvironment()): Promise<string> {
  const [directory = ""] = await userDirectories(options);
  await createPrivate(directory, options.uid);
  return directory;
}

/** Creates a directory that only its owner may enter. One that is there already must be just that. */
export async function createPrivate(
  directory: string,
  uid: number | undefined = process.getuid?.(),
): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (thrown) {
    if (errorCode(thrown) !== "EEXIST") {
      throw new AppError("notAvailable", `The directory ${directory} cannot be created.`, { cause: thrown });
    }
  }
  // Also if it was just made: the check is cheap, and says so where a file system ignores modes.
  await verifyPrivate(directory, uid);
}

/**
 * Whether the directory is there, as one that only `uid` can enter. In /tmp another user may have put something in its
 * place, and could then read along: that is a `notAllowed` AppError. False if there is none.
 */
export async function verifyPrivate(
  directory: string,
  uid: number | undefined = process.getuid?.(),
): Promise<boolean> {
  const found = await lstat(directory).catch((thrown: unknown) => {
    if (errorCode(thrown) === "ENOENT") return undefined;
    throw new AppError("notAllowed", `The directory ${directory} cannot be examined.`, { cause: thrown });
  });
  if (found === undefined) return false;
  const refuse = (what: string, hint: string) =>
    new AppError("notAllowed", `${directory} ${what}.`, { hint });
  if (found.isSymbolicLink()) {
    throw refuse("is a symbolic link, so it may lead into somebody else's hands", "Remove it and try again.");
  }
  if (!found.isDirectory()) throw refuse("is not a directory", "Remove it and try again.");
  if (uid === undefined) return true;
  if (found.uid !== uid) {
    throw refuse(
      `belongs to another user (${found.uid})`,
      "Have it removed, or set XDG_RUNTIME_DIR or TMPDIR.",
    );
  }
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    throw refuse(`can be entered by other users (mode ${mode})`, `Run: chmod 700 ${directory}`);
  }
  return true;
}

async function isPrivateTo(directory: string, uid: number | undefined): Promise<boolean> {
  try {
    // Not lstat: where the user's own environment leads by a link is the user's choice.
    const found = await stat(directory);
    return found.isDirectory() && (uid === undefined || (found.uid === uid && (found.mode & 0o077) === 0));
  } catch {
    return false;
  }
}
