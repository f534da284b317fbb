import { AppError } from "../common/errors.ts";
import { asText } from "../common/values.ts";

const OLD_VERSION = /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|WRONG_VERSION|VERSION_TOO_LOW|NO_PROTOCOLS/;

/** Words for a handshake that failed on our `side`, from the code of what Node threw. */
export function tlsFailure(cause: unknown, side: "server" | "guest"): AppError {
  const code = cause instanceof Error && "code" in cause ? asText(cause.code) : "";
  const other = side === "server" ? "guest" : "server";
  const fail = (message: string, hint?: string) =>
    new AppError("refused", message, { cause, ...(hint !== undefined && { hint }) });
  if (/ALERT_ACCESS_DENIED/.test(code)) {
    return fail(
      "This server has neither a password nor a certificate.",
      "Leave out password=, or write tcp: in the place of ssl:, and npipe: in that of spipe:.",
    );
  }
  // A peer that speaks no TLS at all looks to OpenSSL like one with a strange version.
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code)) {
    return fail(`The ${other} does not speak TLS.`, "Check that the address is that of a debug server.");
  }
  if (OLD_VERSION.test(code)) {
    return fail(
      `The ${other} does not speak a version of TLS that is allowed here.`,
      "Compare proto= on both sides: tls1 stands for 1.2 or newer.",
    );
  }
  if (/ALERT_(BAD_CERTIFICATE|CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE)/.test(code)) {
    return fail(`The ${other} did not accept the certificate.`);
  }
  if (/HANDSHAKE_FAILURE|NO_SHARED_CIPHER|NO_SUITABLE/.test(code)) {
    return fail(`The ${other} has no cipher or signature in common with this side.`);
  }
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED") {
    return new AppError("closed", `The ${other} closed the connection during the TLS handshake.`, {
      hint: side === "guest" ? "Check that the address is that of a debug server." : undefined,
      cause,
    });
  }
  return fail("The TLS handshake failed.");
}
