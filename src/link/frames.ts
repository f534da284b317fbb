import { AppError } from "../common/errors.ts";
import { CHUNK_COST } from "../common/fairShare.ts";
import { GrowingBuffer } from "../common/growingBuffer.ts";
import { type MessageLimit, messageTooLarge, TRUSTED_LIMIT } from "../common/messageLimit.ts";
import { LINK_MAGIC } from "../transport/protocolDetection.ts";
import { LINK_LIMITS } from "./limits.ts";

/** docs/PROTOCOL.md, "Frame types". */
export const FrameType = {
  hello: 0x01,
  welcome: 0x02,
  close: 0x03,
  wait: 0x04,
  open: 0x05,
  opened: 0x06,
  closeStream: 0x07,
  dap: 0x08,
  control: 0x09,
  ping: 0x0a,
  pong: 0x0b,
  ack: 0x0c,
  push: 0x0d,
} as const;

/** Set in the type byte of frames that a receiver may skip if it does not know them. */
export const IGNORABLE = 0x80;
/** Set in the type byte of frames whose payload is compressed (feature `deflate`, deflate.ts). */
export const DEFLATED = 0x40;

const KNOWN = new Set<number>(Object.values(FrameType));
const LENGTH_BYTES = 4;
/** Length and type. */
export const HEADER_BYTES = 5;
/** Stream id and acknowledgement. */
export const DAP_FIELD_BYTES = 8;
export const PING_BYTES = 8;
const ACK_BYTES = 8;

/** How large the frames of an admitted peer may be. */
export interface FrameLimits {
  /** One DAP message; asked at each frame's header. */
  readonly message: () => MessageLimit;
  /** The length field of every other frame. */
  readonly otherBytes: number;
}

export const HOST_FRAMES: FrameLimits = {
  message: () => TRUSTED_LIMIT,
  otherBytes: LINK_LIMITS.controlFrameBytes,
};

/** The largest value of the length field that is accepted for `type`; without limits, before admission. */
export function frameLimit(type: number, limits: FrameLimits | undefined): number {
  if (limits === undefined) return LINK_LIMITS.frameBytesBeforeAdmission;
  if (type === FrameType.dap || !KNOWN.has(type)) return limits.message().bytes + LINK_LIMITS.dapFieldBytes;
  return limits.otherBytes;
}

/** What is wrong with a frame of an admitted peer of that length; undefined if nothing is. */
export function frameTooLarge(type: number, length: number, limits: FrameLimits): AppError | undefined {
  const bytes = frameLimit(type, limits);
  if (length <= bytes) return undefined;
  const { hint } = limits.message();
  return messageTooLarge(length, { bytes, ...(type === FrameType.dap && hint !== undefined && { hint }) });
}

export type DecoderStep =
  | { readonly kind: "frame"; readonly type: number; readonly payload: Buffer }
  /** A frame that may be ignored has been. */
  | { readonly kind: "skipped" }
  /** All bytes are used up: feed the next chunk. */
  | { readonly kind: "more" }
  /** The peer broke the protocol; every further step says the same. */
  | { readonly kind: "fault"; readonly error: AppError };

type State =
  | { readonly kind: "magic" }
  | { readonly kind: "header" }
  | { readonly kind: "payload"; readonly type: number; readonly payload: GrowingBuffer }
  | { readonly kind: "skip" }
  | { readonly kind: "fault"; readonly error: AppError };

const NOT_OURS = "The other side does not speak the Debug Server link protocol.";
/** From here on a length's first byte is a printable letter, or no ASCII at all. */
const LETTERS = 0x20_00_00_00;
const EMPTY: Buffer = Buffer.alloc(0);
const MORE: DecoderStep = { kind: "more" };
const SKIPPED: DecoderStep = { kind: "skipped" };

/**
 * Bytes to frames, pulled one by one so that the reader can stop between two of them. Memory is bounded: a
 * length is checked before a payload is allocated, and frames that are skipped are never buffered.
 */
export class FrameDecoder {
  #state: State;
  /** Absent: the peer is not admitted. */
  #limits: FrameLimits | undefined;
  #inflates = false;
  #chunk: Buffer = EMPTY;
  #offset = 0;
  /** What was fed behind it. */
  #further: Buffer[] = [];
  #furtherBytes = 0;
  readonly #hadMagic: boolean;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  /** Bytes of the magic or the header that are there. */
  #filled = 0;
  #toSkip = 0;
  /** Bytes of frames before admission. */
  #beforeAdmission = 0;

  constructor(options: { readonly expectMagic: boolean }) {
    this.#hadMagic = options.expectMagic;
    this.#state = { kind: options.expectMagic ? "magic" : "header" };
  }

  /** From now on frames have the limits of an admitted peer; takes effect with the next header. */
  admit(limits = HOST_FRAMES): void {
    this.#limits = limits;
  }

  /** From now on frames may be compressed: their types have DEFLATED, their payloads are what came. */
  inflate(): void {
    this.#inflates = true;
  }

  /** True if the bytes so far do not end where a frame ends. */
  get midFrame(): boolean {
    return this.#state.kind !== "header" || this.#filled > 0 || this.waiting > 0;
  }

  /** True if a frame has begun, and all that was fed has been looked at. */
  get midMessage(): boolean {
    return this.midFrame && this.waiting === 0;
  }

  /** Bytes that were fed and not looked at, and what they weigh besides. */
  get waiting(): number {
    return this.#chunk.length - this.#offset + this.#furtherBytes;
  }

  /** Adds bytes; the decoder may keep `chunk`, so the caller does not write to it any more. */
  feed(chunk: Buffer): void {
    // Only a reader that stopped between two frames leaves a rest. It is not copied for each small piece that follows.
    if (this.waiting > 0) {
      this.#further.push(chunk);
      this.#furtherBytes += chunk.length + CHUNK_COST;
      return;
    }
    this.#chunk = chunk;
    this.#offset = 0;
  }

  next(): DecoderStep {
    for (;;) {
      const state = this.#state;
      if (state.kind === "fault") return { kind: "fault", error: state.error };
      const available = this.#chunk.length - this.#offset;
      if (available === 0) {
        const next = this.#further.shift();
        this.#chunk = next ?? EMPTY;
        this.#offset = 0;
        if (next === undefined) return MORE;
        this.#furtherBytes -= next.length + CHUNK_COST;
        continue;
      }
      switch (state.kind) {
        case "magic":
          this.#readMagic();
          break;
        case "header": {
          const frame = this.#readHeader();
          if (frame !== undefined) return frame;
          break;
        }
        case "payload": {
          this.#offset += state.payload.take(this.#chunk, this.#offset);
          const { whole } = state.payload;
          if (whole === undefined) break;
          this.#expectHeader();
          return { kind: "frame", type: state.type, payload: whole };
        }
        case "skip": {
          const skipped = Math.min(available, this.#toSkip);
          this.#offset += skipped;
          this.#toSkip -= skipped;
          if (this.#toSkip > 0) break;
          this.#expectHeader();
          return SKIPPED;
        }
      }
    }
  }

  #expectHeader(): void {
    this.#state = { kind: "header" };
    this.#filled = 0;
  }

  #fail(fault: string | AppError): void {
    const error = typeof fault === "string" ? new AppError("protocol", fault) : fault;
    this.#state = { kind: "fault", error };
    this.#chunk = EMPTY;
    this.#offset = 0;
    this.#further = [];
    this.#furtherBytes = 0;
  }

  /** Copies at most `count` bytes of the chunk and returns how many. */
  #take(target: Buffer, at: number, count: number): number {
    const end = Math.min(this.#chunk.length, this.#offset + count);
    const copied = this.#chunk.copy(target, at, this.#offset, end);
    this.#offset = end;
    return copied;
  }

  #readMagic(): void {
    if (this.#chunk[this.#offset] !== LINK_MAGIC[this.#filled]) {
      this.#fail(NOT_OURS);
      return;
    }
    this.#offset += 1;
    this.#filled += 1;
    if (this.#filled === LINK_MAGIC.length) this.#expectHeader();
  }

  /** Returns a frame if the whole of it lies in the chunk. */
  #readHeader(): DecoderStep | undefined {
    if (this.#filled < LENGTH_BYTES) {
      this.#filled += this.#take(this.#header, this.#filled, LENGTH_BYTES - this.#filled);
      if (this.#filled < LENGTH_BYTES) return undefined;
      // Checked without waiting for the type: a stranger's first four bytes are enough to be told so.
      const length = this.#header.readUInt32BE(0);
      if (length === 0) this.#fail("A frame has no type.");
      else this.#checkLength(FrameType.dap, length);
      return undefined;
    }
    const type = this.#chunk.readUInt8(this.#offset);
    const plain = this.#inflates ? type & ~DEFLATED : type;
    this.#offset += 1;
    const length = this.#header.readUInt32BE(0);
    if (!this.#checkLength(plain, length) || !this.#checkSum(length)) return undefined;
    const size = length - 1;
    this.#filled = 0;
    if (!KNOWN.has(plain)) {
      if ((type & IGNORABLE) === 0) this.#fail(`Frames of type ${hex(type)} are unknown here.`);
      else if (size > 0) {
        this.#toSkip = size;
        this.#state = { kind: "skip" };
      } else {
        this.#expectHeader();
        return SKIPPED;
      }
      return undefined;
    }
    if (size <= this.#chunk.length - this.#offset) {
      const view = this.#chunk.subarray(this.#offset, this.#offset + size);
      this.#offset += size;
      // A small message that is kept (past output, a cache) must not keep a large chunk alive with it.
      return { kind: "frame", type, payload: size * 2 >= this.#chunk.length ? view : Buffer.from(view) };
    }
    this.#state = { kind: "payload", type, payload: new GrowingBuffer(size) };
    return undefined;
  }

  /** Small frames, too, come to an end: what is skipped costs nothing but time. */
  #checkSum(length: number): boolean {
    if (this.#limits !== undefined) return true;
    this.#beforeAdmission += HEADER_BYTES - 1 + length;
    if (this.#beforeAdmission <= LINK_LIMITS.bytesBeforeAdmission) return true;
    this.#fail(`More than ${LINK_LIMITS.bytesBeforeAdmission} bytes came before admission.`);
    return false;
  }

  #checkLength(type: number, length: number): boolean {
    const limit = frameLimit(type, this.#limits);
    if (length <= limit) return true;
    // Letters: the greeting of another protocol.
    if (length >= LETTERS && this.#beforeAdmission === 0 && !this.#hadMagic) this.#fail(NOT_OURS);
    else if (this.#limits === undefined)
      this.#fail(`A frame of ${length} bytes is too large; ${limit} are allowed before admission.`);
    else this.#fail(frameTooLarge(type, length, this.#limits) ?? NOT_OURS);
    return false;
  }
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

/** One frame with the payload's parts behind its header, to be written one after the other. No part is copied. */
export function encodeFrame(type: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32BE(1 + byteCount(parts), 0);
  header.writeUInt8(type, LENGTH_BYTES);
  return [header, ...parts];
}

/** A DAP message; `ack` is how many DAP frames of this stream we have received. */
export function encodeDap(stream: number, ack: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const header = Buffer.allocUnsafe(HEADER_BYTES + DAP_FIELD_BYTES);
  header.writeUInt32BE(1 + DAP_FIELD_BYTES + byteCount(parts), 0);
  header.writeUInt8(FrameType.dap, LENGTH_BYTES);
  header.writeUInt32BE(stream, HEADER_BYTES);
  header.writeUInt32BE(ack, HEADER_BYTES + 4);
  return [header, ...parts];
}

/** HELLO, WELCOME, WAIT, CLOSE, CONTROL: the payload is JSON. */
export function encodeFrameJson(type: number, value: object): Uint8Array[] {
  return encodeFrame(type, [Buffer.from(JSON.stringify(value))]);
}

/** OPEN, OPENED, CLOSE_STREAM: the payload is a stream id and JSON. */
export function encodeStreamJson(type: number, stream: number, value: object): Uint8Array[] {
  const id = Buffer.allocUnsafe(4);
  id.writeUInt32BE(stream, 0);
  return encodeFrame(type, [id, Buffer.from(JSON.stringify(value))]);
}

export function encodePing(
  type: typeof FrameType.ping | typeof FrameType.pong,
  nonce: Uint8Array,
): Uint8Array[] {
  return encodeFrame(type, [nonce]);
}

/** Tells how many frames have been received since WELCOME (feature `resume`). */
export function encodeAck(received: number): Uint8Array[] {
  const count = Buffer.allocUnsafe(ACK_BYTES);
  count.writeBigUInt64BE(BigInt(received), 0);
  return encodeFrame(FrameType.ack, [count]);
}

/** Undefined if it is none. */
export function parseAck(payload: Buffer): number | undefined {
  if (payload.length !== ACK_BYTES) return undefined;
  const count = payload.readBigUInt64BE(0);
  return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : undefined;
}

export function byteCount(parts: readonly Uint8Array[]): number {
  let count = 0;
  for (const part of parts) count += part.length;
  return count;
}
