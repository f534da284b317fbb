import { decoded, encoded, isAbsolutePath, leadsElsewhere } from "./paths.ts";

/** The scheme of the host's files in an editor that knows how to read them. */
export const HOST_SOURCE_SCHEME = "debug-server";

/** A file of the host's: of a link, by an id, and the host's path. */
export interface HostSource {
  readonly joinId: string;
  readonly path: string;
}

/**
 * The URI of a host's file: `debug-server://<join id>/<path>`, so that its name and its ending are where editors look for
 * them. Where the path of a URI cannot say exactly how the host spells it (Windows; editors change what looks like a
 * drive), the query does as well.
 */
export function hostSourceUri({ joinId, path }: HostSource): string {
  const shown = hostSourcePath(path);
  const isPlain = shown === path && !/^\/[a-z]:/iu.test(path);
  const query = isPlain ? "" : `?${encodeURIComponent(path)}`;
  return `${HOST_SOURCE_SCHEME}://${joinId}${encoded(shown)}${query}`;
}

/** The path within such a URI, by which files are beside each other in folders. */
export function hostSourcePath(path: string): string {
  return `/${path.replaceAll("\\", "/").replace(/^\/+/u, "")}`;
}

/** Undefined if it is no such URI. Editors may have encoded it anew. */
export function parseHostSourceUri(uri: string): HostSource | undefined {
  const [, joinId, path = "", query] =
    /^debug-server:\/\/([^/?#]+)(\/[^?#]*)(?:\?([^#]*))?$/iu.exec(uri) ?? [];
  const found = decoded(query ?? path);
  return joinId === undefined || found === undefined || !(isAbsolutePath(found) || leadsElsewhere(found))
    ? undefined
    : { joinId: joinId.toLowerCase(), path: found };
}
