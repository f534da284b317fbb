import { deflateRawSync, inflateRawSync } from "node:zlib";
import { AppError } from "../common/errors.ts";
import { DEFLATED, encodeFrame, frameTooLarge, FrameType, HEADER_BYTES, HOST_FRAMES } from "./frames.ts";
import type { Frame } from "./retransmitBuffer.ts";

const WINDOW_BYTES = 32 * 1024;
const LENGTH_BYTES = 4;
/** What is smaller gains nothing. */
const SMALLEST_BYTES = 32;
const NEVER: ReadonlySet<number> = new Set([FrameType.close, FrameType.ping, FrameType.pong, FrameType.ack]);

/** What went before in one direction of a channel: the dictionary for what comes next. */
class Window {
  #bytes: Buffer = Buffer.alloc(0);

  get dictionary(): { readonly dictionary?: Buffer } {
    return this.#bytes.length === 0 ? {} : { dictionary: this.#bytes };
  }

  add(payload: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, payload.subarray(-WINDOW_BYTES)]).subarray(-WINDOW_BYTES);
  }
}

/** Compresses the frames of one direction of a channel, in the order in which they are sent (feature `deflate`). */
export class Deflater {
  readonly #window = new Window();

  /** The frame as it is to be written: compressed, or itself if that would not be shorter. */
  encode(frame: Frame): Frame {
    const bytes = Buffer.concat(frame);
    const type = bytes.readUInt8(HEADER_BYTES - 1);
    const payload = bytes.subarray(HEADER_BYTES);
    if (NEVER.has(type) || payload.length < SMALLEST_BYTES) return frame;
    const data = deflateRawSync(payload, this.#window.dictionary);
    if (LENGTH_BYTES + data.length >= payload.length) return frame;
    this.#window.add(payload);
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt32BE(payload.length, 0);
    return encodeFrame(type | DEFLATED, [length, data]);
  }
}

/** The other end of it. */
export class Inflater {
  readonly #window = new Window();

  /** The payload of a compressed frame of that type, without DEFLATED. An error is a fault of the peer. */
  decode(type: number, payload: Buffer, limits = HOST_FRAMES): Buffer | AppError {
    if (NEVER.has(type) || payload.length < LENGTH_BYTES) return fault();
    const length = payload.readUInt32BE(0);
    const tooLarge = frameTooLarge(type, length + 1, limits);
    if (tooLarge !== undefined) return tooLarge;
    const data = payload.subarray(LENGTH_BYTES);
    try {
      const { buffer, engine } = inflateRawSync(data, {
        ...this.#window.dictionary,
        // At least one, as zlib wants it.
        maxOutputLength: Math.max(1, length),
        info: true,
      }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
      if (buffer.length !== length || engine.bytesWritten !== data.length) return fault();
      this.#window.add(buffer);
      return buffer;
    } catch {
      return fault();
    }
  }
}

function fault(): AppError {
  return new AppError("protocol", "A compressed frame is damaged.");
}
