import { findConflict } from "./conflicts.ts";
import { parseEntry } from "./entry.ts";
import type { KeyEntry } from "./entry.ts";
import { TRANSPORT_NAMES, chooseForm, findKey, formsOf, keyIds, usage } from "./grammar.ts";
import type { Form } from "./grammar.ts";
import { KEYS, TRANSPORTS, entryUsage, isFlag, originOf, spell } from "./keys.ts";
import type { KeyId } from "./keys.ts";
import type { Role, Field } from "./model.ts";
import { cursorAt } from "./cursor.ts";
import type { EntryCursor, OtherEntry } from "./cursor.ts";
import { spanOf } from "./result.ts";
import type { ParseFailure, Token, Span } from "./result.ts";
import { tokenize } from "./tokenizer.ts";

/** Something that can be written at an offset. Those that are needed come first. */
export interface Completion extends Span {
  readonly kind: "command" | "transport" | "key" | "flag" | "value";
  /** What a list shows: the transport, the key or the value alone. */
  readonly label: string;
  /** What takes the place of the text from `start` to `end`. */
  readonly insertText: string;
  /** The usage of the entry, one line. */
  readonly detail: string;
  readonly documentation: string;
}

/** A value of a key that is there on this machine: a port with a listener, a certificate, a device. */
export interface ExistingValue {
  /** As it is written behind the equals sign. */
  readonly value: string;
  /** What it is, for people, in one line. */
  readonly detail: string;
}

/** By key, and for the ports and pipes of servers by transport and key: `ssl port`. */
export type Existing = Readonly<Record<string, readonly ExistingValue[]>>;

/**
 * What can stand at `offset`: transports, the keys that the form still allows and that agree with the other
 * entries, or the values of a key that are known beforehand, first of all those that exist. The text need not be valid.
 */
export function completionsAt(
  text: string,
  offset: number,
  role: Role,
  existing: Existing = {},
): Completion[] {
  const cursor = cursorAt(text, offset);
  if (cursor === undefined) return [];
  if (cursor.kind === "transport") return transports(cursor.token, cursor.hasColon, role);
  return cursor.kind === "key" ? keys(cursor, role) : values(cursor, role, existing);
}

function transports(token: Token, hasColon: boolean, role: Role): Completion[] {
  return TRANSPORT_NAMES.map((name) => ({
    kind: "transport",
    label: name,
    insertText: hasColon ? name : `${name}:`,
    ...spanOf(token),
    detail: TRANSPORTS[name].summary,
    documentation: formsOf(role, name)
      .map((form) => usage(form))
      .join("\n"),
  }));
}

function keys(cursor: EntryCursor, role: Role): Completion[] {
  const names = cursor.others.map(({ key }) => key);
  const form = chooseForm(role, cursor.transport, names);
  const given = new Set(names.map((name) => slotOf(form, name)));
  const own = keyIds(form)
    .filter((id) => !given.has(KEYS[id].field))
    // A flag cannot take the place of a key that has a value.
    .filter((id) => !(isFlag(id) && cursor.hasEquals))
    .filter((id) => agrees(form, form, cursor.others, KEYS[id].examples[0]));
  const hasChosen = keyIds(form).some((id) => form.keys[id] === "oneOf" && given.has(KEYS[id].field));
  const needed = (id: KeyId) => form.keys[id] === "required" || (form.keys[id] === "oneOf" && !hasChosen);
  const items = [...own.filter(needed), ...turnsInto(form, cursor), ...own.filter((id) => !needed(id))];
  return items.map((id) => ({
    kind: isFlag(id) ? "flag" : "key",
    label: KEYS[id].name,
    insertText: cursor.hasEquals ? KEYS[id].name : spell(id),
    ...spanOf(cursor.token),
    detail: entryUsage(id),
    documentation: `${KEYS[id].summary} ${originOf(id)}`,
  }));
}

function slotOf(form: Form, name: string): Field | undefined {
  const id = findKey(form, name);
  return id && KEYS[id].field;
}

/** `clicon`, where it would make the string one of a reverse connection and all the rest allows that. */
function turnsInto(form: Form, { others }: EntryCursor): KeyId[] {
  const reverse = formsOf(form.role, form.transport).find((other) => other.reverse);
  if (form.reverse || reverse === undefined) return [];
  return agrees(reverse, form, others, KEYS.clicon.examples[0]) ? ["clicon"] : [];
}

function values(cursor: EntryCursor, role: Role, existing: Existing): Completion[] {
  const names = [cursor.key, ...cursor.others.map(({ key }) => key)];
  const form = chooseForm(role, cursor.transport, names);
  const id = findKey(form, cursor.key);
  // A value in quotation marks is its writer's own.
  if (id === undefined || isFlag(id) || cursor.token.text.startsWith('"')) return [];
  const words: readonly string[] = KEYS[id].words ?? [];
  const there = new Map(
    [...(existing[id] ?? []), ...(existing[`${cursor.transport} ${id}`] ?? [])].map((each) => [
      each.value,
      each.detail,
    ]),
  );
  // Real values make examples unnecessary.
  const examples = there.size > 0 ? [] : exampleValues(id);
  return [...new Set([...there.keys(), ...words, ...examples])]
    .filter((value) => agrees(form, form, cursor.others, `${KEYS[id].name}=${value}`))
    .map((value) => ({
      kind: "value",
      label: value,
      insertText: value,
      ...spanOf(cursor.token),
      detail:
        there.get(value) ??
        (words.includes(value) ? entryUsage(id) : `for example ${KEYS[id].name}=${value}`),
      documentation: KEYS[id].summary,
    }));
}

/** The values of the examples without what stands for a value that only the user knows: `env:` of `env:NAME`. */
function exampleValues(id: KeyId): string[] {
  return KEYS[id].examples
    .map((example) => example.slice(spell(id).length).replace(/[A-Z]+$/, ""))
    .filter((value) => value !== "" && !value.endsWith("…"));
}

/**
 * Whether the parser takes `entry` in `form` beside the others, of which those are left out that it does not take
 * as they are. What may be wrong with an entry's value alone is its writer's business.
 */
function agrees(form: Form, present: Form, others: readonly OtherEntry[], entry: string): boolean {
  const valid = others.map(({ text }) => text).filter((other) => read(present, other).length === 1);
  const text = valid.join(",");
  if (read(form, text).length < valid.length) return false;
  if (contradiction(form, text) !== undefined) return true;
  const problem = contradiction(form, `${text},${entry}`);
  return problem === undefined || problem.start > form.transport.length + 1 + text.length + 1;
}

function contradiction(form: Form, written: string): ParseFailure | undefined {
  return findConflict(new Map(read(form, written).map((entry) => [KEYS[entry.id].field, entry])));
}

/** The entries that the parser takes in this form, each by itself. */
function read(form: Form, written: string): KeyEntry[] {
  const tokens = tokenize(`${form.transport}:${written}`);
  return tokens.segments.flatMap((segment, index) => {
    const entry = parseEntry(tokens, index, segment, form, new Map());
    return entry.ok ? [entry.value] : [];
  });
}
