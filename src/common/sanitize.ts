// The one place where texts of others are sanitized. What people are shown, in a terminal, a list, a log, a console or VS
// Code, must not steer it, and must not look as if we said it: control characters and bidirectional overrides are replaced,
// only the first line begins like one of ours, and VS Code finds no markup. Names have further rules (names.ts).

const STEERING_LINE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;
const STEERING_TEXT = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
/** All that JSON.stringify leaves of what `printable` replaces. */
const STEERING_IN_JSON = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
/** All that some terminal or editor begins a new line at. */
const LINE_ENDS = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/gu;

/** How much of it VS Code shows where one line is to stand, and where several may. */
const VSCODE_LINE_LENGTH = 500;
const VSCODE_TEXT_LENGTH = 10_000;

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

/**
 * JSON that means the same with more letters escaped than JSON must: those that would steer a terminal, or end the line
 * for some readers.
 */
export function printableJson(json: string): string {
  return json.replace(
    STEERING_IN_JSON,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * One line for VS Code's messages, progress, prompts, quick picks, rows and status bar, with texts of others in it (names,
 * reasons, connection strings of links).
 */
export function sanitize(text: string): string {
  return withoutMarkup(shownLine(text, VSCODE_LINE_LENGTH));
}

/** The same for a text that may have several lines. */
export function sanitizeText(text: string): string {
  return withoutMarkup(shownText(text, VSCODE_TEXT_LENGTH));
}

/**
 * VS Code makes a link that runs a command of `[…](command:…)` in messages, progress and prompts, where it takes out icons
 * before it looks (`[…]$(x)(command:…)`); an icon of `$(…)` in labels and the status bar; and of Markdown, which some
 * versions trust, also a link of `<command:…>` and `[…]: command:…`. A blank within each is seen, and nothing else is.
 */
function withoutMarkup(text: string): string {
  return text
    .replaceAll("](", "] (")
    .replaceAll("$(", "$ (")
    .replace(/\]:(?=\s*<?[a-z][a-z\d+.-]*:)/giu, "] :")
    .replace(/<(?=[a-z][a-z\d+.-]*:)/giu, "< ");
}

function clip(value: string, maximum: number): string {
  return value.length <= maximum ? value : `${value.slice(0, maximum - 1)}…`;
}
