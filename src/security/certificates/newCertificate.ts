import { X509Certificate } from "node:crypto";
import os from "node:os";
import { parseCertificate } from "../../address/certificate.ts";
import { AppError } from "../../common/errors.ts";
import { type Certificate, certificateOf, type StoreName } from "./certificate.ts";
import { createCertificate } from "./create.ts";
import { DirectoryStore } from "./directoryStore.ts";

export interface NewCertificate {
  /** Its common name, and that of its file. */
  readonly name: string;
  /** Host names and IP addresses that it is for; this machine's name by default. */
  readonly altNames?: readonly string[] | undefined;
  readonly days?: number;
  readonly algorithm?: "ec" | "rsa";
  readonly store?: StoreName;
  readonly replace?: boolean | undefined;
}

/** Makes a certificate that signs itself, with its key, in a store. Rejects with an AppError, and then there is none. */
export async function newCertificate(
  wanted: NewCertificate,
): Promise<{ readonly certificate: Certificate; readonly file: string }> {
  const { name, altNames = [os.hostname()], days, algorithm, replace } = wanted;
  const store = new DirectoryStore(wanted.store ?? "user");
  const fileName = fileNameFor(name);
  const made = await createCertificate({ commonName: name, altNames, days, algorithm });
  const file = await store.write(fileName, `${made.certificate}${made.privateKey}`, { replace });
  return { file, certificate: certificateOf(new X509Certificate(made.certificate), { store: store.name }) };
}

/** Throws an AppError if no file can be called so, or if a connection string could not name it. */
export function fileNameFor(name: string): string {
  const fits = /^[^/\\:*?"<>|\p{Cc}.\s]([^/\\:*?"<>|\p{Cc}]{0,62}[^/\\:*?"<>|\p{Cc}.\s])?$/u.test(name);
  const parsed = parseCertificate({ text: name, start: 0 });
  if (fits && parsed.ok && parsed.value.kind === "name") return `${name}.pem`;
  throw new AppError("usage", `"${name}" cannot be the name of a certificate's file.`, {
    hint: 'Use 1 to 64 characters without / \\ : * ? " < > |, and no dot or space at the ends.',
  });
}
