import { MAX_PAYLOAD, sizeOnLine } from "./frames.ts";

/** Every span of the datalink, in milliseconds, for one speed of the line. */
export interface SerialTiming {
  /** One byte: start bit, eight bits, stop bit. */
  readonly byteMs: number;
  /** The largest payload of a frame of ours; noise makes it smaller. */
  readonly payload: number;
  /** What is handed to the system before the line needs it: so much may the event loop be late. */
  readonly aheadMs: number;
  /** A frame that came in order is acknowledged after this, if no other one comes before. */
  readonly ackDelayMs: number;
  /** Without an acknowledgement the oldest frame is sent again: at first, and after repeated silence. */
  readonly firstRepeatMs: number;
  readonly lastRepeatMs: number;
  /** `open` is sent again after this, and given up after that. */
  readonly openRepeatMs: number;
  readonly openMs: number;
  /** How often a side that may not send asks whether it may now. */
  readonly probeMs: number;
  /** A side that hears nothing for so long asks for a sign of life; after the other span the peer is gone. */
  readonly keepAliveMs: number;
  readonly goneMs: number;
}

/** A frame holds up the others of the line for so long, if it is none of the small ones, which are mostly header. */
const FRAME_MS = 50;
const FULL_PAYLOAD = 256;
/** On a slow line not even those may take longer than this, down to the smallest. */
const SLOW_FRAME_MS = 600;
const SMALLEST_PAYLOAD = 64;

export function timingFor(baud: number): SerialTiming {
  const byteMs = 10_000 / baud;
  const least = Math.max(SMALLEST_PAYLOAD, Math.min(FULL_PAYLOAD, Math.floor(SLOW_FRAME_MS / byteMs)));
  const payload = Math.min(MAX_PAYLOAD, Math.max(least, Math.floor(FRAME_MS / byteMs)));
  const frameMs = sizeOnLine(payload) * byteMs;
  const aheadMs = 30;
  const ackDelayMs = 20 + frameMs;
  // Both sides may have handed a frame to the system, and may be about to send another.
  const firstRepeatMs = 100 + ackDelayMs + 2 * (frameMs + aheadMs);
  return {
    byteMs,
    payload,
    aheadMs,
    ackDelayMs,
    firstRepeatMs,
    lastRepeatMs: Math.max(1000, 2 * firstRepeatMs),
    openRepeatMs: Math.max(500, firstRepeatMs),
    openMs: Math.max(5000, 6 * firstRepeatMs),
    probeMs: Math.max(500, firstRepeatMs),
    keepAliveMs: Math.max(5000, 3 * firstRepeatMs),
    goneMs: Math.max(20_000, 12 * firstRepeatMs),
  };
}
