import type { X509Certificate } from "node:crypto";
import net from "node:net";
import type { Thumbprint } from "../address/model.ts";
import { AppError } from "../common/errors.ts";
import { shownLine } from "../common/sanitize.ts";
import { hasThumbprint, mayBeUsedFor } from "./certificates/certificate.ts";
import type { PURPOSES } from "./certificates/create.ts";
import type { SecureChannel } from "./tls.ts";

/** Letters of what a certificate says of itself. */
const NAME_LENGTH = 128;

/** What a guest accepts as the server. */
export interface ServerTrust {
  /** The only one, whatever else is true of it. */
  readonly pin?: Thumbprint | undefined;
  /** The one that is named, or that the server's leads to. */
  readonly named?: X509Certificate | undefined;
  /** What the server is called: a certificate that is trusted for who issued it must be for one of these. */
  readonly hosts: readonly string[];
}

/**
 * Why a guest does not accept the server's certificate, in the order in which people would want to know; undefined if it
 * does.
 */
export function refuseServer(
  { certificate, distrust }: Pick<SecureChannel, "certificate" | "distrust">,
  trust: ServerTrust,
  now: Date = new Date(),
): AppError | undefined {
  if (certificate === undefined) return refusal("The server has shown no certificate.");
  const unfit = whyUnfit(certificate, "serverAuth", now);
  if (unfit !== undefined)
    return refusal(`The server's certificate ${unfit}.`, "The host needs another one.");
  const { pin, named, hosts } = trust;
  const seen = `It has the thumbprint ${plainHex(certificate.fingerprint256)}.`;
  if (pin !== undefined) {
    if (hasThumbprint(thumbprints(certificate), pin)) return undefined;
    return refusal(
      "The server's certificate is not the one with this thumbprint.",
      `${seen} Either the host has a new one, or somebody is in between: ask the host.`,
    );
  }
  if (named !== undefined && certificate.fingerprint256 === named.fingerprint256) return undefined;
  if (distrust !== undefined) {
    const what = named === undefined ? "" : ` is not the one that you named, and`;
    return refusal(
      `The server's certificate${what} was issued by nobody whom this machine trusts.`,
      `${seen} If the host confirms that, add thumbprint=… to the connection string.`,
    );
  }
  if (hosts.some((host) => isFor(certificate, host))) return undefined;
  return refusal(
    `The server's certificate is not for ${hosts[0] ?? "this host"}, but for ${namesOf(certificate)}.`,
    "Write the server's name as the certificate has it in server=.",
  );
}

/** What a server accepts as a guest: certificates, or what they have issued; or one with a thumbprint. */
export interface GuestTrust {
  readonly accepted: readonly X509Certificate[];
  readonly pin?: Thumbprint | undefined;
}

/**
 * Why a server does not accept a guest's certificate; undefined if it does. The guest is told: what is wrong with its own
 * certificate, but not which one would be right.
 */
export function refuseGuest(
  { certificate, distrust }: Pick<SecureChannel, "certificate" | "distrust">,
  { accepted, pin }: GuestTrust,
  now: Date = new Date(),
): AppError | undefined {
  if (certificate === undefined) {
    return refusal(
      "This server asks guests for a certificate.",
      "Name one that you have the key of with certuser= or machuser=.",
    );
  }
  const unfit = whyUnfit(certificate, "clientAuth", now);
  if (unfit !== undefined) return refusal(`Your certificate ${unfit}.`, "Use another one.");
  if (pin !== undefined && hasThumbprint(thumbprints(certificate), pin)) return undefined;
  if (accepted.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256)) return undefined;
  if (accepted.length > 0 && distrust === undefined) return undefined;
  return refusal("This server does not accept your certificate.", "Give the host your certificate.");
}

/** As a log names it: who it is, and its thumbprint. */
export function describePeerCertificate(certificate: X509Certificate): string {
  return `${namesOf(certificate)} (${plainHex(certificate.fingerprint256)})`;
}

function whyUnfit(
  certificate: X509Certificate,
  purpose: keyof typeof PURPOSES,
  now: Date,
): string | undefined {
  const from = new Date(certificate.validFrom);
  const to = new Date(certificate.validTo);
  if (!(now >= from)) return `is not valid before ${day(from)}`;
  if (!(now <= to)) return `expired on ${day(to)}`;
  if (mayBeUsedFor(certificate, purpose)) return undefined;
  return `is not for ${purpose === "serverAuth" ? "server" : "client"} authentication`;
}

function isFor(certificate: X509Certificate, host: string): boolean {
  return (net.isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

function namesOf({ subject, subjectAltName }: X509Certificate): string {
  const names = subjectAltName?.replace(/\b(DNS|IP Address):/g, "") ?? subject?.replaceAll("\n", ", ");
  return shownLine(names ?? "", NAME_LENGTH) || "nobody";
}

function thumbprints({ fingerprint, fingerprint256 }: X509Certificate) {
  return { sha1: plainHex(fingerprint), sha256: plainHex(fingerprint256) };
}

function plainHex(digest: string): string {
  return digest.replaceAll(":", "").toLowerCase();
}

function day(date: Date): string {
  return Number.isNaN(date.getTime()) ? "an unknown day" : date.toISOString().slice(0, 10);
}

function refusal(message: string, hint?: string): AppError {
  return new AppError("refused", message, hint === undefined ? {} : { hint });
}
