import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes, X509Certificate } from "node:crypto";
import net from "node:net";
import { domainToASCII } from "node:url";
import { promisify } from "node:util";
import { AppError } from "../../common/errors.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** The clocks of others may be a little behind. */
const BACKDATED_MS = 60 * 60 * 1000;
/** RFC 5280, ub-common-name. */
const NAME_LENGTH = 64;
const RSA_BITS = 2048;

/** A certificate and its key, each as PEM, the key as PKCS#8 without encryption. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly privateKey: string;
}

/** RFC 5280, 4.2.1.12. */
export const PURPOSES = {
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  codeSigning: "1.3.6.1.5.5.7.3.3",
} as const;

export interface CertificateOptions {
  /** 1 to 64 characters. */
  readonly commonName: string;
  /** Host names and IP addresses by which the server is reached. */
  readonly altNames?: readonly string[];
  /** How long it is valid, from now; not if `notAfter` says so. */
  readonly days?: number;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** ECDSA on P-256, or RSA with 2048 bits for peers that know nothing else. */
  readonly algorithm?: "ec" | "rsa";
  /** None: everything is allowed. */
  readonly purposes?: readonly (keyof typeof PURPOSES)[];
  /** Whether it may sign others. */
  readonly authority?: boolean;
  /** Who signs it; without one it is self-signed. */
  readonly issuer?: CertificateAndKey;
}

/**
 * Makes a key and an X.509 certificate for it, for TLS servers and clients unless `purposes` says otherwise. Rejects
 * with an AppError `usage` if a name or the time cannot stand in a certificate.
 */
export async function createCertificate(options: CertificateOptions): Promise<CertificateAndKey> {
  const { commonName, altNames = [], days = 365, issuer } = options;
  const { purposes = ["serverAuth", "clientAuth"], authority = false } = options;
  const length = [...commonName].length;
  if (length === 0 || length > NAME_LENGTH || /\p{Cc}/u.test(commonName)) {
    throw new AppError(
      "usage",
      `A certificate's name has 1 to ${NAME_LENGTH} characters, all of them printable.`,
    );
  }
  const notBefore = options.notBefore ?? new Date(Date.now() - BACKDATED_MS);
  const notAfter = options.notAfter ?? new Date(Date.now() + days * DAY_MS);
  // Years have four digits there. An invalid date is neither.
  if (!(notBefore < notAfter && notAfter.getUTCFullYear() <= 9999)) {
    throw new AppError("usage", "A certificate's validity ends after it begins, and before the year 10000.");
  }
  const isAddress = (altName: string) => net.isIP(altName) !== 0;
  const fields = {
    commonName,
    dnsNames: altNames.filter((altName) => !isAddress(altName)).map(dnsName),
    addresses: altNames.filter(isAddress).map(addressBytes),
    notBefore,
    notAfter,
    serial: serialNumber(),
    purposes: purposes.map((purpose) => PURPOSES[purpose]),
    authority,
  };
  const { publicKey, privateKey } = await generateKey(options.algorithm ?? "ec");
  const { writeCertificate } = await import("./forge.ts");
  const der = writeCertificate(
    fields,
    publicKey,
    issuer === undefined
      ? { key: privateKey }
      : {
          key: createPrivateKey(issuer.privateKey),
          certificate: new X509Certificate(issuer.certificate).raw,
        },
  );
  return {
    certificate: new X509Certificate(der).toString(),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

async function generateKey(
  algorithm: "ec" | "rsa",
): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  const generate = promisify(generateKeyPair);
  return algorithm === "ec"
    ? generate("ec", { namedCurve: "P-256" })
    : generate("rsa", { modulusLength: RSA_BITS });
}

/** 126 random bits, as a number whose DER begins with neither a sign nor a needless zero. */
function serialNumber(): Buffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

/** With `xn--` for what is not ASCII; the first label may be `*`. */
function dnsName(altName: string): string {
  const ascii = domainToASCII(altName);
  if (/^(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?$/.test(ascii)) return ascii.replace(/\.$/, "");
  throw new AppError("usage", `"${altName}" is neither a host name nor an IP address.`);
}

/** The bytes of an IP address; an IPv6 zone means something on one machine only and is dropped. */
function addressBytes(address: string): Buffer {
  if (net.isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  // A URL's form of it has no dots.
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, "")}]`);
  const [head = [], tail = []] = hostname
    .slice(1, -1)
    .split("::")
    .map((half) => half.split(":").filter((group) => group !== ""));
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  return Buffer.from([...head, ...zeros, ...tail].map((group) => group.padStart(4, "0")).join(""), "hex");
}
