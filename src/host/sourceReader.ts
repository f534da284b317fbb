import { constants } from "node:fs";
import { open, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import { isOnDisk } from "../common/onDisk.ts";

/** Where the host's files are. They are asked for by absolute paths only. */
export interface SourceReader {
  /** Rejects with `notAvailable` if there is no such file, with `tooLarge` if it has more than LIMITS.sourceBytes. */
  read(file: string): Promise<Uint8Array>;
  /** The path without links, or undefined if there is no such file. */
  realPath(file: string): Promise<string | undefined>;
  /** The folders of the project: in them a guest's own files are looked for. */
  roots(): readonly string[];
}

/** This machine's own files. */
export class DiskSources implements SourceReader {
  readonly roots: () => readonly string[];

  constructor(roots: () => readonly string[] = () => [process.cwd()]) {
    this.roots = roots;
  }

  async read(file: string): Promise<Uint8Array> {
    if (!isOnDisk(file)) throw noFile();
    try {
      return await readRegular(file);
    } catch (thrown) {
      throw thrown instanceof AppError ? thrown : noFile(thrown);
    }
  }

  async realPath(file: string): Promise<string | undefined> {
    return isOnDisk(file) ? realpath(file).catch(() => undefined) : undefined;
  }
}

async function readRegular(file: string): Promise<Uint8Array> {
  // Looked at before it is opened: to open a device can mean to use it.
  if (!(await stat(file)).isFile()) throw noFile();
  // Without waiting, for it may be another file by now: a pipe without a writer would never open.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw noFile();
    if (found.size > LIMITS.sourceBytes) throw tooLarge();
    // It may have grown meanwhile.
    const buffer = Buffer.alloc(found.size + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < buffer.length; length += read)
      read = (await handle.read(buffer, length, buffer.length - length, length)).bytesRead;
    return buffer.subarray(0, Math.min(length, found.size));
  } finally {
    await handle.close();
  }
}

/** Why does not matter to a guest: whether there is a file that the host may not read is none of its business. */
function noFile(cause?: unknown): AppError {
  return new AppError("notAvailable", "The host has no such file.", { cause });
}

function tooLarge(): AppError {
  const mebibytes = LIMITS.sourceBytes / (1024 * 1024);
  return new AppError("tooLarge", `The file is larger than the ${mebibytes} MiB that are shown to guests.`);
}

/** The path of `file` within the folder, both without links; undefined if it is not in it. */
export function within(folder: string, file: string): string | undefined {
  const relative = path.relative(folder, file);
  const outside =
    relative === "" || relative === ".." || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
  return outside ? undefined : relative;
}
