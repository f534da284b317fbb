import type { AppError } from "../common/errors.ts";
import { Emitter, type Event } from "../common/event.ts";
import type { LinkConnection } from "./connection.ts";
import type { LinkTiming } from "./limits.ts";
import { Streams } from "./streams.ts";

/** What one side of the link does by itself. */
export interface LinkSide {
  /** A frame of the peer's. What is not this side's own goes on to `streams.frame`. An error ends the link. */
  frame(type: number, payload: Buffer): AppError | undefined;
  /** The link has ended, for that reason; its streams have, too. Before `onClose` fires. */
  closed?(error: AppError | undefined): void;
}

/** What a guest's link and a host's have in common from WELCOME on: a connection, its streams, a start and an end. */
export class LinkCore {
  readonly connection: LinkConnection;
  readonly streams: Streams;
  readonly #close = new Emitter<AppError | undefined>();
  #isStarted = false;
  #end: { readonly error: AppError | undefined } | undefined;

  /** The connection is held until `start()`. */
  constructor(connection: LinkConnection, timing: LinkTiming, side: LinkSide) {
    this.connection = connection;
    this.streams = new Streams(connection, timing);
    connection.setOwner({
      frame: (type, payload) => side.frame(type, payload),
      drained: () => this.streams.drained(),
      closed: (error) => {
        this.#end = { error };
        this.streams.closed(error);
        side.closed?.(error);
        if (this.#isStarted) queueMicrotask(() => this.#fireClose(error));
      },
    });
  }

  /** Fires once, after `start()`, with the reason if the end was not orderly. All ports have ended by then. */
  get onClose(): Event<AppError | undefined> {
    return this.#close.event;
  }

  /** Undefined: it has not ended. */
  get end(): { readonly error: AppError | undefined } | undefined {
    return this.#end;
  }

  /** Starts to deliver what the peer sends, and has sent; after this call, so that its caller can still subscribe. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    queueMicrotask(() => {
      if (this.#end === undefined) {
        this.connection.ping();
        this.connection.release();
      } else this.#fireClose(this.#end.error);
    });
  }

  #fireClose(error: AppError | undefined): void {
    this.connection.run(() => this.#close.fire(error));
  }
}
