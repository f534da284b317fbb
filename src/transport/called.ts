import os from "node:os";
import { isIP, isIPv6, SocketAddress } from "node:net";
import type { ClientAddress, SslReverseClient, TcpReverseClient } from "../address/model.ts";
import type { Peer, WaitOptions } from "./channel.ts";
import { familyOf, resolveHost, type Resolver, systemResolver } from "./dial.ts";
import { hostOf, isLoopback, isLoopbackHost, plainAddress } from "./peer.ts";
import { listenTcp, type TcpListener } from "./tcp.ts";
import { CONNECT_TIMEOUT_MS, withDeadline } from "./wait.ts";

/** Of a guest that the server calls. */
export type CalledClient = TcpReverseClient | SslReverseClient;

export function isCalled(address: ClientAddress): address is CalledClient {
  return address.kind === "tcpReverse" || address.kind === "sslReverse";
}

/**
 * Listens for the server that `clicon=` names, on the first free port of the range; on this machine alone, if the server
 * is here. Rejects as `listenTcp` does.
 */
export function listenForCalls(address: CalledClient, wait: WaitOptions = {}): Promise<TcpListener> {
  const family = familyOf(address);
  return listenTcp({ ...wait, ports: address.ports, family, loopback: isLoopbackHost(address.clicon) });
}

/**
 * Whether a caller has an address of the host that was named; `unknown` if that has none that is known here. A machine
 * that calls itself may do so from any of its addresses. Rejects only when the signal aborts.
 */
export async function comesFrom(
  peer: Peer,
  host: string,
  signal: AbortSignal,
  resolver: Resolver = systemResolver,
): Promise<boolean | "unknown"> {
  const named = await addressesOf(host, signal, resolver);
  if (named === undefined) return "unknown";
  const own = Object.values(os.networkInterfaces()).flatMap((all) =>
    (all ?? []).map(({ address }) => address),
  );
  const isHere = named.some((address) => isLoopback(address) || own.some((mine) => same(mine, address)));
  const caller = hostOf(peer);
  return [...named, ...(isHere ? own : [])].some((address) => same(address, caller));
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

/** By what they mean, not as they are written. The scope is but this machine's name for a line. */
function same(one: string, other: string): boolean {
  return canonical(one) === canonical(other);
}

function canonical(address: string): string {
  const plain = plainAddress(address.replace(/%.*$/, ""));
  return isIPv6(plain) ? new SocketAddress({ address: plain, family: "ipv6" }).address : plain;
}
