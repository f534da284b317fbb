import assert from "node:assert/strict";
import { AppError } from "../../../src/common/errors.ts";
import { checkPassword, provePassword } from "../../../src/security/password/exchange.ts";
import { recordPassword, startLogin } from "../../../src/security/password/opaque.ts";
import { PasswordTurns } from "../../../src/security/password/passwordTurns.ts";
import { PASSWORD_MAGIC } from "../../../src/transport/protocolDetection.ts";
import { STEERING } from "../../support/steering.ts";
import { type Target, assertSame } from "../harness/fuzz.ts";
import { jsonText, someProbability } from "../harness/json.ts";
import { mutate } from "../harness/mutate.ts";
import { PeerStream } from "../harness/peerStream.ts";
import { type Random, split } from "../harness/random.ts";

const PASSWORD = "zq7Kx";
const GROUP = { peer: "a", network: "n" };
const binding = Buffer.alloc(32, 7);
/** One for all cases: to make one takes 200 ms. */
const record = await recordPassword(PASSWORD);
const login = await startLogin(PASSWORD);
const { startLoginRequest } = login;
const answered = record.start(startLoginRequest);
/** Of another login: right in form, and no proof of anything here. */
const finishLoginRequest = login.finish(answered.loginResponse)?.finishLoginRequest ?? "";
const PROOF = "A".repeat(43);

/** A message of OPAQUE, half of them with some bytes changed; with `cut`, always too short. */
function altered(random: Random, message: string, cut = false): string {
  const whole = Buffer.from(message, "base64url");
  const bytes = mutate(random, whole, 0.5);
  return (cut ? bytes.subarray(0, whole.length - random.between(1, 40)) : bytes).toString("base64url");
}

function line(random: Random, message: object): Buffer {
  const json = jsonText(random, message, random.chance(0.7) ? 0 : someProbability(random));
  const text = Buffer.from(`${json.replaceAll(/[\r\n]/gu, " ")}\n`);
  return mutate(random, text, 0.05);
}

interface Ending {
  readonly error: string;
  readonly said: readonly Readonly<Record<string, unknown>>[];
}

/** One side's exchange with a peer that sends these bytes and leaves: how it fails, and what it has said by then. */
async function exchange(
  pieces: readonly Buffer[],
  side: (stream: PeerStream) => Promise<void>,
): Promise<Ending> {
  const stream = new PeerStream();
  stream.on("error", () => {});
  stream.give(pieces);
  stream.push(null);
  let failure: unknown;
  await side(stream).catch((thrown: unknown) => (failure = thrown));
  // Nobody here has the key: none is let in, and none takes the other for the one who has it.
  assert.ok(failure instanceof AppError, String(failure));
  assert.notEqual(failure.code, "internal");
  const error = failure.toLine();
  assert.ok(!error.includes(PASSWORD) && error.length < 1200, error);
  assert.doesNotMatch(error, STEERING);
  const written = stream.written.toString("utf8").replace(PASSWORD_MAGIC.toString("utf8"), "");
  const said = written
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => JSON.parse(text) as Record<string, unknown>);
  stream.destroy();
  return { error: failure.code, said };
}

/** Whether it comes as far as OPAQUE. */
const isText = (input: Buffer, field: string): boolean => {
  try {
    const value: unknown = (JSON.parse(input.toString("utf8")) as Record<string, unknown>)[field];
    return typeof value === "string" && /^[A-Za-z0-9_-]+$/u.test(value);
  } catch {
    return false;
  }
};

/** What a host reads of a guest that is not let in yet. */
export const passwordOfGuest: Target = {
  name: "password-of-guest",
  inputs: 10_000,
  make: (random) => {
    const start = random.chance(0.3) ? startLoginRequest : altered(random, startLoginRequest);
    const first = { start, ...(random.chance(0.5) ? { waitMs: random.pick([0, -1, 1e9, 5000]) } : {}) };
    const last = { finish: altered(random, finishLoginRequest), proof: random.pick([PROOF, "", "!"]) };
    return [line(random, first), line(random, last)];
  },
  async run(inputs, random) {
    const host = (stream: PeerStream) =>
      checkPassword({ ...stream.channel, binding }, record, { turns: new PasswordTurns(), group: GROUP });
    const bytes = Buffer.concat([PASSWORD_MAGIC, ...inputs]);
    const { error, said } = await exchange([bytes], host);
    // The answer, and why it ends.
    const [refusal, answer] = [said.at(-1), said.length > 1 ? said[0] : undefined];
    assert.ok(said.length <= 2 && refusal?.["code"] === error);
    if (answer !== undefined) {
      assert.deepEqual(Object.keys(answer), ["answer"]);
      assert.equal(String(answer["answer"]).length, answered.loginResponse.length);
      assert.ok(["wrongPassword", "refused"].includes(error), error);
    }
    if (random.chance(0.1)) {
      // The magic comes whole: it was looked at before.
      const pieces = [PASSWORD_MAGIC, ...split(random, Buffer.concat(inputs))];
      assertSame((await exchange(pieces, host)).error, error, "split otherwise");
    }
    return inputs.filter((input) => isText(input, "start") || isText(input, "finish")).length;
  },
};

/** What a guest reads of a host, or of who poses as one. */
export const passwordOfHost: Target = {
  name: "password-of-host",
  inputs: 10_000,
  make: (random) => {
    // One of full length costs the guest 200 ms, whatever is in it: those are in exchangeGarbage.test.ts.
    const answer = altered(random, answered.loginResponse, true);
    const code = random.pick(["wrongPassword", "busy", "refused", "closed", "aborted", "x"]);
    const text = () => random.pick(["Wait.", "\u001b[2J\u202e", "x".repeat(2000), "a\nb"]);
    const refusal = { code, message: text(), hint: text() };
    return [line(random, random.chance(0.6) ? { answer } : refusal), line(random, { proof: PROOF })];
  },
  async run(inputs, random) {
    const guest = (stream: PeerStream) =>
      provePassword({ ...stream.channel, binding }, PASSWORD, { timeoutMs: 60_000 });
    const bytes = Buffer.concat(inputs);
    const { error, said } = await exchange([bytes], guest);
    assert.equal(said.length, 1);
    assert.deepEqual(Object.keys(said[0] ?? {}), ["start", "waitMs"]);
    if (random.chance(0.2))
      assertSame((await exchange(split(random, bytes), guest)).error, error, "split otherwise");
    return inputs.filter((input) => ["answer", "code", "proof"].some((field) => isText(input, field))).length;
  },
};
