import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";

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

/**
 * Incremental decoder of DAP's base protocol. It hands out each message's body as bytes and never parses them:
 * a body is parsed by whoever needs its content, once. A length is checked before anything is buffered for it.
 *
 * A body that lies whole within one chunk is a view of that chunk; keep a copy if you keep it for long.
 */
export class DapDecoder {
  /** The most that one body may have, in bytes; may be raised while decoding (after admission). */
  maxBodyBytes: number;
  #header: Buffer = Buffer.alloc(0);
  #body: Buffer | undefined;
  #filled = 0;
  #fault: AppError | undefined;

  constructor(maxBodyBytes: number = LIMITS.messageBytes) {
    this.maxBodyBytes = maxBodyBytes;
  }

  /**
   * Takes the next bytes and calls `onBody` for every message they complete. Returns the fault that ended the
   * decoding, if any: after it nothing more is decoded, because the borders of messages are lost.
   */
  push(chunk: Buffer, onBody: (body: Buffer) => void): AppError | undefined {
    let offset = 0;
    while (this.#fault === undefined && offset < chunk.length) {
      offset =
        this.#body === undefined
          ? this.#pushHeader(chunk, offset, onBody)
          : this.#pushBody(chunk, offset, onBody);
    }
    return this.#fault;
  }

  /** True between messages: an end of the stream here is an orderly one. */
  get idle(): boolean {
    return this.#body === undefined && this.#header.length === 0;
  }

  #pushHeader(chunk: Buffer, offset: number, onBody: (body: Buffer) => void): number {
    // Nearly every header is of this form and lies whole within the chunk.
    const plain = this.#header.length === 0 ? readPlainHeader(chunk, offset) : undefined;
    if (plain !== undefined && plain.length <= this.maxBodyBytes) {
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
    if (length > this.maxBodyBytes) {
      this.#fault = new AppError(
        "tooLarge",
        `A message of ${length} bytes is longer than the ${this.maxBodyBytes} bytes that are allowed.`,
      );
      return chunk.length;
    }
    return this.#beginBody(chunk, offset + end + HEADER_END.length - carried, length, onBody);
  }

  #beginBody(chunk: Buffer, start: number, length: number, onBody: (body: Buffer) => void): number {
    if (start + length <= chunk.length) {
      onBody(chunk.subarray(start, start + length));
      return start + length;
    }
    this.#body = Buffer.allocUnsafe(length);
    this.#filled = chunk.copy(this.#body, 0, start);
    return chunk.length;
  }

  #pushBody(chunk: Buffer, offset: number, onBody: (body: Buffer) => void): number {
    const body = this.#body;
    if (body === undefined) return offset;
    const copied = chunk.copy(
      body,
      this.#filled,
      offset,
      Math.min(chunk.length, offset + body.length - this.#filled),
    );
    this.#filled += copied;
    if (this.#filled === body.length) {
      this.#body = undefined;
      onBody(body);
    }
    return offset + copied;
  }
}

/** A header with nothing but `Content-Length: N`, of at most nine digits; undefined if it is not (all of) that. */
function readPlainHeader(chunk: Buffer, offset: number): { length: number; end: number } | undefined {
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
