import { readFile } from "node:fs/promises";
import tls from "node:tls";

/** Where systems keep the certificates that they trust, in one file (as Go's crypto/x509 looks for them). */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

let roots: Promise<readonly string[]> | undefined;

/** The certificates (PEM) that this machine trusts, and those that Node does. */
export function systemRoots(): Promise<readonly string[]> {
  return (roots ??= read());
}

async function read(): Promise<readonly string[]> {
  const { SSL_CERT_FILE } = process.env;
  // Node 22.15 and later can ask Windows and macOS, too.
  const fromSystem = "getCACertificates" in tls ? askNode() : [];
  if (fromSystem.length > 0 && SSL_CERT_FILE === undefined) return [...tls.rootCertificates, ...fromSystem];
  for (const path of SSL_CERT_FILE === undefined ? BUNDLES : [SSL_CERT_FILE]) {
    const text = await readFile(path, "latin1").catch(() => "");
    const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
    if (found !== null) return [...tls.rootCertificates, ...found];
  }
  return tls.rootCertificates;
}

function askNode(): readonly string[] {
  try {
    return (tls as typeof tls & { getCACertificates(type: "system"): string[] }).getCACertificates("system");
  } catch {
    return [];
  }
}
