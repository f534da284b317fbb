/** A part of a connection string and where it stands in the whole text. */
export interface Raw {
  readonly text: string;
  readonly start: number;
}

/**
 * What is wrong and where: `start` and `end` are offsets into the text that was parsed. The span is empty only
 * if something is missing; then it is the place where that belongs. Neither sentence ever holds a secret.
 */
export interface ParseFailure {
  readonly ok: false;
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint?: string;
}

export type ParseResult<T> = { readonly ok: true; readonly value: T } | ParseFailure;

export function success<T>(value: T): ParseResult<T> {
  return { ok: true, value };
}

export function failure(start: number, end: number, message: string, hint?: string): ParseFailure {
  return hint === undefined ? { ok: false, start, end, message } : { ok: false, start, end, message, hint };
}

/** A failure that points at the whole of `raw`, or at the part of it from `from` up to `to`. */
export function failureAt(
  raw: Raw,
  message: string,
  hint?: string,
  from = 0,
  to = raw.text.length,
): ParseFailure {
  return failure(raw.start + from, raw.start + to, message, hint);
}

/** `raw` without the white space around it. */
export function trimRaw(raw: Raw): Raw {
  const leading = raw.text.length - raw.text.trimStart().length;
  return { text: raw.text.trim(), start: raw.start + leading };
}

/** A part of a text by its offsets. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function spanOf({ text, start }: Raw): Span {
  return { start, end: start + text.length };
}

/** Whether an offset is in `raw` or at its end, where one goes on writing it. */
export function touches({ text, start }: Raw, offset: number): boolean {
  return start <= offset && offset <= start + text.length;
}

/** What has offsets into a part of a text, with offsets into the whole. */
export function shifted<T extends Span>(item: T, by: number): T {
  return { ...item, start: item.start + by, end: item.end + by };
}
