import { threadId } from "node:worker_threads";
import type { ClientAddress, ServerAddress } from "../address/model.ts";
import { withBoundPort, withExpandedPipe } from "../address/derive.ts";
import { AppError } from "../common/errors.ts";
import type { Channel, Listener, WaitOptions } from "./channel.ts";
import { isLoopback } from "./peer.ts";
import { connectPipe, listenPipe } from "./pipe.ts";
import { connectTcp, listenTcp } from "./tcp.ts";

/** A listener and the address that it has now: with the port that is in use and the pipe's name spelled out. */
export interface OpenListener {
  readonly listener: Listener;
  readonly address: ServerAddress;
}

/**
 * Starts to listen as a server's connection string says. Rejects with an AppError: `notAvailable` for what this
 * version cannot do yet (never ignored: a guest would come in unasked), `refused` for what would be unsafe, or the
 * transport's own.
 */
export async function listen(address: ServerAddress, wait: WaitOptions = {}): Promise<OpenListener> {
  if (address.password !== undefined) throw notAvailable("Passwords are");
  switch (address.kind) {
    case "tcp": {
      if (address.icfEnable) throw notAvailable("IcfEnable is");
      const { ports, bind, ipv6Only, insecure } = address;
      const open = bind !== undefined && bind !== "localhost" && !isLoopback(bind);
      if (open && !insecure) {
        throw new AppError("refused", `A server without a password is not opened on ${bind}.`, {
          hint: "Leave out bind= to serve this machine only, or write insecure to let in whoever can reach it.",
        });
      }
      const family = ipv6Only ? 6 : "both";
      const where = bind === undefined ? { loopback: !insecure } : { bind };
      const listener = await listenTcp({ ...wait, ports, family, ...where });
      return { listener, address: withBoundPort(address, listener.port) };
    }
    case "npipe": {
      if (address.icfEnable) throw notAvailable("IcfEnable is");
      const expanded = withExpandedPipe(address, process.pid, threadId);
      return { listener: await listenPipe({ ...wait, name: expanded.pipe }), address: expanded };
    }
    case "com":
      throw notAvailable("Serial lines (com:) are");
    case "ssl":
    case "spipe":
      throw notAvailable(`Certificates (${address.kind}:) are`);
    case "tcpReverse":
    case "sslReverse":
      throw notAvailable("Reverse connections (clicon=) are");
  }
}

/** Connects as a client's connection string says. Rejects as `listen` does. */
export async function connect(address: ClientAddress, wait: WaitOptions = {}): Promise<Channel> {
  if (address.password !== undefined) throw notAvailable("Passwords are");
  switch (address.kind) {
    case "tcp":
      return connectTcp({
        ...wait,
        host: address.server,
        port: address.port,
        family: address.ipv6Only ? 6 : "both",
      });
    case "npipe":
      return connectPipe({ ...wait, name: address.pipe, server: address.server });
    case "com":
      throw notAvailable("Serial lines (com:) are");
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
