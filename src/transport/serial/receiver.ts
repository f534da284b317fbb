import { type Acknowledgement, distance, MAX_WINDOW } from "./frames.ts";

interface Early {
  readonly payload: Buffer;
  readonly end: boolean;
}

const NOTHING = new Uint8Array(0);

/** After so many frames the sender is told at once that they came. */
const ACK_EVERY = 2;

/**
 * The receiving half of a connection: puts frames in order and tells what has come. Holds MAX_WINDOW frames at most,
 * read ones not counted; the window shrinks by what is not read yet.
 */
export class Receiver {
  readonly #ackDelayMs: number;
  readonly #early = new Map<number, Early>();
  readonly #ready: Buffer[] = [];
  #expected = 0;
  #ended = false;
  #owed = 0;
  #owedAt = Infinity;
  #urgent = false;
  /** The frame before which the sender was last told to stop. */
  #toldEdge = MAX_WINDOW;

  constructor(ackDelayMs: number) {
    this.#ackDelayMs = ackDelayMs;
  }

  /** The end has come, with all before it; there may still be something to read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** When an acknowledgement must be sent if no frame has carried it until then. */
  get ackAt(): number {
    return this.#urgent ? -Infinity : this.#owedAt;
  }

  /** A frame may only carry the plain acknowledgement, not which later frames have come. */
  get hasGap(): boolean {
    return this.#early.size > 0;
  }

  /** Bytes held. */
  get held(): number {
    let bytes = 0;
    for (const part of this.#ready) bytes += part.length;
    for (const { payload } of this.#early.values()) bytes += payload.length;
    return bytes;
  }

  /** True if there is more to read, or the end, than before. */
  receive(sequence: number, payload: Buffer, end: boolean, now: number): boolean {
    const ahead = distance(this.#expected, sequence);
    if (ahead >= this.#window || this.#ended || this.#early.has(sequence)) {
      // It was here before, and the sender does not know; or it is more than was allowed.
      this.#urgent = true;
      return false;
    }
    this.#early.set(sequence, { payload, end });
    if (ahead > 0) {
      this.#urgent = true;
      return false;
    }
    if (this.#early.size > 1) this.#urgent = true;
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      if (next.payload.length > 0) this.#ready.push(next.payload);
      this.#ended = next.end;
    }
    if (++this.#owed >= ACK_EVERY || this.#ended) this.#urgent = true;
    this.#owedAt = Math.min(this.#owedAt, now + this.#ackDelayMs);
    return true;
  }

  read(): Buffer | undefined {
    const part = this.#ready.shift();
    // The sender waits, or soon will: tell it, but not for every frame.
    const opened = distance(this.#toldEdge, this.#expected + this.#window);
    if (opened >= MAX_WINDOW / 2 && opened <= MAX_WINDOW) this.#urgent = true;
    return part;
  }

  /** What to tell the sender now; it counts as told. `selective` is 0 in frames that have no room for it. */
  acknowledgement(): Acknowledgement {
    this.#owed = 0;
    this.#owedAt = Infinity;
    this.#urgent = false;
    this.#toldEdge = (this.#expected + this.#window) & 0xffff;
    let selective: Uint8Array = NOTHING;
    for (const sequence of this.#early.keys()) {
      if (selective.length === 0) selective = new Uint8Array(MAX_WINDOW / 8);
      const bit = distance(this.#expected, sequence) - 1;
      selective[bit >> 3] = (selective[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
    return { ack: this.#expected, window: this.#window, selective };
  }

  get #window(): number {
    return MAX_WINDOW - this.#ready.length;
  }

  #take(): Early | undefined {
    const next = this.#early.get(this.#expected);
    if (next === undefined) return undefined;
    this.#early.delete(this.#expected);
    this.#expected = (this.#expected + 1) & 0xffff;
    return next;
  }
}
