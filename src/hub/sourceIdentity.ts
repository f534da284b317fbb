import { type JsonObject, objectOf } from "../dap/messages.ts";

/**
 * Which sources are one and the same. DAP: a reference counts if it is greater than 0, and is the source then, whatever
 * its path. In a Windows path the drive's letter may be written small or large, and either slash is one.
 */

/** Equal for two spellings of one source. */
export function placeName({ path, sourceReference, name }: JsonObject): string {
  if (typeof sourceReference === "number" && sourceReference > 0) return `#${sourceReference}`;
  if (typeof path === "string" && path !== "") return folded(path);
  return `?${typeof name === "string" ? name : ""}`;
}

function folded(path: string): string {
  if (/^[a-z]:[\\/]/i.test(path)) return lowered(path).replaceAll("/", "\\");
  const uri = /^file:\/\/\/([a-z])(?::|%3a)(.*)$/is.exec(path);
  return uri === null ? path : `file:///${uri[1]?.toLowerCase()}:${uri[2]}`;
}

function lowered(path: string): string {
  return path.slice(0, 1).toLowerCase() + path.slice(1);
}

/**
 * The name of the source, if an adapter's answer to a list of breakpoints says of each that it is in that other place:
 * the same file under another spelling. Not where a breakpoint may have gone to another file, as from a program's source
 * to what was made of it: the last part of the path and the lines must be what was asked for.
 */
export function otherSpelling(
  source: JsonObject,
  asked: readonly JsonObject[],
  results: readonly JsonObject[],
): string | undefined {
  const own = placeName(source);
  const places = results.map((result) => objectOf(result.source));
  const names = new Set(places.map(placeName));
  const [name] = names;
  const isSame =
    names.size === 1 &&
    name !== own &&
    // A reference is the source: there is no other spelling of it.
    !own.startsWith("#") &&
    results.length === asked.length &&
    places.every((place) => lastPart(place) !== "" && lastPart(place) === lastPart(source)) &&
    results.every(({ line }, i) => line === undefined || line === asked[i]?.line);
  return isSame ? name : undefined;
}

function lastPart({ path }: JsonObject): string {
  if (typeof path !== "string") return "";
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1).toLowerCase();
}
