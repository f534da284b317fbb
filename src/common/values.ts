/**
 * The text of a value that a peer sent. `String` is no choice there: it throws for an object whose `toString` is
 * no function, which JSON can hold. Objects, null and what is missing have no text.
 */
export function asText(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** The number that a peer sent, NaN for everything else; `Number` throws for the same objects as `String`. */
export function asNumber(value: unknown): number {
  return typeof value === "number" ? value : NaN;
}

/** What a thrown value says, or at least what it is. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : asText(thrown) || typeof thrown;
}
