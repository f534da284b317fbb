import type { Logger } from "../common/logger.ts";
import type { Breakpoints } from "./breakpoints.ts";
import type { Client, Participant } from "./client.ts";
import type { Execution } from "./execution.ts";
import type { HostWindow } from "./hostWindow.ts";
import type { AdapterStartup } from "./adapterStartup.ts";
import type { Queries } from "./queries.ts";
import type { ReverseRequests } from "./reverse.ts";
import type { RequestNumbers } from "./requestNumbers.ts";
import type { Rules } from "./rules.ts";
import type { SelectedFrames } from "./selectedFrames.ts";
import type { Snapshot } from "./snapshot.ts";
import type { NamedSources } from "./sources.ts";
import type { ExecutionControl } from "./executionControl.ts";
import type { AdapterEvent, Upstream } from "./upstream.ts";

/** What the parts of a hub share. Nothing here sends by itself. */
export interface HubContext {
  readonly upstream: Upstream;
  /** Everyone who is connected, also those who have not finished joining. */
  readonly clients: ReadonlySet<Client>;
  /** The adapter's capabilities, as far as they are known. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** The session only starts child sessions: what concerns the program is said in those, and once. */
  readonly isParentOnly: boolean;
  /** The host's own window, if it speaks to the adapter itself. */
  readonly window: HostWindow | undefined;
  /** Which of the rules of the hub bind which client. */
  readonly rules: Rules;
  /** By which numbers the adapter knows the clients' requests. */
  readonly numbers: RequestNumbers;
  /** The child sessions that go on. */
  readonly children: Iterable<Pick<HubContext, "window">>;
  readonly logger: Logger;
  /** Sends an event to all live clients but one; the body is encoded once. */
  broadcast(event: string, body: Buffer | undefined, except?: Actor): void;
  /** Sends an event of the adapter to all live clients; the one that drives gets it whatever it is. `bodyFor`: a body of their own. */
  passOn(event: AdapterEvent, bodyFor?: (client: Client) => Buffer | undefined): void;
  /** Tells the others in their debug console what somebody did. */
  notice(actor: Actor, activity: string): void;
  /** A line in everybody's debug console. */
  say(line: string, except?: Actor): void;
}

/** Somebody whose deeds the others are told of: a client, or the host's own window. */
export interface Actor {
  readonly participant: Participant;
}

/** The parts that the two directions of a hub (dispatch.ts, adapterEvents.ts) hand their messages to. */
export interface Parts {
  readonly adapterStartup: AdapterStartup;
  readonly breakpoints: Breakpoints;
  readonly execution: Execution;
  readonly executionControl: ExecutionControl;
  readonly queries: Queries;
  readonly frames: SelectedFrames;
  readonly snapshot: Snapshot;
  readonly reverse: ReverseRequests;
  readonly sources: NamedSources;
}
