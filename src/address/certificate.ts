import type { CertificateMatch, ClientCertificate, Thumbprint } from "./model.ts";
import { quote, unquote } from "./quote.ts";
import { failureAt, success } from "./result.ts";
import type { ParseResult, Token } from "./result.ts";

const REQUIRE = "require";

/**
 * White space and colons between digits, and the invisible marks that Windows' certificate dialog puts in front
 * of a thumbprint when it is copied.
 */
const SEPARATORS = /[\s:\u200e\u200f\ufeff]/g;

function readThumbprint(text: string): Thumbprint | undefined {
  const hex = text.replace(SEPARATORS, "").toLowerCase();
  if (/^[0-9a-f]{40}$/.test(hex)) return { algorithm: "sha1", hex };
  if (/^[0-9a-f]{64}$/.test(hex)) return { algorithm: "sha256", hex };
  return undefined;
}

/** `certuser=`, `machuser=`: a thumbprint if it can be one, else a name. */
export function parseCertificate(token: Token): ParseResult<CertificateMatch> {
  const text = unquote(token);
  if (!text.ok) return text;
  const thumbprint = readThumbprint(text.value.value);
  if (thumbprint !== undefined) return success({ kind: "thumbprint", thumbprint });
  if (text.value.value.trim() === "") {
    return failureAt(token, "The certificate's name is empty.", "Write its name or its thumbprint.");
  }
  return success({ kind: "name", name: text.value.value });
}

/** `clientcert=`: a certificate as above, or `require`. */
export function parseClientCertificate(token: Token): ParseResult<ClientCertificate> {
  if (token.text === REQUIRE) return success({ kind: "require" });
  if (token.text.toLowerCase() === REQUIRE) {
    return failureAt(
      token,
      "It is not clear whether this is a certificate's name.",
      `Write ${REQUIRE} in lower case, or put the name in quotation marks.`,
    );
  }
  return parseCertificate(token);
}

/** `thumbprint=`. */
export function parseThumbprint(token: Token): ParseResult<Thumbprint> {
  const text = unquote(token);
  if (!text.ok) return text;
  const thumbprint = readThumbprint(text.value.value);
  if (thumbprint !== undefined) return success(thumbprint);
  const digits = text.value.value.replace(SEPARATORS, "");
  const what = /^[0-9a-f]*$/i.test(digits)
    ? `This thumbprint has ${digits.length} digits.`
    : "This is not a thumbprint.";
  return failureAt(token, what, "Write 40 (SHA-1) or 64 (SHA-256) hexadecimal digits.");
}

export function printCertificate(match: CertificateMatch): string {
  return match.kind === "thumbprint" ? match.thumbprint.hex : quote(match.name);
}

export function printClientCertificate(certificate: ClientCertificate): string {
  if (certificate.kind === "require") return REQUIRE;
  if (certificate.kind === "name") {
    return quote(certificate.name, certificate.name.toLowerCase() === REQUIRE);
  }
  return printCertificate(certificate);
}
