import { isIP, isIPv6, SocketAddress } from "node:net";
import { LIMITS } from "../common/limits.ts";
import type { Peer } from "./channel.ts";

/** `host:port` as people write it, an IPv6 address in brackets. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A dual-stack socket shows IPv4 peers as `::ffff:1.2.3.4`; for people and for limits they are `1.2.3.4`. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}

/** Where a peer connects from, for people: `tcp 192.0.2.7:53211`. */
export function peerLabel({ transport, address }: Peer): string {
  return `${transport} ${address}`;
}

/** How long a message of this peer may make no progress. */
export function stallMs({ transport }: Peer): number {
  return transport === "com" ? LIMITS.stallMsOnSerialLine : LIMITS.stallMs;
}

/** Whether an IP address is loopback: 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

/** Whether only this machine can be meant: `localhost`, or a loopback address. */
export function isLoopbackHost(host: string): boolean {
  return host.toLowerCase() === "localhost" || isLoopback(host);
}

/** The address of a peer over TCP, without its port and brackets. */
export function hostOf({ address }: Peer): string {
  return address.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}

export function tcpPeer(address: string, port: number): Peer {
  const plain = plainAddress(address);
  return { transport: "tcp", address: formatHostPort(plain, port), local: isLoopback(plain) };
}

/** Whether two IP addresses mean the same. The scope is but this machine's name for a line. */
export function sameAddress(one: string, other: string): boolean {
  return canonical(one) === canonical(other);
}

function canonical(address: string): string {
  const plain = plainAddress(address.replace(/%.*$/, ""));
  return isIPv6(plain) ? new SocketAddress({ address: plain, family: "ipv6" }).address : plain;
}
