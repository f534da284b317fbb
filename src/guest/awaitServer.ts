import { AppError, type ErrorCode } from "../common/errors.ts";
import type { Logger } from "../common/logger.ts";
import type { Opened } from "../link/reconnect.ts";
import type { ClientHandshake } from "../security/clientHandshake.ts";
import { type ReverseClient, comesFrom, listenReverse } from "../transport/reverseListener.ts";
import type { Channel, WaitOptions } from "../transport/channel.ts";
import { hostOf } from "../transport/peer.ts";
import { abortable, withDeadline } from "../transport/deadline.ts";

export interface AwaitOptions extends WaitOptions {
  readonly logger?: Logger | undefined;
  /** Told to the person who waits. */
  readonly onWait?: ((wait: { readonly message: string }) => void) | undefined;
}

/** Peers that are tried at the same time; more are cut off. */
const MOST_PRESENT = 8;
/** Peers that the user is told of, so that no peer fills a log by connecting. */
const MOST_TOLD = 16;

/**
 * What a server itself has answered. It would answer the same next time, count one more wrong password, or ask its person
 * once more: so this ends the wait. A peer with which the handshake fails otherwise is no server that was waited for.
 */
const ANSWERS: ReadonlySet<ErrorCode> = new Set(["wrongPassword", "passwordRequired", "busy"]);

type Open<T> = (channel: Channel, wait: WaitOptions) => Promise<T>;

/**
 * Waits until the server that `clicon=` names connects and admits this guest; forever, unless `timeoutMs` says otherwise.
 * Peers from elsewhere, and those with which the handshake fails, are turned away. `open` makes something of a peer's channel.
 * Rejects with an AppError: why one cannot listen, `timeout`, `aborted`, or what the server has answered.
 */
export function awaitServer<T extends Opened>(
  address: ReverseClient,
  handshake: ClientHandshake,
  open: Open<T>,
  options: AwaitOptions = {},
): Promise<T> {
  return withDeadline(options, Infinity, "Waiting for a debug server to call", async (signal) => {
    const listener = await listenReverse(address, { signal });
    const over = new AbortController();
    const dialers = new IncomingDialers({
      host: address.clicon,
      handshake,
      open,
      signal: AbortSignal.any([signal, over.signal]),
      onStranger: (message) => options.logger?.log("warn", message),
      onFailure: (message) =>
        options.onWait?.({ message: `${message} Still waiting, on port ${listener.port}.` }),
    });
    try {
      options.onWait?.({ message: `Waiting for a debug server to call, on port ${listener.port}.` });
      const server = new Promise<T>((resolve, reject) => {
        const met = (entered: { readonly opened: T } | undefined) => {
          if (entered === undefined) return;
          // Two may get through at the same moment.
          if (over.signal.aborted) entered.opened?.close();
          else {
            over.abort();
            resolve(entered.opened);
          }
        };
        listener.onError(reject);
        listener.onChannel((channel) => void dialers.meet(channel).then(met, reject));
      });
      return await abortable(server, signal);
    } finally {
      over.abort();
      await listener.close();
    }
  });
}

interface IncomingDialersOptions<T> {
  /** As `clicon=` names the server's. */
  readonly host: string;
  readonly handshake: ClientHandshake;
  readonly open: Open<T>;
  /** Aborted when the wait is over. */
  readonly signal: AbortSignal;
  readonly onStranger: (message: string) => void;
  readonly onFailure: (message: string) => void;
}

/** The peers that connect to one guest that waits. */
class IncomingDialers<T> {
  readonly #options: IncomingDialersOptions<T>;
  readonly #told = new Set<string>();
  #present = 0;

  constructor(options: IncomingDialersOptions<T>) {
    this.#options = options;
  }

  /** Undefined if this is not the server: it was turned away. Rejects with what the server has answered. */
  async meet(channel: Channel): Promise<{ readonly opened: T } | undefined> {
    if (this.#present >= MOST_PRESENT) {
      channel.stream.destroy();
      return undefined;
    }
    this.#present++;
    try {
      if (await this.#isInvited(channel)) return await this.#enter(channel);
      channel.stream.destroy();
      return undefined;
    } finally {
      this.#present--;
    }
  }

  async #isInvited({ peer }: Channel): Promise<boolean> {
    const { host, signal, onStranger } = this.#options;
    const found = await comesFrom(peer, host, signal).catch(() => false);
    if (found === "unknown")
      this.#once(`${host} has no address that is known here: whoever calls is tried.`, onStranger);
    if (found === false)
      this.#once(`A call from ${hostOf(peer)} was not taken: it is not from ${host}.`, onStranger);
    return found !== false;
  }

  async #enter(channel: Channel): Promise<{ readonly opened: T } | undefined> {
    const { handshake, open, signal, onFailure } = this.#options;
    let isAuthenticated = false;
    try {
      const authenticated = await handshake.authenticate(channel, { signal });
      isAuthenticated = true;
      return { opened: await open(authenticated, { signal }) };
    } catch (thrown) {
      const error = AppError.from(thrown);
      if (ANSWERS.has(error.code) || (isAuthenticated && error.code === "refused")) throw error;
      this.#once(`A call from ${hostOf(channel.peer)} came to nothing: ${error.toLine()}`, onFailure);
      return undefined;
    }
  }

  #once(message: string, tell: (message: string) => void): void {
    if (this.#options.signal.aborted || this.#told.has(message) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(message);
    tell(message);
  }
}
