import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Random } from "./random.ts";

/** Something of ours that reads what a peer sends. */
export interface Target {
  readonly name: string;
  /** How many inputs it gets in the tests' minute; a tenth of that in any case, however slow the machine is. */
  readonly inputs: number;
  /** One case: inputs that are read one after the other by the same reader. All of it depends on `random` only. */
  make(random: Random): readonly Buffer[];
  /**
   * Has the case read by a new reader, and throws if what must hold does not. `random` says how it is read (in which
   * pieces, …). Returns how many of the inputs came past the first check.
   */
  run(inputs: readonly Buffer[], random: Random): number | Promise<number>;
}

export interface Count {
  readonly cases: number;
  readonly inputs: number;
  readonly valid: number;
}

/** Of each input in a report. */
const SHOWN_LETTERS = 2000;

/** The seed of the case of that number: that of the first is the seed itself, so that each case can be the first. */
function seedOf(seed: number, index: number): number {
  return (seed + Math.imul(index, 0x9e3779b9)) >>> 0;
}

/** Runs cases while `goesOn`. Throws at the first that breaks an invariant, with the smallest like it and its seed. */
export async function fuzz(target: Target, seed: number, goesOn: (count: Count) => boolean): Promise<Count> {
  const stray: unknown[] = [];
  const note = (thrown: unknown) => stray.push(thrown);
  process.on("unhandledRejection", note).on("uncaughtException", note);
  let count: Count = { cases: 0, inputs: 0, valid: 0 };
  try {
    while (goesOn(count)) {
      const caseSeed = seedOf(seed, count.cases);
      const inputs = target.make(new Random(caseSeed));
      const { valid, failure } = await attempt(target, inputs, caseSeed, stray);
      if (failure !== undefined) await report(target, inputs, caseSeed, stray, failure);
      count = { cases: count.cases + 1, inputs: count.inputs + inputs.length, valid: count.valid + valid };
    }
  } finally {
    process.off("unhandledRejection", note).off("uncaughtException", note);
  }
  return count;
}

interface Attempt {
  readonly valid: number;
  readonly failure?: unknown;
}

async function attempt(
  target: Target,
  inputs: readonly Buffer[],
  seed: number,
  stray: unknown[],
): Promise<Attempt> {
  try {
    const result = target.run(inputs, new Random(~seed));
    const valid = typeof result === "number" ? result : await result;
    assert.ok(!("polluted" in {}), "Object.prototype was changed");
    if (stray.length === 0) return { valid };
    return { valid, failure: stray.splice(0)[0] };
  } catch (failure) {
    stray.length = 0;
    return { valid: 0, failure: failure ?? new Error("Nothing was thrown.") };
  }
}

/** Leaves out inputs, then bytes of them, as long as it still fails; and throws what tells of it. */
async function report(
  target: Target,
  inputs: readonly Buffer[],
  seed: number,
  stray: unknown[],
  failure: unknown,
): Promise<never> {
  let smallest = inputs;
  let cause = failure;
  let tries = 2000;
  const fails = async (candidate: readonly Buffer[]): Promise<boolean> => {
    if (tries-- <= 0) return false;
    const result = await attempt(target, candidate, seed, stray);
    if (result.failure === undefined) return false;
    smallest = candidate;
    cause = result.failure;
    return true;
  };
  for (let size = Math.ceil(smallest.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.length;) if (!(await fails(smallest.toSpliced(at, size)))) at += size;
  }
  for (let index = 0; index < smallest.length; index++) {
    const length = () => smallest[index]?.length ?? 0;
    for (let size = Math.ceil(length() / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < length();) {
        const input = smallest[index] ?? Buffer.alloc(0);
        const shorter = Buffer.concat([input.subarray(0, at), input.subarray(at + size)]);
        if (!(await fails(smallest.with(index, shorter)))) at += size;
      }
    }
  }
  const shown = smallest.map(
    (input, index) => `  ${index}: ${JSON.stringify(input.toString("latin1")).slice(0, SHOWN_LETTERS)}`,
  );
  const why = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  throw new Error(
    `${target.name}: an invariant is broken. To try again: npm run fuzz 1 ${seed} ${target.name}\n` +
      `The smallest inputs that show it (bytes as Latin-1):\n${shown.join("\n")}\n${why}`,
    { cause },
  );
}

/** JSON text; of a value that is too deep for JSON.stringify, only that. */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (thrown) {
    if (thrown instanceof RangeError) return "too deep";
    throw thrown;
  }
}

/** Asserts that two JSON values are the same. Much faster than `deepEqual`. */
export function assertSame(one: unknown, other: unknown, what: string): void {
  const [first, second] = [textOf(one), textOf(other)];
  if (first !== second) assert.fail(`${what}: ${first?.slice(0, 500)} is not ${second?.slice(0, 500)}`);
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use, without what is only waiting to be freed. */
export function memoryInUse(): number {
  // Buffers are freed in the background of a collection; the next one waits for that.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
