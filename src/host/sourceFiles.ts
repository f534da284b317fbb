import { createHash } from "node:crypto";
import path from "node:path";
import { AppError } from "../common/errors.ts";
import type { RequestHandlers } from "../link/control.ts";
import { LINK_LIMITS } from "../link/limits.ts";
import type { SourceChunk, SourceInfo, SourceName } from "../link/messages.ts";
import { type SourceReader, within } from "./sourceReader.ts";

/** A file with a NUL byte in so many of its first bytes is no text. */
const BINARY_BYTES = 8 * 1024;
/** How much of a guest's path, counted from its end, a file of the host's may have in common with it. */
const SEGMENTS = 32;

export type SourceHandlers = Pick<RequestHandlers, "describeSource" | "readSource" | "findSource">;

/** What decides whether a guest gets to see something. */
export interface SourceRights {
  /** Whether the session's adapter has named a file by exactly this path. */
  names(session: string, path: string): boolean;
  /** Throws if the guest may not set breakpoints, for which it asks where its own files are. */
  needControl(): void;
  /** What a file costs that is read or hashed for the guest, in bytes: a guest that asks for much waits for the others. */
  charge(cost: number): void;
}

/**
 * Shows one guest the host's files: those that the session has named, and nothing else. One request at a time, so that
 * a guest who asks for much at once has no more than one file of the host's memory.
 */
export function sourceHandlers(files: SourceReader, rights: SourceRights): SourceHandlers {
  const reader: SourceReader = {
    roots: () => files.roots(),
    realPath: (file) => files.realPath(file),
    async read(file) {
      const content = await files.read(file);
      rights.charge(content.length);
      return content;
    },
  };
  /** The file of which the guest has read a part: the rest is of the same content. */
  let begun: { readonly path: string; readonly content: Uint8Array } | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  };

  const load = async ({ session, path: file }: SourceName): Promise<Uint8Array> => {
    if (!rights.names(session, file)) {
      throw new AppError("notAllowed", "This file has not come up in the debug session.", {
        hint: "It can be read as soon as the program has been in it.",
      });
    }
    const content = await reader.read(file);
    if (content.subarray(0, BINARY_BYTES).includes(0))
      throw new AppError("notAvailable", "This is no text file.");
    return content;
  };

  const describe = async (name: SourceName): Promise<SourceInfo> => {
    const content = await load(name);
    const relativePath = await relativeTo(reader, name.path);
    return { size: content.length, sha256: hashOf(content), relativePath };
  };

  const read = async ({
    offset,
    ...name
  }: SourceName & { readonly offset: number }): Promise<SourceChunk> => {
    const content = offset > 0 && begun?.path === name.path ? begun.content : await load(name);
    const next = offset + LINK_LIMITS.sourceChunkBytes;
    const end = next >= content.length;
    begun = end ? undefined : { path: name.path, content };
    const data = Buffer.from(content.subarray(offset, next)).toString("base64");
    return { size: content.length, data, end };
  };

  return {
    describeSource: (name) => inTurn(() => describe(name)),
    readSource: (params) => inTurn(() => read(params)),
    findSource: ({ path: file, sha256, samePlace }) => {
      rights.needControl();
      return inTurn(async () => {
        const found = await find(reader, file, sha256);
        const same = found === undefined && samePlace === true;
        return { path: same && (await hasContent(reader, file, sha256)) ? file : found };
      });
    },
  };
}

/**
 * The file in a folder of the project that has exactly that content and whose path ends most like the guest's. So a guest
 * learns of a file nothing but that it is the one that they have themselves.
 */
async function find(reader: SourceReader, guestPath: string, sha256: string): Promise<string | undefined> {
  const segments = guestPath.split(/[\\/]+/u).filter((segment) => segment !== "");
  if (guestPath.includes("\0") || segments.some((segment) => segment === ".." || segment === "."))
    throw new AppError("badArguments", "A path leads straight to its file.");
  // A drive of the guest's is none of the host's.
  if (/^[a-z]:$/iu.test(segments[0] ?? "")) segments.shift();
  for (let from = Math.max(0, segments.length - SEGMENTS); from < segments.length; from++) {
    for (const root of reader.roots()) {
      const file = path.join(root, ...segments.slice(from));
      const real = await reader.realPath(file);
      const realRoot = real === undefined ? undefined : await reader.realPath(root);
      if (real === undefined || realRoot === undefined || within(realRoot, real) === undefined) continue;
      if (await hasContent(reader, real, sha256)) return file;
    }
  }
  return undefined;
}

async function hasContent(reader: SourceReader, file: string, sha256: string): Promise<boolean> {
  const content = await reader.read(file).catch(() => undefined);
  return content !== undefined && hashOf(content) === sha256;
}

/** Where a file is in the project's folders, for people and for guests that have the same folder elsewhere. */
async function relativeTo(reader: SourceReader, file: string): Promise<string | undefined> {
  const real = (await reader.realPath(file)) ?? file;
  for (const root of reader.roots()) {
    const relative = within((await reader.realPath(root)) ?? root, real);
    if (relative !== undefined) return relative.split(path.sep).join("/");
  }
  return undefined;
}

function hashOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
