import { AppError } from "../common/errors.ts";
import { Emitter, type Event } from "../common/event.ts";
import { LIMITS } from "../common/limits.ts";
import {
  type JsonObject,
  errorOutcome,
  eventParts,
  ownOutput,
  readClientMessage,
  responseParts,
} from "../dap/messages.ts";
import type { DapPort, IncomingMessage } from "../dap/port.ts";
import { abortable } from "../transport/deadline.ts";

interface Held {
  readonly message: IncomingMessage;
  /** What is to be answered if the client is refused. */
  readonly request: { readonly seq: number; readonly command: string } | undefined;
}

/**
 * A plain DAP client before it is admitted: what it sends is held, in bounds, and nothing of it goes on. Once the client is
 * admitted, the port gives out all of that, from its `initialize` on, and what follows. Or the client is refused: each of
 * its requests is answered with the reason, because that is what editors show.
 */
export class PendingDapPort implements DapPort {
  readonly onDrain: Event<void>;
  readonly onClose: Event<AppError | undefined>;
  readonly #port: DapPort;
  readonly #message = new Emitter<IncomingMessage>();
  readonly onMessage = this.#message.event;
  readonly #gone = new AbortController();
  #initialized: (args: JsonObject) => void = () => {};
  /** Undefined once the client is admitted, or refused. */
  #held: Held[] | undefined = [];
  #heldBytes = 0;
  #isAdmitted = false;
  #seq = 1;

  constructor(port: DapPort) {
    this.#port = port;
    this.onDrain = port.onDrain;
    this.onClose = port.onClose;
    port.onMessage((message) => this.#receive(message));
    port.onClose((reason) =>
      this.#end(reason ?? new AppError("closed", "The client left before it was let in.")),
    );
  }

  /** Aborted, with an AppError, when there is no client to decide about any more. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Resolves with the arguments of its `initialize`, which must come first, and in that time. */
  async initialized(timeoutMs: number): Promise<JsonObject> {
    const timer = setTimeout(() => {
      this.#end(new AppError("timeout", "The client did not send initialize in time."));
    }, timeoutMs);
    const args = new Promise<JsonObject>((resolve) => (this.#initialized = resolve));
    this.#port.start();
    try {
      return await abortable(args, this.gone);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Answers all that it asked with the reason, or says it if it asked nothing, and closes. */
  refuse(reason: AppError): void {
    const outcome = errorOutcome(reason, true);
    const requests = (this.#held ?? []).flatMap(({ request }) => request ?? []);
    for (const { seq, command } of requests)
      this.#port.send(responseParts(this.#seq++, seq, command, outcome));
    if (requests.length === 0) {
      const line = ownOutput("important", `Debug Server: ${reason.toLine()}`);
      this.#port.send(eventParts(this.#seq++, "output", line));
    }
    this.#held = undefined;
    this.close();
  }

  /** The client is admitted: what was held is delivered after this has returned, in order. */
  start(): void {
    queueMicrotask(() => {
      const held = this.#held ?? [];
      this.#held = undefined;
      this.#isAdmitted = true;
      for (const { message } of held) this.#message.fire(message);
    });
  }

  send(parts: readonly Uint8Array[]): boolean {
    return this.#port.send(parts);
  }

  charge(cost: number): void {
    this.#port.charge?.(cost);
  }

  close(): void {
    this.#port.close();
  }

  #receive(message: IncomingMessage): void {
    if (this.#isAdmitted) this.#message.fire(message);
    else if (this.#held !== undefined && !this.gone.aborted) this.#hold(this.#held, message);
  }

  #hold(held: Held[], { body, seen }: IncomingMessage): void {
    const read = readClientMessage(body);
    if (read instanceof AppError) {
      this.#end(read);
      return;
    }
    const request = read.type === "request" ? read : undefined;
    if (request?.command === "disconnect") {
      this.#port.send(responseParts(this.#seq++, request.seq, request.command, { success: true }));
      this.#end(new AppError("closed", "The client left before it was let in."));
      return;
    }
    // A copy: a view of the read buffer would keep all of that.
    held.push({ message: { body: Buffer.from(body), seen }, request });
    this.#heldBytes += body.length;
    if (this.#heldBytes > LIMITS.messageBytesBeforeAdmission) {
      this.#end(new AppError("tooLarge", "The client sent too much before it was let in."));
    } else if (held.length > 1) {
      return;
    } else if (request?.command === "initialize") {
      this.#initialized(request.args);
    } else {
      this.#end(new AppError("protocol", "Send initialize first."));
    }
  }

  #end(reason: AppError): void {
    if (!this.#isAdmitted) this.#gone.abort(reason);
  }
}
