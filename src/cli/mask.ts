import { GRAMMAR, findKey } from "../address/grammar.ts";
import { KEYS } from "../address/keys.ts";
import { MASK } from "../address/password.ts";
import { tokenize } from "../address/tokenizer.ts";
import { nearest } from "../address/suggest.ts";

/** A connection string as it may be shown, and where the offsets of the original are in it. */
export interface Masked {
  readonly text: string;
  offset(original: number): number;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Hides what is a secret in a connection string, or could be one in a string that does not parse: the value of
 * `password=` and of every key that is neither known nor a misspelling of another one (`pasword=…`, `auth=…`), and
 * what follows such a value up to the next known key, because a comma may have been meant as a part of it. Keys and
 * transports stay, because people need to see their mistake.
 */
export function maskSecrets(text: string): Masked {
  const spans = secretSpans(text).filter(({ start, end }) => end > start);
  let shown = "";
  let at = 0;
  for (const { start, end } of spans) {
    shown += text.slice(at, start) + MASK;
    at = end;
  }
  return { text: shown + text.slice(at), offset: (original) => shownOffset(spans, original) };
}

/** An offset within a secret becomes that of its mask. */
function shownOffset(spans: readonly Span[], original: number): number {
  let shift = 0;
  for (const { start, end } of spans) {
    if (original <= start) break;
    if (original < end) return start - shift;
    shift += end - start - MASK.length;
  }
  return original - shift;
}

function secretSpans(text: string): Span[] {
  const spans: Span[] = [];
  let afterSecret = false;
  for (const segment of tokenize(text).segments) {
    const { key, value } = segment;
    const end = segment.start + text.slice(segment.start, segment.end).trimEnd().length;
    // `password:secret` is one key to the scanner.
    const word = /^\w*/.exec(key.text)?.[0] ?? "";
    if (isKey(word) && !isPassword(word)) {
      afterSecret = false;
    } else if (afterSecret && !isPassword(word)) {
      spans.push({ start: key.start, end });
    } else if (!resemblesKey(word)) {
      if (word.length < key.text.length) spans.push({ start: key.start + word.length + 1, end });
      else if (value !== undefined) spans.push({ start: value.start, end });
      afterSecret = true;
    }
  }
  return spans;
}

function isKey(word: string): boolean {
  return GRAMMAR.some((form) => findKey(form, word) !== undefined);
}

/** A misspelling of a key whose value is no secret. */
function resemblesKey(word: string): boolean {
  const candidates = Object.values(KEYS).map(({ name, alsoTried }) => ({ word: name, alsoTried }));
  return !isPassword(word) && nearest(word, candidates) !== undefined;
}

function isPassword(word: string): boolean {
  const { name, alsoTried } = KEYS.password;
  return nearest(word, [{ word: name, alsoTried }]) !== undefined;
}
