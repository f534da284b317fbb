import { threadId } from "node:worker_threads";
import type { ClientAddress, ServerAddress } from "../address/model.ts";
import { requiresAuthentication } from "../address/authentication.ts";
import { withBoundPort, withExpandedPipe } from "../address/derive.ts";
import { AppError } from "../common/errors.ts";
import type { ReverseClient } from "./reverseListener.ts";
import { ReverseDialer } from "./reverseDialer.ts";
import type { Channel, Listener, WaitOptions } from "./channel.ts";
import { familyOf } from "./dial.ts";
import { isLoopbackHost } from "./peer.ts";
import { connectPipe, listenPipe } from "./pipe.ts";
import { connectSerial, listenSerial } from "./serial/serial.ts";
import { connectTcp, listenTcp } from "./tcp.ts";

/** A listener and the address that it has now: with the port that is in use and the pipe's name spelled out. */
export interface OpenListener {
  readonly listener: Listener;
  readonly address: ServerAddress;
  /** The listener, if it is one that dials. */
  readonly dialer?: ReverseDialer;
}

/**
 * Throws what `listen` would refuse without trying, so that nothing is started in vain: `notAvailable` for what this
 * version cannot do yet (never ignored: a guest would come in unasked), `refused` for what would be unsafe.
 */
export function assertServable(address: ServerAddress): void {
  if (isOpenTo(address) === "network") return;
  const [bind, clicon] = [
    "bind" in address ? address.bind : undefined,
    "clicon" in address ? address.clicon : undefined,
  ];
  if (bind !== undefined && !isLoopbackHost(bind)) {
    throw new AppError("refused", `A server without a password is not opened on ${bind}.`, {
      hint: "Give it a password, leave out bind= to serve this machine only, or write insecure to let in whoever can reach it.",
    });
  }
  if (clicon !== undefined && !isLoopbackHost(clicon)) {
    throw new AppError("refused", `A server without a password does not call ${clicon}.`, {
      hint: "Give it a password, or write insecure to let in whoever answers there.",
    });
  }
}

/** Starts to listen as a server's connection string says. Rejects as `assertServable` throws, or as the transport does. */
export async function listen(address: ServerAddress, wait: WaitOptions = {}): Promise<OpenListener> {
  assertServable(address);
  switch (address.kind) {
    case "tcp":
    case "ssl": {
      const { ports, bind } = address;
      const family = familyOf(address);
      const where = bind === undefined ? { loopback: isOpenTo(address) === "thisMachine" } : { bind };
      const listener = await listenTcp({ ...wait, ports, family, ...where });
      return { listener, address: withBoundPort(address, listener.port) };
    }
    case "npipe":
    case "spipe": {
      const expanded = withExpandedPipe(address, process.pid, threadId);
      return { listener: await listenPipe({ ...wait, name: expanded.pipe }), address: expanded };
    }
    case "com": {
      const { device, baud, channel } = address;
      return { listener: await listenSerial({ ...wait, device, baud, channel }), address };
    }
    case "tcpReverse":
    case "sslReverse": {
      const { clicon: host, port } = address;
      const family = familyOf(address);
      const dialer = new ReverseDialer({ host, port, family });
      return { listener: dialer, address, dialer };
    }
  }
}

/** What a TCP server listens to unless its string says otherwise: without credentials only this machine. */
function isOpenTo(address: ServerAddress): "network" | "thisMachine" {
  return address.insecure || requiresAuthentication(address) ? "network" : "thisMachine";
}

/**
 * Connects as a client's connection string says; a client that the server dials waits for that (reverseListener.ts). Rejects as the
 * transport does.
 */
export async function connect(
  address: Exclude<ClientAddress, ReverseClient>,
  wait: WaitOptions = {},
): Promise<Channel> {
  switch (address.kind) {
    case "tcp":
    case "ssl": {
      const { server, port } = address;
      const family = familyOf(address);
      return connectTcp({ ...wait, host: server, port, family });
    }
    case "npipe":
    case "spipe":
      return connectPipe({ ...wait, name: address.pipe, server: address.server });
    case "com": {
      const { device, baud, channel } = address;
      return connectSerial({ ...wait, device, baud, channel });
    }
  }
}
