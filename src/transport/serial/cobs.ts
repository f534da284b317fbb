/**
 * Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): no zero byte is left in what it encodes, so a zero byte
 * ends a frame wherever a reader comes in. It costs one byte in 254, whatever the content, where SLIP (RFC 1055)
 * costs one in 128 of random bytes, such as TLS makes, and one in one at worst.
 */
const LONGEST_RUN = 254;

/** The encoded form, without the zero byte that ends it. */
export function encodeCobs(bytes: Uint8Array): Buffer {
  const result = Buffer.allocUnsafe(bytes.length + Math.ceil((bytes.length + 1) / LONGEST_RUN));
  let codeAt = 0;
  let at = 1;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (byte !== 0) result[at++] = byte;
    const full = at - codeAt === LONGEST_RUN + 1;
    if (byte !== 0 && !full) continue;
    result[codeAt] = at - codeAt;
    // A full run at the very end implies no zero after it: it needs no further code.
    if (full && index === bytes.length - 1) return result.subarray(0, at);
    codeAt = at++;
  }
  result[codeAt] = at - codeAt;
  return result.subarray(0, at);
}

/** Undefined if these bytes are nothing that `encodeCobs` makes. */
export function decodeCobs(bytes: Uint8Array): Buffer | undefined {
  const result = Buffer.allocUnsafe(bytes.length);
  let written = 0;
  for (let at = 0; at < bytes.length;) {
    const code = bytes[at] ?? 0;
    const end = at + code;
    if (code === 0 || end > bytes.length) return undefined;
    result.set(bytes.subarray(at + 1, end), written);
    written += code - 1;
    at = end;
    if (code <= LONGEST_RUN && at < bytes.length) result[written++] = 0;
  }
  return result.subarray(0, written);
}

/** Cuts what comes at the zero bytes. Keeps `longest` bytes at most: a longer frame is dropped to its end. */
export class FrameSplitter {
  readonly #kept: Buffer;
  #length = 0;
  #overlong = false;

  constructor(longest: number) {
    this.#kept = Buffer.allocUnsafe(longest);
  }

  /** Hands each frame, still encoded, to `take`; it is valid only during that call. Empty ones are left out. */
  push(bytes: Uint8Array, take: (frame: Uint8Array) => void): void {
    for (let from = 0; from < bytes.length;) {
      const zero = bytes.indexOf(0, from);
      const part = bytes.subarray(from, zero < 0 ? bytes.length : zero);
      if (this.#length + part.length > this.#kept.length) this.#overlong = true;
      if (!this.#overlong) {
        this.#kept.set(part, this.#length);
        this.#length += part.length;
      }
      if (zero < 0) return;
      const length = this.#overlong ? 0 : this.#length;
      this.#length = 0;
      this.#overlong = false;
      if (length > 0) take(this.#kept.subarray(0, length));
      from = zero + 1;
    }
  }

  /** Forgets the frame that has begun: the line was broken in it. */
  reset(): void {
    this.#length = 0;
    this.#overlong = false;
  }
}
