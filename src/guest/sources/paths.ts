import { isOnDisk } from "../../common/onDisk.ts";

/** Paths of two machines, each of which may be a Windows machine or not: text only, the disk is not asked. */

/** Where a folder of the host's is here, in the words of other debuggers' configurations: the host is the remote side. */
export interface PathMapping {
  readonly localRoot: string;
  readonly remoteRoot: string;
}

const DRIVE = /^[a-z]:[\\/]/iu;

export function isAbsolutePath(path: string): boolean {
  return path.startsWith("/") || path.startsWith("\\\\") || DRIVE.test(path);
}

function isWindowsPath(path: string): boolean {
  return DRIVE.test(path) || path.startsWith("\\");
}

export function segmentsOf(path: string): string[] {
  const separator = isWindowsPath(path) ? /[\\/]+/u : /\/+/u;
  return path.split(separator).filter((segment) => segment !== "");
}

/**
 * Whether an editor that opens the path may do more than look at a file of its own machine: load a URI, connect to
 * another machine (a share of Windows; `/ssh:HOST:/…` in Emacs), or open a device of Windows.
 */
export function leadsElsewhere(path: string): boolean {
  if (DRIVE.test(path)) return !isOnDisk(path, "win32");
  return /^([a-z][a-z0-9+.-]*:|\\|\/[\\/]|\/[^/]*:)/iu.test(path);
}

/** The segments without `.` and `..`, which could lead out of a folder that they are appended to. */
export function withoutDots(segments: readonly string[]): string[] {
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
  }
  return kept;
}

/**
 * The path with those segments appended, written as `folder` is. Undefined if one of them is no name there: Windows sees
 * separators, drives and streams in what are plain names elsewhere.
 */
export function joinPath(folder: string, segments: readonly string[]): string | undefined {
  if (isWindowsPath(folder) && segments.some((segment) => /[\\/:]/u.test(segment))) return undefined;
  const separator = isWindowsPath(folder) && !folder.includes("/") ? "\\" : "/";
  return [folder.replace(/[\\/]+$/u, ""), ...segments].join(separator);
}

/** What leads from the folder to the path, or undefined if that is not in it. */
export function segmentsWithin(folder: string, path: string): string[] | undefined {
  const fold = isWindowsPath(folder)
    ? (text: string | undefined) => text?.toLowerCase()
    : (text?: string) => text;
  const [outer, inner] = [withoutDots(segmentsOf(folder)), withoutDots(segmentsOf(path))];
  if (isWindowsPath(folder) !== isWindowsPath(path)) return undefined;
  if (inner.length <= outer.length || outer.some((segment, i) => fold(segment) !== fold(inner[i])))
    return undefined;
  return inner.slice(outer.length);
}

/** Where the path is, after its folder `from` was moved `to` somewhere else; undefined if it is not in that folder. */
export function moved(path: string, from: string, to: string): string | undefined {
  const segments = segmentsWithin(from, path);
  return segments === undefined ? undefined : joinPath(to, segments);
}

/** The path of a `file:` URI of any system; undefined if it is none. */
export function fromFileUri(uri: string): string | undefined {
  const [, authority, rest] = /^file:\/\/([^/]*)(\/.*)$/iu.exec(uri) ?? [];
  const path = rest === undefined ? undefined : decoded(rest);
  const server = decoded(authority ?? "");
  if (path === undefined || server === undefined) return undefined;
  if (server !== "") return `\\\\${server}${path.replaceAll("/", "\\")}`;
  return DRIVE.test(path.slice(1)) ? path.slice(1).replaceAll("/", "\\") : path;
}

export function toFileUri(path: string): string {
  const slashed = isWindowsPath(path) ? path.replaceAll("\\", "/") : path;
  return `file://${slashed.startsWith("//") ? encoded(slashed.slice(2)) : encoded(slashed.replace(/^(?=[^/])/u, "/"))}`;
}

/** For the path of a URI; a drive's colon stays, as in the URIs that other programs write. */
export function encoded(path: string): string {
  return path
    .split("/")
    .map(encodeURIComponent)
    .join("/")
    .replace(/^(\/[a-z])%3A/iu, "$1:");
}

/** Undefined if that is no text. */
export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
