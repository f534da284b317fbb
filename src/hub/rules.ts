import type { Client } from "./client.ts";

interface RulesHub {
  readonly clients: ReadonlySet<Client>;
  /** Who drives the session, or will: of a child session, its parent's driver. */
  readonly driver: Client | undefined;
}

/**
 * Whom the hub's own rules bind, which an adapter does not know: the one place that decides it.
 * - The adapter gets no request that its capabilities do not offer, none without the arguments that DAP requires, and none
 *   of its own kind of which it is known to die.
 * - It gets one `initialize`, one start, and one `configurationDone` for each `initialized`.
 * - A breakpoint of an adapter that gives none gets an id of ours.
 * - Equal requests are one at the adapter, and an answer may serve several clients.
 *
 * For the client that drives the session the hub is a wire. What it sends goes to the adapter, and the adapter answers, also
 * with refusals. The rules bind those that joined, and the driver only while another client is there, which its requests could
 * harm. What binds every client that came through a server besides is not among them: rights, bounds, admission, and on the
 * link the closed list. A local editor is free of those, too.
 */
export class Rules {
  readonly #hub: RulesHub;

  constructor(hub: RulesHub) {
    this.#hub = hub;
  }

  /** Whether the client drives the session. A session that a window or the hub itself has started has no driver. */
  drives(client: Client): boolean {
    const { driver, clients } = this.#hub;
    if (client === driver) return true;
    // In a child session its parent's driver is there by another client.
    return driver !== undefined && !clients.has(driver) && client.participant === driver.participant;
  }

  /** Whether the rules are to be held against that client. */
  binds(client: Client): boolean {
    if (!this.drives(client)) return true;
    // Each of the others keeps the adapter alive, and the program where it stands: it is theirs, too.
    return this.#hasOthers(client);
  }

  /**
   * Whether a request about a stop that is over is to be refused. A driver may be wrong about where the program stands
   * only because of another client: `mover` is the one that has resumed it since, if one of us has.
   */
  bindsToStops(client: Client, mover: object | undefined): boolean {
    return !this.drives(client) || (mover !== undefined && mover !== client);
  }

  /** Whether another participant is there; one that has not even sent `initialize` does not count. */
  #hasOthers({ participant }: Client): boolean {
    for (const other of this.#hub.clients)
      if (other.participant !== participant && other.capabilities !== undefined) return true;
    return false;
  }
}
