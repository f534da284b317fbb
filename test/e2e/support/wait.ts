import { isDeepStrictEqual, inspect } from "node:util";

/** What happens in a window has this long; on a busy machine a debugger may need some of it. */
export const WAIT_MS = 60_000;
/** Nothing reports a change of a rendered page to us, so it is looked at this often. */
const LOOK_MS = 50;

/**
 * Reads until `accept` is true of what was read, and returns that. The error says what was there instead.
 * For everything that a page object reads but does not wait for by itself:
 * `await until("two guests", () => host.view("Serving").rows(), (rows) => rows.length === 3)`
 */
export async function until<T>(
  what: string,
  read: () => Promise<T> | T,
  accept: (value: T) => boolean,
  ms = WAIT_MS,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (performance.now() > end)
      throw new Error(`timeout after ${ms} ms: ${what}; there was ${inspect(value, { depth: 5 })}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Reads until it equals `expected`, deeply. */
export async function untilEqual<T>(
  what: string,
  read: () => Promise<T> | T,
  expected: T,
  ms = WAIT_MS,
): Promise<void> {
  const wanted = `${what} is ${inspect(expected, { depth: 5 })}`;
  await until(wanted, read, (value) => isDeepStrictEqual(value, expected), ms);
}

/** Whether a text is what is looked for: a string is part of it, a pattern matches it. */
export function matches(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
}
