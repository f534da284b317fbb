import type { AppError } from "../../../src/common/errors.ts";
import { Emitter } from "../../../src/common/event.ts";
import { parseJson } from "../../../src/dap/envelope.ts";
import { type JsonObject, isObject } from "../../../src/dap/messages.ts";
import type { DapPort, IncomingMessage } from "../../../src/dap/port.ts";
import type { PrefetchedAnswer } from "../../../src/link/push.ts";

/** A port whose other end is the test: a client, an adapter, or a host. It always reads. */
export class FuzzPort implements DapPort {
  readonly #message = new Emitter<IncomingMessage>();
  readonly #push = new Emitter<readonly PrefetchedAnswer[]>();
  readonly #close = new Emitter<AppError | undefined>();
  readonly onMessage = this.#message.event;
  readonly onPush = this.#push.event;
  readonly onDrain = new Emitter<void>().event;
  readonly onClose = this.#close.event;
  /** What has come, parsed, and how much has come that is no JSON object. */
  malformed = 0;
  readonly got: JsonObject[] = [];
  readonly #take: (message: JsonObject) => void;
  isClosed = false;

  constructor(take: (message: JsonObject) => void = () => {}) {
    this.#take = take;
  }

  start(): void {}

  send(parts: readonly Uint8Array[]): boolean {
    if (this.isClosed) return true;
    const message = parseJson(Buffer.concat(parts));
    if (!isObject(message)) {
      this.malformed++;
      return true;
    }
    this.got.push(message);
    this.#take(message);
    return true;
  }

  close(): void {
    this.isClosed = true;
  }

  give(body: Buffer): void {
    if (!this.isClosed) this.#message.fire({ body });
  }

  giveObject(message: object): void {
    this.give(Buffer.from(JSON.stringify(message)));
  }

  push(answers: readonly PrefetchedAnswer[]): void {
    if (!this.isClosed) this.#push.fire(answers);
  }

  vanish(): void {
    this.isClosed = true;
    this.#close.fire(undefined);
  }
}
