import type { PeerGroup } from "./peerGroup.ts";

/** A network, or a peer, of which something waits. */
interface Waiting {
  /** The turn in which it was served last, or came to wait. */
  turn: number;
  count: number;
}

interface Item {
  readonly group: PeerGroup;
}

/**
 * Those that wait, served in turn: the networks one after the other, in each its peers one after the other, and what
 * is of one peer in the order in which it came. So what one peer adds makes no other wait longer: each that may be
 * served is so within as many turns as networks wait, times the peers that wait in its own. Bounded by its user.
 */
export class FairQueue<T extends Item> {
  readonly #items = new Set<T>();
  readonly #networks = new Map<string, Waiting>();
  readonly #peers = new Map<string, Waiting>();
  #turn = 0;

  get size(): number {
    return this.#items.size;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items.values();
  }

  add(item: T): void {
    this.#items.add(item);
    for (const [waiting, key] of this.#places(item)) {
      const known = waiting.get(key);
      if (known === undefined) waiting.set(key, { turn: this.#turn, count: 1 });
      else known.count += 1;
    }
  }

  delete(item: T): boolean {
    if (!this.#items.delete(item)) return false;
    for (const [waiting, key] of this.#places(item)) {
      const known = waiting.get(key);
      if (known !== undefined && --known.count === 0) waiting.delete(key);
    }
    return true;
  }

  /** How many of this peer wait. */
  countOf({ peer }: PeerGroup): number {
    return this.#peers.get(peer)?.count ?? 0;
  }

  /** Whose turn it is among those for which `may` is true; it waits no longer. */
  take(may: (item: T) => boolean = () => true): T | undefined {
    let first: T | undefined;
    for (const item of this.#items) if (may(item) && (!first || this.#precedes(item, first))) first = item;
    if (first === undefined) return undefined;
    this.#turn += 1;
    for (const [waiting, key] of this.#places(first)) {
      const known = waiting.get(key);
      if (known !== undefined) known.turn = this.#turn;
    }
    this.delete(first);
    return first;
  }

  /**
   * Which one is to go where there is no more room: of the network that has most waiting, and in it of the peer that has,
   * the newest. `spared` ones only if all of that network are.
   */
  mostCrowded(spared: (item: T) => boolean = () => false): T | undefined {
    const network = most([...this.#items], ({ group }) => group.network);
    const others = network.filter((item) => !spared(item));
    return most(others.length > 0 ? others : network, ({ group }) => group.peer).at(-1);
  }

  #precedes(one: T, other: T): boolean {
    const [network = 0, peer = 0] = this.#turnsOf(one);
    const [otherNetwork = 0, otherPeer = 0] = this.#turnsOf(other);
    return network < otherNetwork || (network === otherNetwork && peer < otherPeer);
  }

  #turnsOf(item: T): number[] {
    return this.#places(item).map(([waiting, key]) => waiting.get(key)?.turn ?? 0);
  }

  #places({ group }: T): [Map<string, Waiting>, string][] {
    return [
      [this.#networks, group.network],
      [this.#peers, group.peer],
    ];
  }
}

/** Of the items those with the key that most of them have. */
export function most<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const byKey = new Map<string, T[]>();
  for (const item of items) {
    const same = byKey.get(keyOf(item));
    if (same === undefined) byKey.set(keyOf(item), [item]);
    else same.push(item);
  }
  return [...byKey.values()].reduce((one, other) => (other.length > one.length ? other : one), []);
}
