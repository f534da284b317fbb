import { LIMITS } from "../common/limits.ts";
import type { DapPort } from "../dap/port.ts";

interface Waiting {
  readonly encode: () => readonly Buffer[];
  /** Of its body. */
  readonly bytes: number;
  /** Lines of output that are lost if this message is dropped; undefined: it must not be dropped. */
  readonly outputLines: number | undefined;
}

/** What a waiting message weighs besides its body: envelope, record, view of a read buffer. Measured in bench/. */
const MESSAGE_OVERHEAD_BYTES = 512;

/**
 * The messages that wait for one client. The adapter and the other clients never wait for it: a client that is too
 * slow first loses output, and if that does not suffice, it is given up.
 *
 * A message is encoded when its turn comes, because its sequence number must not have a gap after dropped ones.
 */
export class Outbox {
  readonly #port: DapPort;
  readonly #limit: number;
  readonly #onOverflow: () => void;
  readonly #encodeLoss: (lines: number) => readonly Buffer[];
  #waiting: Waiting[] = [];
  #bytes = 0;
  #ready = true;
  /** For so many reasons nothing is sent yet. */
  #holds = 0;
  #closed = false;

  constructor(
    port: DapPort,
    handlers: { onOverflow: () => void; encodeLoss: (lines: number) => readonly Buffer[] },
    limit: number = LIMITS.outboxBytes,
  ) {
    this.#port = port;
    this.#limit = limit;
    this.#onOverflow = handlers.onOverflow;
    this.#encodeLoss = handlers.encodeLoss;
    port.onDrain(() => this.#flush());
  }

  /** Bytes that wait, without what the port has taken. */
  get bytes(): number {
    return this.#bytes;
  }

  send(message: Waiting): void {
    if (this.#closed) return;
    if (this.#ready && this.#holds === 0 && this.#waiting.length === 0) {
      this.#ready = this.#port.send(message.encode());
      return;
    }
    this.#waiting.push(message);
    this.#bytes += weight(message);
    if (this.#excess > 0) this.#shed();
  }

  /** What is sent from now on waits until that has happened, in order. */
  hold(until: Promise<unknown>): void {
    this.#holds++;
    const goOn = () => {
      this.#holds--;
      if (this.#ready) this.#flush();
    };
    until.then(goOn, goOn);
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#bytes = 0;
  }

  /** The next one does not count: an answer that the client has asked for may be larger than the limit. */
  get #excess(): number {
    const [next] = this.#waiting;
    return this.#bytes - (next === undefined ? 0 : next.bytes) - this.#limit;
  }

  /** Replaces all waiting output by one line in its place; gives the client up if that is not enough. */
  #shed(): void {
    const first = this.#waiting.findIndex((message) => message.outputLines !== undefined);
    if (first >= 0) {
      const lost = this.#waiting.reduce((sum, message) => sum + (message.outputLines ?? 0), 0);
      const kept = this.#waiting.filter((message) => message.outputLines === undefined);
      kept.splice(first, 0, { encode: () => this.#encodeLoss(lost), bytes: 0, outputLines: lost });
      this.#waiting = kept;
      this.#bytes = kept.reduce((sum, message) => sum + weight(message), 0);
    }
    // Clearly below the limit, or the next few messages would shed again and again.
    if (this.#excess <= this.#limit * -0.25) return;
    this.close();
    this.#onOverflow();
  }

  #flush(): void {
    this.#ready = true;
    let sent = 0;
    while (this.#ready && this.#holds === 0 && sent < this.#waiting.length) {
      const message = this.#waiting[sent++];
      if (message === undefined) break;
      this.#bytes -= weight(message);
      this.#ready = this.#port.send(message.encode());
    }
    this.#waiting.splice(0, sent);
  }
}

function weight(message: Waiting): number {
  return message.bytes + MESSAGE_OVERHEAD_BYTES;
}
