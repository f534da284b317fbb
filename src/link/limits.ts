import { LIMITS } from "../common/limits.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/** Limits of the link besides those in common/limits.ts. docs/PROTOCOL.md, "Limits", states the same numbers. */
export const LINK_LIMITS = {
  /** Any frame before WELCOME (the value of its length field). */
  frameBytesBeforeAdmission: LIMITS.messageBytesBeforeAdmission,
  /** All frames before WELCOME together. */
  bytesBeforeAdmission: 2 * LIMITS.messageBytesBeforeAdmission,
  /** A DAP frame has so much more than the largest message: its own fields, also those of later features. */
  dapFieldBytes: 64,
  /** Every other frame after WELCOME of a host. */
  controlFrameBytes: 1 * MiB,
  /** The same of a guest. */
  guestControlFrameBytes: 64 * KiB,
  /** Frames other than DAP that wait for a peer that does not read; beyond it the peer is dropped. */
  controlBacklogBytes: 4 * MiB,
  /** What a peer does not say to have received, with the feature `resume`; beyond it "does not keep up" is reported. */
  retransmitBytes: 16 * MiB,
  /** A peer gets an ACK after so many frames, or bytes of them, that were not acknowledged. */
  unacknowledgedFrames: 64,
  unacknowledgedBytes: 256 * KiB,
  /** The longest that a host may say to keep a link without a channel. */
  keepMs: 10 * 60_000,
  /** DAP streams of one link, those that are being opened included. */
  streams: 64,
  /** Control requests of one guest that are under way at the same time. */
  controlRequests: 64,
  /** Messages kept for a port that was not started; beyond it the link is not read. */
  heldBytes: 1 * MiB,
  heldMessages: 1024,
  /** A port reports "does not keep up" from here on: the sockets' own 16 KiB would stop at every larger answer. */
  softBacklogBytes: 256 * KiB,
  /** Letters of a name; of a text or an error message. */
  nameLength: 256,
  textLength: 4096,
  /** Letters of a file's path. */
  pathLength: 4096,
  /** A piece of a file, before Base64 makes it a third larger; it must fit into a frame. */
  sourceChunkBytes: 256 * KiB,
  /** The longest that a host may ask a guest to wait for admission. */
  admissionWaitMs: 10 * 60_000,
} as const;

/** Every time span of the link, in milliseconds. Options override them; tests use short ones. */
export interface LinkTiming {
  /** From the first byte to WELCOME, unless a person is being asked. */
  readonly admissionMs: number;
  /** Each side pings this often. */
  readonly pingMs: number;
  /** A peer from which no byte came for this many pings is gone. */
  readonly silentPings: number;
  /** After CLOSE the peer has this long to read it and to end its side; then the channel is destroyed. */
  readonly lingerMs: number;
  /** A port that holds up the link and is not started in this time is closed. */
  readonly heldMs: number;
  /** An OPEN or a control request without an answer. */
  readonly requestMs: number;
  /** A link whose channel has broken waits so long for another one. */
  readonly keepMs: number;
  /** A guest gives up a host whose address has refused connections for so long. */
  readonly refusedMs: number;
}

export const LINK_TIMING: LinkTiming = {
  admissionMs: LIMITS.admissionMs,
  pingMs: 10_000,
  silentPings: 3,
  lingerMs: 2_000,
  heldMs: 10_000,
  requestMs: 10_000,
  keepMs: 60_000,
  refusedMs: 10_000,
};
