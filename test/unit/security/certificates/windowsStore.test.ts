import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { before, describe, test } from "node:test";
import { AppError } from "../../../../src/common/errors.ts";
import type { RunPowerShell } from "../../../../src/transport/powerShell.ts";
import { type CertificateAndKey, createCertificate } from "../../../../src/security/certificates/create.ts";
import { findCertificate } from "../../../../src/security/certificates/find.ts";
import { writePfx } from "../../../../src/security/certificates/forge.ts";
import { WindowsStore } from "../../../../src/security/certificates/windowsStore.ts";

// PowerShell's part is played by a function: there is none on the machines that this was written on.

let made: CertificateAndKey;

before(async () => {
  made = await createCertificate({ commonName: "made", algorithm: "rsa" });
});

const base64 = (pem: string) => new X509Certificate(pem).raw.toString("base64");

/** Lists `listing`; exports what was made, unless the key is not to be had. */
function powerShell(
  listing: string,
  exportable = true,
): { run: RunPowerShell; calls: Record<string, string>[] } {
  const calls: Record<string, string>[] = [];
  const run: RunPowerShell = (script, env) => {
    calls.push({ ...env });
    assert.ok(
      !Object.values(env).some((value) => script.includes(value)),
      "nothing is written into the script",
    );
    if (env["DEBUG_SERVER_PASSPHRASE"] === undefined) return Promise.resolve(listing);
    if (!exportable) return Promise.reject(new Error(`it failed: ${env["DEBUG_SERVER_PASSPHRASE"]}`));
    const { raw } = new X509Certificate(made.certificate);
    const contents = {
      privateKey: createPrivateKey(made.privateKey),
      certificates: [raw],
      friendlyName: "x",
    };
    return Promise.resolve(`${writePfx(contents, env["DEBUG_SERVER_PASSPHRASE"]).toString("base64")}\r\n`);
  };
  return { run, calls };
}

const listing = () =>
  JSON.stringify([
    { der: base64(made.certificate), friendlyName: "A friend", hasPrivateKey: true },
    { der: "AAAA", friendlyName: "", hasPrivateKey: true },
    null,
  ]);

describe("Windows' own store", () => {
  test("by its friendly name, with the key, which is exported only then", async () => {
    const { run, calls } = powerShell(`\ufeff${listing()}\r\n`);
    const store = new WindowsStore("user", run);
    const entries = await store.list();
    assert.deepEqual(
      entries.map(({ kind }) => kind),
      ["locked", "broken", "broken"],
    );
    assert.equal(calls.length, 1);
    const found = await findCertificate(
      { store: "user", match: { kind: "name", name: "A friend" } },
      "serve",
      {
        stores: [store],
      },
    );
    assert.equal(found.privateKey, made.privateKey);
    assert.equal(calls[0]?.["DEBUG_SERVER_STORE"], "Cert:\\CurrentUser\\My");
    const { DEBUG_SERVER_THUMBPRINT: thumbprint, DEBUG_SERVER_PASSPHRASE: passphrase } = calls.at(-1) ?? {};
    assert.equal(thumbprint, found.sha1.toUpperCase());
    assert.match(passphrase ?? "", /^[0-9a-f]{48}$/);
  });

  test("a key that is not to be had: the error holds nothing of the passphrase", async () => {
    const { run, calls } = powerShell(listing(), false);
    const find = findCertificate({ store: "machine", match: { kind: "name", name: "made" } }, "serve", {
      stores: [new WindowsStore("machine", run)],
    });
    await assert.rejects(find, (thrown) => {
      assert.ok(thrown instanceof AppError);
      assert.match(thrown.message, /private key of Cert:\\LocalMachine\\My\\[0-9A-F]{40} cannot be exported/);
      const passphrase = calls.at(-1)?.["DEBUG_SERVER_PASSPHRASE"] ?? "none";
      assert.ok(![thrown.toLine(), String(thrown.cause)].some((text) => text.includes(passphrase)));
      return true;
    });
  });

  test("lists of one and of none, as PowerShell writes them; and what is no list", async () => {
    const list = (output: string) => new WindowsStore("user", powerShell(output).run).list();
    assert.deepEqual(await list(""), []);
    assert.deepEqual(await list("[]"), []);
    const [one] = await list(JSON.stringify({ der: base64(made.certificate), hasPrivateKey: false }));
    assert.equal(one?.kind, "open");
    await assert.rejects(list("Get-ChildItem : no such drive"), (thrown) => thrown instanceof AppError);
  });
});
