import { AppError } from "../../common/errors.ts";
import { type Disposable, toDisposable } from "../../common/disposable.ts";
import { FrameSplitter } from "./cobs.ts";
import { Connection } from "./connection.ts";
import {
  decodeFrame,
  encodeSerialFrame,
  type SerialFrame,
  MAX_FRAME,
  Refusal,
  SERIAL_VERSION,
  sizeOnLine,
} from "./frames.ts";
import { type SerialTiming, timingFor } from "./timing.ts";

/** Connections of one line, those that have ended and only answer late questions included. */
const MOST_CONNECTIONS = 256;
/** Answers to frames of connections that are not here; so many wait for the line. */
const MOST_REPLIES = 16;

export interface DatalinkOptions {
  readonly baud: number;
  /** A random number of 32 bits: connections are told from earlier ones by it. */
  readonly random: () => number;
}

/**
 * One serial line with all its channels and connections: bytes and time go in, bytes come out. It has no timers and
 * does no I/O: its driver (device.ts) calls `receive` with what has come, `transmit` until it gives nothing, and both
 * `tick` and `transmit` again at `deadline`.
 */
export class Datalink {
  readonly timing: SerialTiming;
  readonly #random: () => number;
  readonly #splitter = new FrameSplitter(MAX_FRAME);
  readonly #acceptors = new Map<number, (connection: Connection) => void>();
  /** By our ids, in the order in which they may send next. */
  readonly #connections = new Map<number, Connection>();
  readonly #replies: SerialFrame[] = [];
  /** When the line will have sent all that was handed out. */
  #freeAt = -Infinity;

  constructor(options: DatalinkOptions) {
    this.timing = timingFor(options.baud);
    this.#random = options.random;
  }

  /** There is no listener, and every connection has come to its end. */
  get unused(): boolean {
    if (this.#acceptors.size > 0) return false;
    return [...this.#connections.values()].every(({ state }) => state === "settled" || state === "gone");
  }

  /** Something still has to go to the other side. */
  get pending(): boolean {
    return this.#replies.length > 0 || [...this.#connections.values()].some(({ pending }) => pending);
  }

  /** Bytes held by all connections. */
  get held(): number {
    let bytes = 0;
    for (const { held } of this.#connections.values()) bytes += held;
    return bytes;
  }

  isTaken(channel: number): boolean {
    return this.#acceptors.has(channel);
  }

  /** Each connection that the other side opens to the channel is handed to `accept`, until this is disposed. */
  listen(channel: number, accept: (connection: Connection) => void): Disposable {
    this.#acceptors.set(channel, accept);
    return toDisposable(() => {
      this.#acceptors.delete(channel);
      for (const connection of this.#connections.values()) {
        if (connection.channel === channel && connection.state === "accepting") this.reset(connection);
      }
    });
  }

  /** Asks the other side for a channel. The connection says when it is open, or that it is not to be. */
  connect(channel: number, now: number): Connection {
    const connection = this.#add(channel, now);
    if (connection !== undefined) return connection;
    throw new AppError("busy", "This serial line has as many connections as it can have.");
  }

  /** Gives a connection up, and tells the peer. One that has come to its end needs none of that. */
  reset(connection: Connection): void {
    const { channel, id, state } = connection;
    if (state === "gone" || state === "settled") return;
    if (state !== "opening") this.#reply({ type: "reset", channel, to: id });
    connection.break(new AppError("closed", "The connection was closed."));
    this.#connections.delete(id);
  }

  /** Bytes have come. */
  receive(bytes: Uint8Array, now: number): void {
    this.#splitter.push(bytes, (encoded) => {
      const frame = decodeFrame(encoded);
      if (frame !== undefined) this.#take(frame, now);
    });
  }

  /** The device was away: what had begun to come does not go on. */
  interrupted(): void {
    this.#splitter.reset();
  }

  /** Time has passed. */
  tick(now: number): void {
    for (const connection of this.#connections.values()) {
      connection.tick(now);
      if (connection.state === "gone") this.#connections.delete(connection.id);
    }
  }

  /**
   * The next bytes for the line; undefined if there are none, or if the line is still busy with those before. So what
   * waits in the system is a few milliseconds of the line, and an acknowledgement is never behind seconds of data.
   */
  transmit(now: number): Buffer | undefined {
    if (this.#freeAt > now + this.timing.aheadMs) return undefined;
    const start = Math.max(now, this.#freeAt);
    const leavesAt = (payloadBytes: number) => start + sizeOnLine(payloadBytes) * this.timing.byteMs;
    const frame = this.#nextFrame(now, leavesAt);
    if (frame === undefined) return undefined;
    const encoded = encodeSerialFrame(frame);
    // A line that was silent may have picked up noise: it must not become the frame's beginning.
    const bytes = this.#freeAt <= now ? Buffer.concat([Buffer.of(0), encoded]) : encoded;
    this.#freeAt = start + bytes.length * this.timing.byteMs;
    return bytes;
  }

  /** When there is something to do next; Infinity: nothing until bytes come or a user writes. */
  get deadline(): number {
    // While the line is busy, a connection that is ready waits for it.
    const lineAt = this.#freeAt - this.timing.aheadMs;
    let earliest = this.#replies.length > 0 ? lineAt : Infinity;
    for (const { deadline } of this.#connections.values()) {
      earliest = Math.min(earliest, Math.max(deadline, lineAt));
    }
    return earliest;
  }

  #nextFrame(now: number, leavesAt: (payloadBytes: number) => number): SerialFrame | undefined {
    const reply = this.#replies.shift();
    if (reply !== undefined) return reply;
    for (const connection of this.#connections.values()) {
      const frame = connection.urgent(now);
      if (frame !== undefined) return frame;
    }
    for (const connection of this.#connections.values()) {
      const frame = connection.data(leavesAt);
      if (frame === undefined) continue;
      // To the end of the queue: each connection has its turn.
      this.#connections.delete(connection.id);
      this.#connections.set(connection.id, connection);
      return frame;
    }
    return undefined;
  }

  #take(frame: SerialFrame, now: number): void {
    switch (frame.type) {
      case "open":
        return this.#asked(frame, now);
      case "reset":
        return this.#wasReset(frame);
      case "refuse":
        return this.#wasRefused(frame);
      case "accept":
      case "data":
      case "end":
      case "ack":
      case "ping":
        return this.#forConnection(frame, now);
    }
  }

  #forConnection(frame: SerialFrame, now: number): void {
    const connection = this.#connections.get(frame.to);
    if (connection?.channel !== frame.channel) {
      // One of before our restart, or one that we have given up.
      this.#reply({ type: "reset", channel: frame.channel, to: frame.to });
      return;
    }
    if (connection.receive(frame, now)) this.#acceptors.get(connection.channel)?.(connection);
  }

  #asked(frame: SerialFrame & { type: "open" }, now: number): void {
    const { channel, from } = frame;
    const refuse = (reason: number) => this.#reply({ type: "refuse", channel, to: from, reason });
    if (frame.version !== SERIAL_VERSION) return refuse(Refusal.version);
    const known = this.#findByPeer(channel, from);
    if (known !== undefined) return known.askedAgain();
    if (!this.#acceptors.has(channel)) return refuse(Refusal.noServer);
    if (this.#add(channel, now, from) === undefined) refuse(Refusal.busy);
  }

  /** `to` is the id by which we address the peer: it does not know it, or no longer. */
  #wasReset({ channel, to }: SerialFrame): void {
    const connection = this.#findByPeer(channel, to);
    if (connection === undefined) return;
    connection.break(new AppError("closed", "The other side has closed the connection, or was restarted."));
    this.#connections.delete(connection.id);
  }

  #wasRefused({ to, channel, reason }: SerialFrame & { type: "refuse" }): void {
    const connection = this.#connections.get(to);
    if (connection?.state !== "opening" || connection.channel !== channel) return;
    connection.break(refused(channel, reason));
    this.#connections.delete(to);
  }

  #findByPeer(channel: number, peerId: number): Connection | undefined {
    for (const connection of this.#connections.values()) {
      if (connection.peerId === peerId && connection.channel === channel) return connection;
    }
    return undefined;
  }

  /** Undefined if there are as many as there may be. */
  #add(channel: number, now: number, peerId?: number): Connection | undefined {
    if (this.#connections.size >= MOST_CONNECTIONS && !this.#forgetSettled()) return undefined;
    let id = this.#random();
    while (id === 0 || this.#connections.has(id)) id = this.#random();
    const connection = new Connection(channel, id, this.timing, now, peerId);
    this.#connections.set(id, connection);
    return connection;
  }

  /** Those are kept only for a peer that has missed our last acknowledgement. */
  #forgetSettled(): boolean {
    for (const { id, state } of this.#connections.values()) {
      if (state === "settled") return this.#connections.delete(id);
    }
    return false;
  }

  #reply(frame: SerialFrame): void {
    const same = this.#replies.some(({ type, to }) => type === frame.type && to === frame.to);
    if (!same && this.#replies.length < MOST_REPLIES) this.#replies.push(frame);
  }
}

function refused(channel: number, reason: number): AppError {
  switch (reason) {
    case Refusal.noServer:
      return new AppError("connectFailed", `The other side serves nothing on channel ${channel}.`, {
        hint: "Check the channel, and that the server runs.",
      });
    case Refusal.busy:
      return new AppError("busy", "The other side has as many connections as it can have.", {
        hint: "Try again later.",
      });
    case Refusal.version:
      return new AppError("notSupported", "The other side speaks another version of the serial protocol.", {
        hint: "Use the same version of Debug Server on both sides.",
      });
    default:
      return new AppError("connectFailed", "The other side refuses the connection.");
  }
}
