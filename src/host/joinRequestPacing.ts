/**
 * How soon the host is asked about a peer again that was denied, or that gave up, several times. The first few times
 * cost nothing: people mistype, and a class shares one address. A peer that comes and goes waits longer each time.
 * A pure rule: the caller says what time it is, in milliseconds.
 */
const FREE_FAILURES = 3;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A peer that has not failed for so long is a new one. */
const FORGET_MS = 10 * 60_000;
/** The peer whose last failure is longest ago is forgotten first. */
const MAX_PEERS = 1_000;

export class JoinRequestPacing {
  /** In the order of the last failure. */
  readonly #peers = new Map<string, { readonly failures: number; readonly at: number }>();

  /** How long to wait until the host is asked about this peer. */
  pauseOf(peer: string, now: number): number {
    const { failures, at } = this.#known(peer, now);
    if (failures < FREE_FAILURES) return 0;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - FREE_FAILURES), LONGEST_PAUSE_MS);
    return Math.max(0, at + pause - now);
  }

  /** The host was asked, and said no, or the peer did not wait for the answer. */
  failed(peer: string, now: number): void {
    const { failures } = this.#known(peer, now);
    this.#peers.delete(peer);
    this.#peers.set(peer, { failures: failures + 1, at: now });
    for (const oldest of this.#peers.keys()) {
      if (this.#peers.size <= MAX_PEERS) break;
      this.#peers.delete(oldest);
    }
  }

  admitted(peer: string): void {
    this.#peers.delete(peer);
  }

  #known(peer: string, now: number): { failures: number; at: number } {
    const known = this.#peers.get(peer);
    return known === undefined || now - known.at >= FORGET_MS ? { failures: 0, at: now } : known;
  }
}
