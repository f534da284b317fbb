import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";

const HEADER_END = Buffer.from("\r\n\r\n");

/** The header that DAP's base protocol puts before a message of that many bytes. */
export function encodeHeader(length: number): Buffer {
  return Buffer.from(`Content-Length: ${length}\r\n\r\n`, "latin1");
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
    const start = offset + end + HEADER_END.length - carried;
    if (start + length <= chunk.length) {
      onBody(chunk.subarray(start, start + length));
    } else {
      this.#body = Buffer.allocUnsafe(length);
      this.#filled = chunk.copy(this.#body, 0, start);
      return chunk.length;
    }
    return start + length;
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
