import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { AppError } from "../../../src/common/errors.ts";
import { checkPassword, provePassword } from "../../../src/security/password/exchange.ts";
import { recordPassword, startLogin } from "../../../src/security/password/opaque.ts";
import { PasswordTurns } from "../../../src/security/password/passwordTurns.ts";
import { PASSWORD_MAGIC } from "../../../src/transport/protocolDetection.ts";
import { memoryPair } from "../../support/memory.ts";

// What comes from a peer that is not let in, or from a server that is none: any bytes end in an AppError, at once.

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 300);
const record = await recordPassword("zq7Kx");
const { startLoginRequest } = await startLogin("zq7Kx");
const { loginResponse } = record.start(startLoginRequest);
const binding = Buffer.alloc(32, 7);

const line = (message: object) => Buffer.from(`${JSON.stringify(message)}\n`);
const LINES = {
  guest: [
    line({ start: startLoginRequest }),
    Buffer.concat([line({ start: startLoginRequest }), line({ finish: "AAAA", proof: "AAAA" })]),
    line({ start: startLoginRequest, waitMs: -1 }),
    line({ start: 1 }),
    Buffer.from("[1]\nnull\n"),
  ],
  host: [
    line({ answer: loginResponse }),
    line({ code: "busy", message: "Wait.", hint: "A while." }),
    line({ code: {}, message: [] }),
    line({ proof: "AAAA" }),
  ],
} as const;

/** One of the valid ones, or none, with some bytes of it replaced by others. */
const garbled = (valid: readonly Buffer[]) =>
  fc
    .tuple(
      fc.constantFrom(...valid, Buffer.alloc(0)),
      fc.nat(),
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(20),
      fc.constantFrom(0, 0, 5000),
    )
    .map(([bytes, at, other, dropped, padding]) => {
      const start = bytes.length === 0 ? 0 : at % bytes.length;
      const rest = bytes.subarray(start + dropped);
      return Buffer.concat([bytes.subarray(0, start), other, Buffer.alloc(padding, "x"), rest]);
    });

async function fails(work: Promise<void>): Promise<void> {
  await assert.rejects(work, (thrown: unknown) => {
    assert.ok(thrown instanceof AppError, String(thrown));
    assert.notEqual(thrown.code, "internal");
    assert.doesNotMatch(thrown.toLine(), /zq7Kx/);
    return true;
  });
}

describe("garbage in the password exchange", { timeout: 120_000 }, () => {
  test("from a guest", async () => {
    await fc.assert(
      fc.asyncProperty(garbled(LINES.guest), async (bytes) => {
        const { near, far } = memoryPair();
        near.stream.on("error", () => {}).resume();
        near.stream.end(Buffer.concat([PASSWORD_MAGIC, bytes]));
        const turns = new PasswordTurns();
        await fails(
          checkPassword({ ...far, binding }, record, { turns, group: { peer: "a", network: "n" } }),
        );
        far.stream.destroy();
      }),
      { numRuns: RUNS },
    );
  });

  test("from a server", async () => {
    await fc.assert(
      fc.asyncProperty(garbled(LINES.host), async (bytes) => {
        const { near, far } = memoryPair();
        far.stream.on("error", () => {}).resume();
        far.stream.end(bytes);
        await fails(provePassword({ ...near, binding }, "zq7Kx"));
        near.stream.destroy();
      }),
      { numRuns: RUNS },
    );
  });
});
