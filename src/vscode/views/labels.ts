import type { Access } from "../../common/access.ts";

/** `1 guest`, `2 guests`, `no guests`. */
export function count(number: number, one: string): string {
  return `${number === 0 ? "no" : number} ${one}${number === 1 ? "" : "s"}`;
}

/** The parts that there are, as one line. */
export function parts(...all: readonly (string | undefined)[]): string {
  return all.filter((part) => part !== undefined && part !== "").join(" · ");
}

/** The same for a screen reader, which makes a pause at a comma. */
export function spokenParts(...all: readonly (string | undefined)[]): string {
  return all.filter((part) => part !== undefined && part !== "").join(", ");
}

/** In place of a round trip, of a participant whose connection has broken. */
export const RECONNECTING = "reconnecting…";

interface Ago {
  /** `2 min ago`; `now` within the last minute. */
  readonly short: string;
  /** `2 minutes ago` */
  readonly spoken: string;
}

const UNITS = [
  { short: "d", spoken: "day", ms: 24 * 60 * 60_000 },
  { short: "h", spoken: "hour", ms: 60 * 60_000 },
  { short: "min", spoken: "minute", ms: 60_000 },
] as const;

/** How long ago `then` was; both in milliseconds since 1970. Another machine's clock may be ahead: that is now. */
export function ago(then: number, now: number): Ago {
  const passed = now - then;
  const unit = UNITS.find(({ ms }) => passed >= ms);
  if (unit === undefined) return { short: "now", spoken: "now" };
  const number = Math.floor(passed / unit.ms);
  return { short: `${number} ${unit.short} ago`, spoken: `${count(number, unit.spoken)} ago` };
}

/** `12 ms`, as the round trip to a participant. */
export function roundTrip(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `${Math.max(1, Math.round(ms))} ms`;
}

export function spokenRoundTrip(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `round trip ${count(Math.max(1, Math.round(ms)), "millisecond")}`;
}

/** What the right is good for. */
export const ACCESS_MEANING: Readonly<Record<Access, string>> = {
  view: "may look, but change nothing",
  control: "may step, evaluate and set breakpoints",
  full: "may also end the session and remove others",
};
