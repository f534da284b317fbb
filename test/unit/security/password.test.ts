import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AppError, type ErrorCode } from "../../../src/common/errors.ts";
import { createCertificate } from "../../../src/security/certificates/create.ts";
import { checkPassword, provePassword } from "../../../src/security/password/exchange.ts";
import { recordPassword } from "../../../src/security/password/opaque.ts";
import { PasswordTurns } from "../../../src/security/password/passwordTurns.ts";
import { acceptTls, openTls, type SecureChannel } from "../../../src/security/tls.ts";
import { memoryPair } from "../../support/memory.ts";
import { readProtocol } from "../../../src/transport/protocolDetection.ts";

const identity = await createCertificate({ commonName: "ephemeral" });
const record = await recordPassword("open sesame");
const GROUP = { peer: "a", network: "n" };

async function tlsPair(): Promise<{ guest: SecureChannel; host: SecureChannel }> {
  const { near, far } = memoryPair();
  const [guest, host] = await Promise.all([
    openTls(near, { proto: "tls1.3" }),
    acceptTls(far, { proto: "tls1.3", identity, askCertificate: false }),
  ]);
  return { guest, host };
}

async function outcome(work: Promise<void>): Promise<ErrorCode | "in"> {
  return work.then(
    () => "in" as const,
    (thrown: unknown) => AppError.from(thrown).code,
  );
}

async function run(password: string, turns = new PasswordTurns()) {
  const { guest, host } = await tlsPair();
  const atHost = (async () => {
    assert.equal(await readProtocol(host.stream), "password");
    await checkPassword(host, record, { turns, group: GROUP });
  })();
  const outcomes = await Promise.all([
    outcome(
      provePassword(guest, password).finally(() => password === "open sesame" || guest.stream.destroy()),
    ),
    outcome(atHost),
  ]);
  return { guest, host, outcomes };
}

describe("the password exchange", () => {
  test("lets in who knows the password, and the channel goes on behind it", async () => {
    const { guest, host, outcomes } = await run("open sesame");
    assert.deepEqual(outcomes, ["in", "in"]);
    guest.stream.write("DBGSRV1\n");
    assert.equal(await readProtocol(host.stream), "link");
    guest.stream.destroy();
    host.stream.destroy();
  });

  test("refuses who does not", async () => {
    const turns = new PasswordTurns();
    const { host, outcomes } = await run("open barley", turns);
    assert.deepEqual(outcomes, ["wrongPassword", "wrongPassword"]);
    assert.equal(turns.wrongGuesses(GROUP), 1);
    host.stream.destroy();
  });

  test("counts a guest that is too slow as a wrong guess, and does not tell it that its password is wrong", async () => {
    const turns = new PasswordTurns();
    const { guest, host } = await tlsPair();
    const atHost = (async () => {
      assert.equal(await readProtocol(host.stream), "password");
      const slow = new AbortController();
      const answered = () => slow.abort(new AppError("timeout", "The guest is too slow."));
      const steps = { queued() {}, answered };
      await checkPassword(host, record, { turns, group: GROUP, signal: slow.signal, steps });
    })();
    const outcomes = await Promise.all([outcome(provePassword(guest, "open sesame")), outcome(atHost)]);
    assert.deepEqual(outcomes, ["timeout", "wrongPassword"]);
    assert.equal(turns.wrongGuesses(GROUP), 1);
    guest.stream.destroy();
    host.stream.destroy();
  });

  test("notices that TLS ends in between", async () => {
    const [toGuest, toHost] = await Promise.all([tlsPair(), tlsPair()]);
    toGuest.host.stream.pipe(toHost.guest.stream).pipe(toGuest.host.stream);
    const atHost = (async () => {
      await readProtocol(toHost.host.stream);
      await checkPassword(toHost.host, record, { turns: new PasswordTurns(), group: GROUP });
    })();
    const outcomes = await Promise.all([
      outcome(provePassword(toGuest.guest, "open sesame")),
      outcome(atHost),
    ]);
    assert.deepEqual(outcomes, ["refused", "refused"]);
    for (const { guest, host } of [toGuest, toHost]) {
      guest.stream.destroy();
      host.stream.destroy();
    }
  });
});
