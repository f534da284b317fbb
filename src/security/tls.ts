import { X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import type { TlsProtocol } from "../address/model.ts";
import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import type { Channel, WaitOptions } from "../transport/channel.ts";
import { closeInOrder } from "../transport/closing.ts";
import { withDeadline } from "../transport/deadline.ts";
import type { Certificate } from "./certificates/certificate.ts";
import { tlsFailure } from "./tlsFailure.ts";
import { asText } from "../common/values.ts";

/** A channel inside TLS, over whatever it came. */
export interface SecureChannel extends Channel {
  /**
   * RFC 9266, `tls-exporter`: 32 bytes that only the two ends of this very connection know. With TLS 1.2 it needs the
   * extended master secret, which all that is in use have.
   */
  readonly binding: Buffer;
  /** What the peer has shown; absent if nothing. */
  readonly certificate?: X509Certificate | undefined;
  /** OpenSSL's code for why the certificate leads to no issuer that is trusted; absent if it does, or if there is none. */
  readonly distrust?: string | undefined;
}

/** PEM; the certificate may be followed by the rest of its chain. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate of a store as our own identity; undefined if its key is not there. */
export function toIdentity({ x509, chain, privateKey }: Certificate): TlsIdentity | undefined {
  if (privateKey === undefined) return undefined;
  return { certificate: [x509.toString(), ...chain].join("\n"), privateKey };
}

export interface TlsOptions extends WaitOptions {
  readonly proto: TlsProtocol;
  /** Certificates (PEM) that a peer's may lead to. Default: those of the system. */
  readonly trusted?: readonly string[] | undefined;
}

export interface AcceptTlsOptions extends TlsOptions {
  readonly identity: TlsIdentity | undefined;
  /** Ask the guest for a certificate; it need not have one. */
  readonly askCertificate: boolean;
}

export interface OpenTlsOptions extends TlsOptions {
  /** Shown if the server asks for one. */
  readonly identity?: TlsIdentity | undefined;
  /** The server's name (RFC 6066, section 3): not for IP addresses. */
  readonly serverName?: string | undefined;
}

/** What of a handshake both sides have in common. Whom the other side is, is not decided here. */
function common({ proto, identity, trusted }: TlsOptions & { readonly identity?: TlsIdentity | undefined }) {
  return {
    minVersion: proto === "tls1.3" ? "TLSv1.3" : "TLSv1.2",
    maxVersion: proto === "tls1.2" ? "TLSv1.2" : "TLSv1.3",
    ...(identity && { cert: identity.certificate, key: identity.privateKey }),
    ...(trusted && { ca: [...trusted] }),
    // A certificate in the middle of a chain may be the one that is trusted.
    allowPartialTrustChain: true,
    rejectUnauthorized: false,
  } as const;
}

/**
 * The server's side of TLS on a channel of which nothing is consumed. Rejects with an AppError, and destroys the channel
 * then. Default deadline: that of an admission.
 */
export function acceptTls(channel: Channel, options: AcceptTlsOptions): Promise<SecureChannel> {
  return handshake(channel, options, "server", (done, fail) => {
    // One server a connection, which listens to nothing: only a tls.Server says what OpenSSL thinks of a guest's
    // certificate.
    const server = tls.createServer({ ...common(options), requestCert: options.askCertificate });
    server.once("secureConnection", done);
    server.once("tlsClientError", fail);
    server.emit("connection", channel.stream);
  });
}

/** The guest's side. Rejects with an AppError, and destroys the channel then. */
export function openTls(channel: Channel, options: OpenTlsOptions): Promise<SecureChannel> {
  return handshake(channel, options, "guest", (done, fail) => {
    const socket = tls.connect({
      ...common(options),
      socket: channel.stream,
      ...(options.serverName && { servername: options.serverName }),
      // Of which certificate fits is decided above (serverCertificate.ts), whatever way it is trusted.
      checkServerIdentity: () => undefined,
    });
    socket.once("error", fail);
    socket.once("secureConnect", () => done(socket));
  });
}

type Start = (done: (socket: tls.TLSSocket) => void, fail: (error: Error) => void) => void;

async function handshake(
  { stream, peer }: Channel,
  wait: WaitOptions,
  side: "server" | "guest",
  start: Start,
): Promise<SecureChannel> {
  try {
    const socket = await withDeadline(wait, LIMITS.admissionMs, "The TLS handshake", (signal) =>
      untilSecure(stream, start, signal),
    );
    socket.on("error", () => {
      // Readers learn of it by `close` or by a listener of their own; without this one a reset would be fatal.
    });
    const shown = socket.getPeerX509Certificate();
    return {
      stream: socket,
      peer,
      binding: socket.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0)),
      certificate: shown && new X509Certificate(shown.raw),
      distrust: socket.authorized ? undefined : codeOf(socket.authorizationError),
    };
  } catch (thrown) {
    stream.destroy();
    throw thrown instanceof AppError ? thrown : tlsFailure(thrown, side);
  }
}

function untilSecure(stream: Duplex, start: Start, signal: AbortSignal): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      stream.off("close", onClose);
      signal.removeEventListener("abort", onAbort);
    };
    const fail = (reason: Error) => {
      stop();
      reject(reason);
    };
    const onAbort = () => fail(AppError.from(signal.reason, "aborted"));
    const onClose = () => fail(Object.assign(new Error("closed"), { code: "ECONNRESET" }));
    if (signal.aborted) return onAbort();
    if (stream.destroyed) return onClose();
    signal.addEventListener("abort", onAbort, { once: true });
    stream.once("close", onClose);
    start((socket) => {
      stop();
      resolve(socket);
    }, fail);
  });
}

/** Node's types say Error, Node gives the code. */
function codeOf(error: unknown): string | undefined {
  if (typeof error === "string") return error;
  return error instanceof Error && "code" in error ? asText(error.code) : undefined;
}

/** RFC 8446, section 6: a fatal alert, as a record of its own: access_denied (49). */
const ACCESS_DENIED = Buffer.from([21, 3, 3, 0, 2, 2, 49]);

/** What a server without password and certificate answers a ClientHello, so that the guest learns why. */
export async function denyTls({ stream }: Channel): Promise<void> {
  stream.write(ACCESS_DENIED);
  await closeInOrder(stream);
}
