import type { TextEdit, JsonValue } from "../dap/edits.ts";

/**
 * The sequence numbers of what an editor gets: the host's messages and, between them, our own. Without any of ours, the
 * host's pass with the numbers that they have.
 */
export class SequenceNumbers {
  /** How many of our own the editor has got. */
  #own = 0;
  #lastOwn = 0;
  #last: { readonly message: JsonValue; readonly own: number } | undefined;
  /** The host's numbers of its requests that the editor knows by others. */
  readonly #requests = new Map<number, number>();

  /** The edits of a message of the host's that goes to the editor next. */
  pass(message: JsonValue): TextEdit[] {
    this.#last = { message, own: this.#own };
    const seq = message.member("seq");
    const number = seq?.number;
    if (this.#own === 0 || seq === undefined || number === undefined) return [];
    const given = number + this.#own;
    if (message.member("type")?.string === "request") this.#requests.set(given, number);
    return [seq.replacedBy(given)];
  }

  /** The number for a message of ours that goes to the editor next. */
  next(): number {
    const { message, own = 0 } = this.#last ?? {};
    this.#last = undefined;
    this.#lastOwn = Math.max(this.#lastOwn, (message?.member("seq")?.number ?? 0) + own) + 1;
    this.#own++;
    return this.#lastOwn;
  }

  /** The edits of an answer of the editor's to a request of the host's. */
  restore(answer: JsonValue): TextEdit[] {
    const seq = answer.member("request_seq");
    const number = this.#requests.get(seq?.number ?? 0);
    return seq === undefined || number === undefined ? [] : [seq.replacedBy(number)];
  }
}
