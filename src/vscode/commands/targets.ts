import { parseClient } from "../../address/parse.ts";
import { AppError } from "../../common/errors.ts";
import type { NetworkServer } from "../../host/discovery/advert.ts";
import type { Registry, ServerEntry } from "../../host/registry.ts";
import type { SessionHost } from "../../host/sessionHost.ts";
import type { Participant } from "../../hub/client.ts";
import type { Join } from "../guest/joins.ts";
import type { ServableSession, ServedServer } from "../host/serving.ts";
import type { PendingClient } from "../joinRequests.ts";
import type { JoinChoice } from "./joinItems.ts";

// What a command is about if a row of one of our views calls it: VS Code passes the row itself, which has these
// properties. From the palette there is no argument, and the command asks. Rows may be older than the models: a
// command looks its target up there (`serving.servers.includes(served)`).

/** start: another server for this session. */
export interface SessionTarget {
  readonly session: ServableSession;
}

/** stop, copyJoinString, copyJoinLink; and start, as it is a session's target, too. */
export interface ServerTarget extends SessionTarget {
  readonly served: ServedServer;
}

/** removeGuest, changeAccess. */
export interface GuestTarget {
  readonly host: SessionHost;
  readonly guest: Participant;
}

/** allowControl, allowView, deny. */
export interface PendingTarget {
  readonly pending: PendingClient;
}

/** join, copyJoinString: a server that another process of this machine has registered. */
export interface EntryTarget {
  readonly entry: ServerEntry;
}

/** join, copyJoinString: a server that another machine announces on the local network. */
export interface NetworkTarget {
  readonly network: NetworkServer;
}

/** leave, say. */
export interface JoinTarget {
  readonly join: Join;
}

export type RowTarget =
  SessionTarget | ServerTarget | GuestTarget | PendingTarget | EntryTarget | NetworkTarget | JoinTarget;

/**
 * What a row is about, if that is still there; undefined if a command has no row. Throws `closed` if it
 * has gone. `name`: the row's property.
 */
export function targetOf<T>(row: unknown, name: string, all: readonly T[]): T | undefined {
  const wanted = property(row, name);
  if (wanted === undefined) return undefined;
  const found = all.find((item) => item === wanted);
  if (found === undefined) throw new AppError("closed", "This is no longer there.");
  return found;
}

/** VS Code's id of a session, as its call stack and its toolbar give it. */
export function sessionIdOf(context: unknown): string | undefined {
  const id = typeof context === "string" ? context : property(context, "sessionId");
  return typeof id === "string" ? id : undefined;
}

export function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The registered server of the row by which a command was called; undefined if it was not one. Rejects if it has ended. */
export async function entryOf(
  registry: Pick<Registry, "list">,
  row: unknown,
): Promise<ServerEntry | undefined> {
  const id = property(property(row, "entry"), "id");
  if (id === undefined) return undefined;
  const found = (await registry.list()).find((entry) => entry.id === id);
  if (found === undefined) throw new AppError("closed", "This server has ended.");
  return found;
}

/** The announced server of the row by which a command was called; undefined if it was not one. */
export function networkOf(row: unknown): JoinChoice | undefined {
  const network = property(row, "network");
  const [join, session] = [property(network, "join"), property(network, "session")];
  const parsed = typeof join === "string" ? parseClient(join) : undefined;
  if (parsed?.ok !== true) return undefined;
  const name = typeof session === "string" && session !== "" ? session : "Debug session";
  return { address: parsed.value, name };
}
