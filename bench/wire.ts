/**
 * The bench's own framing, as light as it can be: what is measured must not be the measuring. It trusts both ends
 * to write `Content-Length: N` alone in the header and the members of a message in DAP's usual order.
 */
const HEADER_START = "Content-Length: ".length;
const HEADER_END = "\r\n\r\n".length;
const CR = 0x0d;
const ZERO = 0x30;

export function frame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  return Buffer.from(`Content-Length: ${length}\r\n\r\n${text}`);
}

/** Cuts a stream of bytes into message bodies; a body that lies within one chunk is not copied. */
export class Frames {
  #header: Buffer = Buffer.alloc(0);
  #body: Buffer | undefined;
  #filled = 0;

  push(chunk: Buffer, onBody: (body: Buffer) => void): void {
    let data = chunk;
    let at = 0;
    if (this.#body !== undefined) {
      const copied = chunk.copy(this.#body, this.#filled);
      this.#filled += copied;
      if (this.#filled < this.#body.length) return;
      const body = this.#body;
      this.#body = undefined;
      at = copied;
      onBody(body);
    } else if (this.#header.length > 0) {
      data = Buffer.concat([this.#header, chunk]);
      this.#header = Buffer.alloc(0);
    }
    while (at < data.length) {
      const end = data.indexOf(CR, at);
      if (end < 0 || end + HEADER_END > data.length) {
        this.#header = Buffer.from(data.subarray(at));
        return;
      }
      let length = 0;
      for (let i = at + HEADER_START; i < end; i++) length = length * 10 + ((data[i] ?? 0) - ZERO);
      const start = end + HEADER_END;
      at = start + length;
      if (at > data.length) {
        this.#body = Buffer.allocUnsafe(length);
        this.#filled = data.copy(this.#body, 0, start);
        return;
      }
      onBody(data.subarray(start, at));
    }
  }
}

export type Glimpse =
  { readonly kind: "response"; readonly requestSeq: number } | { readonly kind: "storm" | "lost" | "other" };

const STORM: Glimpse = { kind: "storm" };
const LOST: Glimpse = { kind: "lost" };
const OTHER: Glimpse = { kind: "other" };

const SEQ = '{"seq":'.length;
/** Behind the digits of `seq`, up to the first letter that tells. */
const TYPE = ',"type":"'.length;
const REQUEST_SEQ = 'response","request_seq":'.length;
const EVENT = 'event","event":"'.length;
const CATEGORY = 'output","body":{"category":"'.length;
const letter = (text: string): number => text.charCodeAt(0);

/** What a message is, from a few of its bytes. A line of a storm has the category `stdout`, news of losses `important`. */
export function glimpse(body: Buffer): Glimpse {
  let at = SEQ;
  while ((body[at] ?? 0) - ZERO >= 0 && (body[at] ?? 0) - ZERO <= 9) at++;
  at += TYPE;
  if (body[at] === letter("r") && body[at + 2] === letter("s")) {
    let requestSeq = 0;
    for (let i = at + REQUEST_SEQ; ; i++) {
      const digit = (body[i] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      requestSeq = requestSeq * 10 + digit;
    }
    return { kind: "response", requestSeq };
  }
  if (body[at] !== letter("e") || body[at + EVENT] !== letter("o")) return OTHER;
  const category = body[at + EVENT + CATEGORY];
  return category === letter("s") ? STORM : category === letter("i") ? LOST : OTHER;
}
