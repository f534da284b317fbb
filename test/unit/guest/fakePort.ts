import type { AppError } from "../../../src/common/errors.ts";
import { Emitter } from "../../../src/common/event.ts";
import type { IncomingMessage } from "../../../src/dap/port.ts";
import type { EditorSession, SessionStream } from "../../../src/guest/guestSession.ts";
import { EditorMessage, messageParts } from "../../../src/guest/messages.ts";
import type { PrefetchedAnswer } from "../../../src/link/push.ts";

/** A port whose other end is the test. */
export class FakePort implements SessionStream {
  readonly sent: { seq?: number; [key: string]: unknown }[] = [];
  readonly #message = new Emitter<IncomingMessage>();
  readonly #drain = new Emitter<void>();
  readonly #close = new Emitter<AppError | undefined>();
  readonly onMessage = this.#message.event;
  readonly onDrain = this.#drain.event;
  readonly onClose = this.#close.event;
  readonly #push = new Emitter<readonly PrefetchedAnswer[]>();
  readonly onPush = this.#push.event;
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

  /** The other end sends prefetched answers. */
  push(answers: readonly PrefetchedAnswer[]): void {
    this.#push.fire(answers);
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

/** The editor's end of a session, as messages in text: what comes is numbered, and an answer finds its request. */
export class SessionEnd {
  readonly #message = new Emitter<IncomingMessage>();
  readonly onMessage = this.#message.event;
  readonly onClose: EditorSession["onClose"];
  readonly #session: EditorSession;
  readonly #asked = new Map<number, (answer: EditorMessage) => void>();
  #lastSeq = 0;

  constructor(session: EditorSession) {
    this.#session = session;
    this.onClose = session.onClose;
    session.onMessage((message) => {
      const seq = ++this.#lastSeq;
      if (message.type === "request") this.#asked.set(seq, message.answered);
      this.#message.fire({ body: Buffer.concat(messageParts(seq, message)) });
    });
  }

  send(parts: readonly Uint8Array[]): void {
    const message = new EditorMessage(Buffer.concat(parts));
    if (message.type === "response") this.#asked.get(message.requestSeq ?? 0)?.(message);
    else this.#session.send(message);
  }

  start(): void {
    this.#session.start();
  }

  close(): void {
    this.#session.close();
  }
}
