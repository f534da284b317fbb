import type { Duplex } from "node:stream";
import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { DapDecoder, encodeHeader } from "./codec.ts";
import type { DapPort, IncomingMessage } from "./port.ts";

/** Messages smaller than this are joined into one write; larger ones are written as they are, without a copy. */
const JOIN_BELOW_BYTES = 16 * 1024;
/** How much may wait to be written before the peer counts as one that does not keep up. */
const WAITING_BYTES = 64 * 1024;
/** How long a peer that does not read may take to receive the last messages. */
const CLOSE_GRACE_MS = 2_000;

/** Plain DAP (`Content-Length` framing) over a stream: a client's socket, an adapter's, a process' pipes. */
export class StreamPort implements DapPort {
  readonly #message = new Emitter<IncomingMessage>();
  readonly #drain = new Emitter<void>();
  readonly #close = new Emitter<AppError | undefined>();
  readonly onMessage = this.#message.event;
  readonly onDrain = this.#drain.event;
  readonly onClose = this.#close.event;
  readonly #stream: Duplex;
  readonly #decoder: DapDecoder;
  /** What is sent in this tick, headers included. */
  #joined: Uint8Array[] = [];
  #joinedBytes = 0;
  #scheduled = false;
  /** Whether the last message was answered with the wish to wait. */
  #awaited = false;
  #closed = false;

  constructor(stream: Duplex, maxBodyBytes?: number) {
    this.#stream = stream;
    this.#decoder = new DapDecoder(maxBodyBytes);
    stream.on("drain", () => this.#drained());
    stream.on("error", (error: Error) => this.#closeOnce(AppError.from(error, "closed")));
    stream.on("end", () => this.#closeOnce(this.#decoder.idle ? undefined : truncated()));
    stream.on("close", () => this.#closeOnce(undefined));
  }

  /** The most that one message of the peer may have, in bytes; raised when it is admitted. */
  set maxBodyBytes(bytes: number) {
    this.#decoder.maxBodyBytes = bytes;
  }

  start(): void {
    this.#stream.on("data", (chunk: Buffer) => {
      if (this.#closed) return;
      const fault = this.#decoder.push(chunk, (body) => {
        if (!this.#closed) this.#message.fire({ body });
      });
      if (fault !== undefined) {
        this.#stream.pause();
        this.#closeOnce(fault);
      }
    });
  }

  send(parts: readonly Uint8Array[]): boolean {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return true;
    // All messages of one tick leave in one write; a storm of events would cost one each otherwise.
    if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(() => {
        this.#scheduled = false;
        this.#writeJoined();
        // A stream that could pass on everything at once never says that it has drained.
        if (!stream.writableNeedDrain) this.#drained();
      });
    }
    let length = 0;
    for (const part of parts) length += part.length;
    const header = encodeHeader(length);
    if (length < JOIN_BELOW_BYTES) {
      this.#joined.push(header, ...parts);
      this.#joinedBytes += header.length + length;
    } else {
      stream.cork();
      this.#writeJoined();
      stream.write(header);
      for (const part of parts) stream.write(part);
      stream.uncork();
    }
    // Never fewer than the stream takes before it asks to wait.
    const limit = Math.max(WAITING_BYTES, stream.writableHighWaterMark);
    this.#awaited = stream.writableLength + this.#joinedBytes >= limit;
    return !this.#awaited;
  }

  #drained(): void {
    if (!this.#awaited) return;
    this.#awaited = false;
    this.#drain.fire();
  }

  #writeJoined(): void {
    const stream = this.#stream;
    const joined = this.#joined;
    if (joined.length === 0) return;
    const bytes = this.#joinedBytes;
    this.#joined = [];
    this.#joinedBytes = 0;
    if (!stream.destroyed && !stream.writableEnded) stream.write(Buffer.concat(joined, bytes));
  }

  close(): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    this.#writeJoined();
    const timer = setTimeout(() => stream.destroy(), CLOSE_GRACE_MS);
    stream.once("close", () => clearTimeout(timer));
    // The peer's last bytes are read and dropped, so that closing does not turn into a reset that loses ours.
    stream.resume();
    stream.end(() => {
      if (stream.readableEnded) stream.destroy();
      else stream.once("end", () => stream.destroy());
    });
    this.#closeOnce(undefined);
  }

  #closeOnce(reason: AppError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#close.fire(reason);
  }
}

function truncated(): AppError {
  return new AppError("protocol", "The connection ended in the middle of a message.");
}
