import type { NetworkServer } from "../../host/discovery/advert.ts";
import type { SessionHost } from "../../host/sessionHost.ts";
import type { ServerEntry } from "../../host/registry.ts";
import type { Participant } from "../../hub/client.ts";
import type { Join } from "../guest/joins.ts";
import type { ServableSession, ServedServer } from "../host/serving.ts";
import type { PendingClient } from "../joinRequests.ts";

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

/** join, copyJoinString: a server that somebody announces on the local network. */
export interface NetworkTarget {
  readonly network: NetworkServer;
}

/** leave, say. */
export interface JoinTarget {
  readonly join: Join;
}

export type RowTarget =
  SessionTarget | ServerTarget | GuestTarget | PendingTarget | EntryTarget | NetworkTarget | JoinTarget;
