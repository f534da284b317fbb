import { checkContradictions } from "./contradictions.ts";
import { parseEntry } from "./entry.ts";
import type { Entry } from "./entry.ts";
import { TRANSPORT_NAMES, chooseForm, findKey, formsOf, keyIds, usage } from "./forms.ts";
import type { Form } from "./forms.ts";
import { KEYS, TRANSPORTS, entryUsage, isFlag, originOf, spell } from "./keys.ts";
import type { KeyId } from "./keys.ts";
import type { Role, Slot } from "./model.ts";
import { placeAt } from "./place.ts";
import type { EntryPlace, OtherEntry } from "./place.ts";
import { spanOf } from "./result.ts";
import type { ParseFailure, Raw, Span } from "./result.ts";
import { scan } from "./scan.ts";

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

/** A value of a key that is there on this machine: a port that somebody listens on, a certificate, a device. */
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
  const place = placeAt(text, offset);
  if (place === undefined) return [];
  if (place.kind === "transport") return transports(place.raw, place.hasColon, role);
  return place.kind === "key" ? keys(place, role) : values(place, role, existing);
}

function transports(raw: Raw, hasColon: boolean, role: Role): Completion[] {
  return TRANSPORT_NAMES.map((name) => ({
    kind: "transport",
    label: name,
    insertText: hasColon ? name : `${name}:`,
    ...spanOf(raw),
    detail: TRANSPORTS[name].summary,
    documentation: formsOf(role, name)
      .map((form) => usage(form))
      .join("\n"),
  }));
}

function keys(place: EntryPlace, role: Role): Completion[] {
  const names = place.others.map(({ key }) => key);
  const form = chooseForm(role, place.transport, names);
  const given = new Set(names.map((name) => slotOf(form, name)));
  const own = keyIds(form)
    .filter((id) => !given.has(KEYS[id].slot))
    // A flag cannot take the place of a key that has a value.
    .filter((id) => !(isFlag(id) && place.hasEquals))
    .filter((id) => agrees(form, form, place.others, KEYS[id].examples[0]));
  const hasChosen = keyIds(form).some((id) => form.keys[id] === "oneOf" && given.has(KEYS[id].slot));
  const needed = (id: KeyId) => form.keys[id] === "required" || (form.keys[id] === "oneOf" && !hasChosen);
  const items = [...own.filter(needed), ...turnsInto(form, place), ...own.filter((id) => !needed(id))];
  return items.map((id) => ({
    kind: isFlag(id) ? "flag" : "key",
    label: KEYS[id].name,
    insertText: place.hasEquals ? KEYS[id].name : spell(id),
    ...spanOf(place.raw),
    detail: entryUsage(id),
    documentation: `${KEYS[id].summary} ${originOf(id)}`,
  }));
}

function slotOf(form: Form, name: string): Slot | undefined {
  const id = findKey(form, name);
  return id && KEYS[id].slot;
}

/** `clicon`, where it would make the string one of a reverse connection and all the rest allows that. */
function turnsInto(form: Form, { others }: EntryPlace): KeyId[] {
  const reverse = formsOf(form.role, form.transport).find((other) => other.reverse);
  if (form.reverse || reverse === undefined) return [];
  return agrees(reverse, form, others, KEYS.clicon.examples[0]) ? ["clicon"] : [];
}

function values(place: EntryPlace, role: Role, existing: Existing): Completion[] {
  const names = [place.key, ...place.others.map(({ key }) => key)];
  const form = chooseForm(role, place.transport, names);
  const id = findKey(form, place.key);
  // A value in quotation marks is its writer's own.
  if (id === undefined || isFlag(id) || place.raw.text.startsWith('"')) return [];
  const words: readonly string[] = KEYS[id].words ?? [];
  const there = new Map(
    [...(existing[id] ?? []), ...(existing[`${place.transport} ${id}`] ?? [])].map((each) => [
      each.value,
      each.detail,
    ]),
  );
  // Where there are real ones, nobody needs examples.
  const examples = there.size > 0 ? [] : exampleValues(id);
  return [...new Set([...there.keys(), ...words, ...examples])]
    .filter((value) => agrees(form, form, place.others, `${KEYS[id].name}=${value}`))
    .map((value) => ({
      kind: "value",
      label: value,
      insertText: value,
      ...spanOf(place.raw),
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
  return checkContradictions(new Map(read(form, written).map((entry) => [KEYS[entry.id].slot, entry])));
}

/** The entries that the parser takes in this form, each by itself. */
function read(form: Form, written: string): Entry[] {
  const pieces = scan(`${form.transport}:${written}`);
  return pieces.segments.flatMap((segment, index) => {
    const entry = parseEntry(pieces, index, segment, form, new Map());
    return entry.ok ? [entry.value] : [];
  });
}
