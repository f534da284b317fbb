import type { Duplex } from "node:stream";
import { AppError } from "../common/errors.ts";
import { CHUNK_COST, type FairShare, MESSAGE_COST, type Share } from "../common/fairShare.ts";
import { LIMITS } from "../common/limits.ts";
import type { Logger } from "../common/logger.ts";
import { StallWatch, stalled } from "../common/stallWatch.ts";
import type { Channel } from "../transport/channel.ts";
import { stallMs } from "../transport/peer.ts";
import { Deflater, Inflater } from "./deflate.ts";
import {
  byteCount,
  encodeFrameJson,
  encodePing,
  DEFLATED,
  FrameDecoder,
  type FrameLimits,
  FrameType,
  HOST_FRAMES,
  PING_BYTES,
} from "./frames.ts";
import { LINK_LIMITS, type LinkTiming } from "./limits.ts";
import { errorToReason, reasonToError } from "../common/reason.ts";
import { reason } from "./messages.ts";
import { parseLinkJson } from "./validate.ts";

/** What the wire's owner does with it; the handshake and the link after it are two owners, one after the other. */
export interface WireOwner {
  /** A frame other than CLOSE, PING and PONG. An error is a fault of the peer and ends the wire. */
  frame(type: number, payload: Buffer): AppError | undefined;
  /** What was written has gone out, after `send` returned false. */
  drained(): void;
  /**
   * Called once, at the first reason to end. Nothing is received after it. `isBroken`: neither side has ended it, the
   * channel has gone.
   */
  closed(error: AppError | undefined, isBroken: boolean): void;
  /** It goes on without this channel: a peer that is silent is not told CLOSE, and may resume. */
  readonly survives?: boolean;
}

export interface WireOptions {
  readonly expectMagic: boolean;
  readonly timing: LinkTiming;
  readonly logger: Logger;
}

/** How the frames of a guest are taken in. */
export interface Intake {
  readonly limits: FrameLimits;
  /** They are handled in turns with what others send. */
  readonly turns: FairShare;
}

/** Of a wire that was detached. */
const NO_OWNER: WireOwner = { frame: () => undefined, drained: () => {}, closed: () => {} };

/**
 * One channel as a sequence of frames: reading with a stop between any two frames, batched writing, keep-alive,
 * and an end that is orderly where the peer allows it. It owns the channel's stream from its construction on.
 *
 * "open" → (CLOSE sent or received, a fault, an end) → "closing": nothing is delivered any more, the peer may
 * still read our CLOSE → (the stream has closed, or `lingerMs`) → "closed".
 */
export class Wire {
  /** Round trip of the last answered ping, in milliseconds. */
  latencyMs: number | undefined;
  /** Resolves when what was sent, CLOSE included, has left this process, or cannot any more. */
  readonly gone: Promise<void>;
  readonly #stream: Duplex;
  readonly #timing: LinkTiming;
  readonly #logger: Logger;
  readonly #decoder: FrameDecoder;
  /** Absent: nothing is compressed. */
  #compression: { readonly deflater: Deflater; readonly inflater: Inflater } | undefined;
  #owner: WireOwner;
  #state: "open" | "closing" | "closed" = "open";
  #holds = 0;
  #pumping = false;
  #limits = HOST_FRAMES;
  #share: Share | undefined;
  readonly #stall: StallWatch;
  #ended = false;
  #corked = false;
  #controlBacklog = 0;
  #streamError: Error | undefined;
  #pingTimer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  /** Whether a byte came since the last ping, and for how many pings none did. */
  #heard = true;
  #silent = 0;
  #ping: { readonly nonce: Buffer; readonly sentAt: number } | undefined;
  #pings = 0n;

  constructor(channel: Channel, owner: WireOwner, options: WireOptions) {
    this.#stream = channel.stream;
    this.#owner = owner;
    this.#timing = options.timing;
    this.#logger = options.logger;
    this.#decoder = new FrameDecoder({ expectMagic: options.expectMagic });
    const stall = stallMs(channel.peer);
    this.#stall = new StallWatch(
      stall,
      () => this.#pingTimer !== undefined && this.#holds === 0 && this.#decoder.midMessage,
      () => this.#lost(stalled(stall)),
    );
    const stream = this.#stream;
    this.gone = new Promise((resolve) => stream.once("finish", resolve).once("close", resolve));
    stream.on("error", (error) => (this.#streamError ??= error));
    stream.on("close", () => this.#onStreamClose());
    stream.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    stream.on("drain", () => {
      if (this.#state === "open") this.#run(() => this.#owner.drained());
    });
    stream.on("data", (chunk: Buffer) => {
      if (this.#state !== "open") return;
      this.#heard = true;
      this.#decoder.feed(chunk);
      this.charge(CHUNK_COST);
      this.#wake();
      this.#stall.came(chunk.length);
    });
    // Its `close` has been and gone.
    if (stream.destroyed) queueMicrotask(() => this.#onStreamClose());
  }

  get open(): boolean {
    return this.#state === "open";
  }

  setOwner(owner: WireOwner): void {
    this.#owner = owner;
  }

  /** Larger frames and pings from now on. Without an intake the peer is a host, which is read as it comes. */
  admit(intake?: Intake): void {
    this.#limits = intake?.limits ?? HOST_FRAMES;
    this.#share = intake?.turns.join(() => this.#pump());
    this.#decoder.admit(this.#limits);
    if (this.#state !== "open") return;
    this.#pingTimer = setInterval(() => this.#onPingTimer(), this.#timing.pingMs);
  }

  /** From now on what is sent is compressed, and what comes may be. */
  compress(): void {
    this.#compression = { deflater: new Deflater(), inflater: new Inflater() };
    this.#decoder.inflate();
  }

  /** Stops reading after the current frame, until each hold is released. */
  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds === 0 && this.#state === "open") this.#wake();
  }

  /** What the peer has sent has caused costs besides those of reading it. */
  charge(cost: number): void {
    this.#share?.charge(cost);
  }

  /**
   * Writes one DAP frame. Returns false if the peer does not keep up: `drained` follows. All frames of one turn
   * go out together, so that a small header is not a packet of its own.
   */
  send(frame: readonly Uint8Array[]): boolean {
    if (this.#state !== "open") return false;
    this.#cork();
    for (const part of this.#encoded(frame)) this.#stream.write(part);
    const stream = this.#stream;
    return !(stream.writableNeedDrain && stream.writableLength >= LINK_LIMITS.softBacklogBytes);
  }

  /** Writes any other frame. These have no back-pressure, so a peer that lets too many wait is dropped. */
  sendControl(plain: readonly Uint8Array[]): void {
    if (this.#state !== "open") return;
    const frame = this.#encoded(plain);
    const size = byteCount(frame);
    if (this.#controlBacklog + size > LINK_LIMITS.controlBacklogBytes) {
      this.fail(new AppError("busy", "The other side does not read what it is sent."));
      return;
    }
    this.#controlBacklog += size;
    this.#cork();
    for (const [index, part] of frame.entries()) {
      if (index < frame.length - 1) this.#stream.write(part);
      else this.#stream.write(part, () => (this.#controlBacklog -= size));
    }
  }

  /** Measures the latency now and not only at the next interval. */
  ping(): void {
    if (this.#stream.writableNeedDrain) return;
    const nonce = Buffer.allocUnsafe(PING_BYTES);
    nonce.writeBigUInt64BE(this.#pings++, 0);
    this.#ping = { nonce, sentAt: performance.now() };
    this.sendControl(encodePing(FrameType.ping, nonce));
  }

  /** Says goodbye, with the reason if there is one, and closes. */
  close(error?: AppError): void {
    this.#finish(error, true);
  }

  /** The same for a fault: the peer's, or one of the transport. */
  fail(error: AppError): void {
    if (this.#state === "open") this.#logger.log("warn", `link: ${error.message}`);
    this.#finish(error, true);
  }

  /** Lets the channel go: neither the peer nor the owner is told. */
  detach(): void {
    this.#owner = NO_OWNER;
    this.#finish(undefined, false);
    this.#stream.destroy();
  }

  /** Runs a listener of ours that must not throw into the stream; if it does, the link ends, not the process. */
  #run(action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.#finish(listenerFailed(thrown, this.#logger), true);
    }
  }

  #encoded(frame: readonly Uint8Array[]): readonly Uint8Array[] {
    return this.#compression?.deflater.encode(frame) ?? frame;
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#stream.cork();
    process.nextTick(() => this.#uncork());
  }

  #uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#stream.uncork();
  }

  #wake(): void {
    if (this.#share === undefined) this.#pump();
    else this.#share.wake();
    // What is not read stays with the peer, which then has to wait.
    if (this.#state === "open" && (this.#holds > 0 || this.#decoder.waiting >= LIMITS.intakeBytes))
      this.#stream.pause();
  }

  /** Handles frames; true if some are left because the peer's share is spent. */
  #pump(): boolean {
    // A listener that releases a hold must not deliver the next frame inside the delivery of this one.
    if (this.#pumping) return false;
    this.#pumping = true;
    let isSpent = false;
    this.#run(() => {
      while (this.#state === "open" && this.#holds === 0) {
        isSpent = this.#share?.spent === true && this.#decoder.waiting > 0;
        if (isSpent) break;
        const step = this.#decoder.next();
        if (step.kind === "more") break;
        this.charge(MESSAGE_COST + (step.kind === "frame" ? step.payload.length : 0));
        if (step.kind !== "fault") this.#stall.completed();
        if (step.kind === "skipped") continue;
        const error = step.kind === "fault" ? step.error : this.#onFrame(step.type, step.payload);
        if (error !== undefined) this.fail(error);
      }
    });
    this.#pumping = false;
    if (this.#state !== "open" || isSpent) return isSpent && this.#state === "open";
    this.#stall.came(0);
    if (this.#holds > 0) this.#stream.pause();
    else if (this.#ended) {
      const where = this.#decoder.midFrame ? " in the middle of a frame" : "";
      this.#finish(
        new AppError("closed", `The other side ended the connection${where} without a word.`),
        false,
        true,
      );
    } else if (this.#stream.isPaused()) this.#stream.resume();
    return false;
  }

  #onFrame(type: number, payload: Buffer): AppError | undefined {
    if (this.#compression !== undefined && (type & DEFLATED) !== 0) {
      const inflated = this.#compression.inflater.decode(type & ~DEFLATED, payload, this.#limits);
      if (!(inflated instanceof AppError)) this.charge(inflated.length);
      return inflated instanceof AppError ? inflated : this.#onFrame(type & ~DEFLATED, inflated);
    }
    if (type === FrameType.close) {
      const checked = parseLinkJson(payload, reason, "CLOSE");
      if (!checked.ok) return new AppError("protocol", `${checked.message}.`);
      this.#finish(reasonToError(checked.value), false);
      return undefined;
    }
    if (type === FrameType.ping || type === FrameType.pong) {
      if (this.#pingTimer === undefined) return new AppError("protocol", "A ping came before admission.");
      if (payload.length !== PING_BYTES) return new AppError("protocol", "A ping has 8 bytes.");
      if (type === FrameType.ping) this.sendControl(encodePing(FrameType.pong, payload));
      else if (this.#ping?.nonce.equals(payload) === true) {
        this.latencyMs = performance.now() - this.#ping.sentAt;
        this.#ping = undefined;
      }
      return undefined;
    }
    return this.#owner.frame(type, payload);
  }

  /**
   * Each side pings at every interval, whatever else it sends, so silence means that the peer is gone: also for
   * one that is busy sending and hears nothing meanwhile. Intervals are counted and not milliseconds: a machine
   * that slept, or a process that was stopped in a debugger, gives the peer time to be heard before it judges.
   */
  #onPingTimer(): void {
    this.#silent = this.#heard || this.#holds > 0 ? 0 : this.#silent + 1;
    this.#heard = false;
    if (this.#silent < this.#timing.silentPings) {
      this.ping();
      return;
    }
    const seconds = (this.#timing.silentPings * this.#timing.pingMs) / 1000;
    this.#lost(new AppError("timeout", `Nothing came from the other side for ${seconds} s.`));
  }

  /** The channel is of no more use; what stands on it may go on without. */
  #lost(error: AppError): void {
    if (this.#owner.survives !== true) return this.fail(error);
    this.#finish(error, false, true);
    this.#stream.destroy();
  }

  #onStreamClose(): void {
    clearTimeout(this.#lingerTimer);
    const cause = this.#streamError;
    const why = cause === undefined ? "The connection broke." : `The connection broke: ${cause.message}.`;
    this.#finish(new AppError("closed", why, { cause }), false, true);
    this.#state = "closed";
  }

  #finish(error: AppError | undefined, tellPeer: boolean, isBroken = false): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    clearInterval(this.#pingTimer);
    this.#stall.dispose();
    this.#share?.dispose();
    const stream = this.#stream;
    if (!stream.destroyed) {
      this.#uncork();
      if (tellPeer) {
        stream.cork();
        for (const part of encodeFrameJson(FrameType.close, errorToReason(error))) stream.write(part);
        stream.uncork();
      }
      stream.end();
      // Unread bytes would make the kernel reset the connection, and the peer lose our reason with it.
      stream.resume();
      this.#lingerTimer = setTimeout(() => stream.destroy(), this.#timing.lingerMs);
    }
    this.#run(() => this.#owner.closed(error, isBroken));
  }
}

/** What a link ends with when a listener of ours has thrown; what it threw is logged. */
export function listenerFailed(thrown: unknown, logger: Logger): AppError {
  const error = AppError.from(thrown);
  logger.log("error", `link: a listener failed: ${error.stack ?? error.message}`);
  return new AppError("internal", "The link failed.", { cause: thrown });
}
