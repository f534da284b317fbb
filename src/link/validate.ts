import { shownName } from "../common/names.ts";
import { shownLine, shownText } from "../common/sanitize.ts";

/** What a guard found: the value, rebuilt from known fields only, or what is wrong with it. */
export type Checked<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** Checks a value from the peer; `path` names it in the message. Never throws. */
export type Guard<T> = (value: unknown, path: string) => Checked<T>;

type GuardValue<G> = G extends Guard<infer T> ? T : never;
type Shape = Readonly<Record<string, Guard<unknown>>>;
type ObjectOf<S extends Shape> = {
  [K in keyof S as undefined extends GuardValue<S[K]> ? never : K]: GuardValue<S[K]>;
} & {
  [K in keyof S as undefined extends GuardValue<S[K]> ? K : never]?: GuardValue<S[K]>;
};

function pass<T>(value: T): Checked<T> {
  return { ok: true, value };
}

function fail(path: string, what: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message: `${path} must be ${what}` };
}

/** Unknown fields are dropped: newer peers may send more than we know. */
export function object<S extends Shape>(shape: S): Guard<ObjectOf<S>> {
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return fail(path, "an object");
    const fields = new Map(Object.entries(value));
    const result: Record<string, unknown> = {};
    for (const [key, guard] of Object.entries(shape)) {
      const checked = guard(fields.get(key), `${path}.${key}`);
      if (!checked.ok) return checked;
      if (checked.value !== undefined) result[key] = checked.value;
    }
    // Each field went through its guard; the compiler cannot follow that through the loop.
    return pass(result as ObjectOf<S>);
  };
}

export function array<T>(item: Guard<T>, maximum: number): Guard<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) return fail(path, "an array");
    if (value.length > maximum) return fail(path, `an array of at most ${maximum}`);
    const items: T[] = [];
    for (const [index, entry] of value.entries()) {
      const checked = item(entry, `${path}[${index}]`);
      if (!checked.ok) return checked;
      items.push(checked.value);
    }
    return pass(items);
  };
}

export function optional<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value, path) => (value === undefined || value === null ? pass(undefined) : guard(value, path));
}

export function oneOf<const T extends string>(...words: readonly T[]): Guard<T> {
  return (value, path) => {
    const word = words.find((candidate) => candidate === value);
    return word === undefined ? fail(path, `one of ${words.join(", ")}`) : pass(word);
  };
}

export function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER): Guard<number> {
  return (value, path) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= minimum && value <= maximum
      ? pass(value)
      : fail(path, `an integer from ${minimum} to ${maximum}`);
}

/** A string that is compared, not shown: taken as it is. */
export function id(maximum: number): Guard<string> {
  return (value, path) =>
    typeof value === "string" && value.length > 0 && value.length <= maximum
      ? pass(value)
      : fail(path, `a string of 1 to ${maximum} letters`);
}

/** A string that is read by programs, of that form; `what` describes it. */
export function pattern(form: RegExp, what: string): Guard<string> {
  return (value, path) => (typeof value === "string" && form.test(value) ? pass(value) : fail(path, what));
}

export const boolean: Guard<boolean> = (value, path) =>
  typeof value === "boolean" ? pass(value) : fail(path, "true or false");

/** One line for people: control characters are replaced, what is too long is cut. */
export function line(maximum: number): Guard<string> {
  return (value, path) => {
    if (typeof value !== "string") return fail(path, "a string");
    const shown = shownLine(value, maximum);
    return shown.length > 0 ? pass(shown) : fail(path, "not empty");
  };
}

/** A name by which people are told apart: what cannot be seen of it is taken out, what is too long is cut. */
export const personName: Guard<string> = (value, path) =>
  typeof value === "string" ? pass(shownName(value)) : fail(path, "a string");

/** Text for people, of one line or several; may be empty. */
export function text(maximum: number): Guard<string> {
  return (value, path) => {
    if (typeof value !== "string") return fail(path, "a string");
    return pass(shownText(value, maximum));
  };
}

export const anything: Guard<unknown> = (value) => pass(value);

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** A JSON payload of the peer, checked. */
export function parseLinkJson<T>(payload: Uint8Array, guard: Guard<T>, path: string): Checked<T> {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(payload));
  } catch {
    return fail(path, "JSON in UTF-8");
  }
  return guard(value, path);
}
