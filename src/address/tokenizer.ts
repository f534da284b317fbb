import { trimToken } from "./result.ts";
import type { Token } from "./result.ts";

/** One entry between commas, as written: `key`, or `key=value`. */
export interface Segment {
  /** From after the comma (or colon) up to the next one, white space included. */
  readonly start: number;
  readonly end: number;
  readonly key: Token;
  /** The offset of `=`; absent in a flag. */
  readonly equals?: number;
  /** Quotation marks included. */
  readonly value?: Token;
}

/**
 * The tokens of a text, whether or not it is a valid connection string: completion and hover work on half-written
 * ones. White space around tokens is not part of them.
 */
export interface Tokens {
  /** What stands before the colon; empty if the text starts with a key. */
  readonly transport: Token;
  readonly colon?: number;
  readonly segments: readonly Segment[];
  /** The offset of a quotation mark that is never closed: its segment runs to the end. */
  readonly openQuote?: number;
  /** Where the text ends without the white space behind it. */
  readonly end: number;
}

/**
 * Splits a text at its colon, commas and equals signs. Commas between quotation marks do not separate; a
 * doubled mark inside a quoted value closes and opens again, so it needs no rule of its own here.
 */
export function tokenize(text: string): Tokens {
  const whole = trimToken({ text, start: 0 });
  const end = whole.start + whole.text.length;
  const firstMark = /[:=,"]/.exec(whole.text);
  const colon = firstMark?.[0] === ":" ? whole.start + firstMark.index : undefined;
  // Without any mark the word is a transport that lacks its colon; else the text starts with a key.
  const transportEnd = colon ?? (firstMark === null ? end : whole.start);
  const transport = trimToken(piece(text, whole.start, transportEnd));

  const segments: Segment[] = [];
  let openQuote: number | undefined;
  let start = colon === undefined ? transportEnd : colon + 1;
  // "tcp:" has no segment; "tcp:," has two empty ones.
  if (start >= end) return { transport, colon, segments, end };
  for (let index = start; index < end; index++) {
    if (text[index] === '"') openQuote = openQuote === undefined ? index : undefined;
    else if (text[index] === "," && openQuote === undefined) {
      segments.push(segment(text, start, index));
      start = index + 1;
    }
  }
  segments.push(segment(text, start, end));
  return { transport, colon, segments, openQuote, end };
}

function segment(text: string, start: number, end: number): Segment {
  const found = text.slice(start, end).indexOf("=");
  if (found < 0) return { start, end, key: trimToken(piece(text, start, end)) };
  const equals = start + found;
  return {
    start,
    end,
    key: trimToken(piece(text, start, equals)),
    equals,
    value: trimToken(piece(text, equals + 1, end)),
  };
}

function piece(text: string, start: number, end: number): Token {
  return { text: text.slice(start, end), start };
}
