import { findKey } from "./grammar.ts";
import type { Form } from "./grammar.ts";
import { KEYS, isFlag, spell } from "./keys.ts";
import type { FlagId, KeyId } from "./keys.ts";
import { explainMisplacedKey, explainUnknownKey } from "./keyDiagnostics.ts";
import type { Field } from "./model.ts";
import { failure, failureAt, success } from "./result.ts";
import type { ParseFailure, ParseResult, Token } from "./result.ts";
import type { Tokens, Segment } from "./tokenizer.ts";
import { VALUE_PARSERS } from "./values.ts";
import type { ValueKeyId } from "./values.ts";

/** A segment that was understood. The type of `value` is that of the key's field. */
export interface KeyEntry {
  readonly id: KeyId;
  readonly segment: Segment;
  readonly value: unknown;
}

/** Reads the segment at `index`, given what stands to the left of it. */
export function parseEntry(
  tokens: Tokens,
  index: number,
  segment: Segment,
  form: Form,
  earlier: ReadonlyMap<Field, KeyEntry>,
): ParseResult<KeyEntry> {
  const { key, equals } = segment;
  const { openQuote } = tokens;
  if (openQuote !== undefined && openQuote >= segment.start) {
    const hint = 'A quotation mark inside a quoted value is doubled: "a""b".';
    return failure(openQuote, tokens.end, "This quotation mark is never closed.", hint);
  }
  if (key.text === "") {
    return equals === undefined
      ? emptySegment(tokens, index, segment)
      : failure(equals, equals, "A key is missing before the equals sign.");
  }
  const id = findKey(form, key.text);
  if (id === undefined) {
    const afterPassword = tokens.segments[index - 1]?.key.text.toLowerCase() === KEYS.password.name;
    return explainMisplacedKey(form, segment) ?? explainUnknownKey(form, segment, afterPassword);
  }
  const twin = earlier.get(KEYS[id].field);
  if (twin !== undefined) return alreadyGiven(twin.id, id, key);
  const value = isFlag(id) ? parseFlag(id, segment) : parseValue(id, segment);
  return value.ok ? success({ id, segment, value: value.value }) : value;
}

/** Points at the comma too many: after the segment, or before it if it is the last one. */
function emptySegment(tokens: Tokens, index: number, segment: Segment): ParseFailure {
  const isLast = index === tokens.segments.length - 1;
  const comma = isLast ? segment.start - 1 : segment.end;
  return failure(comma, comma + 1, "This comma separates nothing.", "Remove it.");
}

function alreadyGiven(earlier: KeyId, id: KeyId, key: Token): ParseFailure {
  const message =
    earlier === id
      ? `${spell(id)} is given twice.`
      : `${spell(earlier)} and ${spell(id)} exclude each other.`;
  return failureAt(key, message, "Remove one of them.");
}

function parseFlag(id: FlagId, { equals, value }: Segment): ParseResult<boolean> {
  if (equals === undefined) return success(true);
  const end = value === undefined || value.text === "" ? equals + 1 : value.start + value.text.length;
  const { name } = KEYS[id];
  return failure(equals, end, `${name} is a flag and has no value.`, `Write ${name} alone.`);
}

function parseValue(id: ValueKeyId, { key, equals, value }: Segment): ParseResult<unknown> {
  const { kind, field, examples } = KEYS[id];
  if (value === undefined || value.text === "") {
    const place = equals === undefined ? key.start + key.text.length : equals + 1;
    return failure(place, place, `A value is missing for ${spell(id)}.`, `Write for example ${examples[0]}.`);
  }
  // A pipe's name has its own message for quotation marks.
  const mark = kind === "text" || field === "pipe" ? -1 : value.text.indexOf('"');
  if (mark < 0) return VALUE_PARSERS[id](value);
  const message = `The value of ${spell(id)} cannot have quotation marks.`;
  return failureAt(value, message, "Write it without them.", mark, mark + 1);
}
