import os from "node:os";
import type { Peer } from "./channel.ts";
import { hostOf, isLoopback, sameAddress } from "./peer.ts";
import { peerUser } from "./peerUser/peerUser.ts";

/** A system may take its time to tell; then the peer counts as one whose user is not known. */
const USER_MS = 3_000;

/**
 * By what limits per peer count: the parts of a peer's address that it cannot change at will. Nothing that a peer, or
 * a proxy in front of it, says about itself is in it.
 */
export interface PeerGroup {
  /** On this machine the user, of IPv4 the address, of IPv6 the /64, all of which one machine commonly owns. */
  readonly peer: string;
  /** Of IPv4 the /24, of IPv6 the /48, which one customer commonly has; elsewhere the same as `peer`. */
  readonly network: string;
}

/**
 * `user`: the user (a uid) at the other end of a connection from this machine, where known. The others of this machine
 * are one group. Where a transport has no addresses (a pipe, a serial line), all of the server's peers are one.
 */
export function peerGroup(peer: Peer, user?: string): PeerGroup {
  if (peer.transport !== "tcp") return alone(`${peer.transport}:${peer.address}`);
  const address = hostOf(peer).replace(/%.*$/, "");
  if (isThisMachine(address)) return alone(user === undefined ? "local:unknown user" : `local:user ${user}`);
  if (!address.includes(":"))
    return { peer: `tcp:${address}`, network: `tcp:${address.replace(/\.\d+$/, ".0/24")}` };
  const groups = groupsOf(address);
  return {
    peer: `tcp:${groups.slice(0, 4).join(":")}::/64`,
    network: `tcp:${groups.slice(0, 3).join(":")}::/48`,
  };
}

/** The group of a peer whose channel is open. Rejects only when the signal aborts, with its reason. */
export async function findPeerGroup(peer: Peer, signal: AbortSignal): Promise<PeerGroup> {
  if (peer.connection === undefined || !isThisMachine(hostOf(peer))) return peerGroup(peer);
  const found = peerUser(peer, AbortSignal.any([signal, AbortSignal.timeout(USER_MS)]));
  const answer = await found.catch(() => signal.throwIfAborted());
  return peerGroup(peer, answer?.kind === "known" ? answer.user : undefined);
}

/** A peer of a group for people: `tcp 192.0.2.7`, `local user 1000`. */
export function shownPeer(peer: string): string {
  return peer.replace(":", " ");
}

/** Whether a peer with this IP address can be on this machine only: it is loopback, or one of the machine's own. */
export function isThisMachine(address: string): boolean {
  return isLoopback(address) || ownAddresses().some((own) => sameAddress(own, address));
}

/** The machine's IP addresses, loopback included. */
export function ownAddresses(): string[] {
  return Object.values(os.networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}

function alone(peer: string): PeerGroup {
  return { peer, network: peer };
}

/** The eight groups of an IPv6 address; enough of them where its end is written as IPv4. */
function groupsOf(address: string): string[] {
  const [head = "", tail = ""] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === "" ? [] : tail.split(":");
  while (before.length + after.length < 8) before.push("0");
  return [...before, ...after];
}
