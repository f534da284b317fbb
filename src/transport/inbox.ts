import { type Disposable, toDisposable } from "../common/disposable.ts";
import { Emitter, type Event } from "../common/event.ts";
import type { Channel } from "./channel.ts";

/** Channels kept for a subscriber that is not there yet; more are cut off. */
const MOST_KEPT = 64;

/**
 * The yielding half of a Listener. A peer may connect before the code that awaited the listener has subscribed, and
 * between two `once`s: its channel waits here, bounded, and is handed over in the order of arrival.
 */
export class ChannelInbox implements Disposable {
  readonly #emitter = new Emitter<Channel>();
  readonly #kept: Channel[] = [];
  #subscribers = 0;
  #disposed = false;

  readonly event: Event<Channel> = (listener) => {
    const subscription = this.#emitter.event(listener);
    this.#subscribers++;
    // Not at once: a listener may dispose the subscription that this call is about to return.
    queueMicrotask(() => this.#handOver());
    return toDisposable(() => {
      subscription.dispose();
      this.#subscribers--;
    });
  };

  offer(channel: Channel): void {
    if (this.#disposed || this.#kept.length >= MOST_KEPT) {
      channel.stream.destroy();
      return;
    }
    this.#kept.push(channel);
    this.#handOver();
  }

  /** Cuts off the channels that were not taken; yielded ones live on. */
  dispose(): void {
    this.#disposed = true;
    for (const channel of this.#kept.splice(0)) channel.stream.destroy();
    this.#emitter.dispose();
  }

  #handOver(): void {
    while (this.#subscribers > 0) {
      const channel = this.#kept.shift();
      if (channel === undefined) return;
      this.#emitter.fire(channel);
    }
  }
}
