import type { Duplex } from "node:stream";
import type { Event } from "../common/event.ts";

/** The other end of a channel, as far as the transport can tell. Nothing of it is proof of identity. */
export interface Peer {
  readonly transport: "tcp" | "npipe" | "com" | "memory";
  /** For people; limits count by what `peerGroup` (peerGroup.ts) makes of it: `127.0.0.1:53211`, `[::1]:53211`, a pipe's name, a device. */
  readonly address: string;
  /** True if only this machine's users can be at the other end (loopback, a local socket). */
  readonly local: boolean;
  /** Over TCP: what finds its user (peerUser/). */
  readonly connection?: TcpConnection | undefined;
}

export interface TcpEnd {
  readonly address: string;
  readonly port: number;
}

/** One TCP connection, as the system's table of them names it. */
export interface TcpConnection {
  readonly local: TcpEnd;
  readonly remote: TcpEnd;
  /** Of our own socket; undefined on Windows, which has none. */
  readonly inode: number | undefined;
}

/**
 * A byte duplex with an identity. The stream is in order, complete and half-closable: `end()` sends an end that
 * the other side reads as `end`, while bytes may still come; the stream closes by itself when both sides have
 * ended. `destroy()` is abrupt: what the other side has not read by then may be lost, and it sees an error or just
 * an `end`, as most transports cannot tell a crash from an orderly end. So a protocol above that must know says
 * goodbye in its own words. Back-pressure is the stream's own. An `error` listener is always attached by the
 * transport, so a reset never crashes the process.
 */
export interface Channel {
  readonly stream: Duplex;
  readonly peer: Peer;
}

/** Yields channels until it is closed. */
export interface Listener {
  /** Channels that come while there is no subscriber are kept, up to a bound, for the next one. */
  readonly onChannel: Event<Channel>;
  /** The listener broke and yields no more channels. */
  readonly onError: Event<Error>;
  /** Stops listening and frees the address; channels that were yielded live on. May be called twice. */
  close(): Promise<void>;
}

/** Every wait on a peer has a deadline and can be cancelled. */
export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds; a default of the transport applies if absent. */
  readonly timeoutMs?: number;
}
