import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { AppError } from "../../../../src/common/errors.ts";
import type { Certificate } from "../../../../src/security/certificates/certificate.ts";
import {
  type Contents,
  readForeign,
  readPem,
  readPfxFile,
} from "../../../../src/security/certificates/contents.ts";
import { type CertificateAndKey, createCertificate } from "../../../../src/security/certificates/create.ts";
import { writePfx } from "../../../../src/security/certificates/forge.ts";
import { openssl, privateDirectory, writeFile } from "../../../support/certificates.ts";

const ORIGIN = { store: "user", file: "/store/x", fileName: "x" } as const;

let ec: CertificateAndKey;
let rsa: CertificateAndKey;
let authority: CertificateAndKey;
let signed: CertificateAndKey;

before(async () => {
  authority = await createCertificate({ commonName: "authority", authority: true, purposes: [] });
  [ec, rsa, signed] = await Promise.all([
    createCertificate({ commonName: "ec" }),
    createCertificate({ commonName: "rsa", algorithm: "rsa" }),
    createCertificate({ commonName: "signed", issuer: authority }),
  ]);
});

/** Whether a key is that of a certificate. */
function belongs(privateKey: string | undefined, certificate: string): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey ?? ""));
}

function opened(contents: Contents): Certificate {
  assert.ok(contents.kind === "open", JSON.stringify(contents));
  return contents.certificate;
}

describe("a PEM file", () => {
  test("certificates and key in any order: the key says whose file it is", () => {
    const parts = [authority.certificate, signed.privateKey, "some words\n", signed.certificate];
    for (const text of [
      parts.join(""),
      parts.toReversed().join(""),
      parts.join("").replaceAll("\n", "\r\n"),
    ]) {
      const certificate = opened(readPem(text, ORIGIN));
      assert.equal(certificate.commonName, "signed");
      assert.deepEqual(certificate.chain, [authority.certificate]);
      assert.ok(belongs(certificate.privateKey, signed.certificate));
    }
  });

  test("a certificate alone", () => {
    const certificate = opened(readPem(ec.certificate, ORIGIN));
    assert.equal(certificate.privateKey, undefined);
    const x509 = new X509Certificate(ec.certificate);
    assert.equal(certificate.sha1, x509.fingerprint.replaceAll(":", "").toLowerCase());
    assert.equal(certificate.sha256, x509.fingerprint256.replaceAll(":", "").toLowerCase());
  });

  test("what is wrong with one", () => {
    const mismatch = readPem(ec.certificate + signed.privateKey, ORIGIN);
    assert.equal(mismatch.kind, "broken");
    assert.match(mismatch.error.message, /is not that of its certificate/);
    assert.equal(mismatch.certificate?.commonName, "ec");
    assert.equal(mismatch.certificate.privateKey, undefined);
    for (const [text, message] of [
      ["", /holds no certificate/],
      [ec.privateKey, /holds no certificate/],
      [ec.certificate + ec.privateKey + rsa.privateKey, /several private keys/],
      [ec.certificate.replace(/\n.{20}/, "\n"), /certificate that cannot be read/],
      [ec.certificate + ec.privateKey.replace(/\n.{20}/, "\n"), /private key that cannot be read/],
    ] as const) {
      const contents = readPem(text, ORIGIN);
      assert.equal(contents.kind, "broken");
      assert.match(contents.error.message, message);
    }
  });

  test("made by openssl; also with an encrypted key, of the new form and the old one", (t) => {
    const folder = privateDirectory(t);
    const [key, certificate] = [path.join(folder, "key"), path.join(folder, "certificate")];
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      "/O=o/CN=foreign",
      "-keyout",
      key,
      "-out",
      certificate,
    );
    const x509 = readFileSync(certificate, "utf8");
    const plain = opened(readPem(x509 + readFileSync(key, "utf8"), ORIGIN));
    assert.equal(plain.commonName, "foreign");
    assert.ok(belongs(plain.privateKey, x509));
    for (const form of [
      ["pkcs8", "-topk8"],
      ["rsa", "-traditional", "-aes256"],
    ]) {
      const encrypted = x509 + openssl(...form, "-in", key, "-passout", "pass:geheim");
      const locked = readPem(encrypted, ORIGIN);
      assert.equal(locked.kind, "locked");
      assert.equal(locked.certificate?.commonName, "foreign");
      assert.ok(belongs(opened(readPem(encrypted, ORIGIN, "geheim")).privateKey, x509));
      const wrong = readPem(encrypted, ORIGIN, "wrong");
      assert.equal(wrong.kind, "broken");
      assert.match(wrong.error.message, /passphrase does not open/);
    }
  });

  test("garbage never throws, and takes no longer than its length", () => {
    const pieces = [
      ec.certificate,
      ec.privateKey,
      "-----BEGIN CERTIFICATE-----",
      "-----END CERTIFICATE-----",
      "\n",
      "MIIB",
    ];
    const garbage = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string()), { maxLength: 8 });
    fc.assert(
      fc.property(garbage, (words) => {
        const contents = readPem(words.join(""), ORIGIN, "x");
        if (contents.kind === "broken") assert.ok(contents.error instanceof AppError);
        readForeign(Buffer.from(words.join("")));
      }),
    );
    assert.equal(readPem("-----BEGIN CERTIFICATE-----".repeat(40_000), ORIGIN).kind, "broken");
  });
});

describe("a PFX file", () => {
  const pfxOf = ({ certificate, privateKey }: CertificateAndKey, chain: string[], passphrase: string) =>
    writePfx(
      {
        certificates: [certificate, ...chain].map((pem) => new X509Certificate(pem).raw),
        privateKey: createPrivateKey(privateKey),
        friendlyName: "Kim’s",
      },
      passphrase,
    );

  test("ours is read by openssl and by us", async (t) => {
    const folder = privateDirectory(t);
    const cases = [
      [ec, []],
      [rsa, []],
      [signed, [authority.certificate]],
    ] as const;
    for (const [made, chain] of cases) {
      for (const passphrase of ["geheim", "pässwörd, ’long’"]) {
        const pfx = pfxOf(made, [...chain], passphrase);
        const file = writeFile(folder, "ours.pfx", pfx);
        const text = openssl("pkcs12", "-in", file, "-passin", `pass:${passphrase}`, "-nodes");
        assert.ok(
          [made.certificate, made.privateKey, ...chain].every((pem) => text.includes(pem)),
          text,
        );
        const certificate = opened(await readPfxFile(pfx, ORIGIN, passphrase));
        assert.equal(certificate.friendlyName, "Kim’s");
        assert.equal(certificate.x509.toString(), made.certificate);
        assert.equal(certificate.privateKey, made.privateKey);
        assert.deepEqual(certificate.chain, chain);
        assert.equal((await readPfxFile(pfx, ORIGIN)).kind, "locked");
        const wrong = await readPfxFile(pfx, ORIGIN, "wrong");
        assert.ok(wrong.kind === "broken" && wrong.error.message.includes("passphrase does not open"));
      }
    }
  });

  const old = ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"];
  for (const [form, options] of [
    ["of today", []],
    ["with the ciphers of Windows' older versions", old],
  ] as const) {
    test(`openssl's is read, ${form}`, async (t) => {
      const folder = privateDirectory(t);
      for (const made of [ec, rsa, signed]) {
        const pem = writeFile(folder, "in.pem", authority.certificate + made.certificate + made.privateKey);
        for (const passphrase of ["", "geheim", "pässwörd"]) {
          const out = path.join(folder, "out.pfx");
          const pass = `pass:${passphrase}`;
          openssl(
            "pkcs12",
            "-export",
            "-in",
            pem,
            "-out",
            out,
            "-passout",
            pass,
            "-name",
            "A friend",
            ...options,
          );
          const bytes = readFileSync(out);
          const certificate = opened(
            await readPfxFile(bytes, ORIGIN, passphrase === "" ? undefined : passphrase),
          );
          assert.equal(certificate.friendlyName, "A friend");
          assert.equal(certificate.x509.toString(), made.certificate);
          assert.equal(certificate.privateKey, made.privateKey);
          assert.deepEqual(certificate.chain, [authority.certificate]);
        }
      }
    });
  }

  test("certificates without a key", async (t) => {
    const folder = privateDirectory(t);
    const pem = writeFile(folder, "in.pem", ec.certificate);
    const out = path.join(folder, "out.pfx");
    openssl("pkcs12", "-export", "-nokeys", "-in", pem, "-out", out, "-passout", "pass:");
    const certificate = opened(await readPfxFile(readFileSync(out), ORIGIN));
    assert.equal(certificate.commonName, "ec");
    assert.equal(certificate.privateKey, undefined);
  });

  test("garbage never throws", async () => {
    const pfx = pfxOf(ec, [], "x");
    const damaged = fc
      .tuple(fc.nat(pfx.length - 1), fc.nat(255), fc.nat(pfx.length))
      .map(([at, value, length]) => {
        const copy = Buffer.from(pfx);
        copy[at] = value;
        return length % 2 === 0 ? copy : copy.subarray(0, length);
      });
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    await fc.assert(
      fc.asyncProperty(fc.oneof(damaged, bytes), async (garbage) => {
        const contents = await readPfxFile(garbage, ORIGIN, "x");
        if (contents.kind === "broken") assert.ok(contents.error instanceof AppError);
      }),
      { numRuns: 60 },
    );
  });
});

test("what others have given is read as PEM or DER, the certificate only", () => {
  const { raw } = new X509Certificate(ec.certificate);
  for (const bytes of [raw, Buffer.from(ec.certificate), Buffer.from(ec.privateKey + ec.certificate)]) {
    assert.ok(readForeign(bytes)?.raw.equals(raw));
  }
  for (const bytes of [Buffer.alloc(0), Buffer.from(ec.privateKey)])
    assert.equal(readForeign(bytes), undefined);
});
