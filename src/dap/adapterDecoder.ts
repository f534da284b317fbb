import { GrowingBuffer } from "../common/growingBuffer.ts";
import { LIMITS } from "../common/limits.ts";
import { type Envelope, EnvelopeScan } from "./envelopeScan.ts";
import { type Decoder, readPlainHeader } from "./codec.ts";

/** A message that was larger than the limit, and of which only this is known. */
export interface LargeMessage extends Envelope {
  readonly bytes: number;
}

/** Decides what becomes of what an adapter writes besides messages of an ordinary size. */
export interface AdapterReader {
  /** Whether the answer to some request is wanted whole, however large it is; or that to this one. */
  wantsWhole(requestSeq?: number): boolean;
  /** A message has been passed over. */
  skipped(message: LargeMessage): void;
  /** Something between two messages has been passed over; its beginning, at most `SHOWN_BYTES` of it. */
  junk(text: string): void;
}

interface Large {
  missing: number;
  readonly length: number;
  readonly scan: EnvelopeScan;
}

/** Of something that is no message. */
const SHOWN_BYTES = 500;
/** A header may begin wherever a program's own output ends. Its lines may end with a line feed alone. */
const LENGTH = /content-length:[ \t]*(\d{1,15})[ \t]*\r?\n/gi;
const REST = /^(?:[^\r\n]+\r?\n)*\r?\n/;
/** What may stand before it without being something else: empty lines, and the other field that base protocols have. */
const FIELDS = /^(?:\r?\n|content-type:[^\r\n]*\r?\n)*$/i;
/** So much of a header's first line may have come without being recognised. */
const CARRIED_BYTES = 64;
const OPEN_BRACE = 0x7b;

/**
 * Decoder of what an adapter writes, which is one program's standard output or socket, and has no fault that ends it:
 * one bad message is one message less. What stands where a header should be is passed over up to the next true header:
 * one that a JSON object follows. A message's body is never searched for one. A message over the limit is passed over by its
 * stated length, unless it is an answer that a client wants whole.
 */
export class AdapterDecoder implements Decoder {
  /** Set by the reader of what is decoded. */
  reader: AdapterReader | undefined;
  readonly fault = undefined;
  /** What has come of a header, or of what may become one. */
  #head: Buffer = Buffer.alloc(0);
  #body: GrowingBuffer | undefined;
  #large: Large | undefined;
  #junk = "";
  #hasJunk = false;

  push(chunk: Buffer, onBody: (body: Buffer) => void): undefined {
    for (let offset = 0; offset < chunk.length;) offset = this.step(chunk, offset, onBody);
  }

  step(chunk: Buffer, offset: number, onBody: (body: Buffer) => void): number {
    if (this.#large !== undefined) return this.#pushLarge(this.#large, chunk, offset, onBody);
    if (this.#body !== undefined) {
      const end = offset + this.#body.take(chunk, offset);
      this.#endBody(onBody);
      return end;
    }
    const plain = this.#head.length === 0 && !this.#hasJunk ? readPlainHeader(chunk, offset) : undefined;
    if (plain !== undefined) return this.#begin(plain.length, chunk, plain.end, onBody);
    return this.#pushHead(chunk, offset, onBody);
  }

  get idle(): boolean {
    return this.#body === undefined && this.#large === undefined && this.#head.length === 0;
  }

  #pushHead(chunk: Buffer, offset: number, onBody: (body: Buffer) => void): number {
    const carried = this.#head.length;
    const rest = chunk.subarray(offset, offset + LIMITS.headerBytes);
    const joined = Buffer.concat([this.#head, rest]);
    this.#head = Buffer.alloc(0);
    const text = joined.toString("latin1");
    for (const { 0: line, 1: digits, index } of text.matchAll(LENGTH)) {
      const after = index + line.length;
      const fields = REST.exec(text.slice(after))?.[0];
      const start = after + (fields?.length ?? 0);
      // Of two lengths the last counts, as for VS Code.
      const length = Number([...(fields ?? "").matchAll(LENGTH)].at(-1)?.[1] ?? digits);
      const isClean = !this.#hasJunk && FIELDS.test(text.slice(0, index));
      const isHeader = isClean || length === 0 || joined[start] === OPEN_BRACE;
      // All of a header is to be there, and behind something else the first byte of its body.
      const isWhole = fields !== undefined && (isClean || start < text.length);
      if (!isWhole && text.length - index < LIMITS.headerBytes) {
        this.#passOver(text.slice(0, index));
        this.#head = joined.subarray(index);
        return offset + rest.length;
      }
      if (fields === undefined || !isHeader) continue;
      this.#passOver(text.slice(0, index));
      this.#endJunk();
      return this.#begin(length, chunk, offset + start - carried, onBody);
    }
    // The last line may be the beginning of a header.
    const end = Math.max(text.lastIndexOf("\n") + 1, text.length - CARRIED_BYTES);
    this.#passOver(text.slice(0, end));
    this.#head = joined.subarray(end);
    return offset + rest.length;
  }

  #begin(length: number, chunk: Buffer, start: number, onBody: (body: Buffer) => void): number {
    if (length > LIMITS.messageBytes) {
      this.#large = { missing: length, length, scan: new EnvelopeScan() };
      if (length <= LIMITS.messageBytesOfEditor && this.reader?.wantsWhole() === true)
        this.#body = new GrowingBuffer(length);
      return start;
    }
    if (start + length <= chunk.length) {
      onBody(chunk.subarray(start, start + length));
      return start + length;
    }
    this.#body = new GrowingBuffer(length);
    return start + this.#body.take(chunk, start);
  }

  #endBody(onBody: (body: Buffer) => void): void {
    const whole = this.#body?.whole;
    if (whole === undefined) return;
    this.#body = undefined;
    onBody(whole);
  }

  #pushLarge(large: Large, chunk: Buffer, offset: number, onBody: (body: Buffer) => void): number {
    const end = Math.min(chunk.length, offset + large.missing);
    large.missing -= end - offset;
    large.scan.push(chunk.subarray(offset, end));
    const { envelope } = large.scan;
    this.#body?.take(chunk, offset);
    // Not kept any longer than it may be one that is wanted.
    if (typeof envelope.request_seq === "number" && this.reader?.wantsWhole(envelope.request_seq) !== true)
      this.#body = undefined;
    if (large.missing > 0) return end;
    this.#large = undefined;
    const isAnswer = typeof envelope.request_seq === "number" && envelope.type === "response";
    if (this.#body !== undefined && isAnswer) this.#endBody(onBody);
    else this.reader?.skipped({ ...envelope, bytes: large.length });
    this.#body = undefined;
    return end;
  }

  #passOver(text: string): void {
    if (this.#junk.length < SHOWN_BYTES) this.#junk += text.slice(0, SHOWN_BYTES - this.#junk.length);
    if (!FIELDS.test(text)) this.#hasJunk = true;
  }

  #endJunk(): void {
    if (this.#hasJunk) this.reader?.junk(this.#junk);
    this.#hasJunk = false;
    this.#junk = "";
  }
}
