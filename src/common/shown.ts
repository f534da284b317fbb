// What people are shown, in a terminal, a list or a question, must not steer it: control characters and
// bidirectional overrides are replaced, and what is too long is cut.

const UNPRINTABLE_LINE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;
const UNPRINTABLE_TEXT = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
const NAME_LENGTH = 64;

/** One line; may be empty. */
export function shownLine(value: string, maximum: number): string {
  return clip(value.replace(UNPRINTABLE_LINE, "\ufffd").trim(), maximum);
}

/** Text of one line or several; may be empty. */
export function shownText(value: string, maximum: number): string {
  return clip(value.replace(/\r\n?/gu, "\n").replace(UNPRINTABLE_TEXT, "\ufffd"), maximum);
}

/** A name of a length that fits a list, without invisible letters by which two would look the same. Never empty. */
export function shownName(value: string): string {
  const line = value.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.slice(0, NAME_LENGTH).trim() || "guest";
}

function clip(value: string, maximum: number): string {
  return value.length <= maximum ? value : `${value.slice(0, maximum - 1)}…`;
}
