import assert from "node:assert/strict";
import { AppError } from "../../../src/common/errors.ts";
import { readLine } from "../../../src/security/password/lines.ts";
import { recordPassword, startLogin } from "../../../src/security/password/opaque.ts";
import { type Target, assertSame } from "../harness/fuzz.ts";
import { jsonText, someProbability } from "../harness/json.ts";
import { mutate } from "../harness/mutate.ts";
import { PeerStream } from "../harness/peerStream.ts";
import { split } from "../harness/random.ts";

/** One for all cases: to make one takes 200 ms. */
const record = await recordPassword("zq7Kx");
const { startLoginRequest } = await startLogin("zq7Kx");
const { loginResponse } = record.start(startLoginRequest);

const LINES: readonly object[] = [
  { start: startLoginRequest },
  { answer: loginResponse },
  { finish: loginResponse, proof: "A".repeat(43) },
  { proof: "A".repeat(43) },
  { code: "wrongPassword", message: "The password is wrong.", hint: "Ask the host for it." },
];

/** The lines of the password exchange, and OPAQUE's first message in them. */
export const passwordLines: Target = {
  name: "password-lines",
  inputs: 20_000,
  make: (random) =>
    random.list(1, 4, () => {
      const json = jsonText(random, random.pick(LINES), someProbability(random)).replaceAll(/[\r\n]/gu, " ");
      const line = mutate(random, Buffer.from(json), 0.1);
      return Buffer.concat([line, Buffer.from(random.chance(0.95) ? "\n" : "")]);
    }),
  async run(inputs, random) {
    const bytes = Buffer.concat(inputs);
    const whole = await linesOf([bytes]);
    assertSame(await linesOf(split(random, bytes)), whole, "split otherwise");
    for (const line of whole) {
      const { start } = line as { start?: unknown };
      if (typeof start !== "string" || !random.chance(0.1)) continue;
      // It may refuse, but it must answer in the same form, and go on answering others.
      try {
        assert.equal(record.start(start).loginResponse.length, loginResponse.length);
      } catch (thrown) {
        // WebAssembly's own: the library has failed, and may go on failing.
        assert.ok(thrown instanceof Error && thrown.name !== "RuntimeError", String(thrown));
      }
    }
    return Math.min(inputs.length, whole.length);
  },
};

/** The lines up to the first that is none; what is not used up stays in the stream. */
async function linesOf(chunks: readonly Buffer[]): Promise<readonly object[]> {
  const stream = new PeerStream();
  const lines: object[] = [];
  const never = new AbortController().signal;
  const reading = (async () => {
    for (;;) lines.push(await readLine(stream, never));
  })().catch((thrown: unknown) => {
    assert.ok(thrown instanceof AppError);
    assert.ok(["tooLarge", "protocol", "closed"].includes(thrown.code), thrown.code);
  });
  stream.give(chunks);
  stream.push(null);
  await reading;
  stream.destroy();
  return lines;
}
