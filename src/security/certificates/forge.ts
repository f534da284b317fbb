import { createHash, createHmac, createPrivateKey, type KeyObject, randomBytes, sign } from "node:crypto";
import forge from "node-forge";

// The only file that knows node-forge, which is big: other files import this one only when it is needed,
// by `await import(…)`. Forge's own certificates know RSA only, so that ours are put together from its ASN.1, and
// signed by node:crypto.

const { asn1 } = forge;
const { Class, Type } = asn1;
type Asn1 = forge.asn1.Asn1;

const OID = {
  commonName: "2.5.4.3",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  sha256WithRsa: "1.2.840.113549.1.1.11",
  data: "1.2.840.113549.1.7.1",
  x509Certificate: "1.2.840.113549.1.9.22.1",
  friendlyName: "1.2.840.113549.1.9.20",
  localKeyId: "1.2.840.113549.1.9.21",
  keyBag: "1.2.840.113549.1.12.10.1.1",
  shroudedKeyBag: "1.2.840.113549.1.12.10.1.2",
  certBag: "1.2.840.113549.1.12.10.1.3",
  sha256: "2.16.840.1.101.3.4.2.1",
};

/** Rounds of the derivation that makes a guess of a PFX's passphrase dear; more are slow in forge's JavaScript. */
const MAC_ROUNDS = 2048;

/** What a certificate says, besides its key. */
export interface CertificateFields {
  readonly commonName: string;
  /** In ASCII. */
  readonly dnsNames: readonly string[];
  /** Four bytes each, or sixteen. */
  readonly addresses: readonly Buffer[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Sixteen bytes or so, the first of them from 1 to 127: serial numbers are positive. */
  readonly serial: Buffer;
  /** The object identifiers of what the key may be used for; none: for everything. */
  readonly purposes: readonly string[];
  /** Whether it signs other certificates. */
  readonly authority: boolean;
}

/** Who signs; without a certificate it is the new certificate's own key that does. */
export interface Signer {
  readonly key: KeyObject;
  /** DER. */
  readonly certificate?: Buffer;
}

/** An X.509 certificate as DER (RFC 5280), for a P-256 or RSA key. */
export function writeCertificate(fields: CertificateFields, publicKey: KeyObject, signer: Signer): Buffer {
  const issuer = signer.certificate && read(signer.certificate);
  const algorithm = sequence(
    signer.key.asymmetricKeyType === "ec"
      ? [oid(OID.ecdsaWithSha256)]
      : [oid(OID.sha256WithRsa), universal(Type.NULL, "")],
  );
  const subject = name(fields.commonName);
  const spki = read(publicKey.export({ type: "spki", format: "der" }));
  const tbs = sequence([
    context(0, [integer(2)]),
    universal(Type.INTEGER, binary(fields.serial)),
    algorithm,
    issuer === undefined ? subject : subjectOf(issuer),
    sequence([time(fields.notBefore), time(fields.notAfter)]),
    subject,
    spki,
    context(3, [sequence(extensions(fields, spki, issuer))]),
  ]);
  const signature = sign("sha256", write(tbs), signer.key);
  return write(sequence([tbs, algorithm, bitString(signature)]));
}

function extensions(fields: CertificateFields, spki: Asn1, issuer: Asn1 | undefined): Asn1[] {
  const { authority, purposes, dnsNames, addresses } = fields;
  const list = [
    extension(OID.basicConstraints, sequence(authority ? [universal(Type.BOOLEAN, "\xff")] : []), true),
    // Bits 5 and 6: keyCertSign, cRLSign; bits 0 and 2: digitalSignature, keyEncipherment (TLS 1.2 with RSA).
    extension(OID.keyUsage, bits(authority ? [1, 0b0000_0110] : [5, 0b1010_0000]), true),
    extension(OID.subjectKeyIdentifier, octets(keyIdentifier(spki))),
  ];
  if (purposes.length > 0) list.push(extension(OID.extKeyUsage, sequence(purposes.map(oid))));
  if (dnsNames.length + addresses.length > 0) {
    const names = [
      ...dnsNames.map((dns) => context(2, dns)),
      ...addresses.map((address) => context(7, binary(address))),
    ];
    list.push(extension(OID.subjectAltName, sequence(names)));
  }
  if (issuer !== undefined) {
    const value = sequence([context(0, binary(keyIdentifier(spkiOf(issuer))))]);
    list.push(extension(OID.authorityKeyIdentifier, value));
  }
  return list;
}

function extension(id: string, value: Asn1, critical = false): Asn1 {
  const flag = critical ? [universal(Type.BOOLEAN, "\xff")] : [];
  return sequence([oid(id), ...flag, octets(write(value))]);
}

/** RFC 5280, 4.2.1.2, (1): SHA-1 of the public key's bits. */
function keyIdentifier(spki: Asn1): Buffer {
  const bits = Buffer.from(text(child(spki, 1)), "latin1").subarray(1);
  return createHash("sha1").update(bits).digest();
}

/** A TBSCertificate begins with its version, as all of version 3 do. */
function subjectOf(certificate: Asn1): Asn1 {
  return child(child(certificate, 0), 5);
}

function spkiOf(certificate: Asn1): Asn1 {
  return child(child(certificate, 0), 6);
}

function name(commonName: string): Asn1 {
  const value = universal(Type.UTF8, forge.util.encodeUtf8(commonName));
  return sequence([universal(Type.SET, [sequence([oid(OID.commonName), value])])]);
}

/** RFC 5280, 4.1.2.5: UTCTime up to the year 2049. */
function time(date: Date): Asn1 {
  return date.getUTCFullYear() < 2050
    ? universal(Type.UTCTIME, asn1.dateToUtcTime(date))
    : universal(Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date));
}

/** A PFX's passphrase is another one, or it has one and none was given. */
export class WrongPassphrase extends Error {}

/** What is in a PFX; certificates in its order, each as DER. */
export interface PfxContents {
  readonly certificates: readonly { readonly der: Buffer; readonly friendlyName?: string }[];
  readonly keys: readonly KeyObject[];
}

// PKCS#5 takes a passphrase as bytes, UTF-8 to all others (RFC 8018, 3); forge cuts each character to one byte.
type GetCipher = (oid: string, params: unknown, password?: string) => unknown;
const pbe = (forge.pki as unknown as { pbe: { getCipherForPBES2: GetCipher } }).pbe;
const getCipher = pbe.getCipherForPBES2;
pbe.getCipherForPBES2 = (id, params, password) =>
  getCipher(id, params, password && forge.util.encodeUtf8(password));

/** Reads PKCS#12 (RFC 7292). Throws WrongPassphrase, or another error for what is no PFX. */
export function readPfx(pfx: Buffer, passphrase: string): PfxContents {
  const bags = openPfx(pfx, passphrase).safeContents.flatMap(({ safeBags }) => safeBags);
  const certificates = bags
    .filter(({ type }) => type === OID.certBag)
    .map((bag) => ({
      der: write(bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1),
      friendlyName: friendlyName(bag.attributes),
    }));
  const keys = bags
    .filter(({ type }) => type === OID.keyBag || type === OID.shroudedKeyBag)
    .map(({ key, asn1: info }) => {
      const value = key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)) : info;
      return createPrivateKey({ key: write(value), format: "der", type: "pkcs8" });
    });
  return { certificates, keys };
}

function openPfx(pfx: Buffer, passphrase: string): forge.pkcs12.Pkcs12Pfx {
  const value = asn1.fromDer(binary(pfx), false);
  try {
    return forge.pkcs12.pkcs12FromAsn1(value, false, passphrase);
  } catch (thrown) {
    // No passphrase at all and one of no characters are two things to PKCS#12, and one to people.
    if (passphrase === "" && isWrong(thrown)) {
      try {
        return forge.pkcs12.pkcs12FromAsn1(value, false);
      } catch (again) {
        throw isWrong(again) ? new WrongPassphrase() : again;
      }
    }
    throw isWrong(thrown) ? new WrongPassphrase() : thrown;
  }
}

/** Forge has nothing else to tell it by. */
function isWrong(thrown: unknown): boolean {
  return thrown instanceof Error && /password/i.test(thrown.message);
}

function friendlyName(attributes: unknown): string | undefined {
  const names = (attributes as { friendlyName?: unknown }).friendlyName;
  const name: unknown = Array.isArray(names) ? names[0] : undefined;
  return typeof name === "string" && name !== "" ? name : undefined;
}

/**
 * A PFX of a key, its certificate and those which lead on from there (DER, in this order). The key is encrypted with
 * AES-256; the certificates are not, as they are no secret.
 */
export function writePfx(
  contents: { privateKey: KeyObject; certificates: readonly Buffer[]; friendlyName: string },
  passphrase: string,
): Buffer {
  const keyId = randomBytes(20);
  const attributes = universal(Type.SET, [
    attribute(OID.friendlyName, universal(Type.BMPSTRING, contents.friendlyName)),
    attribute(OID.localKeyId, octets(keyId)),
  ]);
  const encrypted = contents.privateKey.export({
    type: "pkcs8",
    format: "der",
    cipher: "aes-256-cbc",
    passphrase,
  });
  const certificates = contents.certificates.map((der, index) =>
    bag(
      OID.certBag,
      sequence([oid(OID.x509Certificate), context(0, [octets(der)])]),
      index === 0 && attributes,
    ),
  );
  const safes = [certificates, [bag(OID.shroudedKeyBag, read(encrypted), attributes)]];
  const content = write(sequence(safes.map((safe) => data(write(sequence(safe))))));
  return write(sequence([integer(3), data(content), mac(content, passphrase)]));
}

/** RFC 7292, appendix B. */
function mac(content: Buffer, passphrase: string): Asn1 {
  const salt = randomBytes(16);
  const buffer = forge.util.createBuffer(binary(salt));
  const key = forge.pkcs12.generateKey(passphrase, buffer, 3, MAC_ROUNDS, 32, forge.md.sha256.create());
  const digest = createHmac("sha256", Buffer.from(key.getBytes(), "latin1")).update(content).digest();
  const algorithm = sequence([oid(OID.sha256), universal(Type.NULL, "")]);
  return sequence([sequence([algorithm, octets(digest)]), octets(salt), integer(MAC_ROUNDS)]);
}

const bag = (id: string, value: Asn1, attributes: Asn1 | false): Asn1 =>
  sequence([oid(id), context(0, [value]), ...(attributes ? [attributes] : [])]);
const attribute = (id: string, value: Asn1): Asn1 => sequence([oid(id), universal(Type.SET, [value])]);
const data = (content: Buffer): Asn1 => sequence([oid(OID.data), context(0, [octets(content)])]);

const universal = (type: forge.asn1.Type, value: string | Asn1[]): Asn1 =>
  asn1.create(Class.UNIVERSAL, type, Array.isArray(value), value);
const sequence = (value: Asn1[]): Asn1 => universal(Type.SEQUENCE, value);
const context = (tag: number, value: string | Asn1[]): Asn1 =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, Array.isArray(value), value);
const oid = (id: string): Asn1 => universal(Type.OID, asn1.oidToDer(id).getBytes());
const integer = (value: number): Asn1 => universal(Type.INTEGER, asn1.integerToDer(value).getBytes());
const octets = (value: Buffer): Asn1 => universal(Type.OCTETSTRING, binary(value));
const bits = (value: readonly number[]): Asn1 => universal(Type.BITSTRING, binary(Buffer.from(value)));
const bitString = (value: Buffer): Asn1 => bits([0, ...value]);

/** Forge's strings have a byte a character. */
const binary = (bytes: Buffer): string => bytes.toString("latin1");
const write = (value: Asn1): Buffer => Buffer.from(asn1.toDer(value).getBytes(), "latin1");

/** Bit strings stay what they are: forge would otherwise look into those that hold ASN.1, as an RSA key's do. */
function read(der: Buffer): Asn1 {
  const options = { strict: true, parseAllBytes: true, decodeBitStrings: false };
  // The types know of `strict` only.
  return asn1.fromDer(binary(der), options as unknown as boolean);
}

function child(value: Asn1, index: number): Asn1 {
  const found = Array.isArray(value.value) ? value.value[index] : undefined;
  if (found === undefined) throw new Error("This ASN.1 has another shape.");
  return found;
}

function text(value: Asn1): string {
  if (typeof value.value !== "string") throw new Error("This ASN.1 has another shape.");
  return value.value;
}
