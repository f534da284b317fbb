import { AppError } from "../../common/errors.ts";
import { type Acknowledgement, type SerialFrame, SERIAL_VERSION } from "./frames.ts";
import { Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";
import type { SerialTiming } from "./timing.ts";

/** What a connection tells its user, within the call that made it happen. */
export interface ConnectionListener {
  /** The peer has answered: only of a connection that was opened from here. */
  opened?(): void;
  /** `read` gives more than before, or the end has come. */
  readable?(): void;
  /** There is room for `write` again. */
  drained?(): void;
  /** All that was written has come, and the end. */
  finished?(): void;
  /** Broken: nothing more comes, nothing more is sent. */
  broken?(reason: AppError): void;
}

/**
 * `opening`: we have asked, and wait for the peer's id. `accepting`: we have answered, and wait for proof that the peer
 * is one that lives and has heard it. `settled`: both directions have ended, only late questions are answered.
 */
export type SerialConnectionState = "opening" | "accepting" | "open" | "settled" | "gone";

const NOTHING = new Uint8Array(0);

/** Bytes that wait to be sent, beyond which a writer should wait. */
const QUEUE_BYTES = 16 * 1024;

/** One connection over a line, among others. Knows no time but what it is told. */
export class Connection {
  readonly channel: number;
  /** Random, and ours: the peer addresses this connection by it. So no frame of an earlier one is taken for its. */
  readonly id: number;
  listener: ConnectionListener = {};
  readonly #timing: SerialTiming;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  #peerId: number | undefined;
  #state: SerialConnectionState;
  readonly #bornAt: number;
  #heardAt: number;
  /** The last `open` or `ping` that we sent. */
  #askedAt = -Infinity;
  /** Something has come since we know the peer's id: it knows ours. */
  #confirmed = false;
  #mustAnswer = false;
  #mustAccept = false;
  #told = { finished: false, full: false };

  constructor(
    channel: number,
    id: number,
    timing: SerialTiming,
    now: number,
    /** Of one that asks; the connection is then the answer. */
    peerId?: number,
  ) {
    this.channel = channel;
    this.id = id;
    this.#timing = timing;
    this.#sender = new Sender(timing);
    this.#receiver = new Receiver(timing.ackDelayMs);
    this.#peerId = peerId;
    this.#state = peerId === undefined ? "opening" : "accepting";
    this.#mustAccept = peerId !== undefined;
    this.#bornAt = this.#heardAt = now;
  }

  get state(): SerialConnectionState {
    return this.#state;
  }

  get peerId(): number | undefined {
    return this.#peerId;
  }

  /** The end of what comes has been reached, once `read` has given all. */
  get ended(): boolean {
    return this.#receiver.ended;
  }

  /** Something that was written has not come yet, as far as is known, and may still come; or the peer waits for a last answer. */
  get pending(): boolean {
    if (this.#state === "settled") return this.#receiver.ackAt !== Infinity;
    return this.#state === "open" && this.#sender.pending;
  }

  /** Bytes held for the user and for the peer. */
  get held(): number {
    return this.#receiver.held + this.#sender.queued;
  }

  /** False: wait for `drained`. The bytes are kept, not copied. */
  write(bytes: Buffer): boolean {
    this.#sender.write(bytes);
    this.#told.full = this.#sender.queued >= QUEUE_BYTES;
    return !this.#told.full;
  }

  /** Nothing more is written. */
  end(): void {
    this.#sender.end();
  }

  /** The next bytes in order; undefined if there are none now. */
  read(): Buffer | undefined {
    return this.#receiver.read();
  }

  /** When `tick` or `transmit` has something to do; -Infinity: at once. */
  get deadline(): number {
    if (this.#state === "gone") return Infinity;
    if (this.#mustAccept || this.#mustAnswer) return -Infinity;
    const { goneMs, openMs } = this.#timing;
    switch (this.#state) {
      case "opening":
        return Math.min(this.#bornAt + openMs, this.#askAt);
      case "accepting":
        return this.#heardAt + goneMs;
      case "settled":
        return Math.min(this.#heardAt + goneMs, this.#receiver.ackAt);
      case "open":
        if (this.#sender.ready) return -Infinity;
        return Math.min(this.#heardAt + goneMs, this.#askAt, this.#sender.deadline, this.#receiver.ackAt);
    }
  }

  /** Time has passed. */
  tick(now: number): void {
    const { goneMs, openMs } = this.#timing;
    switch (this.#state) {
      case "gone":
        return;
      case "opening":
        if (now >= this.#bornAt + openMs) this.break(new AppError("connectFailed", "Nobody answers."));
        return;
      case "settled":
        if (now >= this.#heardAt + goneMs) this.#state = "gone";
        return;
      case "accepting":
      case "open":
        if (now >= this.#heardAt + goneMs) {
          const seconds = Math.round(goneMs / 1000);
          this.break(new AppError("closed", `Nothing came from the other side for ${seconds} s.`));
        } else this.#sender.expire(now);
    }
  }

  /** A frame for this connection. Returns true if it is the proof that the peer lives, of one that is `accepting`. */
  receive(frame: SerialFrame, now: number): boolean {
    this.#heardAt = now;
    if (frame.type === "accept") {
      this.#accepted(frame.from);
      return false;
    }
    if (this.#state === "opening" || this.#state === "gone") return false;
    const proof = this.#state === "accepting";
    if (proof) this.#state = "open";
    this.#confirmed = true;
    switch (frame.type) {
      case "data":
      case "end": {
        // A data frame says nothing of what came after a gap: that is what `ack` frames are for.
        this.#acknowledged({ ack: frame.ack, window: frame.window, selective: NOTHING }, now);
        const end = frame.type === "end";
        if (this.#receiver.receive(frame.sequence, frame.payload, end, now)) this.listener.readable?.();
        break;
      }
      case "ping":
        this.#mustAnswer = true;
        this.#acknowledged(frame, now);
        break;
      case "ack":
        this.#acknowledged(frame, now);
        break;
      case "open":
      case "refuse":
      case "reset":
        break;
    }
    this.#settle();
    return proof;
  }

  /** The peer has asked again: our answer was lost. */
  askedAgain(): void {
    this.#mustAccept = true;
  }

  /** The connection is over; the peer is not told. */
  break(reason: AppError): void {
    if (this.#state === "gone") return;
    const wasSettled = this.#state === "settled";
    this.#state = "gone";
    if (!wasSettled) this.listener.broken?.(reason);
  }

  /** A frame that others' data need not wait for: answers and acknowledgements, which are short. */
  urgent(now: number): SerialFrame | undefined {
    const { channel } = this;
    if (this.#state === "gone") return undefined;
    if (this.#state === "opening") {
      if (now < this.#askAt) return undefined;
      this.#askedAt = now;
      return { type: "open", channel, to: 0, from: this.id, version: SERIAL_VERSION };
    }
    const to = this.#peerId ?? 0;
    if (this.#mustAccept) {
      this.#mustAccept = false;
      return { type: "accept", channel, to, from: this.id, version: SERIAL_VERSION };
    }
    if (this.#state === "accepting") return undefined;
    if (this.#state === "open" && now >= this.#askAt) {
      this.#askedAt = now;
      this.#mustAnswer = false;
      return { type: "ping", channel, to, ...this.#receiver.acknowledgement() };
    }
    const carried = this.#sender.ready && !this.#receiver.hasGap;
    if (!this.#mustAnswer && (now < this.#receiver.ackAt || carried)) return undefined;
    this.#mustAnswer = false;
    return { type: "ack", channel, to, ...this.#receiver.acknowledgement() };
  }

  /** The next frame with data, or the end. `leavesAt`: when the last byte of such a frame will have left. */
  data(leavesAt: (payloadBytes: number) => number): SerialFrame | undefined {
    if (this.#state !== "open") return undefined;
    const segment = this.#sender.next(leavesAt);
    if (segment === undefined) return undefined;
    const { ack, window } = this.#receiver.acknowledgement();
    const { sequence, payload, end } = segment;
    if (this.#told.full && this.#sender.queued < QUEUE_BYTES / 2) {
      this.#told.full = false;
      this.listener.drained?.();
    }
    const to = this.#peerId ?? 0;
    return { type: end ? "end" : "data", channel: this.channel, to, sequence, ack, window, payload };
  }

  get #askAt(): number {
    const { openRepeatMs, probeMs, keepAliveMs } = this.#timing;
    switch (this.#state) {
      case "opening":
        return this.#askedAt + openRepeatMs;
      case "open":
        if (!this.#confirmed) return this.#askedAt + openRepeatMs;
        return Math.max(this.#askedAt, this.#heardAt) + (this.#sender.blocked ? probeMs : keepAliveMs);
      case "accepting":
      case "settled":
      case "gone":
        return Infinity;
    }
  }

  #accepted(peerId: number): void {
    if (this.#state === "opening") {
      this.#peerId = peerId;
      this.#state = "open";
      // The first ping goes at once, and is repeated until something comes: it is the proof that the peer waits for.
      this.#askedAt = -Infinity;
      this.listener.opened?.();
    } else if (peerId === this.#peerId) this.#mustAnswer = true;
  }

  #acknowledged(acknowledgement: Acknowledgement, now: number): void {
    this.#sender.acknowledge(acknowledgement, now);
    if (!this.#sender.finished || this.#told.finished) return;
    this.#told.finished = true;
    this.listener.finished?.();
  }

  #settle(): void {
    if (this.#state === "open" && this.#sender.finished && this.#receiver.ended) this.#state = "settled";
  }
}
