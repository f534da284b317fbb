import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import path from "node:path";
import { before, describe, test, type TestContext } from "node:test";
import { AppError } from "../../../../src/common/errors.ts";
import { LIMITS } from "../../../../src/common/limits.ts";
import { type CertificateAndKey, createCertificate } from "../../../../src/security/certificates/create.ts";
import { DirectoryStore } from "../../../../src/security/certificates/directoryStore.ts";
import { findCertificate } from "../../../../src/security/certificates/find.ts";
import { storeDirectory } from "../../../../src/security/certificates/storeDirectory.ts";
import { openssl, privateDirectory, writeFile } from "../../../support/certificates.ts";

let made: CertificateAndKey;

before(async () => {
  made = await createCertificate({ commonName: "made" });
});

const both = () => made.certificate + made.privateKey;

function storeIn(t: TestContext, name: "user" | "machine" = "user"): DirectoryStore {
  return new DirectoryStore(name, path.join(privateDirectory(t), "config/certificates"));
}

/** What is listed, in short: the file, what kind of entry it is, and its message. */
async function listed(store: DirectoryStore): Promise<(string | undefined)[][]> {
  const entries = await store.list();
  return entries.map((entry) => [
    entry.fileName,
    entry.kind,
    entry.kind === "broken" ? entry.error.message : "",
  ]);
}

describe("a directory of certificates", () => {
  test("none, until something is written into it, for this user alone", async (t) => {
    const store = storeIn(t);
    assert.deepEqual(await store.list(), []);
    const file = await store.write("made.pem", both());
    assert.equal(file, path.join(store.location, "made.pem"));
    assert.equal(statSync(store.location).mode & 0o777, 0o700);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(await listed(store), [["made.pem", "open", ""]]);
    const found = await findCertificate({ store: "user", match: { kind: "name", name: "made" } }, "serve", {
      stores: [store],
    });
    assert.equal(found.privateKey, made.privateKey);
  });

  test("a file is never replaced unasked, and nothing is left beside it", async (t) => {
    const store = storeIn(t);
    const writes = await Promise.allSettled(
      ["one", "two", "three"].map((text) => store.write("x.pem", text)),
    );
    assert.equal(writes.filter(({ status }) => status === "fulfilled").length, 1);
    for (const write of writes) {
      if (write.status === "rejected") assert.equal((write.reason as AppError).code, "usage");
    }
    const file = await store.write("x.pem", "four", { replace: true });
    assert.equal(readFileSync(file, "utf8"), "four");
    assert.deepEqual(readdirSync(store.location), ["x.pem"]);
  });

  test("a broken file is named, and does not hide the others", async (t) => {
    const store = storeIn(t);
    const at = store.location;
    writeFile(at, "good.pem", both());
    writeFile(at, "certificate.pem", made.certificate, 0o644);
    writeFile(at, "empty.pem", "");
    writeFile(at, "garbage.pfx", "garbage");
    writeFile(at, "huge.p12", Buffer.alloc(LIMITS.certificateBytes + 1));
    writeFile(at, "README.txt", "no certificate, and none by its name");
    writeFile(at, ".hidden.pem", "");
    mkdirSync(path.join(at, "folder.pem"));
    symlinkSync("nowhere", path.join(at, "link.pem"));
    execFileSync("mkfifo", [path.join(at, "pipe.pem")]);
    const messages: Record<string, RegExp> = {
      "empty.pem": /holds no certificate/,
      "folder.pem": /is not a file/,
      "garbage.pfx": /is not a PFX file/,
      "huge.p12": /too big/,
      "link.pem": /There is no file/,
      "pipe.pem": /is not a file/,
    };
    const entries = await listed(store);
    const broken = entries.filter(([, kind]) => kind === "broken");
    assert.deepEqual(
      entries.filter(([, kind]) => kind === "open").map(([name]) => name),
      ["certificate.pem", "good.pem"],
    );
    assert.deepEqual(
      broken.map(([name]) => name),
      Object.keys(messages),
    );
    for (const [name = "", , message = ""] of broken) assert.match(message, messages[name] ?? /^$/);
  });

  test("a key that others can read is refused; a group may, of the machine's", async (t) => {
    for (const [name, mode, kind] of [
      ["user", 0o600, "open"],
      ["user", 0o640, "broken"],
      ["user", 0o604, "broken"],
      ["machine", 0o640, "open"],
      ["machine", 0o644, "broken"],
      ["machine", 0o660, "broken"],
    ] as const) {
      const store = storeIn(t, name);
      chmodSync(writeFile(store.location, "key.pem", both()), mode);
      const [entry] = await store.list();
      assert.equal(entry?.kind, kind, `${name} ${mode.toString(8)}`);
      assert.equal(entry.certificate?.commonName, "made");
      if (entry.kind !== "broken") continue;
      assert.equal(entry.error.code, "notAllowed");
      assert.match(entry.error.toLine(), /can be read by other users.*chmod 600/);
      assert.equal(entry.certificate.privateKey, undefined);
    }
  });

  test("a directory that others can write into is not trusted at all", async (t) => {
    for (const [name, mode] of [
      ["user", 0o755],
      ["machine", 0o777],
    ] as const) {
      const store = storeIn(t, name);
      writeFile(store.location, "x.pem", made.certificate);
      chmodSync(store.location, mode);
      await assert.rejects(
        store.list(),
        (thrown) => thrown instanceof AppError && thrown.code === "notAllowed",
      );
      await assert.rejects(store.write("y.pem", ""), (thrown) => thrown instanceof AppError);
    }
  });

  test("a PFX with a passphrase, which is asked for by its file", async (t) => {
    const store = storeIn(t);
    const pem = writeFile(privateDirectory(t), "in.pem", both());
    mkdirSync(store.location, { recursive: true, mode: 0o700 });
    const out = path.join(store.location, "locked.p12");
    openssl("pkcs12", "-export", "-in", pem, "-out", out, "-passout", "pass:geheim", "-name", "A friend");
    chmodSync(out, 0o600);
    const asked: string[] = [];
    const find = (passphrase: string) =>
      findCertificate({ store: "user", match: { kind: "name", name: "A friend" } }, "serve", {
        stores: [store],
        passphrase: (file) => {
          asked.push(file);
          return Promise.resolve(passphrase);
        },
      });
    assert.equal((await find("geheim")).privateKey, made.privateKey);
    assert.deepEqual(asked, [out]);
    await assert.rejects(find("wrong"), /passphrase does not open .*locked\.p12/);
  });
});

test("where the directories are, on each system", () => {
  const env = { XDG_CONFIG_HOME: "/xdg", APPDATA: "C:\\Users\\k\\Roaming", ProgramData: "D:\\Data" };
  const at = (store: "user" | "machine", platform: NodeJS.Platform, env: NodeJS.ProcessEnv = {}) =>
    storeDirectory(store, { platform, env, home: "/home/k" });
  assert.equal(at("user", "linux"), "/home/k/.config/debug-server/certificates");
  assert.equal(at("user", "linux", env), "/xdg/debug-server/certificates");
  assert.equal(at("user", "linux", { XDG_CONFIG_HOME: "relative" }), at("user", "linux"));
  assert.equal(at("machine", "linux", env), "/etc/debug-server/certificates");
  assert.equal(at("user", "darwin"), "/home/k/Library/Application Support/debug-server/certificates");
  assert.equal(at("machine", "darwin"), "/Library/Application Support/debug-server/certificates");
  assert.equal(at("user", "win32", env), "C:\\Users\\k\\Roaming\\debug-server\\certificates");
  assert.equal(at("machine", "win32", env), "D:\\Data\\debug-server\\certificates");
  assert.equal(at("machine", "win32"), "C:\\ProgramData\\debug-server\\certificates");
  assert.equal(at("user", "linux", { DEBUG_SERVER_USER_CERTIFICATES: "/own" }), "/own");
  assert.equal(at("machine", "linux", { DEBUG_SERVER_MACHINE_CERTIFICATES: "/own" }), "/own");
});
