// What people are shown, in a terminal, a list, a log or a console, must not steer it, and must not look as if we said it:
// control characters and bidirectional overrides are replaced, and only the first line begins like one of ours.

const STEERING_LINE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;
const STEERING_TEXT = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
/** All that some terminal or editor begins a new line at. */
const LINE_ENDS = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/gu;

/** One line; may be empty. */
export function shownLine(value: string, maximum: number): string {
  return clip(printable(value).trim(), maximum);
}

/** Text of one line or several; may be empty. */
export function shownText(value: string, maximum: number): string {
  return clip(value.replace(LINE_ENDS, "\n").replace(STEERING_TEXT, "\ufffd"), maximum);
}

/** One line of the same length, character by character. */
export function printable(value: string): string {
  return value.replace(STEERING_LINE, "\ufffd");
}

/**
 * What we say in a console, a log or a terminal, with texts of others in it: lines after the first are set in, so that none
 * of them is taken for one of ours. Of its own result it changes nothing.
 */
export function ownLine(value: string): string {
  return shownText(value, Infinity).replace(/\n(?! {2}|[\n\t]|$)/gu, "\n  ");
}

function clip(value: string, maximum: number): string {
  return value.length <= maximum ? value : `${value.slice(0, maximum - 1)}…`;
}
