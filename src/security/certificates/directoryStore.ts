import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../common/errors.ts";
import { LIMITS } from "../../common/limits.ts";
import { errorCode } from "../../transport/errno.ts";
import { createPrivate, verifyPrivate } from "../../transport/userDirectory.ts";
import { type Certificate, isCertificateFile, type StoreName } from "./certificate.ts";
import { type Contents, type FileOrigin, readPem, readPfxFile } from "./contents.ts";
import { storeDirectory } from "./storeDirectory.ts";
import type { AskPassphrase, CertificateStore, StoreEntry } from "./store.ts";

/** Who must not read a key: of the user's, all others; of the machine's, all but a group that the administrator chose. */
const FORBIDDEN = { user: 0o077, machine: 0o037 } as const;

/** Certificates as files NAME.pem, NAME.pfx or NAME.p12 in a directory. */
export class DirectoryStore implements CertificateStore {
  readonly name: StoreName;
  readonly location: string;

  constructor(name: StoreName, directory: string = storeDirectory(name)) {
    this.name = name;
    this.location = directory;
  }

  async list(): Promise<StoreEntry[]> {
    if (!(await this.#isThere())) return [];
    const names = await readdir(this.location).catch((cause: unknown) => {
      throw new AppError("notAvailable", `The directory ${this.location} cannot be read.`, { cause });
    });
    const entries: StoreEntry[] = [];
    // One after the other: a directory of many files must not take all file descriptors.
    for (const fileName of names.filter(isCertificateFile).sort()) entries.push(await this.#entry(fileName));
    return entries;
  }

  /**
   * Writes a file for this user alone, whole or not at all, and returns its path. Rejects with an AppError `usage` if
   * there is one of that name, unless `replace`.
   */
  async write(
    fileName: string,
    content: string,
    { replace = false }: { replace?: boolean } = {},
  ): Promise<string> {
    await this.#create();
    const file = path.join(this.location, fileName);
    await writeWhole(file, content, replace).catch((cause: unknown) => {
      if (cause instanceof AppError) throw cause;
      throw new AppError("notAvailable", `${file} cannot be written.`, { cause });
    });
    return file;
  }

  /** Who can write into the directory of a store decides whom its user trusts. */
  async #isThere(): Promise<boolean> {
    if (this.name === "user") return verifyPrivate(this.location);
    const found = await stat(this.location).catch((cause: unknown) => {
      if (errorCode(cause) === "ENOENT") return undefined;
      throw new AppError("notAvailable", `The directory ${this.location} cannot be examined.`, { cause });
    });
    if (found !== undefined && process.platform !== "win32" && (found.mode & 0o022) !== 0) {
      throw new AppError("notAllowed", `${this.location} can be written to by other users.`, {
        hint: `Run: chmod go-w ${this.location}`,
      });
    }
    return found !== undefined;
  }

  async #create(): Promise<void> {
    try {
      const parent = this.name === "user" ? path.dirname(this.location) : this.location;
      await mkdir(parent, { recursive: true, mode: this.name === "user" ? 0o700 : 0o755 });
    } catch (cause) {
      throw new AppError("notAvailable", `The directory ${this.location} cannot be created.`, { cause });
    }
    if (this.name === "user") await createPrivate(this.location);
    else await this.#isThere();
  }

  async #entry(fileName: string): Promise<StoreEntry> {
    const location = path.join(this.location, fileName);
    const origin = { store: this.name, file: location, fileName };
    try {
      const { bytes, mode } = await readBounded(location);
      const contents = await read(bytes, origin);
      const hasKey = contents.kind === "locked" || contents.certificate?.privateKey !== undefined;
      const { certificate } = contents;
      if (hasKey && process.platform !== "win32" && (mode & FORBIDDEN[this.name]) !== 0) {
        return {
          kind: "broken",
          location,
          fileName,
          certificate: withoutKey(certificate),
          error: exposed(location),
        };
      }
      if (contents.kind !== "locked") return { location, fileName, ...contents };
      const unlock = (ask: AskPassphrase) => unlockFile(bytes, origin, ask);
      return { kind: "locked", location, fileName, certificate, unlock };
    } catch (thrown) {
      return { kind: "broken", location, fileName, error: AppError.from(thrown) };
    }
  }
}

async function read(bytes: Buffer, origin: FileOrigin, passphrase?: string): Promise<Contents> {
  if (/\.pem$/i.test(origin.fileName)) return readPem(bytes.toString("latin1"), origin, passphrase);
  return readPfxFile(bytes, origin, passphrase);
}

async function unlockFile(
  bytes: Buffer,
  origin: FileOrigin,
  ask: AskPassphrase,
): Promise<Certificate | undefined> {
  const passphrase = await ask(origin.file);
  if (passphrase === undefined) return undefined;
  const contents = await read(bytes, origin, passphrase);
  if (contents.kind === "broken") throw contents.error;
  return contents.kind === "open" ? contents.certificate : undefined;
}

function withoutKey(certificate: Certificate | undefined): Certificate | undefined {
  return certificate && { ...certificate, privateKey: undefined };
}

function exposed(file: string): AppError {
  return new AppError("notAllowed", `The private key in ${file} can be read by other users.`, {
    hint: `Run: chmod 600 ${file} (and make a new one if somebody may have read it).`,
  });
}

/** Reads a file that is no bigger than a certificate may be. Rejects with an AppError. */
export async function readBounded(file: string): Promise<{ bytes: Buffer; mode: number }> {
  // A pipe in the place of a file would otherwise be waited for.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(
    (cause: unknown) => {
      const what = errorCode(cause) === "ENOENT" ? "There is no file" : "Nobody lets us read";
      throw new AppError("notAvailable", `${what} ${file}.`, { cause });
    },
  );
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new AppError("notAvailable", `${file} is not a file.`);
    const bytes = Buffer.alloc(LIMITS.certificateBytes + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
      length += bytesRead;
      if (bytesRead === 0 || length === bytes.length) break;
    }
    if (length === bytes.length) throw new AppError("tooLarge", `${file} is too big for a certificate.`);
    return { bytes: Buffer.from(bytes.subarray(0, length)), mode: found.mode };
  } finally {
    await handle.close();
  }
}

/** Readers see the old file, the new one or none, never a half; two writers at once do not both think they won. */
export async function writeWhole(file: string, content: string | Buffer, replace: boolean): Promise<void> {
  const exists = new AppError("usage", `There is a file ${file} already.`, {
    hint: "Take another name, or --force to replace it.",
  });
  if (!replace && (await lstat(file).catch(() => undefined)) !== undefined) throw exists;
  const temporary = path.join(path.dirname(file), `.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link, other than a rename, fails where something is already.
    if (replace) await rename(temporary, file);
    else await link(temporary, file);
  } catch (thrown) {
    throw errorCode(thrown) === "EEXIST" ? exists : thrown;
  } finally {
    await rm(temporary, { force: true });
  }
}
