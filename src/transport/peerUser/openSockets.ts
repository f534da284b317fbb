import type { TcpConnection, TcpEnd } from "../channel.ts";
import { formatHostPort, plainAddress } from "../peer.ts";
import type { Finding } from "./connectionTable.ts";

/** A socket that a process holds, as systems list them that do not list closed ones. */
export interface OpenSocket {
  readonly process: number;
  /** Empty: this user may not see it. */
  readonly user: string;
  /** As `endsOf` spells them. */
  readonly ends: string;
}

/** `127.0.0.1:53211->127.0.0.1:5005`. A dual-stack socket's addresses may be spelled as mapped ones, here or there. */
export function endsOf(from: TcpEnd, to: TcpEnd): string {
  return [from, to]
    .map(({ address, port }) => formatHostPort(plainAddress(address.replace(/%.*$/, "").toLowerCase()), port))
    .join("->");
}

/** Whose the other end of a connection is. Our own end must be there, too: it proves that the list is of this very one. */
export function findOwner(
  { local, remote }: TcpConnection,
  sockets: readonly OpenSocket[],
  ownProcess: number,
): Finding {
  const own = endsOf(local, remote);
  if (!sockets.some(({ process, ends }) => process === ownProcess && ends === own))
    return { kind: "missing" };
  const other = endsOf(remote, local);
  const users = new Set(sockets.filter(({ ends }) => ends === other).map(({ user }) => user));
  const [user = "", ...others] = users;
  // A socket can be held by several processes, and each of them can speak.
  if (others.length > 0) return { kind: "ambiguous" };
  return user === "" ? { kind: "missing" } : { kind: "owner", user };
}
