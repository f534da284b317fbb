import { format } from "../address/format.ts";
import type { ClientAddress } from "../address/model.ts";
import { AppError } from "../common/errors.ts";
import { EXTENSION_ID } from "./names.ts";

const PATH = "/join";
const PARAMETER = "remote=";
/** More than any connection string needs. */
const LENGTH = 2_000;

/** A link that joins a server from another VS Code. Holds no password, nor where the sender has one. `scheme`: VS Code's own. */
export function joinLink(address: ClientAddress, scheme: string): string {
  const text = format({ ...address, password: undefined });
  return `${scheme}://${EXTENSION_ID}${PATH}?${PARAMETER}${encodeURIComponent(text)}`;
}

/**
 * The connection string of a link, of which VS Code gives the path and the decoded query; anybody can have written
 * it. It is the only parameter, and all that follows belongs to it: in a decoded query an ampersand of its own cannot
 * be told from one that separates.
 */
export function readJoinLink(path: string, query: string): string | AppError {
  const hint = `It must look like ${EXTENSION_ID}${PATH}?${PARAMETER}CONNECTION.`;
  if (path !== PATH)
    return new AppError("address", "This link is not one that joins a debug session.", { hint });
  if (!query.startsWith(PARAMETER)) return new AppError("address", "This link names no server.", { hint });
  const text = query.slice(PARAMETER.length);
  return text.length <= LENGTH
    ? text
    : new AppError("tooLarge", "The connection string of this link is too long.");
}

/** The connection string of a link that the user has pasted as text; undefined if it is none. */
export function pastedLink(text: string): string | undefined {
  const [, place = "", path = "", query = ""] =
    /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)([^?#]*)\?([^#]*)/i.exec(text.trim()) ?? [];
  if (place.toLowerCase() !== EXTENSION_ID) return undefined;
  try {
    const remote = readJoinLink(path, decodeURIComponent(query));
    return remote instanceof AppError ? undefined : remote;
  } catch {
    // A percent sign that encodes nothing.
    return undefined;
  }
}

/** Where a connection string leads, in words. */
export function describeAddress(address: ClientAddress): string {
  switch (address.kind) {
    case "tcp":
    case "ssl":
      return `${address.server}, port ${address.port}`;
    case "npipe":
    case "spipe":
      return `${address.server}, pipe ${address.pipe}`;
    case "tcpReverse":
    case "sslReverse":
      return `${address.clicon}, which is to connect to port ${address.ports.first} here`;
    case "com":
      return `the serial line ${address.device}`;
  }
}
