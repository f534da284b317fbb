import { toDisposable } from "../common/disposable.ts";
import { AppError } from "../common/errors.ts";
import { Emitter, type Event } from "../common/event.ts";
import { Backoff } from "./backoff.ts";
import type { Channel, Listener, WaitOptions } from "./channel.ts";
import { type Clock, realClock } from "./clock.ts";
import type { Family } from "./dial.ts";
import { ChannelInbox } from "./inbox.ts";
import { formatHostPort } from "./peer.ts";
import { connectTcp } from "./tcp.ts";

export interface ReverseDialerOptions {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Default: both. */
  readonly family?: Family;
  /** For tests. */
  readonly connect?: (wait: WaitOptions) => Promise<Channel>;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** Where a server dials, and why no guest has come of it yet. */
export interface DialState {
  readonly host: string;
  readonly port: number;
  readonly lastError: AppError | undefined;
}

/**
 * A listener that dials (`clicon=`): its peer is the one that waits. It dials until a peer answers, yields that
 * channel, and dials again when it has closed; one channel at a time. Nothing makes it fail: a guest that is not there
 * yet may come, a name that is not known yet may become known.
 */
export class ReverseDialer implements Listener {
  readonly #options: ReverseDialerOptions;
  readonly #connect: (wait: WaitOptions) => Promise<Channel>;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #inbox = new ChannelInbox();
  readonly #changed = new Emitter<void>();
  readonly #closed = new AbortController();
  #lastError: AppError | undefined;
  #isConnected = false;
  /** Why the peer that answered last is not admitted. */
  #refusal: AppError | undefined;

  readonly onChannel = this.#inbox.event;
  /** Never fires. */
  readonly onError: Event<Error> = () => toDisposable(() => {});
  /** `dialing` has changed. */
  readonly onChanged = this.#changed.event;

  constructor(options: ReverseDialerOptions) {
    this.#options = options;
    const { host, port, family } = options;
    this.#connect = options.connect ?? ((wait) => connectTcp({ ...wait, host, port, family }));
    this.#clock = options.clock ?? realClock;
    this.#backoff = new Backoff(options.random);
    void this.#run();
  }

  /** Undefined while a guest is connected and admitted. */
  get dialing(): DialState | undefined {
    if (this.#isConnected) return undefined;
    const { host, port } = this.#options;
    return { host, port, lastError: this.#lastError };
  }

  /**
   * The peer of the channel that was yielded last is a guest. Of other peers it is not known whether they ever will be:
   * they are dialed less and less often, although they do answer.
   */
  admitted(): void {
    this.#backoff.reset();
    this.#set(true, undefined);
  }

  /** The peer of the channel that was yielded last is not admitted. */
  refused(reason: AppError): void {
    this.#refusal = reason;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#inbox.dispose();
    this.#changed.dispose();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      const failure = await this.#dial(signal);
      if (signal.aborted) return;
      this.#set(false, failure);
      await this.#pause(this.#backoff.next(), signal);
    }
  }

  /** Resolves when the connection is over, with why no guest came of it; undefined if one did. */
  async #dial(signal: AbortSignal): Promise<AppError | undefined> {
    let channel: Channel;
    try {
      channel = await this.#connect({ signal });
    } catch (thrown) {
      return AppError.from(thrown, "connectFailed");
    }
    this.#refusal = undefined;
    const over = closed(channel, signal);
    this.#inbox.offer(channel);
    await over;
    if (this.#isConnected) return undefined;
    const { host, port } = this.#options;
    const where = formatHostPort(host, port);
    const refusal = this.#refusal as AppError | undefined;
    if (refusal !== undefined)
      return new AppError(refusal.code, `${where} answered, but was not let in. ${refusal.message}`, {
        hint: refusal.hint,
      });
    return new AppError("closed", `${where} answered, but did not come in.`, {
      hint: "Check that a guest waits there, and that it has the right password or certificate.",
    });
  }

  #set(isConnected: boolean, error: AppError | undefined): void {
    const hasChanged = isConnected !== this.#isConnected || error?.message !== this.#lastError?.message;
    this.#isConnected = isConnected;
    this.#lastError = error;
    if (hasChanged) this.#changed.fire();
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.schedule(ms, done);
      signal.addEventListener("abort", done, { once: true });
      function done() {
        timer.dispose();
        signal.removeEventListener("abort", done);
        resolve();
      }
    });
  }
}

/** Resolves when the channel has closed, or the signal aborts. */
function closed({ stream }: Channel, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    if (stream.closed || signal.aborted) return resolve();
    stream.once("close", done);
    signal.addEventListener("abort", done, { once: true });
  });
}
