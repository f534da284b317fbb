import { fstatSync } from "node:fs";
import net from "node:net";
import { Emitter } from "../common/event.ts";
import type { Channel, Listener, Peer, TcpConnection } from "./channel.ts";
import { ChannelInbox } from "./inbox.ts";

/** What TCP and local sockets have in common: channels over `net.Socket`, listeners over `net.Server`. */

/**
 * Half-open: without it Node answers the peer's end with ours. No delay: DAP is small messages that wait for
 * answers. Keep-alive: finds out, in minutes, a peer that vanished without a word.
 */
export const SOCKET_OPTIONS = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
} as const;

export function socketChannel(socket: net.Socket, peer: Peer): Channel {
  socket.on("error", () => {
    // Readers learn of it by `close` or by a listener of their own; without this one a reset would be fatal.
  });
  return { stream: socket, peer };
}

/** While the socket is open: later nothing tells its ends. */
export function connectionOf(socket: net.Socket): TcpConnection | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress === undefined || localPort === undefined) return undefined;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return {
    local: { address: localAddress, port: localPort },
    remote: { address: remoteAddress, port: remotePort },
    inode: inodeOf(socket),
  };
}

/** Node has no public way to a socket's descriptor, and nothing else tells it from one that takes its place. */
function inodeOf(socket: net.Socket): number | undefined {
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd?: number } | null };
  const fd = handle?.fd;
  return fd === undefined || fd < 0 ? undefined : fstatSync(fd).ino;
}

/**
 * One listener over one or more servers (loopback is 127.0.0.1 and ::1). `peerOf` names the peer that has connected;
 * undefined if that peer is gone already.
 */
export class SocketListener implements Listener {
  readonly #inbox = new ChannelInbox();
  readonly #broken = new Emitter<Error>();
  readonly #servers: net.Server[] = [];
  readonly #peerOf: (socket: net.Socket) => Peer | undefined;

  readonly onChannel = this.#inbox.event;
  readonly onError = this.#broken.event;

  constructor(peerOf: (socket: net.Socket) => Peer | undefined) {
    this.#peerOf = peerOf;
  }

  /** Adds one address to listen at. Rejects with Node's error if that fails; the others stay. */
  async listen(options: net.ListenOptions): Promise<net.Server> {
    const server = net.createServer(SOCKET_OPTIONS, (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options, () => {
        server.off("error", reject);
        resolve();
      });
    });
    server.on("error", (error: NodeJS.ErrnoException) => {
      // One connection could not be accepted (out of descriptors, say): its loss alone, the next one may do.
      if (error.syscall === "accept") return;
      void this.close();
      this.#broken.fire(error);
    });
    this.#servers.push(server);
    return server;
  }

  async close(): Promise<void> {
    // Node's own callback waits until the last channel has gone; the address is free as soon as this returns.
    for (const server of this.#servers.splice(0)) server.close();
    this.#inbox.dispose();
  }

  #accept(socket: net.Socket): void {
    const peer = this.#peerOf(socket);
    if (peer === undefined) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    this.#inbox.offer(socketChannel(socket, peer));
  }
}
