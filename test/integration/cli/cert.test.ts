import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { before, describe, test, type TestContext } from "node:test";
import { parseClient, parseServer } from "../../../src/address/parse.ts";
import { openssl, writeFile } from "../../support/certificates.ts";
import { buildCli, Cli, type Finished } from "./cli.ts";

before(buildCli);

/** A user with stores of its own. */
class User {
  readonly #cli: Cli;
  readonly folder: string;
  readonly store: string;
  readonly machine: string;

  constructor(t: TestContext) {
    this.#cli = new Cli(t);
    this.folder = this.#cli.directory;
    this.store = path.join(this.folder, "user");
    this.machine = path.join(this.folder, "machine");
  }

  cert(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
    return this.#cli.finish(["cert", ...args], {
      cwd: this.folder,
      env: {
        DEBUG_SERVER_USER_CERTIFICATES: this.store,
        DEBUG_SERVER_MACHINE_CERTIFICATES: this.machine,
        ...env,
      },
    });
  }

  async succeeds(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished> {
    const finished = await this.cert(args, env);
    assert.equal(finished.code, 0, finished.stderr);
    return finished;
  }

  async fails(
    args: readonly string[],
    code: number,
    message: RegExp,
    env?: NodeJS.ProcessEnv,
  ): Promise<void> {
    const finished = await this.cert(args, env);
    assert.match(finished.stderr, message);
    assert.equal(finished.code, code);
    assert.equal(finished.stdout, "");
  }
}

describe("cert", () => {
  test("new: what is needed to serve and to join", async (t) => {
    const user = new User(t);
    const { stdout, stderr } = await user.succeeds([
      "new",
      "devbox",
      "--alt",
      "devbox.lan",
      "--alt",
      "10.0.0.1",
      "--days",
      "10",
    ]);
    const file = path.join(user.store, "devbox.pem");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const fingerprint = openssl("x509", "-in", file, "-noout", "-fingerprint", "-sha256");
    const thumbprint = stdout.trimEnd();
    assert.equal(fingerprint.split("=")[1]?.trimEnd().replaceAll(":", "").toLowerCase(), thumbprint);
    openssl("pkey", "-in", file, "-check", "-noout");
    const text = openssl("x509", "-in", file, "-noout", "-text", "-checkend", String(9 * 86_400));
    assert.match(text, /DNS:devbox\.lan, IP Address:10\.0\.0\.1/);
    assert.match(text, /will not expire/);
    const server = parseServer(/serve -s (\S+)/.exec(stderr)?.[1] ?? "");
    assert.ok(server.ok && server.value.kind === "ssl");
    assert.deepEqual(server.value.certificate, { store: "user", match: { kind: "name", name: "devbox" } });
    const client = parseClient(/debug-server join (\S+)/.exec(stderr)?.[1] ?? "");
    assert.ok(client.ok && client.value.kind === "ssl");
    assert.equal(client.value.thumbprint?.hex, thumbprint);
  });

  test("new: nothing is replaced unasked; what is no name, no time, no host", async (t) => {
    const user = new User(t);
    await user.succeeds(["new", "devbox"]);
    const file = path.join(user.store, "devbox.pem");
    const first = readFileSync(file, "utf8");
    await user.fails(["new", "devbox"], 2, /devbox\.pem already/);
    assert.equal(readFileSync(file, "utf8"), first);
    await user.succeeds(["new", "devbox", "--force", "--rsa"]);
    assert.notEqual(readFileSync(file, "utf8"), first);
    for (const name of ["../up", "a/b", ".hidden", "", "a".repeat(65), "0".repeat(40)]) {
      await user.fails(["new", name], 2, /cannot be the name/);
    }
    for (const days of ["0", "1.5", "x", "100000"])
      await user.fails(["new", "x", "--days", days], 2, /--days/);
    await user.fails(["new", "x", "--alt", "two words"], 2, /neither a host name nor an IP address/);
    await user.fails(["new"], 2, /missing required argument/);
    assert.deepEqual(readdirSync(user.store), ["devbox.pem"]);
  });

  test("list: both stores, and what is broken", async (t) => {
    const user = new User(t);
    assert.match((await user.succeeds(["list"])).stdout, /^There are no certificates/);
    assert.equal((await user.succeeds(["list", "--json"])).stdout, "[]\n");
    await user.succeeds(["new", "mine"]);
    await user.succeeds(["new", "ours", "--machine"]);
    writeFile(user.store, "broken.pem", "nothing");
    const { stdout, stderr } = await user.succeeds(["list"]);
    const [head, ...rows] = stdout.trimEnd().split("\n");
    assert.match(head ?? "", /^NAME +STORE +KEY +UNTIL +SHA-1 +FILE$/);
    assert.deepEqual(
      rows.map((row) => row.split(/ {2,}/).slice(0, 3)),
      [
        ["broken.pem", "user", "refused"],
        ["mine", "user", "yes"],
        ["ours", "machine", "yes"],
      ],
    );
    assert.match(stderr, /^debug-server: .*broken\.pem holds no certificate\.\n$/);
    const records = JSON.parse((await user.succeeds(["list", "--json"])).stdout) as Record<string, unknown>[];
    assert.deepEqual(
      records.map(({ name, store, key }) => [name, store, key]),
      [
        [undefined, "user", "refused"],
        ["mine", "user", "yes"],
        ["ours", "machine", "yes"],
      ],
    );
    assert.match(String(records[0]?.["error"]), /holds no certificate/);
  });

  test("from the host to the guest: export, trust, show", async (t) => {
    const host = new User(t);
    const guest = new User(t);
    const thumbprint = (await host.succeeds(["new", "devbox"])).stdout.trimEnd();
    const file = path.join(host.folder, "devbox.crt");
    const { stdout: pem } = await host.succeeds(["export", "devbox"]);
    await host.succeeds(["export", thumbprint, "--out", "devbox.crt"]);
    assert.equal(readFileSync(file, "utf8"), pem);
    assert.doesNotMatch(pem, /PRIVATE/);
    await host.fails(["export", "devbox", "--out", "devbox.crt"], 2, /already/);

    const trusted = await guest.succeeds(["trust", file]);
    assert.ok(trusted.stdout.includes(thumbprint));
    assert.match(trusted.stderr, /certuser=devbox,server=HOST/);
    const shown = JSON.parse((await guest.succeeds(["show", "devbox", "--json"])).stdout) as Record<
      string,
      unknown
    >;
    assert.equal(shown["sha256"], thumbprint);
    assert.equal(shown["key"], false);
    assert.match((await host.succeeds(["show", "devbox"])).stdout, /^Private key +yes$/m);
    await guest.fails(["show", "nobody"], 1, /No certificate .* "nobody".*\n.*there are: devbox\./);
    await guest.fails(["export", "devbox", "--pfx", "--out", "x.pfx"], 1, /no private key/);
  });

  test("trust: never a key; DER as well; nothing else", async (t) => {
    const user = new User(t);
    const other = new User(t);
    await other.succeeds(["new", "other"]);
    const whole = path.join(other.store, "other.pem");
    const { stderr } = await user.succeeds(["trust", whole]);
    assert.match(stderr, /private key as well, which is not taken/);
    assert.doesNotMatch(readFileSync(path.join(user.store, "other.pem"), "utf8"), /PRIVATE/);
    openssl("x509", "-in", whole, "-outform", "DER", "-out", path.join(user.folder, "other.der"));
    await user.fails(["trust", path.join(user.folder, "nowhere")], 1, /There is no file/);
    await user.succeeds(["trust", "other.der", "--name", "again"]);
    assert.deepEqual(readdirSync(user.store), ["again.pem", "other.pem"]);
    writeFile(user.folder, "garbage", "garbage");
    await user.fails(["trust", "garbage"], 1, /is no certificate/);
  });

  test("export --pfx and back, with the passphrase from elsewhere; it is shown nowhere", async (t) => {
    const user = new User(t);
    await user.succeeds(["new", "devbox"]);
    const secret = "streng geheim";
    writeFile(user.folder, "secret", `${secret}\n`);
    await user.fails(["export", "devbox", "--pfx"], 2, /--out/);
    await user.fails(
      ["export", "devbox", "--pfx", "--out", "x.pfx"],
      1,
      /no terminal.*\n.*--passphrase env:NAME/,
    );
    await user.fails(
      ["export", "devbox", "--pfx", "--out", "x.pfx", "--passphrase", "env:NOWHERE"],
      2,
      /NOWHERE/,
    );
    const args = ["export", "devbox", "--pfx", "--out", "x.pfx", "--passphrase"];
    const literal = await user.cert([...args, secret]);
    assert.equal(literal.code, 2);
    assert.ok(!literal.stderr.includes(secret));
    const written = await user.succeeds([...args, "file:secret"]);
    assert.ok(!(written.stdout + written.stderr).includes(secret));
    const text = openssl(
      "pkcs12",
      "-in",
      path.join(user.folder, "x.pfx"),
      "-passin",
      `pass:${secret}`,
      "-nodes",
    );
    assert.match(text, /friendlyName: devbox[^]*BEGIN PRIVATE KEY/);

    const friend = new User(t);
    writeFile(friend.store, "locked.pfx", readFileSync(path.join(user.folder, "x.pfx")));
    assert.match((await friend.succeeds(["list"])).stdout, /^locked\.pfx +user +locked/m);
    const env = { SECRET: secret, WRONG: "wrong" };
    const shown = await friend.succeeds(["show", "devbox", "--passphrase", "env:SECRET"], env);
    assert.match(shown.stdout, /^Friendly name +devbox$/m);
    await friend.fails(["show", "locked", "--passphrase", "env:WRONG"], 1, /passphrase does not open/, env);
    await friend.fails(["show", "locked"], 1, /no terminal/);
  });
});
