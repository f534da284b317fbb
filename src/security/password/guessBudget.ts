import type { PeerGroup } from "../../transport/peerGroup.ts";

/** How a budget gets tight: after `free` wrong guesses the next must wait `firstMs`, then twice that, up to `lastMs`. */
interface Rule {
  readonly free: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Each time so much has gone by, a wrong guess is forgiven; not before the longest delay allows for another. */
  readonly forgiveMs: number;
}

/**
 * The longest delay of a peer is short, since it also meets those who share its address through no fault of their own
 * (a router, a tunnel): they must come in within seconds while it guesses. What keeps the password is that even a whole
 * botnet gets no more than the server's own budget, ten guesses a second: SECURITY.md says what that means.
 */
export const GUESS_RULES = {
  peer: { free: 16, firstMs: 100, lastMs: 2_000, forgiveMs: 30_000 },
  network: { free: 256, firstMs: 100, lastMs: 1_000, forgiveMs: 2_000 },
  server: { free: 128, firstMs: 100, lastMs: 100, forgiveMs: 100 },
} as const satisfies Readonly<Record<string, Rule>>;

interface Spent {
  /** Wrong guesses that are not forgiven; those under way included: breaking off in time teaches a guesser as much. */
  count: number;
  /** When `count` was so. */
  at: number;
  /** When the next guess may be answered. */
  nextAt: number;
}

interface SpentByPeer extends Spent {
  /** Answered, and neither proved nor given up. */
  underWay: number;
  /** Wrong ones in a row, for people. */
  inARow: number;
}

/**
 * Guesses at one server's password: how long each peer, its network and the server as a whole have to wait before the next is
 * answered. A guess counts when it is answered, because the answer tells a guesser whether it was right; it is taken back
 * when the guest has proved the password.
 *
 * A peer is remembered from an answer on, so the server's own budget bounds how many are (some thousands): none is forgotten
 * to make room, however many addresses an attacker has.
 */
export class GuessBudget {
  readonly #peers = new Map<string, SpentByPeer>();
  readonly #networks = new Map<string, Spent>();
  #server: Spent;
  readonly #now: () => number;

  /** `now`: milliseconds of a clock that does not jump. */
  constructor(now: () => number) {
    this.#now = now;
    this.#server = nothingSpent(now());
  }

  /** Milliseconds until a guess of this group may be answered; Infinity: when one of its peer's is proved or given up. */
  waitMs({ peer, network }: PeerGroup): number {
    const known = this.#peers.get(peer);
    const now = this.#now();
    const ofOthers = Math.max(0, (this.#networks.get(network)?.nextAt ?? 0) - now, this.#server.nextAt - now);
    if (known === undefined) return ofOthers;
    const { free } = GUESS_RULES.peer;
    const count = countAt(now, known, GUESS_RULES.peer);
    // Many who are right at the same time must not make each other wait as wrong ones do.
    if (count - known.underWay < free) return count < free ? ofOthers : Infinity;
    return Math.max(ofOthers, known.nextAt - now);
  }

  /** How much the next guess of this peer adds to the wait of the one behind it. */
  delayMs({ peer }: PeerGroup): number {
    const known = this.#peers.get(peer);
    if (known === undefined) return 0;
    return delayAfter(countAt(this.#now(), known, GUESS_RULES.peer) - known.underWay + 1, GUESS_RULES.peer);
  }

  /** Whether no wrong guess of this peer is remembered. */
  isFresh({ peer }: PeerGroup): boolean {
    return !this.#peers.has(peer);
  }

  /** Wrong guesses of this peer in a row. */
  inARow({ peer }: PeerGroup): number {
    return this.#peers.get(peer)?.inARow ?? 0;
  }

  /** How many peers and networks are remembered. */
  get size(): number {
    return this.#peers.size + this.#networks.size;
  }

  answered({ peer, network }: PeerGroup): void {
    const now = this.#now();
    const known = this.#peers.get(peer) ?? { ...nothingSpent(now), underWay: 0, inARow: 0 };
    const underWay = known.underWay + 1;
    renew(this.#peers, peer, { ...known, ...spend(known, now, GUESS_RULES.peer), underWay });
    const others = this.#networks.get(network) ?? nothingSpent(now);
    renew(this.#networks, network, spend(others, now, GUESS_RULES.network));
    this.#server = spend(this.#server, now, GUESS_RULES.server);
    forget(this.#peers, now, GUESS_RULES.peer);
    forget(this.#networks, now, GUESS_RULES.network);
  }

  /** A guess that was answered was wrong, or was broken off. */
  failed({ peer }: PeerGroup): void {
    const known = this.#peers.get(peer);
    if (known === undefined) return;
    known.underWay -= 1;
    known.inARow += 1;
  }

  /** A guess that was answered was right: its peer is forgiven all wrong ones, its network and the server this one. */
  proved({ peer, network }: PeerGroup): void {
    const underWay = (this.#peers.get(peer)?.underWay ?? 1) - 1;
    if (underWay === 0) this.#peers.delete(peer);
    else this.#peers.set(peer, { ...nothingSpent(this.#now()), count: underWay, underWay, inARow: 0 });
    const others = this.#networks.get(network);
    if (others !== undefined && --others.count <= 0) this.#networks.delete(network);
    this.#server.count = Math.max(0, this.#server.count - 1);
  }
}

function nothingSpent(at: number): Spent {
  return { count: 0, at, nextAt: at };
}

/** How many are not forgiven by now. */
function countAt(now: number, { count, at }: Spent, { forgiveMs }: Rule): number {
  return Math.max(0, count - (now - at) / forgiveMs);
}

function spend(spent: Spent, now: number, rule: Rule): Spent {
  const count = countAt(now, spent, rule) + 1;
  return {
    count: Math.min(count, mostOf(rule)),
    at: now,
    nextAt: Math.max(now, spent.nextAt) + delayAfter(count, rule),
  };
}

/** Inserted anew: the map's order is by the last guess. */
function renew<T>(all: Map<string, T>, key: string, spent: T): void {
  all.delete(key);
  all.set(key, spent);
}

/** The delay behind the guess that makes so many. */
function delayAfter(count: number, { free, firstMs, lastMs }: Rule): number {
  if (count <= free) return 0;
  return Math.min(lastMs, firstMs * 2 ** Math.min(20, Math.ceil(count - free) - 1));
}

/** Beyond that a wrong guess changes nothing, and so need not be remembered. */
function mostOf({ free, firstMs, lastMs }: Rule): number {
  return free + Math.log2(lastMs / firstMs) + 2;
}

/** Those whose guesses are all forgiven by now, whatever they were. */
function forget(spent: Map<string, Spent>, now: number, rule: Rule): void {
  for (const [key, { at }] of spent) {
    if (now - at < mostOf(rule) * rule.forgiveMs) return;
    spent.delete(key);
  }
}
