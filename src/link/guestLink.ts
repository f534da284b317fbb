import { AppError } from "../common/errors.ts";
import { Emitter, type Event } from "../common/event.ts";
import type { WaitOptions } from "../transport/channel.ts";
import type { ConnectionState, LinkConnection } from "./connection.ts";
import {
  checkNotification,
  checkResult,
  isNotification,
  type NotificationName,
  type Notifications,
  parseControl,
  type RequestName,
  type Requests,
} from "./control.ts";
import { encodeFrameJson, encodeStreamJson, FrameType } from "./frames.ts";
import { LINK_LIMITS, type LinkTiming } from "./limits.ts";
import { LinkCore } from "./linkCore.ts";
import { errorToReason } from "../common/reason.ts";
import { opened, type Welcome } from "./messages.ts";
import type { LinkPort } from "./port.ts";
import { type Settle, waitFor } from "./pending.ts";
import { parseStreamJson } from "./streams.ts";

interface Pending {
  settle(result: unknown): AppError | undefined;
  readonly fail: (error: AppError) => void;
}

/** The link as a guest sees it, from WELCOME on. `openLink` makes it. */
export class GuestLink {
  readonly welcome: Welcome;
  readonly #core: LinkCore;
  readonly #timing: LinkTiming;
  readonly #notified: { readonly [N in NotificationName]: Emitter<Notifications[N]> } = {
    clients: new Emitter(),
    sessions: new Emitter(),
    said: new Emitter(),
    access: new Emitter(),
    ended: new Emitter(),
  };
  readonly #opening = new Map<number, Settle<LinkPort>>();
  readonly #requests = new Map<number, Pending>();
  #lastRequest = 0;

  /** The connection is held until `start()`. */
  constructor(connection: LinkConnection, welcome: Welcome, timing: LinkTiming) {
    this.welcome = welcome;
    this.#timing = timing;
    this.#core = new LinkCore(connection, timing, {
      frame: (type, payload) => this.#onFrame(type, payload),
      closed: (error) => {
        for (const pending of [...this.#requests.values()]) pending.fail(ended(error));
      },
    });
  }

  get connection(): ConnectionState {
    return this.#core.connection;
  }

  /** Fires once, after `start()`, with the reason if the end was not orderly. All ports have ended by then. */
  get onClose(): Event<AppError | undefined> {
    return this.#core.onClose;
  }

  /** What the host tells unasked: `link.on("clients")(({ clients }) => …)`. */
  on<N extends NotificationName>(method: N): Event<Notifications[N]> {
    return this.#notified[method].event;
  }

  /** Starts to deliver: subscribe first, and nothing that the host sent is lost. */
  start(): void {
    this.#core.start();
  }

  /** Opens a DAP stream on a session; `start()` the port. Rejects with the host's reason. */
  openSession(session: string, wait: WaitOptions = {}): Promise<LinkPort> {
    const { connection, streams, end } = this.#core;
    if (end !== undefined) return Promise.reject(ended(end.error));
    if (streams.size >= LINK_LIMITS.streams) {
      return Promise.reject(
        new AppError("busy", `At most ${LINK_LIMITS.streams} streams can be open at a time.`),
      );
    }
    const stream = streams.last + 1;
    return waitFor<LinkPort>({ timeoutMs: this.#timing.requestMs, ...wait }, (settle) => {
      this.#opening.set(stream, settle);
      streams.addOpening(stream, {
        closed: (error) => settle.reject(ended(error, "The host did not open the session.")),
      });
      connection.sendControl(encodeStreamJson(FrameType.open, stream, { session }));
      return (error) => {
        this.#opening.delete(stream);
        if (streams.removeOpening(stream) === undefined || error === undefined) return;
        connection.sendControl(encodeStreamJson(FrameType.closeStream, stream, errorToReason(error)));
      };
    });
  }

  /** Asks the host; rejects with its refusal. */
  request<M extends RequestName>(
    method: M,
    params: Requests[M]["params"],
    wait: WaitOptions = {},
  ): Promise<Requests[M]["result"]> {
    const { connection, end } = this.#core;
    if (end !== undefined) return Promise.reject(ended(end.error));
    this.#lastRequest += 1;
    const id = this.#lastRequest;
    return waitFor<Requests[M]["result"]>({ timeoutMs: this.#timing.requestMs, ...wait }, (settle) => {
      this.#requests.set(id, {
        fail: settle.reject,
        settle(result) {
          const checked = checkResult(method, result);
          if (!checked.ok) return new AppError("protocol", `${method}: ${checked.message}.`);
          settle.resolve(checked.value);
          return undefined;
        },
      });
      connection.sendControl(encodeFrameJson(FrameType.control, { id, method, params }));
      return () => this.#requests.delete(id);
    });
  }

  /** Leaves, with the reason if there is one. All streams end. May be called twice. */
  close(error?: AppError): void {
    this.#core.connection.close(error);
  }

  #onFrame(type: number, payload: Buffer): AppError | undefined {
    if (type === FrameType.opened) return this.#onOpened(payload);
    if (type === FrameType.control) return this.#onControl(payload);
    const { streams } = this.#core;
    if (type === FrameType.push && this.welcome.features.includes("push")) return streams.push(payload);
    return streams.frame(type, payload);
  }

  #onOpened(payload: Buffer): AppError | undefined {
    const parsed = parseStreamJson(payload, opened, "OPENED");
    if (parsed instanceof AppError) return parsed;
    const { streams } = this.#core;
    const settle = this.#opening.get(parsed.stream);
    // Given up meanwhile; the host has or will have our CLOSE_STREAM.
    if (settle === undefined) return streams.checkKnown(parsed.stream);
    streams.removeOpening(parsed.stream);
    settle.resolve(streams.addPort(parsed.stream));
    return undefined;
  }

  #onControl(payload: Buffer): AppError | undefined {
    const parsed = parseControl(payload);
    if (!parsed.ok) return new AppError("protocol", `${parsed.message}.`);
    const message = parsed.value;
    switch (message.kind) {
      case "notification":
        return isNotification(message.method)
          ? this.#onNotification(message.method, message.params)
          : undefined;
      case "request":
        this.#core.connection.sendControl(
          encodeFrameJson(FrameType.control, {
            id: message.id,
            error: errorToReason(new AppError("notSupported", "This guest answers no requests.")),
          }),
        );
        return undefined;
      case "result":
      case "error": {
        const pending = this.#requests.get(message.id);
        if (pending === undefined) {
          // We stopped waiting for it, unless it was never asked.
          if (message.id > 0 && message.id <= this.#lastRequest) return undefined;
          return new AppError("protocol", `There is no request ${message.id}.`);
        }
        if (message.kind === "result") return pending.settle(message.result);
        pending.fail(message.error);
        return undefined;
      }
    }
  }

  #onNotification<N extends NotificationName>(method: N, params: unknown): AppError | undefined {
    const checked = checkNotification(method, params);
    if (!checked.ok) return new AppError("protocol", `${method}: ${checked.message}.`);
    this.#notified[method].fire(checked.value);
    return undefined;
  }
}

function ended(error: AppError | undefined, message = "The link has ended."): AppError {
  return error ?? new AppError("closed", message);
}
