import type { TcpConnection } from "../channel.ts";

/** What the system's table of connections says about the other end of one. */
export type Finding =
  /** A socket that processes of this user hold; `user`: a uid, on Windows a SID. */
  | { readonly kind: "owner"; readonly user: string }
  /** The other side has not accepted the connection yet, so it has no owner there. */
  | { readonly kind: "pending" }
  /** The other end is closed: it has no owner any more, and systems show it as root's. */
  | { readonly kind: "closed" }
  /** Several owners: a table changes while it is read. */
  | { readonly kind: "ambiguous" }
  /** Not there, or our own end is not. */
  | { readonly kind: "missing" };

/** A system's table of the TCP connections of this machine, with their owners. */
export interface ConnectionTable {
  /** This process's user, as the table would name it. Rejects with an AppError if its rows cannot tell. */
  ownUser(): Promise<string>;
  /** Reads the table once. Rejects with an AppError if it cannot be read. */
  find(connections: readonly TcpConnection[]): Promise<ReadonlyMap<TcpConnection, Finding>>;
}
