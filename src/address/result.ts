/** A part of a connection string and where it stands in the whole text. */
export interface Token {
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

/** A failure that points at the whole of `token`, or at the part of it from `from` up to `to`. */
export function failureAt(
  token: Token,
  message: string,
  hint?: string,
  from = 0,
  to = token.text.length,
): ParseFailure {
  return failure(token.start + from, token.start + to, message, hint);
}

/** `token` without the white space around it. */
export function trimToken(token: Token): Token {
  const leading = token.text.length - token.text.trimStart().length;
  return { text: token.text.trim(), start: token.start + leading };
}

/** A part of a text by its offsets. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function spanOf({ text, start }: Token): Span {
  return { start, end: start + text.length };
}

/** Whether an offset is in `token` or at its end, where one goes on writing it. */
export function touches({ text, start }: Token, offset: number): boolean {
  return start <= offset && offset <= start + text.length;
}

/** What has offsets into a part of a text, with offsets into the whole. */
export function shifted<T extends Span>(item: T, by: number): T {
  return { ...item, start: item.start + by, end: item.end + by };
}
