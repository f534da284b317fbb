import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type Count, type Target, fuzz, memoryInUse } from "./fuzz.ts";

const { FUZZ_SECONDS, FUZZ_SEED, FUZZ_TARGET } = process.env;
const SEED = FUZZ_SEED ? Number(FUZZ_SEED) >>> 0 : Math.floor(Math.random() * 2 ** 32);
/** So much of its inputs a target gets in any case, also where the machine is slow. */
const FLOOR = 0.1;
/** How long a target may take for more than that, in milliseconds. */
const ENOUGH_MS = 20_000;
/** How much more memory than before may be in use after a target: code and caches, not what peers have sent. */
const GROWTH = 64 * 1024 * 1024;

/** Those that were asked for by `npm run fuzz`. */
export function chosen(targets: readonly Target[]): readonly Target[] {
  return targets.filter(({ name }) => !FUZZ_TARGET || name === FUZZ_TARGET);
}

/** Gives the target its inputs, or as many as fit into its share of FUZZ_SECONDS. */
export async function fuzzTest(t: TestContext, target: Target, share: number): Promise<void> {
  const begin = performance.now();
  const passed = () => performance.now() - begin;
  const floor = target.inputs * FLOOR;
  const goesOn = FUZZ_SECONDS
    ? () => passed() < Number(FUZZ_SECONDS) * 1000 * share
    : ({ inputs }: Count) => inputs < floor || (inputs < target.inputs && passed() < ENOUGH_MS);
  // Some before: what is loaded and compiled at first use is no leak.
  await fuzz(target, SEED, ({ cases }) => cases < 20);
  const before = memoryInUse();
  const { inputs, valid } = await fuzz(target, SEED, goesOn);
  const grown = memoryInUse() - before;
  const percent = Math.round((100 * valid) / inputs);
  const seconds = (passed() / 1000).toFixed(1);
  t.diagnostic(
    `fuzz ${target.name}: ${inputs} inputs, ${percent} % past the first check, ${seconds} s, seed ${SEED}`,
  );
  if (!FUZZ_SECONDS) assert.ok(inputs >= floor, `only ${inputs} inputs`);
  assert.ok(valid >= inputs / 5, `only ${valid} of ${inputs} inputs came past the first check`);
  assert.ok(grown < GROWTH, `${grown} bytes more in use than before`);
}
