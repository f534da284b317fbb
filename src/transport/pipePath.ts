import os from "node:os";
import path from "node:path";
import { AppError } from "../common/errors.ts";

/**
 * Where a pipe is: `\\.\pipe\NAME` or `\\HOST\pipe\NAME` on Windows, a socket `NAME.sock` in `directory` elsewhere.
 * Throws an AppError for a name that is none (`badArguments`), a path that is too long (`tooLarge`) and another
 * machine where pipes do not reach (`notSupported`).
 */
export function pipePath(
  platform: NodeJS.Platform,
  name: string,
  server: string | undefined,
  directory: string,
  thisHost: string = os.hostname(),
): string {
  checkName(name);
  if (platform === "win32") {
    const host = server === undefined || isLoopbackName(server) ? "." : withoutBackslashes(server);
    return withinLimit(`\\\\${host}\\pipe\\${name}`, name, platform);
  }
  if (server !== undefined && !isLoopbackName(server) && !isThisHost(server, thisHost)) {
    throw new AppError(
      "notSupported",
      `Pipes reach other machines on Windows only, so ${server} cannot be reached.`,
      {
        hint: "Use tcp: or ssl: instead.",
      },
    );
  }
  // Not path.join, which would go by the platform that this runs on.
  return withinLimit(path.posix.join(directory, `${name}.sock`), name, platform);
}

/** Bytes of a path that fit into `sun_path` besides its closing zero. */
export function maxSocketPath(platform: NodeJS.Platform): number {
  return platform === "linux" ? 107 : 103;
}

/**
 * Node cuts a longer path off without a word, so that one would listen or connect somewhere else.
 * @returns the path itself.
 */
export function withinLimit(file: string, name: string, platform: NodeJS.Platform): string {
  const pipe = file.startsWith("\\\\");
  const limit = pipe ? 256 : maxSocketPath(platform);
  const length = pipe ? file.length : Buffer.byteLength(file);
  if (length <= limit) return file;
  throw new AppError(
    "tooLarge",
    `The pipe name ${name} is too long: its path ${file} has ${length} bytes, the system allows ${limit}.`,
    { hint: `Shorten the name by ${length - limit} or more.` },
  );
}

function checkName(name: string): void {
  // The connection strings' parser refuses these with a place to point at; this is for every other caller.
  // eslint-disable-next-line no-control-regex
  if (name !== "" && !/[\s"'/\\\u0000-\u001f]/.test(name)) return;
  throw new AppError("badArguments", `"${name}" cannot be the name of a pipe.`, {
    hint: "Use a name without spaces, quotation marks, slashes and backslashes.",
  });
}

function withoutBackslashes(server: string): string {
  return server.replace(/^\\+/, "");
}

function isLoopbackName(server: string): boolean {
  return ["", ".", "localhost", "127.0.0.1", "::1"].includes(withoutBackslashes(server).toLowerCase());
}

/** By its full name or by the first part of it. */
function isThisHost(server: string, thisHost: string): boolean {
  const [asked, own] = [withoutBackslashes(server).toLowerCase(), thisHost.toLowerCase()];
  return asked === own || asked === own.split(".")[0] || asked.split(".")[0] === own;
}
