import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { type Logger, nullLogger } from "../common/logger.ts";
import { LIMITS } from "../common/limits.ts";
import { shownLine } from "../common/sanitize.ts";
import type { AdapterDecoder, LargeMessage } from "../dap/adapterDecoder.ts";
import { type AdapterMessage, nesting, readAdapterMessage } from "../dap/envelope.ts";
import { type Outcome, errorOutcome, requestParts, responseParts } from "../dap/messages.ts";
import type { DapPort } from "../dap/port.ts";
import {
  type AdapterEvent,
  type ReverseRequest,
  type Upstream,
  type UpstreamEnd,
  answerTooLarge,
} from "../hub/upstream.ts";
import { asText } from "../common/values.ts";

export interface PortUpstreamOptions {
  readonly names: readonly string[];
  readonly logger?: Logger;
  /** Opens another connection to the same kind of adapter, for a child session. */
  readonly openChild: (configuration: Readonly<Record<string, unknown>>) => Promise<Upstream>;
  /** What is left to do when the adapter is given up: end its process. */
  readonly onDispose?: () => void;
  /** What reads the adapter's bytes, where it passes over what is no message, or too large a one. */
  readonly decoder?: AdapterDecoder;
  /** Says why the connection closed, where more is known than that (a process that died). */
  readonly explainEnd?: () => Promise<string | undefined>;
}

/** Of what an adapter wrote, in our own lines. */
const SHOWN_LETTERS = 200;

const TOO_DEEP = `nested deeper than ${LIMITS.nesting} levels`;

interface Waiting {
  readonly answer: (outcome: Outcome) => void;
  /** However large the answer is. */
  readonly whole: boolean;
}

/** An adapter that speaks plain DAP over a port: a process' standard streams or a socket. */
export class PortUpstream implements Upstream {
  readonly names: readonly string[];
  readonly #port: DapPort;
  readonly #options: PortUpstreamOptions;
  readonly #logger: Logger;
  readonly #event = new Emitter<AdapterEvent>();
  readonly #request = new Emitter<ReverseRequest>();
  readonly #end = new Emitter<UpstreamEnd>();
  readonly onEvent = this.#event.event;
  readonly onRequest = this.#request.event;
  readonly onEnd = this.#end.event;
  readonly #waiting = new Map<number, Waiting>();
  /** Something that is no message has been told of. */
  #toldJunk = false;
  #seq = 1;
  #terminated = false;
  #disposed = false;
  #closed = false;

  constructor(port: DapPort, options: PortUpstreamOptions) {
    this.names = options.names;
    this.#port = port;
    this.#options = options;
    this.#logger = options.logger ?? nullLogger;
    port.onMessage(({ body }) => this.#receive(body));
    port.onClose((reason) => void this.#close(reason));
    if (options.decoder !== undefined) {
      options.decoder.reader = {
        wantsWhole: (seq) => this.#wantsWhole(seq),
        skipped: (message) => this.#skipped(message),
        junk: (text) => this.#junk(text),
      };
    }
  }

  start(): void {
    this.#port.start();
  }

  request(
    command: string,
    args: Buffer | undefined,
    answer: (outcome: Outcome) => void,
    _guests?: readonly (number | undefined)[],
    whole = false,
  ): number {
    const seq = this.#seq++;
    if (this.#closed) {
      answer(errorOutcome(new AppError("adapterFailed", "The debug adapter has ended.")));
      return seq;
    }
    this.#waiting.set(seq, { answer, whole });
    this.#port.send(requestParts(seq, command, args));
    return seq;
  }

  openChild(configuration: Readonly<Record<string, unknown>>): Promise<Upstream> {
    return this.#options.openChild(configuration);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#port.close();
    this.#options.onDispose?.();
  }

  #receive(json: Buffer): void {
    const message = readAdapterMessage(json);
    if (message === undefined) {
      this.#logger.log("warn", "The debug adapter sent a message that is not DAP; it was left out.");
      return;
    }
    if (isTooDeep(json, message)) {
      this.#logger.log("warn", `The debug adapter sent a message that is ${TOO_DEEP}; it was left out.`);
      if (message.type === "response") this.#answer(message.requestSeq, tooDeep());
      else if (message.type === "request")
        this.#port.send(responseParts(this.#seq++, message.seq, message.command, tooDeep()));
      return;
    }
    if (message.type === "event") {
      if (message.event === "terminated") this.#terminated = true;
      this.#event.fire(message);
    } else if (message.type === "response") {
      this.#answer(message.requestSeq, message);
    } else {
      const { seq, command } = message;
      let answered = false;
      this.#request.fire({
        command,
        args: message.arguments,
        rest: message.rest,
        answer: (outcome) => {
          if (answered || this.#closed) return;
          answered = true;
          this.#port.send(responseParts(this.#seq++, seq, command, outcome));
        },
      });
    }
  }

  #answer(requestSeq: number, outcome: Outcome): void {
    const waiting = this.#waiting.get(requestSeq);
    this.#waiting.delete(requestSeq);
    if (waiting === undefined)
      this.#logger.log("warn", `An answer to request ${requestSeq}, which nobody sent.`);
    else waiting.answer(outcome);
  }

  #wantsWhole(seq: number | undefined): boolean {
    if (seq !== undefined) return this.#waiting.get(seq)?.whole === true;
    for (const { whole } of this.#waiting.values()) if (whole) return true;
    return false;
  }

  /** A message was larger than the limit: the client that waits for it learns that. */
  #skipped({ type, seq, request_seq, command, event, bytes }: LargeMessage): void {
    const error = answerTooLarge(bytes);
    const name = shownLine(`${asText(type)} ${asText(command ?? event)}`, SHOWN_LETTERS);
    this.#logger.log("warn", `${error.message} It was passed over (${name}).`);
    if (type === "response" && typeof request_seq === "number")
      this.#answer(request_seq, errorOutcome(error));
    else if (type === "request" && typeof seq === "number")
      this.#port.send(responseParts(this.#seq++, seq, asText(command), errorOutcome(error)));
    else if (type === "event" && event === "terminated") this.#event.fire({ event, body: undefined });
  }

  #junk(text: string): void {
    const shown = shownLine(text, SHOWN_LETTERS);
    // Shown once: an adapter that does so may do it often.
    this.#logger.log(
      this.#toldJunk ? "debug" : "warn",
      `The debug adapter wrote something that is no message; it was left out: "${shown}"`,
    );
    this.#toldJunk = true;
  }

  async #close(reason: AppError | undefined): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const explained = (await this.#options.explainEnd?.()) ?? reason?.message;
    const expected = this.#disposed || this.#terminated;
    const why = explained ?? "The debug adapter closed its connection.";
    const failure = errorOutcome(new AppError("adapterFailed", why));
    for (const { answer } of this.#waiting.values()) answer(failure);
    this.#waiting.clear();
    this.dispose();
    this.#end.fire({ expected, reason: expected ? "The debug session has ended." : why });
  }
}

/** From this size on. */
const LARGE_BYTES = 64 * 1024;

/**
 * Whether what walks through the message's value would run out of stack. Of a large response this is not asked, as its body
 * passes unread.
 */
function isTooDeep(json: Buffer, message: AdapterMessage): boolean {
  return (message.type !== "response" || json.length < LARGE_BYTES) && nesting(json) > LIMITS.nesting;
}

function tooDeep(): Outcome {
  return errorOutcome(new AppError("adapterFailed", `The debug adapter's message was ${TOO_DEEP}.`));
}
