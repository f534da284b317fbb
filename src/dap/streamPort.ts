import type { Duplex } from "node:stream";
import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { CHUNK_COST, type FairShare, MESSAGE_COST, type Share } from "../common/fairShare.ts";
import { LIMITS } from "../common/limits.ts";
import type { MessageLimit } from "../common/messageLimit.ts";
import { StallWatch, stalled } from "../common/stallWatch.ts";
import { DapDecoder, type Decoder, encodeHeader } from "./codec.ts";
import type { DapPort, IncomingMessage } from "./port.ts";

/** Messages smaller than this are joined into one write; larger ones are written as they are, without a copy. */
const JOIN_BELOW_BYTES = 16 * 1024;
/** How much may wait to be written before the peer counts as one that does not keep up. */
const WAITING_BYTES = 64 * 1024;
/** How long a peer that does not read may take to receive the last messages. */
const CLOSE_GRACE_MS = 2_000;

export interface StreamPortOptions {
  /** How large a message of the peer may be; asked at each message's header. Default: 64 MiB. */
  readonly limit?: () => MessageLimit;
  /** What reads the peer's bytes; absent: DAP's base protocol within that limit, where a fault closes the port. */
  readonly decoder?: Decoder;
  /** Its messages are handled in turns with those of others; absent: as they come. */
  readonly turns?: FairShare;
  /** How long a message may make no progress before the port closes; absent: for ever. */
  readonly stallMs?: number;
}

/** Plain DAP (`Content-Length` framing) over a stream: a client's socket, an adapter's, a process' pipes. */
export class StreamPort implements DapPort {
  readonly #message = new Emitter<IncomingMessage>();
  readonly #drain = new Emitter<void>();
  readonly #close = new Emitter<AppError | undefined>();
  readonly onMessage = this.#message.event;
  readonly onDrain = this.#drain.event;
  readonly onClose = this.#close.event;
  readonly #stream: Duplex;
  readonly #decoder: Decoder;
  /** What is sent in this tick, headers included. */
  #joined: Uint8Array[] = [];
  #joinedBytes = 0;
  #scheduled = false;
  /** Whether the last message was answered with the wish to wait. */
  #awaited = false;
  #closed = false;
  readonly #share: Share | undefined;
  readonly #stall: StallWatch | undefined;
  /** What has been read and waits for its turn: chunks, the first of them from `offset` on. */
  readonly #intake: Buffer[] = [];
  #intakeBytes = 0;
  #offset = 0;
  /** The stream has ended, or broken: what came before is handled first. */
  #ended = false;

  constructor(stream: Duplex, { limit, decoder, turns, stallMs }: StreamPortOptions = {}) {
    this.#stream = stream;
    this.#decoder = decoder ?? new DapDecoder(limit);
    this.#share = turns?.join(() => this.#takeTurn());
    if (stallMs !== undefined)
      this.#stall = new StallWatch(
        stallMs,
        () => !this.#decoder.idle && this.#intake.length === 0,
        () => this.#closeOnce(stalled(stallMs)),
      );
    stream.on("drain", () => this.#drained());
    stream.on("error", (error: Error) => this.#closeOnce(AppError.from(error, "closed")));
    stream.on("end", () => {
      this.#ended = true;
      if (this.#intake.length === 0) this.#end();
    });
    stream.on("close", () => {
      if (!this.#ended || this.#intake.length === 0) this.#closeOnce(undefined);
    });
  }

  start(): void {
    this.#stream.on("data", (chunk: Buffer) => {
      if (this.#closed) return;
      if (this.#share === undefined) {
        this.#closeAt(this.#decoder.push(chunk, (body) => this.#deliver(body)));
        this.#stall?.came(chunk.length);
        return;
      }
      this.#intake.push(chunk);
      this.#intakeBytes += chunk.length + CHUNK_COST;
      this.#share.wake();
      if (this.#intakeBytes >= LIMITS.intakeBytes) this.#stream.pause();
      this.#stall?.came(chunk.length);
    });
  }

  charge(cost: number): void {
    this.#share?.charge(cost);
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

  #deliver(body: Buffer): void {
    this.#stall?.completed();
    if (!this.#closed) this.#message.fire({ body });
  }

  /** Handles what has been read until its share is spent; true if something is left. */
  #takeTurn(): boolean {
    const share = this.#share;
    for (let chunk = this.#intake[0]; chunk !== undefined; chunk = this.#intake[0]) {
      if (this.#closed || share === undefined) return false;
      if (share.spent) return true;
      share.charge(CHUNK_COST);
      this.#offset = this.#decoder.step(chunk, this.#offset, (body) => {
        share.charge(MESSAGE_COST + body.length);
        this.#deliver(body);
      });
      if (this.#offset >= chunk.length) {
        this.#intake.shift();
        this.#intakeBytes -= chunk.length + CHUNK_COST;
        this.#offset = 0;
      }
      this.#closeAt(this.#decoder.fault);
    }
    this.#stall?.came(0);
    if (this.#ended) this.#end();
    else if (!this.#closed && this.#stream.isPaused()) this.#stream.resume();
    return false;
  }

  #closeAt(fault: AppError | undefined): void {
    if (fault === undefined) return;
    this.#stream.pause();
    this.#closeOnce(fault);
  }

  #end(): void {
    this.#closeOnce(this.#decoder.idle ? undefined : truncated());
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
    this.#share?.dispose();
    this.#stall?.dispose();
    this.#intake.length = 0;
    this.#close.fire(reason);
  }
}

function truncated(): AppError {
  return new AppError("protocol", "The connection ended in the middle of a message.");
}
