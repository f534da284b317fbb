import type { AppError } from "../../../src/common/errors.ts";
import { Emitter } from "../../../src/common/event.ts";
import type { DapPort, IncomingMessage } from "../../../src/dap/port.ts";

/** A port whose other end is the test. */
export class FakePort implements DapPort {
  readonly sent: { seq?: number; [key: string]: unknown }[] = [];
  readonly #message = new Emitter<IncomingMessage>();
  readonly #drain = new Emitter<void>();
  readonly #close = new Emitter<AppError | undefined>();
  readonly onMessage = this.#message.event;
  readonly onDrain = this.#drain.event;
  readonly onClose = this.#close.event;
  ready = true;
  started = false;
  closed = false;
  /** How many messages its reader has passed on, where it holds them back. */
  passedOn = 0;

  send(parts: readonly Uint8Array[]): boolean {
    this.sent.push(JSON.parse(Buffer.concat(parts).toString()) as { seq?: number });
    return this.ready;
  }

  start(): void {
    this.started = true;
  }

  close(): void {
    this.closed = true;
  }

  holdBack(): () => void {
    return () => void this.passedOn++;
  }

  /** The other end sends. */
  come(message: object): void {
    this.comeText(JSON.stringify(message));
  }

  /** The same, of any text or bytes. */
  comeText(body: string | Buffer): void {
    this.#message.fire({ body: Buffer.from(body as string) });
  }

  end(reason?: AppError): void {
    this.#close.fire(reason);
  }

  drain(): void {
    this.#drain.fire();
  }

  /** The commands and events that were sent to it. */
  get said(): unknown[] {
    return this.sent.map(({ command, event }) => command ?? event);
  }
}
