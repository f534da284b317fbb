import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import type { Logger } from "../common/logger.ts";
import { encodeAck, FrameType, parseAck } from "./frames.ts";
import { LINK_LIMITS, type LinkTiming } from "./limits.ts";
import { type Frame, RetransmitBuffer } from "./retransmitBuffer.ts";
import { type Intake, listenerFailed, type Wire, type WireOwner } from "./wire.ts";

export interface ConnectionOptions {
  /** How long it may be without a channel, in milliseconds; 0: it ends with its first one. */
  readonly keepMs: number;
  /** Whether its channels are compressed. */
  readonly deflates: boolean;
  /** Of a host: how it takes in what its guest sends. */
  readonly intake?: Intake | undefined;
  readonly timing: LinkTiming;
  readonly logger: Logger;
}

/** What others may know of a link's connection. */
export type ConnectionState = Pick<LinkConnection, "gone" | "isAway" | "latencyMs" | "onAway" | "onBack">;

/**
 * What a link stands on from WELCOME on: one channel or, with the feature `resume`, several, one after the other. Then
 * each side keeps what it has sent until the other says to have received it; after a break both send that again on the
 * next channel, before anything new, so that nothing is lost and nothing comes twice.
 *
 * "there" → (the channel breaks) → "away": what is sent is kept → (`attach`) → "there"; or, after `keepMs`, the end.
 * Every other end of a channel is the link's, too.
 */
export class LinkConnection {
  readonly #options: ConnectionOptions;
  readonly #retransmit = new RetransmitBuffer();
  readonly #away = new Emitter<AppError>();
  readonly #back = new Emitter<void>();
  readonly #ended = new Emitter<AppError | undefined>();
  /** The channel has broken, for that reason; it is tried to get another one. */
  readonly onAway = this.#away.event;
  /** There is a channel again. */
  readonly onBack = this.#back.event;
  /** It is over, for that reason; `isAway` says whether it was without a channel. Before the link is told. */
  readonly onEnd = this.#ended.event;
  #owner: WireOwner | undefined;
  #wire: Wire | undefined;
  #latencyMs: number | undefined;
  #received = 0;
  /** How much was received since the last ACK. */
  #unacknowledged = { frames: 0, bytes: 0 };
  /** The handshake's, until the link is started, and those of ports that do not keep up. */
  #holds = 1;
  /** Whether the last frame was one too many, so that `drained` is owed. */
  #blocked = false;
  #timer: NodeJS.Timeout | undefined;
  #gone = Promise.resolve();
  #isAway = false;
  #isOver = false;

  /** The wire is held by the handshake. */
  constructor(wire: Wire, options: ConnectionOptions) {
    this.#options = options;
    this.#use(wire);
  }

  /** Whether it can have another channel after this one. */
  get resumes(): boolean {
    return this.#options.keepMs > 0;
  }

  /** Whether its channel has broken, and there is no other yet. */
  get isAway(): boolean {
    return this.#isAway;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** How many frames of the peer have come since WELCOME. */
  get received(): number {
    return this.#received;
  }

  /** Round trip in milliseconds, as soon as one is measured. */
  get latencyMs(): number | undefined {
    return this.#wire?.latencyMs ?? this.#latencyMs;
  }

  setOwner(owner: WireOwner): void {
    this.#owner = owner;
  }

  /** As `Wire.send`; also false while there is no channel, or when too much waits for the peer's word. */
  send(frame: Frame): boolean {
    if (this.#isOver) return false;
    if (this.resumes) this.#retransmit.add(frame, false);
    const going = (this.#wire?.send(frame) ?? false) && this.#hasRoom();
    if (!going) this.#blocked = true;
    return going;
  }

  /** As `Wire.sendControl`. */
  sendControl(frame: Frame): void {
    if (this.#isOver) return;
    if (this.resumes) this.#retransmit.add(frame, true);
    if (this.#retransmit.controlBytes > LINK_LIMITS.controlBacklogBytes)
      this.close(new AppError("busy", "The other side does not say that it receives what it is sent."));
    else this.#wire?.sendControl(frame);
  }

  hold(): void {
    this.#holds++;
    this.#wire?.hold();
  }

  release(): void {
    this.#holds--;
    this.#wire?.release();
  }

  ping(): void {
    this.#wire?.ping();
  }

  get intake(): Intake | undefined {
    return this.#options.intake;
  }

  /** As `Wire.charge`. */
  charge(cost: number): void {
    this.#wire?.charge(cost);
  }

  close(error?: AppError): void {
    if (this.#wire === undefined) this.#end(error);
    else {
      this.#gone = this.#wire.gone;
      this.#wire.close(error);
    }
  }

  /** Resolves when the peer has been told of `close`, or cannot be: a process that ends earlier seems to be cut off. */
  get gone(): Promise<void> {
    return this.#gone;
  }

  /** Runs a listener of ours; if it throws, the link ends. */
  run(action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.close(listenerFailed(thrown, this.#options.logger));
    }
  }

  /** The peer has come by another channel: if this one has not broken here, it has there. */
  detach(): void {
    this.#wire?.detach();
    if (this.#wire !== undefined)
      this.#goAway(new AppError("closed", "The other side has another connection."));
  }

  /**
   * Goes on by another channel, whose handshake is done and holds it. The peer has received `count` frames: what it has
   * not is sent again. If it cannot have received that many, the link ends.
   */
  attach(wire: Wire, count: number): void {
    this.detach();
    clearTimeout(this.#timer);
    this.#use(wire);
    if (!this.#retransmit.acknowledge(count)) {
      this.close(new AppError("protocol", `The other side has received ${count} frames, which cannot be.`));
      return;
    }
    for (let holds = 0; holds < this.#holds; holds++) wire.hold();
    let going = true;
    for (const frame of this.#retransmit) going = wire.send(frame);
    this.#isAway = false;
    this.run(() => this.#back.fire());
    if (going) this.#drained();
    wire.ping();
    wire.release();
  }

  #use(wire: Wire): void {
    this.#wire = wire;
    if (this.#options.deflates) wire.compress();
    wire.setOwner({
      survives: this.resumes,
      frame: (type, payload) => this.#onFrame(type, payload),
      drained: () => this.#drained(),
      closed: (error, isBroken) => this.#onClosed(error, isBroken),
    });
  }

  #hasRoom(): boolean {
    return this.#retransmit.bytes <= LINK_LIMITS.retransmitBytes;
  }

  #drained(): void {
    if (!this.#blocked || !this.#hasRoom()) return;
    this.#blocked = false;
    this.run(() => this.#owner?.drained());
  }

  #onFrame(type: number, payload: Buffer): AppError | undefined {
    if (type === FrameType.ack && this.resumes) return this.#onAck(payload);
    this.#received++;
    const frames = this.#unacknowledged.frames + 1;
    const bytes = this.#unacknowledged.bytes + payload.length;
    this.#unacknowledged = { frames, bytes };
    if (
      this.resumes &&
      (frames >= LINK_LIMITS.unacknowledgedFrames || bytes >= LINK_LIMITS.unacknowledgedBytes)
    )
      this.#acknowledge();
    return this.#owner?.frame(type, payload);
  }

  #acknowledge(): void {
    this.#unacknowledged = { frames: 0, bytes: 0 };
    this.#wire?.sendControl(encodeAck(this.#received));
  }

  #onAck(payload: Buffer): AppError | undefined {
    const count = parseAck(payload);
    if (count === undefined || !this.#retransmit.acknowledge(count))
      return new AppError("protocol", "An ACK is wrong.");
    this.#drained();
    return undefined;
  }

  #onClosed(error: AppError | undefined, isBroken: boolean): void {
    if (isBroken && this.resumes) this.#goAway(error ?? new AppError("closed", "The connection broke."));
    else {
      this.#wire = undefined;
      this.#end(error);
    }
  }

  #goAway(why: AppError): void {
    this.#latencyMs = this.latencyMs;
    this.#wire = undefined;
    const { keepMs, logger } = this.#options;
    const seconds = keepMs / 1000;
    logger.log("info", `link: ${why.message} It is kept for ${seconds} s.`);
    this.#isAway = true;
    const late = new AppError(why.code, `${why.message} It was not restored within ${seconds} s.`, {
      cause: why,
    });
    this.#timer = setTimeout(() => this.#end(late), keepMs);
    this.run(() => this.#away.fire(why));
  }

  #end(error: AppError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#retransmit.clear();
    this.run(() => this.#ended.fire(error));
    this.#isAway = false;
    this.run(() => this.#owner?.closed(error, false));
  }
}
