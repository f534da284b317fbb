import type { Certificate } from "../security/certificates/certificate.ts";
import {
  isExpired,
  isNotYetValid,
  nameOf,
  notAfter,
  notBefore,
} from "../security/certificates/certificate.ts";
import { PURPOSES } from "../security/certificates/create.ts";
import type { StoreEntry } from "../security/certificates/store.ts";
import { printable } from "../common/sanitize.ts";
import { table } from "./text.ts";

/** What `--json` shows of a certificate. */
export function facts(certificate: Certificate): Record<string, unknown> {
  const { x509 } = certificate;
  return {
    name: nameOf(certificate),
    commonName: certificate.commonName,
    friendlyName: certificate.friendlyName,
    subject: x509.subject,
    issuer: x509.issuer,
    altNames: altNamesOf(certificate),
    purposes: purposesOf(certificate),
    validFrom: notBefore(certificate).toISOString(),
    validTo: notAfter(certificate).toISOString(),
    sha1: certificate.sha1,
    sha256: certificate.sha256,
  };
}

/** The same for people: lines of a label and a value. */
export function describeCertificate(
  certificate: Certificate,
  more: readonly [string, string][] = [],
): string[] {
  const { x509 } = certificate;
  const oneLine = (name: string) => name.split("\n").join(", ");
  const rows: [string, string][] = [
    ["Name", nameOf(certificate)],
    ...optional("Friendly name", certificate.friendlyName),
    ["Subject", oneLine(x509.subject)],
    ["Issuer", x509.issuer === x509.subject ? "itself" : oneLine(x509.issuer)],
    ...optional("Hosts", altNamesOf(certificate).join(", ")),
    ["Valid", `${day(notBefore(certificate))} to ${day(notAfter(certificate))}${remark(certificate)}`],
    ["For", purposesOf(certificate).join(", ") || "everything"],
    ["SHA-1", certificate.sha1],
    ["SHA-256", certificate.sha256],
    ...more,
  ];
  return table(rows.map((row) => row.map(printable)));
}

function optional(label: string, value: string | undefined): [string, string][] {
  return value === undefined || value === "" ? [] : [[label, value]];
}

function altNamesOf({ x509 }: Certificate): string[] {
  return x509.subjectAltName?.split(", ") ?? [];
}

/** By their usual names where they have one here. */
function purposesOf({ x509 }: Certificate): string[] {
  const names = new Map<string, string>(Object.entries(PURPOSES).map(([name, oid]) => [oid, name]));
  return ((x509.keyUsage as string[] | undefined) ?? []).map((oid) => names.get(oid) ?? oid);
}

export const HEAD = ["NAME", "STORE", "KEY", "UNTIL", "SHA-1", "FILE"];

/** A line of the listing. */
export function row(entry: StoreEntry, store: string): string[] {
  const { certificate, location } = entry;
  const cells =
    certificate === undefined
      ? [entry.fileName ?? location, store, keyOf(entry), "", ""]
      : [
          nameOf(certificate),
          store,
          keyOf(entry),
          day(notAfter(certificate)) + remark(certificate),
          certificate.sha1,
        ];
  return [...cells, location].map(printable);
}

/** A row as `--json` has it. */
export function record(entry: StoreEntry, store: string): Record<string, unknown> {
  return {
    store,
    location: entry.location,
    key: keyOf(entry),
    error: entry.kind === "broken" ? entry.error.toLine() : undefined,
    ...(entry.certificate && facts(entry.certificate)),
  };
}

function keyOf(entry: StoreEntry): "yes" | "no" | "locked" | "refused" {
  if (entry.kind === "open") return entry.certificate.privateKey === undefined ? "no" : "yes";
  return entry.kind === "locked" ? "locked" : "refused";
}

function remark(certificate: Certificate): string {
  const now = new Date();
  if (isExpired(certificate, now)) return " (expired)";
  return isNotYetValid(certificate, now) ? " (not yet valid)" : "";
}

export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
