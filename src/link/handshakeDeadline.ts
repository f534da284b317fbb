import { AppError } from "../common/errors.ts";
import type { Wire } from "./wire.ts";

/** Ends the handshake on `wire` when its time is over or its caller gives up. */
export class HandshakeDeadline {
  readonly #wire: Wire;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(wire: Wire, timeoutMs: number, signal: AbortSignal | undefined) {
    this.#wire = wire;
    this.#signal = signal;
    this.#onAbort = () => wire.close(new AppError("aborted", "The connection was given up."));
    this.extend(timeoutMs);
    signal?.addEventListener("abort", this.#onAbort);
    // Not at once: the caller has not even its promise yet.
    if (signal?.aborted === true) queueMicrotask(this.#onAbort);
  }

  /** From now on it may take `ms`. */
  extend(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#wire.close(new AppError("timeout", "The handshake of the link took too long."));
    }, ms);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}
