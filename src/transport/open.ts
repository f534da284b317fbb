import { threadId } from "node:worker_threads";
import type { Address, ClientAddress, ServerAddress } from "../address/model.ts";
import { withBoundPort, withExpandedPipe } from "../address/derive.ts";
import { AppError } from "../common/errors.ts";
import type { Channel, Listener, WaitOptions } from "./channel.ts";
import { isLoopback } from "./peer.ts";
import { connectPipe, listenPipe } from "./pipe.ts";
import { connectSerial, listenSerial } from "./serial/serial.ts";
import { connectTcp, listenTcp } from "./tcp.ts";

/** A listener and the address that it has now: with the port that is in use and the pipe's name spelled out. */
export interface OpenListener {
  readonly listener: Listener;
  readonly address: ServerAddress;
}

/**
 * Throws what `listen` would refuse without trying, so that nothing is started in vain: `notAvailable` for what this
 * version cannot do yet (never ignored: a guest would come in unasked), `refused` for what would be unsafe.
 */
export function assertServable(address: ServerAddress): void {
  assertAvailable(address);
  if ("icfEnable" in address && address.icfEnable) throw notAvailable("IcfEnable is");
  if (address.kind !== "tcp" || address.bind === undefined || address.insecure) return;
  if (address.bind === "localhost" || isLoopback(address.bind)) return;
  throw new AppError("refused", `A server without a password is not opened on ${address.bind}.`, {
    hint: "Leave out bind= to serve this machine only, or write insecure to let in whoever can reach it.",
  });
}

/** Starts to listen as a server's connection string says. Rejects as `assertServable` throws, or as the transport does. */
export async function listen(address: ServerAddress, wait: WaitOptions = {}): Promise<OpenListener> {
  assertServable(address);
  if (address.kind === "tcp") {
    const { ports, bind, ipv6Only, insecure } = address;
    const where = bind === undefined ? { loopback: !insecure } : { bind };
    const listener = await listenTcp({ ...wait, ports, family: ipv6Only ? 6 : "both", ...where });
    return { listener, address: withBoundPort(address, listener.port) };
  }
  if (address.kind === "npipe") {
    const expanded = withExpandedPipe(address, process.pid, threadId);
    return { listener: await listenPipe({ ...wait, name: expanded.pipe }), address: expanded };
  }
  if (address.kind === "com") {
    const { device, baud, channel } = address;
    return { listener: await listenSerial({ ...wait, device, baud, channel }), address };
  }
  throw notAvailable(`${address.kind} is`);
}

/** Connects as a client's connection string says. Rejects with `notAvailable`, or as the transport does. */
export async function connect(address: ClientAddress, wait: WaitOptions = {}): Promise<Channel> {
  assertAvailable(address);
  if (address.kind === "tcp") {
    const { server, port, ipv6Only } = address;
    return connectTcp({ ...wait, host: server, port, family: ipv6Only ? 6 : "both" });
  }
  if (address.kind === "npipe") return connectPipe({ ...wait, name: address.pipe, server: address.server });
  if (address.kind === "com") {
    const { device, baud, channel } = address;
    return connectSerial({ ...wait, device, baud, channel });
  }
  throw notAvailable(`${address.kind} is`);
}

/** Throws `notAvailable` for what this version can neither serve nor join. */
export function assertAvailable(address: Address): void {
  if (address.password !== undefined) throw notAvailable("Passwords are");
  switch (address.kind) {
    case "tcp":
    case "npipe":
    case "com":
      return;
    case "ssl":
    case "spipe":
      throw notAvailable(`Certificates (${address.kind}:) are`);
    case "tcpReverse":
    case "sslReverse":
      throw notAvailable("Reverse connections (clicon=) are");
  }
}

function notAvailable(what: string): AppError {
  return new AppError("notAvailable", `${what} not available yet.`, {
    hint: "This version serves tcp: and npipe: without a password.",
  });
}
