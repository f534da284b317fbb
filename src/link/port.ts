import { AppError } from "../common/errors.ts";
import { Emitter, type Event } from "../common/event.ts";
import { LIMITS } from "../common/limits.ts";
import type { DapPort, IncomingMessage } from "../dap/port.ts";
import type { LinkConnection } from "./connection.ts";
import { byteCount, encodeDap, encodeStreamJson, FrameType } from "./frames.ts";
import { LINK_LIMITS, type LinkTiming } from "./limits.ts";
import { errorToReason } from "../common/reason.ts";
import { encodePush, type PrefetchedAnswer } from "./push.ts";

/** What has come for a port: a message, or prefetched answers. */
type Received = { readonly message: IncomingMessage } | { readonly answers: readonly PrefetchedAnswer[] };

interface End {
  readonly error: AppError | undefined;
}

/**
 * One DAP stream of a link, the same on both sides. Before `start()` what comes is kept, in bounds: beyond them
 * the whole link is not read, and a port that is not started even then is closed. Messages and the end are
 * delivered after `start()` has returned, in order; with a listener that throws, the link ends.
 */
export class LinkPort implements DapPort {
  readonly #connection: LinkConnection;
  readonly #stream: number;
  readonly #timing: LinkTiming;
  readonly #forget: () => void;
  readonly #message = new Emitter<IncomingMessage>();
  readonly #push = new Emitter<readonly PrefetchedAnswer[]>();
  readonly #drain = new Emitter<void>();
  readonly #close = new Emitter<AppError | undefined>();
  #sent = 0;
  /** Delivered to our listeners, not merely come: "seen" means that the reader had it. */
  #received = 0;
  #holdsBack = false;
  #acknowledged = 0;
  #started = false;
  #flowing = false;
  #held: Received[] = [];
  #heldBytes = 0;
  #holding = false;
  #holdTimer: NodeJS.Timeout | undefined;
  #blocked = false;
  #end: End | undefined;

  /** `forget` takes the port out of the table of its link when it ends. */
  constructor(connection: LinkConnection, stream: number, timing: LinkTiming, forget: () => void) {
    this.#connection = connection;
    this.#stream = stream;
    this.#timing = timing;
    this.#forget = forget;
  }

  get onMessage(): Event<IncomingMessage> {
    return this.#message.event;
  }

  /** The answers that the host has prefetched, in order with the messages. Of a guest's ports. */
  get onPush(): Event<readonly PrefetchedAnswer[]> {
    return this.#push.event;
  }

  get onDrain(): Event<void> {
    return this.#drain.event;
  }

  get onClose(): Event<AppError | undefined> {
    return this.#close.event;
  }

  send(parts: readonly Uint8Array[]): boolean {
    if (this.#end !== undefined) return false;
    if (byteCount(parts) > LIMITS.messageBytes) {
      this.#finish(new AppError("tooLarge", "A message is larger than the link carries."), true);
      return false;
    }
    this.#sent += 1;
    const going = this.#connection.send(encodeDap(this.#stream, this.#received, parts));
    if (!going) this.#blocked = true;
    return going;
  }

  /** Sends prefetched answers; only where the link has the feature `push`. */
  push(answers: readonly PrefetchedAnswer[]): void {
    if (this.#end === undefined) this.#connection.send(encodePush(this.#stream, answers));
  }

  charge(cost: number): void {
    this.#connection.charge(cost);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    queueMicrotask(() => this.#connection.run(() => this.#flush()));
  }

  holdBack(): () => void {
    this.#holdsBack = true;
    return () => {
      this.#received += 1;
    };
  }

  /** Leaves the stream; the link and its other streams go on. */
  close(error?: AppError): void {
    if (this.#end !== undefined) return;
    this.#held = [];
    this.#finish(undefined, true, error);
  }

  /** A DAP frame of the peer. */
  receive(ack: number, body: Buffer): AppError | undefined {
    if (this.#end !== undefined) return undefined;
    if (ack < this.#acknowledged || ack > this.#sent) {
      return new AppError(
        "protocol",
        `Stream ${this.#stream} acknowledges ${ack} messages of ${this.#sent}.`,
      );
    }
    this.#acknowledged = ack;
    this.#take({ message: { body, seen: ack } }, body.length);
    return undefined;
  }

  /** A PUSH of the host. */
  receivePush(answers: readonly PrefetchedAnswer[]): void {
    if (this.#end !== undefined) return;
    const bytes = answers.reduce((sum, { request, response }) => sum + request.length + response.length, 0);
    this.#take({ answers }, bytes);
  }

  drained(): void {
    if (!this.#blocked || this.#end !== undefined) return;
    this.#blocked = false;
    this.#drain.fire();
  }

  /** The peer has closed the stream, or the link has ended. */
  closed(error: AppError | undefined): void {
    this.#finish(error, false);
  }

  #take(received: Received, bytes: number): void {
    if (this.#flowing) {
      this.#deliver(received);
      return;
    }
    this.#held.push(received);
    this.#heldBytes += bytes;
    const full = this.#heldBytes > LINK_LIMITS.heldBytes || this.#held.length >= LINK_LIMITS.heldMessages;
    if (!full || this.#holding) return;
    this.#holding = true;
    this.#connection.hold();
    // Our own reader's fault; the link's other streams must not wait for it for ever.
    this.#holdTimer = setTimeout(() => {
      this.#held = [];
      this.#finish(new AppError("busy", "Nobody reads this stream."), true);
    }, this.#timing.heldMs);
  }

  #releaseHold(): void {
    clearTimeout(this.#holdTimer);
    if (!this.#holding) return;
    this.#holding = false;
    this.#connection.release();
  }

  #deliver(received: Received): void {
    if ("answers" in received) {
      this.#push.fire(received.answers);
      return;
    }
    if (!this.#holdsBack) this.#received += 1;
    this.#message.fire(received.message);
  }

  #flush(): void {
    // A listener may close the port, which empties the list.
    for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) this.#deliver(next);
    this.#flowing = true;
    if (this.#end !== undefined) this.#close.fire(this.#end.error);
    // Last: it delivers what waits behind the held messages.
    this.#releaseHold();
  }

  /** `told` is the reason that the peer gets, if it is not the same as ours. */
  #finish(error: AppError | undefined, tellPeer: boolean, told = error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#forget();
    if (tellPeer) {
      this.#connection.sendControl(
        encodeStreamJson(FrameType.closeStream, this.#stream, errorToReason(told)),
      );
    }
    // Never inside the caller's own close() or send(); before start() it waits for that, like messages do.
    if (this.#flowing) queueMicrotask(() => this.#connection.run(() => this.#close.fire(error)));
    this.#releaseHold();
  }
}
