import type { X509Certificate } from "node:crypto";
import { createHash, createPrivateKey, type KeyObject } from "node:crypto";
import type { CertificateMatch, CertificateReference, Thumbprint } from "../../address/model.ts";
import { PURPOSES } from "./create.ts";

export type StoreName = CertificateReference["store"];

/** A certificate of a store, with its key where that is there and could be read. */
export interface Certificate {
  readonly store: StoreName;
  readonly x509: X509Certificate;
  /** As PEM, what came with it to lead to an authority; not itself. */
  readonly chain: readonly string[];
  /** PEM, PKCS#8 without encryption. */
  readonly privateKey?: string;
  readonly commonName?: string;
  /** The name that a PFX or Windows gives it. */
  readonly friendlyName?: string;
  /** Without folder, with ending; none in Windows' own stores. */
  readonly fileName?: string;
  /** Thumbprints: 40 and 64 hexadecimal digits, in lower case, without separators. */
  readonly sha1: string;
  readonly sha256: string;
}

/** What the bytes of a certificate and its key do not say. */
interface Origin {
  readonly store: StoreName;
  readonly chain?: readonly X509Certificate[];
  readonly privateKey?: KeyObject;
  readonly friendlyName?: string;
  readonly fileName?: string;
}

export function certificateOf(x509: X509Certificate, origin: Origin): Certificate {
  const digest = (algorithm: string) => createHash(algorithm).update(x509.raw).digest("hex");
  return {
    store: origin.store,
    x509,
    chain: (origin.chain ?? []).map(String),
    privateKey: origin.privateKey?.export({ type: "pkcs8", format: "pem" }).toString(),
    commonName: commonNameOf(x509),
    friendlyName: origin.friendlyName,
    fileName: origin.fileName,
    sha1: digest("sha1"),
    sha256: digest("sha256"),
  };
}

/** The subject's last common name, the most specific one; Node writes one `KEY=value` a line, escaped. */
function commonNameOf(x509: X509Certificate): string | undefined {
  const subject = x509.toLegacyObject().subject as { CN?: string | string[] } | undefined;
  return [subject?.CN].flat().at(-1);
}

/** The endings that a store reads. */
const ENDING = /\.(pem|pfx|p12)$/i;

export function withoutEnding(fileName: string): string {
  return fileName.replace(ENDING, "");
}

export function isCertificateFile(fileName: string): boolean {
  return ENDING.test(fileName) && !fileName.startsWith(".");
}

/** With its ending or without. */
export function isFileNamed(fileName: string, name: string): boolean {
  return fileName === name || withoutEnding(fileName) === name;
}

/** Whether it is the one that is meant: by common name, friendly name or file name, or by either thumbprint. */
export function matches(certificate: Certificate, match: CertificateMatch): boolean {
  if (match.kind === "thumbprint") return hasThumbprint(certificate, match.thumbprint);
  const { commonName, friendlyName, fileName } = certificate;
  return (
    commonName === match.name ||
    friendlyName === match.name ||
    (fileName !== undefined && isFileNamed(fileName, match.name))
  );
}

export function hasThumbprint(
  certificate: Pick<Certificate, "sha1" | "sha256">,
  { algorithm, hex }: Thumbprint,
): boolean {
  return certificate[algorithm] === hex;
}

/** What people call it. */
export function nameOf({ commonName, friendlyName, fileName, sha1 }: Certificate): string {
  return commonName ?? friendlyName ?? fileName ?? sha1;
}

export function notBefore({ x509 }: Certificate): Date {
  return new Date(x509.validFrom);
}

export function notAfter({ x509 }: Certificate): Date {
  return new Date(x509.validTo);
}

export function isExpired(certificate: Certificate, now: Date): boolean {
  return now > notAfter(certificate);
}

export function isNotYetValid(certificate: Certificate, now: Date): boolean {
  return now < notBefore(certificate);
}

/** RFC 5280, 4.2.1.12: without the extension a key may be used for everything. */
export function mayBeUsedFor({ keyUsage }: X509Certificate, purpose: keyof typeof PURPOSES): boolean {
  const purposes = keyUsage as string[] | undefined;
  const any = "2.5.29.37.0";
  return purposes === undefined || purposes.includes(PURPOSES[purpose]) || purposes.includes(any);
}

export function belongsTo(x509: X509Certificate, privateKey: KeyObject | string): boolean {
  return x509.checkPrivateKey(typeof privateKey === "string" ? createPrivateKey(privateKey) : privateKey);
}
