import type { Event } from "../common/event.ts";
import type { AppError } from "../common/errors.ts";

/** One message from the peer: its JSON text, not yet parsed. */
export interface IncomingMessage {
  readonly body: Buffer;
  /** How many of our messages the peer had received when it sent this one, where the protocol below tells. */
  readonly seen?: number;
  /** Asked in the peer's name before the peer asks (host/prefetchingPort.ts): it has not had the answer by that. */
  readonly isPrefetch?: boolean;
}

/**
 * Where one client's DAP messages come from and go to, whatever carries them. Implementations: plain DAP over a
 * stream (streamPort.ts), a session of the link (src/link/). The hub knows nothing else of a client's connection.
 */
export interface DapPort {
  /**
   * Writes one message, its JSON text given in parts that are sent one after the other without a copy.
   * Returns false when the peer does not keep up: then wait for `onDrain` before the next message.
   */
  send(parts: readonly Uint8Array[]): boolean;
  readonly onMessage: Event<IncomingMessage>;
  readonly onDrain: Event<void>;
  /** Fires once, with the reason if it was not an orderly end. No message follows. */
  readonly onClose: Event<AppError | undefined>;
  /** Starts to deliver messages: none is lost between construction and this call. */
  start(): void;
  /**
   * For a reader that holds messages back on their way to their receiver, where the protocol below tells the peer
   * what was seen: from now on only what is passed on counts, one message for each call of the result.
   */
  holdBack?(): () => void;
  /** Of a port that takes turns with others: what its messages have caused costs so much (common/fairShare.ts). */
  charge?(cost: number): void;
  /** Sends what was written, then closes; a peer that does not read is cut off after a short while. */
  close(): void;
}
