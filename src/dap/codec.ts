import { AppError } from "../common/errors.ts";
import { GrowingBuffer } from "../common/growingBuffer.ts";
import { LIMITS } from "../common/limits.ts";
import { type MessageLimit, TRUSTED_LIMIT, messageTooLarge } from "../common/messageLimit.ts";

const HEADER_END = Buffer.from("\r\n\r\n");

const FIELD = Buffer.from("Content-Length: ");
const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;

/** The headers of small messages: a storm has thousands of the same lengths. */
const HEADERS: (Buffer | undefined)[] = new Array<Buffer | undefined>(2048).fill(undefined);

/** The header that DAP's base protocol puts before a message of that many bytes. Not to be written to. */
export function encodeHeader(length: number): Buffer {
  const known = HEADERS[length];
  if (known !== undefined) return known;
  const header = Buffer.from(`Content-Length: ${length}\r\n\r\n`, "latin1");
  if (length < HEADERS.length) HEADERS[length] = header;
  return header;
}

/** Makes messages of a stream's bytes. */
export interface Decoder {
  /** What ended the decoding, if anything did: after it nothing more is decoded. */
  readonly fault: AppError | undefined;
  /** True between messages: an end of the stream here is an orderly one. */
  readonly idle: boolean;
  /** Takes the next bytes and calls `onBody` for every message they complete. */
  push(chunk: Buffer, onBody: (body: Buffer) => void): AppError | undefined;
  /** Takes bytes from `offset` on, up to the end of one message at most. Returns where the next step goes on. */
  step(chunk: Buffer, offset: number, onBody: (body: Buffer) => void): number;
}

/**
 * Incremental decoder of DAP's base protocol. It hands out each message's body as bytes and never parses them:
 * a body is parsed by the part that needs its content, once. A length is checked before anything is buffered for it.
 *
 * A body that lies whole within one chunk is a view of that chunk; keep a copy if you keep it for long.
 */
export class DapDecoder implements Decoder {
  readonly #limit: () => MessageLimit;
  #header: Buffer = Buffer.alloc(0);
  #body: GrowingBuffer | undefined;
  #fault: AppError | undefined;

  /** `limit` is asked at each message's header: what was begun may be completed. */
  constructor(limit: () => MessageLimit = () => TRUSTED_LIMIT) {
    this.#limit = limit;
  }

  /**
   * Takes the next bytes and calls `onBody` for every message they complete. Returns the fault that ended the
   * decoding, if any: after it nothing more is decoded, because the borders of messages are lost.
   */
  push(chunk: Buffer, onBody: (body: Buffer) => void): AppError | undefined {
    let offset = 0;
    while (this.#fault === undefined && offset < chunk.length) offset = this.step(chunk, offset, onBody);
    return this.#fault;
  }

  /** Takes bytes from `offset` on, up to the end of one message at most. Returns where the next step goes on. */
  step(chunk: Buffer, offset: number, onBody: (body: Buffer) => void): number {
    return this.#body === undefined
      ? this.#pushHeader(chunk, offset, onBody)
      : this.#pushBody(this.#body, chunk, offset, onBody);
  }

  get fault(): AppError | undefined {
    return this.#fault;
  }

  /** True between messages: an end of the stream here is an orderly one. */
  get idle(): boolean {
    return this.#body === undefined && this.#header.length === 0;
  }

  #pushHeader(chunk: Buffer, offset: number, onBody: (body: Buffer) => void): number {
    // Nearly every header is of this form and lies whole within the chunk.
    const plain = this.#header.length === 0 ? readPlainHeader(chunk, offset) : undefined;
    if (plain !== undefined && plain.length <= this.#limit().bytes) {
      return this.#beginBody(chunk, plain.end, plain.length, onBody);
    }
    // Only up to a header's limit is joined, so a header without end costs no more than that.
    const carried = this.#header.length;
    const rest = chunk.subarray(offset, offset + LIMITS.headerBytes - carried + HEADER_END.length);
    const joined = carried === 0 ? rest : Buffer.concat([this.#header, rest]);
    const end = joined.indexOf(HEADER_END);
    if (end < 0 || end + HEADER_END.length > LIMITS.headerBytes) {
      if (joined.length >= LIMITS.headerBytes) {
        this.#fault = new AppError(
          "tooLarge",
          `The header of a message is longer than ${LIMITS.headerBytes} bytes.`,
        );
      }
      // A copy, so that a few header bytes do not keep a large chunk alive.
      this.#header = Buffer.from(joined);
      return offset + rest.length;
    }
    this.#header = Buffer.alloc(0);
    const length = contentLength(joined.toString("latin1", 0, end));
    if (length === undefined) {
      this.#fault = new AppError("protocol", "A message has no valid Content-Length header.");
      return chunk.length;
    }
    const limit = this.#limit();
    if (length > limit.bytes) {
      this.#fault = messageTooLarge(length, limit);
      return chunk.length;
    }
    return this.#beginBody(chunk, offset + end + HEADER_END.length - carried, length, onBody);
  }

  #beginBody(chunk: Buffer, start: number, length: number, onBody: (body: Buffer) => void): number {
    if (start + length <= chunk.length) {
      onBody(chunk.subarray(start, start + length));
      return start + length;
    }
    this.#body = new GrowingBuffer(length);
    return start + this.#body.take(chunk, start);
  }

  #pushBody(body: GrowingBuffer, chunk: Buffer, offset: number, onBody: (body: Buffer) => void): number {
    const end = offset + body.take(chunk, offset);
    const { whole } = body;
    if (whole !== undefined) {
      this.#body = undefined;
      onBody(whole);
    }
    return end;
  }
}

/** A header with nothing but `Content-Length: N`, of at most nine digits; undefined if it is not (all of) that. */
export function readPlainHeader(chunk: Buffer, offset: number): { length: number; end: number } | undefined {
  const digits = offset + FIELD.length;
  for (let i = 0; i < FIELD.length; i++) if (chunk[offset + i] !== FIELD[i]) return undefined;
  let at = digits;
  let length = 0;
  for (; at - digits < 9; at++) {
    const digit = (chunk[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) break;
    length = length * 10 + digit;
  }
  const ended =
    at > digits && chunk[at] === CR && chunk[at + 1] === LF && chunk[at + 2] === CR && chunk[at + 3] === LF;
  return ended ? { length, end: at + HEADER_END.length } : undefined;
}

/** The value of Content-Length (field names are case-insensitive, others are ignored), undefined if there is no valid one. */
function contentLength(header: string): number | undefined {
  for (const line of header.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon < 0 || line.slice(0, colon).trim().toLowerCase() !== "content-length") continue;
    const value = line.slice(colon + 1).trim();
    return /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  }
  return undefined;
}
