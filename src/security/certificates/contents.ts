import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { AppError } from "../../common/errors.ts";
import { belongsTo, type Certificate, certificateOf, type StoreName } from "./certificate.ts";

// What is in a certificate file: bytes in, a certificate or an AppError out.

export interface FileOrigin {
  readonly store: StoreName;
  /** The whole path, for messages. */
  readonly file: string;
  readonly fileName: string;
}

/** `locked`: it needs a passphrase. */
export type Contents =
  | { readonly kind: "open"; readonly certificate: Certificate }
  | { readonly kind: "locked"; readonly certificate?: Certificate }
  | { readonly kind: "broken"; readonly certificate?: Certificate; readonly error: AppError };

/** No block goes over the next line of dashes, so that a hostile file takes no longer than its length. */
const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,64})-----(?:(?!-----)[^])*-----END \1-----/g;

interface Block {
  readonly label: string;
  readonly text: string;
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(BLOCK)].map(([block, label = ""]) => ({ label, text: block }));
}

function isKey({ label }: Block): boolean {
  return label.endsWith("PRIVATE KEY");
}

/** PKCS#8's form of it, and the one that openssl wrote before there was that. */
function isEncrypted({ label, text }: Block): boolean {
  return label === "ENCRYPTED PRIVATE KEY" || text.includes("Proc-Type: 4,ENCRYPTED");
}

/** Reads certificates and a key in any order. Never throws. `passphrase`: undefined if none is known yet. */
export function readPem(text: string, origin: FileOrigin, passphrase?: string): Contents {
  const broken = (what: string, certificate?: Certificate, hint?: string): Contents => ({
    kind: "broken",
    certificate,
    error: new AppError("notAvailable", `${origin.file} ${what}.`, { hint }),
  });
  const blocks = blocksOf(text);
  const certificates = readAll(() =>
    blocks.filter(({ label }) => label === "CERTIFICATE").map((block) => new X509Certificate(block.text)),
  );
  if (certificates === undefined) return broken("holds a certificate that cannot be read");
  const [first] = certificates;
  if (first === undefined) return broken("holds no certificate");
  const [key, second] = blocks.filter(isKey);
  if (second !== undefined) return broken("holds several private keys", undefined, "Keep one in a file.");
  if (key === undefined) return { kind: "open", certificate: chainFrom(first, certificates, origin) };
  if (isEncrypted(key) && passphrase === undefined) {
    return { kind: "locked", certificate: chainFrom(first, certificates, origin) };
  }
  const keys = readAll(() => [createPrivateKey({ key: key.text, passphrase })]);
  if (keys === undefined) {
    if (isEncrypted(key)) return { kind: "broken", error: wrongPassphrase(origin.file) };
    return broken("holds a private key that cannot be read", chainFrom(first, certificates, origin));
  }
  return paired(certificates, keys, origin);
}

/** Reads a PFX. Never throws. `passphrase`: undefined if none is known yet. */
export async function readPfxFile(bytes: Buffer, origin: FileOrigin, passphrase?: string): Promise<Contents> {
  const { readPfx, WrongPassphrase } = await import("./forge.ts");
  try {
    const { certificates, keys } = readPfx(bytes, passphrase ?? "");
    const names = new Map<string, string>();
    const read = certificates.map(({ der, friendlyName }) => {
      const x509 = new X509Certificate(der);
      if (friendlyName !== undefined) names.set(x509.fingerprint256, friendlyName);
      return x509;
    });
    return paired(read, keys, origin, names);
  } catch (thrown) {
    if (!(thrown instanceof WrongPassphrase)) {
      const error = new AppError("notAvailable", `${origin.file} is not a PFX file that can be read.`, {
        cause: thrown,
      });
      return { kind: "broken", error };
    }
    if (passphrase === undefined) return { kind: "locked" };
    return { kind: "broken", error: wrongPassphrase(origin.file) };
  }
}

/** The certificate that the key belongs to, with the others as what leads on from it. */
function paired(
  certificates: readonly X509Certificate[],
  keys: readonly KeyObject[],
  origin: FileOrigin,
  names = new Map<string, string>(),
): Contents {
  const [first] = certificates;
  const [privateKey] = keys;
  if (first === undefined) {
    const error = new AppError("notAvailable", `${origin.file} holds no certificate.`);
    return { kind: "broken", error };
  }
  const leaf = certificates.find((x509) => privateKey !== undefined && belongsTo(x509, privateKey));
  const x509 = leaf ?? first;
  const named = { friendlyName: names.get(x509.fingerprint256) };
  if (privateKey === undefined || leaf !== undefined) {
    return { kind: "open", certificate: chainFrom(x509, certificates, { ...origin, ...named, privateKey }) };
  }
  const error = new AppError(
    "notAvailable",
    `The private key in ${origin.file} is not that of its certificate.`,
    {
      hint: "Put the two together that were made together.",
    },
  );
  return { kind: "broken", certificate: chainFrom(x509, certificates, { ...origin, ...named }), error };
}

function chainFrom(
  x509: X509Certificate,
  certificates: readonly X509Certificate[],
  origin: { store: StoreName; fileName: string; friendlyName?: string; privateKey?: KeyObject },
): Certificate {
  const { store, fileName, friendlyName, privateKey } = origin;
  const chain = certificates.filter((other) => other !== x509);
  return certificateOf(x509, { store, fileName, friendlyName, privateKey, chain });
}

/** A certificate that came from another person: PEM or DER. Undefined if it is neither. */
export function readForeign(bytes: Buffer): X509Certificate | undefined {
  // Node's reader of PEM would pass over a key on its way to the certificate, and so do we.
  const pem = blocksOf(bytes.toString("latin1")).find(({ label }) => label === "CERTIFICATE");
  return readAll(() => [new X509Certificate(pem?.text ?? bytes)])?.[0];
}

export function holdsKey(text: string): boolean {
  return blocksOf(text).some(isKey);
}

function wrongPassphrase(file: string): AppError {
  return new AppError("notAllowed", `The passphrase does not open ${file}.`, { hint: "Try again." });
}

/** OpenSSL's errors say nothing that helps. */
function readAll<T>(read: () => T[]): T[] | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
