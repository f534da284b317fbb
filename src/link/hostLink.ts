import { AppError } from "../common/errors.ts";
import type { Event } from "../common/event.ts";
import { type Logger, nullLogger } from "../common/logger.ts";
import type { ConnectionState, LinkConnection } from "./connection.ts";
import {
  callHandler,
  isRequest,
  type NotificationName,
  type Notifications,
  parseControl,
  type RequestHandlers,
} from "./control.ts";
import { byteCount, encodeFrameJson, encodeStreamJson, FrameType } from "./frames.ts";
import { LINK_LIMITS, type LinkTiming } from "./limits.ts";
import { LinkCore } from "./linkCore.ts";
import { errorToReason } from "../common/reason.ts";
import { type Hello, open as openGuard, publicError, type Welcome } from "./messages.ts";
import type { LinkPort } from "./port.ts";
import { parseStreamJson } from "./streams.ts";
import { messageOf } from "../common/values.ts";

/** What an OPEN costs besides its bytes: a client is made, and told of what there is. */
const OPEN_COST = 8 * 1024;

/** A guest wants to open a DAP stream. Answer once, now or later; both answers do nothing after the guest gave up. */
export interface OpenRequest {
  readonly session: string;
  /** Aborted if the guest gives up, or goes, before the answer. */
  readonly signal: AbortSignal;
  accept(): LinkPort;
  reject(error: AppError): void;
}

/** What the host does for one guest. Every refusal is an AppError, thrown; the guest gets its code, message and hint. */
export interface HostHandlers extends RequestHandlers {
  openSession(request: OpenRequest): void;
}

/** The link as the host sees it, from WELCOME on. `acceptLink` makes it. */
export class HostLink {
  readonly hello: Hello;
  readonly welcome: Welcome;
  readonly #core: LinkCore;
  readonly #logger: Logger;
  /** Ids of control requests that are under way. */
  readonly #requests = new Set<number>();
  #handlers: HostHandlers | undefined;

  /** The connection is held until `start()`. */
  constructor(
    connection: LinkConnection,
    hello: Hello,
    welcome: Welcome,
    options: { readonly timing: LinkTiming; readonly logger?: Logger },
  ) {
    this.hello = hello;
    this.welcome = welcome;
    this.#logger = options.logger ?? nullLogger;
    this.#core = new LinkCore(connection, options.timing, {
      frame: (type, payload) => this.#onFrame(type, payload),
    });
  }

  get connection(): ConnectionState {
    return this.#core.connection;
  }

  /** Fires once, after `start()`, with the reason if the end was not orderly. All ports have ended by then. */
  get onClose(): Event<AppError | undefined> {
    return this.#core.onClose;
  }

  /** Starts to deliver: nothing that the guest sent is lost between construction and this call. */
  start(handlers: HostHandlers): void {
    this.#handlers ??= handlers;
    this.#core.start();
  }

  notify<N extends NotificationName>(method: N, params: Notifications[N]): void {
    if (!this.#sendControl({ method, params }))
      this.#logger.log("error", `link: ${method} is too large to send`);
  }

  /** As `Wire.charge`: for what is done for the guest beside its messages. */
  charge(cost: number): void {
    this.#core.connection.charge(cost);
  }

  /** Tells the guest the reason, if there is one, and closes the link with all its streams. May be called twice. */
  close(error?: AppError): void {
    this.#core.connection.close(error);
  }

  #onFrame(type: number, payload: Buffer): AppError | undefined {
    if (type === FrameType.open) return this.#onOpen(payload);
    if (type === FrameType.control) return this.#onControl(payload);
    return this.#core.streams.frame(type, payload);
  }

  #onOpen(payload: Buffer): AppError | undefined {
    const parsed = parseStreamJson(payload, openGuard, "OPEN");
    if (parsed instanceof AppError) return parsed;
    const { stream, value } = parsed;
    if (stream !== this.#core.streams.last + 1)
      return new AppError("protocol", `Stream ${stream} is out of turn.`);
    const full = this.#core.streams.size >= LINK_LIMITS.streams;
    const given = new AbortController();
    this.#core.streams.addOpening(stream, { closed: () => given.abort() });
    this.#core.connection.charge(OPEN_COST);
    if (full) {
      this.#reject(
        stream,
        new AppError("busy", `At most ${LINK_LIMITS.streams} streams can be open at a time.`),
      );
      return undefined;
    }
    this.#handlers?.openSession({
      session: value.session,
      signal: given.signal,
      accept: () => this.#accept(stream),
      reject: (error) => this.#reject(stream, error),
    });
    return undefined;
  }

  #accept(stream: number): LinkPort {
    // Answered already, or the guest has given up: a port that tells so when it is started.
    if (this.#core.streams.removeOpening(stream) === undefined) return this.#core.streams.endedPort(stream);
    const port = this.#core.streams.addPort(stream);
    this.#core.connection.sendControl(encodeStreamJson(FrameType.opened, stream, {}));
    return port;
  }

  #reject(stream: number, error: AppError): void {
    if (this.#core.streams.removeOpening(stream) === undefined) return;
    this.#core.connection.sendControl(encodeStreamJson(FrameType.closeStream, stream, errorToReason(error)));
  }

  #onControl(payload: Buffer): AppError | undefined {
    const parsed = parseControl(payload);
    if (!parsed.ok) return new AppError("protocol", `${parsed.message}.`);
    const message = parsed.value;
    // A host of version 1 asks the guest nothing, so there is nothing to reply to.
    if (message.kind === "result" || message.kind === "error") {
      return new AppError("protocol", `There is no request ${message.id}.`);
    }
    if (message.kind === "notification") return undefined;
    if (this.#requests.has(message.id)) {
      return new AppError("protocol", `Request ${message.id} is under way already.`);
    }
    if (this.#requests.size >= LINK_LIMITS.controlRequests) {
      this.#refuse(message.id, new AppError("busy", "Too many requests are under way."));
      return undefined;
    }
    this.#requests.add(message.id);
    void this.#answer(message.id, message.method, message.params);
    return undefined;
  }

  /** Exactly one reply for each request, whatever the handler does; after the link's end there is no guest to reply to. */
  async #answer(id: number, method: string, params: unknown): Promise<void> {
    try {
      if (this.#handlers === undefined || !isRequest(method)) {
        throw new AppError("notSupported", `This host does not know the request "${method.slice(0, 64)}".`);
      }
      const result = await callHandler(this.#handlers, method, params);
      if (!this.#sendControl({ id, result }))
        throw new AppError("tooLarge", "The answer is too large to send.");
    } catch (thrown) {
      if (!(thrown instanceof AppError))
        this.#logger.log("error", `link: ${method} failed: ${messageOf(thrown)}`);
      this.#refuse(id, publicError(thrown));
    } finally {
      this.#requests.delete(id);
    }
  }

  #refuse(id: number, error: AppError): void {
    this.#sendControl({ id, error: errorToReason(error) });
  }

  /** False if the message does not fit into a frame. */
  #sendControl(message: object): boolean {
    const frame = encodeFrameJson(FrameType.control, message);
    const bytes = byteCount(frame);
    if (bytes > LINK_LIMITS.controlFrameBytes) return false;
    // What is told unasked is not the guest's doing.
    if ("id" in message) this.#core.connection.charge(bytes);
    this.#core.connection.sendControl(frame);
    return true;
  }
}
