import type { Duplex } from "node:stream";
import { LIMITS } from "../common/limits.ts";
import type { WaitOptions } from "./channel.ts";
import { readUntil } from "./readUntil.ts";
import { withDeadline } from "./deadline.ts";

/** The first bytes that a guest of ours sends on a channel without TLS. */
export const LINK_MAGIC: Buffer = Buffer.from("DBGSRV1\n", "latin1");

/** The first bytes inside TLS of a guest that wants to prove that it knows the password. */
export const PASSWORD_MAGIC: Buffer = Buffer.from("KNOCK01\n", "latin1");

/** How plain DAP must begin. Exact: what a browser can be made to send to a loopback port begins otherwise. */
const DAP_START: Buffer = Buffer.from("Content-Length: ", "latin1");

/**
 * RFC 8446, sections 4 and 5.1: a record of type handshake (22), major version 3, any minor version, any length;
 * in it a handshake message of type client_hello (1). Undefined: any byte.
 */
const CLIENT_HELLO: readonly (number | undefined)[] = [22, 3, undefined, undefined, undefined, 1];

/** What a peer speaks, by its first bytes. A channel of `unknown` is closed at once. */
export type DetectedProtocol = "tls" | "link" | "password" | "dap" | "unknown";

const STARTS: readonly (readonly [DetectedProtocol, readonly (number | undefined)[]])[] = [
  ["tls", CLIENT_HELLO],
  ["link", [...LINK_MAGIC]],
  ["password", [...PASSWORD_MAGIC]],
  ["dap", [...DAP_START]],
];

/** `undecided` while the bytes could still become one of them; no two share a first byte. Never throws. */
export function detectProtocol(bytes: Uint8Array): DetectedProtocol | "undecided" {
  for (const [protocol, start] of STARTS) {
    const seen = start.slice(0, bytes.length);
    if (!seen.every((byte, index) => byte === undefined || byte === bytes[index])) continue;
    return seen.length === start.length ? protocol : "undecided";
  }
  return "unknown";
}

/**
 * Reads until the first bytes tell what the peer speaks, then puts all of them back: the next reader gets the stream
 * from its start. Nothing else may read the stream before or meanwhile. Default deadline: the one for the whole admission.
 * Rejects with `timeout` (a peer that says too little), `aborted`, or `closed` (it left first); the stream is the
 * caller's to destroy.
 */
export function readProtocol(stream: Duplex, wait: WaitOptions = {}): Promise<DetectedProtocol> {
  return withDeadline(wait, LIMITS.admissionMs, "Waiting for the peer's first bytes", (signal) =>
    readUntil(stream, signal, "before it said what it speaks", (seen) => {
      const protocol = detectProtocol(seen);
      // None of it is used up: the next reader gets the stream from its start.
      return protocol === "undecided" ? undefined : { value: protocol, used: 0 };
    }),
  );
}
