import { asText } from "../common/values.ts";

/** What a message is, as far as its outer members say. */
export interface Envelope {
  readonly type?: unknown;
  readonly seq?: unknown;
  readonly request_seq?: unknown;
  readonly command?: unknown;
  readonly event?: unknown;
}

const NAMES: readonly string[] = ["type", "seq", "request_seq", "command", "event"];
/** Of a name or a value that is kept. */
const MOST_BYTES = 64;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Reads the outer members of a message of which nothing else is kept, as its bytes come. They may stand behind its body,
 * as adapters written in C++ have them.
 */
export class EnvelopeScan {
  readonly #members: Record<string, unknown> = {};
  #depth = 0;
  #inString = false;
  /** Whether an odd number of backslashes came last. */
  #escaped = false;
  #name: string | undefined;
  /** The text of the present name or value in the outermost object. */
  #text = "";

  get envelope(): Envelope {
    return this.#members;
  }

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;)
      at = this.#inString ? this.#string(bytes, at) : this.#step(bytes, at);
  }

  /** From within a string to its end. */
  #string(bytes: Buffer, start: number): number {
    const quote = bytes.indexOf(QUOTE, start);
    const end = quote < 0 ? bytes.length : quote;
    let first = end;
    while (first > start && bytes[first - 1] === BACKSLASH) first--;
    const isOdd = (end - first) % 2 === 1;
    this.#escaped = first === start ? isOdd !== this.#escaped : isOdd;
    this.#keep(bytes, start, Math.min(bytes.length, end + 1));
    if (quote < 0) return end;
    if (!this.#escaped) this.#inString = false;
    this.#escaped = false;
    return quote + 1;
  }

  #step(bytes: Buffer, at: number): number {
    const byte = bytes[at] ?? 0;
    switch (byte) {
      case QUOTE:
        this.#inString = true;
        this.#escaped = false;
        this.#keep(bytes, at, at + 1);
        break;
      case 0x7b: // {
      case 0x5b: // [
        this.#depth++;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        if (this.#depth === 1) this.#endValue();
        this.#depth--;
        break;
      case 0x3a: // :
        if (this.#depth === 1 && this.#name === undefined) {
          this.#name = asText(parsed(this.#text));
          this.#text = "";
        }
        break;
      case 0x2c: // ,
        if (this.#depth === 1) this.#endValue();
        break;
      default:
        this.#keep(bytes, at, at + 1);
    }
    return at + 1;
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const room = MOST_BYTES - this.#text.length;
    if (this.#depth === 1 && room > 0)
      this.#text += bytes.toString("latin1", start, Math.min(end, start + room));
  }

  #endValue(): void {
    const name = this.#name ?? "";
    if (NAMES.includes(name)) this.#members[name] = parsed(this.#text);
    this.#name = undefined;
    this.#text = "";
  }
}

/** Undefined for what is no JSON, or was cut off. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
