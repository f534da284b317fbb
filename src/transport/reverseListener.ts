import { isIP } from "node:net";
import type { ClientAddress, SslReverseClient, TcpReverseClient } from "../address/model.ts";
import type { Peer, WaitOptions } from "./channel.ts";
import { familyOf, resolveHost, type Resolver, systemResolver } from "./dial.ts";
import { hostOf, isLoopbackHost, sameAddress } from "./peer.ts";
import { isThisMachine, ownAddresses } from "./peerGroup.ts";
import { listenTcp, type TcpListener } from "./tcp.ts";
import { CONNECT_TIMEOUT_MS, withDeadline } from "./deadline.ts";

/** The address of a guest that waits for the server to connect. */
export type ReverseClient = TcpReverseClient | SslReverseClient;

export function isReverseClient(address: ClientAddress): address is ReverseClient {
  return address.kind === "tcpReverse" || address.kind === "sslReverse";
}

/**
 * Listens for the server that `clicon=` names, on the first free port of the range; on this machine alone, if the server
 * is here. Rejects as `listenTcp` does.
 */
export function listenReverse(address: ReverseClient, wait: WaitOptions = {}): Promise<TcpListener> {
  const family = familyOf(address);
  return listenTcp({ ...wait, ports: address.ports, family, loopback: isLoopbackHost(address.clicon) });
}

/**
 * Whether a peer that connected has an address of the host that was named; `unknown` if no address of that host is known
 * here. A machine that connects to itself may do so from any of its addresses. Rejects only when the signal aborts.
 */
export async function comesFrom(
  peer: Peer,
  host: string,
  signal: AbortSignal,
  resolver: Resolver = systemResolver,
): Promise<boolean | "unknown"> {
  const named = await addressesOf(host, signal, resolver);
  if (named === undefined) return "unknown";
  const found = hostOf(peer);
  return [...named, ...(named.some(isThisMachine) ? ownAddresses() : [])].some((address) =>
    sameAddress(address, found),
  );
}

async function addressesOf(
  host: string,
  signal: AbortSignal,
  resolver: Resolver,
): Promise<readonly string[] | undefined> {
  if (isIP(host) !== 0) return [host];
  try {
    const found = await withDeadline({ signal }, CONNECT_TIMEOUT_MS, `Looking up ${host}`, (both) =>
      resolveHost(host, "both", resolver, both),
    );
    return found.map(({ address }) => address);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
