import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import tls from "node:tls";
import { AppError } from "../../../../src/common/errors.ts";
import { createCertificate, PURPOSES } from "../../../../src/security/certificates/create.ts";
import { openssl, privateDirectory, writeFile } from "../../../support/certificates.ts";

/** A TLS server with this certificate, and what a client says of it that trusts `ca` and asked for `host`. */
async function handshake(
  server: { certificate: string; privateKey: string },
  client: { ca: string; host: string },
): Promise<string> {
  const listener = tls.createServer({ cert: server.certificate, key: server.privateKey });
  listener.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as { port: number };
  const socket = tls.connect({ port, host: "127.0.0.1", servername: client.host, ca: client.ca });
  const result = await new Promise<string>((resolve) => {
    socket.on("secureConnect", () => resolve("accepted"));
    socket.on("error", (error: Error & { code?: string }) => resolve(error.code ?? error.message));
  });
  socket.destroy();
  await new Promise((resolve) => listener.close(resolve));
  return result;
}

describe("createCertificate", () => {
  for (const algorithm of ["ec", "rsa"] as const) {
    test(`${algorithm}: a certificate that Node and openssl accept`, async (t) => {
      const altNames = ["devbox", "*.exämple.org", "10.1.2.3", "fe80::1%eth0", "::ffff:1.2.3.4"];
      const made = await createCertificate({ commonName: "Kim’s box", altNames, algorithm });
      const x509 = new X509Certificate(made.certificate);
      assert.equal(x509.subject, "CN=Kim’s box");
      assert.equal(x509.issuer, x509.subject);
      assert.equal(
        x509.subjectAltName,
        "DNS:devbox, DNS:*.xn--exmple-cua.org, IP Address:10.1.2.3, IP Address:FE80:0:0:0:0:0:0:1, IP Address:0:0:0:0:0:FFFF:102:304",
      );
      assert.deepEqual(x509.keyUsage, [PURPOSES.serverAuth, PURPOSES.clientAuth]);
      assert.equal(x509.ca, false);
      assert.equal(x509.serialNumber.length, 32);
      assert.ok(x509.verify(x509.publicKey));
      assert.ok(x509.checkPrivateKey(createPrivateKey(made.privateKey)));
      const days = (Date.parse(x509.validTo) - Date.now()) / 86_400_000;
      assert.ok(days > 364.9 && days < 365.1, x509.validTo);
      assert.ok(Date.parse(x509.validFrom) < Date.now());

      const file = writeFile(privateDirectory(t), "made.pem", made.certificate);
      assert.match(openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", file, file), /: OK/);
      const text = openssl("x509", "-in", file, "-noout", "-text");
      assert.match(text, /X509v3 Subject Key Identifier/);
      assert.match(text, /X509v3 Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
      assert.equal(await handshake(made, { ca: made.certificate, host: "devbox" }), "accepted");
    });
  }

  test("signed by an authority", async (t) => {
    const issuer = await createCertificate({ commonName: "An authority", authority: true, purposes: [] });
    const signed = (options: object) =>
      createCertificate({ commonName: "devbox", altNames: ["devbox"], issuer, ...options });
    const good = await signed({ algorithm: "rsa" });
    const folder = privateDirectory(t);
    const authority = writeFile(folder, "ca.pem", issuer.certificate);
    const file = writeFile(folder, "leaf.pem", good.certificate);
    assert.match(
      openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", authority, file),
      /: OK/,
    );
    const trusted = { ca: issuer.certificate, host: "devbox" };
    assert.equal(await handshake(good, trusted), "accepted");
    assert.equal(await handshake(good, { ...trusted, host: "otherbox" }), "ERR_TLS_CERT_ALTNAME_INVALID");
    const past = { notBefore: new Date("1999-12-31T23:59:59Z"), notAfter: new Date("2001-01-01T00:00:00Z") };
    assert.equal(await handshake(await signed(past), trusted), "CERT_HAS_EXPIRED");
    const future = {
      notBefore: new Date("2060-01-01T00:00:00Z"),
      notAfter: new Date("2061-01-01T00:00:00Z"),
    };
    assert.equal(await handshake(await signed(future), trusted), "CERT_NOT_YET_VALID");
    const wrong = await signed({ purposes: ["codeSigning"] });
    assert.equal(await handshake(wrong, trusted), "INVALID_PURPOSE");
  });

  test("no two alike", async () => {
    const [one, other] = await Promise.all([1, 2].map(() => createCertificate({ commonName: "same" })));
    assert.ok(one !== undefined && other !== undefined);
    const serial = ({ certificate }: { certificate: string }) =>
      new X509Certificate(certificate).serialNumber;
    assert.notEqual(serial(one), serial(other));
    assert.notEqual(one.privateKey, other.privateKey);
  });

  test("what cannot stand in one", async () => {
    const usage = (thrown: unknown) => thrown instanceof AppError && thrown.code === "usage";
    const bad = [
      { commonName: "" },
      { commonName: "x".repeat(65) },
      { commonName: "a\nb" },
      { commonName: "a", altNames: [""] },
      { commonName: "a", altNames: ["two words"] },
      { commonName: "a", altNames: ["a..b"] },
      { commonName: "a", days: -1 },
      { commonName: "a", days: NaN },
      { commonName: "a", days: 1e9 },
    ];
    for (const options of bad)
      await assert.rejects(createCertificate(options), usage, JSON.stringify(options));
  });
});
