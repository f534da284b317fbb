import { failureAt, success } from "./result.ts";
import type { ParseResult, Token } from "./result.ts";

/** A text value, and whether it was quoted: in quotation marks `env:X`, `*` and `require` mean themselves. */
export interface Text {
  readonly value: string;
  readonly quoted: boolean;
}

const DOUBLE_HINT = 'Put the whole value in quotation marks and double those inside it: "a""b".';

/**
 * Reads a text value. `"…"` may hold commas and white space at its ends; a quotation mark inside is doubled, as
 * in CSV (RFC 4180) and in the strings of many shells' neighbours; a backslash is just a backslash, because
 * paths on Windows are full of them. The scanner has already refused a mark that is never closed.
 */
export function unquote(token: Token): ParseResult<Text> {
  const { text } = token;
  if (!text.startsWith('"')) {
    const mark = text.indexOf('"');
    if (mark < 0) return success({ value: text, quoted: false });
    return failureAt(token, "A quotation mark cannot stand inside a value.", DOUBLE_HINT, mark, mark + 1);
  }
  const close = closingMark(text);
  if (close < text.length - 1) {
    return failureAt(token, "Only a comma can follow the closing quotation mark.", DOUBLE_HINT, close + 1);
  }
  return success({ value: text.slice(1, close).replaceAll('""', '"'), quoted: true });
}

/** The offset of the mark that ends the quotation at 0; the scanner saw to it that there is one. */
function closingMark(text: string): number {
  let index = text.indexOf('"', 1);
  while (index >= 0 && text[index + 1] === '"') index = text.indexOf('"', index + 2);
  return index < 0 ? text.length : index;
}

/** Writes a text value so that `unquote` reads the same; `must` if it would mean something else without marks. */
export function quote(value: string, must = false): string {
  const needed = must || value === "" || value !== value.trim() || /[",]/.test(value);
  return needed ? `"${value.replaceAll('"', '""')}"` : value;
}
