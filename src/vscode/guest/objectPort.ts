import type { AppError } from "../../common/errors.ts";
import { Emitter } from "../../common/event.ts";
import { type JsonObject, encodeJson, parseObject } from "../../dap/messages.ts";
import type { DapPort, IncomingMessage } from "../../dap/port.ts";

/**
 * VS Code as the client at the end of a port: it hands over and takes messages as objects (vscode.DebugAdapter).
 * It always reads, so nothing ever waits.
 */
export class ObjectPort implements DapPort {
  readonly #message = new Emitter<IncomingMessage>();
  readonly #drain = new Emitter<void>();
  readonly #close = new Emitter<AppError | undefined>();
  readonly #toEditor = new Emitter<JsonObject>();
  readonly onMessage = this.#message.event;
  readonly onDrain = this.#drain.event;
  readonly onClose = this.#close.event;
  /** A message for VS Code. */
  readonly onDidSendMessage = this.#toEditor.event;
  #held: Buffer[] | undefined = [];
  #closed = false;

  /** A message of VS Code. */
  handleMessage(message: object): void {
    if (this.#closed) return;
    const body = encodeJson(message);
    if (this.#held === undefined) this.#message.fire({ body });
    else this.#held.push(body);
  }

  start(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const body of held) this.#message.fire({ body });
  }

  send(parts: readonly Uint8Array[]): boolean {
    if (!this.#closed) this.#toEditor.fire(parseObject(Buffer.concat(parts)));
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#close.fire(undefined);
  }

  /** VS Code has done with the session. */
  dispose(): void {
    this.close();
  }
}
