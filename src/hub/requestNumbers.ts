import type { Client, ClientRequest } from "./client.ts";

/** So many of the last requests are remembered: an adapter may speak of one that it has answered. */
const REMEMBERED = 1_000;

/** By which numbers clients know the requests that the adapter knows by other ones, where it speaks of them (DAP: `requestId`). */
export class RequestNumbers {
  readonly #numbers = new Map<number, Map<Client, number>>();

  /** The request has gone to the adapter, for its client alone. A window numbers steps and breakpoints itself: 0. */
  sent(request: ClientRequest, upstreamSeq: number): void {
    request.upstreamSeq = upstreamSeq;
    this.shared(request, upstreamSeq);
  }

  /** The client waits for the answer to what went to the adapter by that number. */
  shared({ client, seq, isPrefetch }: ClientRequest, upstreamSeq: number): void {
    // The client has no number for what was prefetched for it.
    if (isPrefetch || upstreamSeq === 0) return;
    const own = this.#numbers.get(upstreamSeq) ?? new Map<Client, number>();
    this.#numbers.set(upstreamSeq, own.set(client, seq));
    const [oldest] = this.#numbers.keys();
    if (this.#numbers.size > REMEMBERED && oldest !== undefined) this.#numbers.delete(oldest);
  }

  /** The client's own number of a request; undefined if it has sent none that is known by this one. */
  of(upstreamSeq: unknown, client: Client): number | undefined {
    return typeof upstreamSeq === "number" ? this.#numbers.get(upstreamSeq)?.get(client) : undefined;
  }

  /** The client has gone, or belongs to another session. */
  forget(client: Client): void {
    for (const own of this.#numbers.values()) own.delete(client);
  }
}
