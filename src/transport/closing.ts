import type { Duplex } from "node:stream";

/** How long a peer that was told something may take to read it and to end its side. */
const LINGER_MS = 2_000;

/**
 * Ends a stream so that what was written last is not lost to a reset: what still comes is read and dropped, and the stream is
 * destroyed when the peer has ended, too, or its time is over. Resolves then.
 */
export function closeInOrder(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) return resolve();
    const timer = setTimeout(() => stream.destroy(), LINGER_MS);
    stream.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    stream.once("end", () => stream.destroy());
    stream.once("error", () => stream.destroy());
    stream.resume();
    stream.end();
  });
}
