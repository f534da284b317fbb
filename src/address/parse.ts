import { findConflict } from "./conflicts.ts";
import { parseEntry } from "./entry.ts";
import type { KeyEntry } from "./entry.ts";
import {
  DEFAULTS,
  TRANSPORT_NAMES,
  chooseForm,
  findTransport,
  formsOf,
  keyIds,
  fieldsOf,
} from "./grammar.ts";
import type { Form } from "./grammar.ts";
import { KEYS, TRANSPORTS, spell } from "./keys.ts";
import type { KeyId } from "./keys.ts";
import type { Address, ClientAddress, Role, ServerAddress, Field, Transport } from "./model.ts";
import { failure, failureAt, success } from "./result.ts";
import type { ParseFailure, ParseResult } from "./result.ts";
import { tokenize } from "./tokenizer.ts";
import type { Tokens } from "./tokenizer.ts";
import { nearest, orList } from "./suggest.ts";

/** Reads what WinDbg's users write after `.server`. Never throws. */
export function parseServer(text: string): ParseResult<ServerAddress> {
  return parseAddress(text, "server") as ParseResult<ServerAddress>;
}

/** Reads what WinDbg's users write after `-remote`. Never throws. */
export function parseClient(text: string): ParseResult<ClientAddress> {
  return parseAddress(text, "client") as ParseResult<ClientAddress>;
}

/** The first thing that is wrong is reported, from left to right; then what is missing or contradictory. */
export function parseAddress(text: string, role: Role): ParseResult<Address> {
  const control = controlCharacter(text);
  if (control !== undefined) return control;
  const tokens = tokenize(text);
  const transport = parseTransport(tokens, role);
  if (!transport.ok) return transport;
  const names = tokens.segments.map((segment) => segment.key.text);
  const form = chooseForm(role, transport.value, names);

  const entries = new Map<Field, KeyEntry>();
  for (const [index, segment] of tokens.segments.entries()) {
    const entry = parseEntry(tokens, index, segment, form, entries);
    if (!entry.ok) return entry;
    entries.set(KEYS[entry.value.id].field, entry.value);
  }
  const problem = findMissing(form, entries, tokens.end) ?? findConflict(entries);
  return problem ?? success(assemble(form, entries));
}

/** A connection string is one line of text: what cannot be seen in it must not be in it. Tabs are white space. */
function controlCharacter(text: string): ParseFailure | undefined {
  const start = text.length - text.trimStart().length;
  const found = /(?!\t)[\p{Cc}\p{Cs}\u2028\u2029]/u.exec(text.trim());
  if (found === null) return undefined;
  const at = start + found.index;
  return failure(at, at + 1, "A connection string is one line without control characters.");
}

function parseTransport({ transport, colon, segments }: Tokens, role: Role): ParseResult<Transport> {
  const exampleHint = `Write for example tcp:${role === "server" ? "" : "server=HOST,"}port=5005.`;
  if (transport.text === "") {
    const isEmpty = colon === undefined && segments.length === 0;
    const message = isEmpty ? "The connection string is empty." : "The transport is missing.";
    return failure(transport.start, transport.start, message, exampleHint);
  }
  const command = /^[.-]\w+(?=\s)/.exec(transport.text)?.[0];
  if (command !== undefined) {
    const message = "A command is not part of the connection string.";
    return failureAt(transport, message, "Write only what follows it.", 0, command.length);
  }
  const known = findTransport(transport.text);
  if (known === undefined) {
    const candidates = TRANSPORT_NAMES.map((word) => ({ word, alsoTried: TRANSPORTS[word].alsoTried }));
    const match = nearest(transport.text, candidates);
    const hint = match === undefined ? `Write ${orList(TRANSPORT_NAMES)}.` : `Did you mean "${match}"?`;
    return failureAt(transport, "This transport is not known.", hint);
  }
  if (colon === undefined) {
    const place = transport.start + transport.text.length;
    return failure(place, place, "A colon is missing after the transport.", exampleHint);
  }
  return success(known);
}

function findMissing(
  form: Form,
  entries: ReadonlyMap<Field, KeyEntry>,
  end: number,
): ParseFailure | undefined {
  const given = (id: KeyId) => entries.has(KEYS[id].field);
  const choice = keyIds(form).filter((id) => form.keys[id] === "oneOf");
  const missing = keyIds(form).find((id) => {
    if (form.keys[id] === "oneOf") return !choice.some(given);
    return form.keys[id] === "required" && !given(id);
  });
  if (missing === undefined) return undefined;

  const names = choice.includes(missing) ? choice : [missing];
  const canReverse =
    missing === "server" && formsOf(form.role, form.transport).some(({ reverse }) => reverse);
  const instead = canReverse ? ", or clicon=HOST to listen for a server that dials" : "";
  const hint = `Add ${KEYS[missing].examples[0]}${instead}.`;
  return failure(end, end, `${orList(names.map(spell))} is missing.`, hint);
}

/**
 * The properties of an address are the fields of its form, each filled by the parser for that field's type, all
 * required ones checked: so the object is of the form's type, though the compiler cannot follow that.
 */
function assemble(form: Form, entries: ReadonlyMap<Field, KeyEntry>): Address {
  const address: Record<string, unknown> = { role: form.role, kind: form.kind };
  for (const field of fieldsOf(form)) {
    const value = entries.get(field)?.value ?? DEFAULTS[field];
    if (value !== undefined) address[field] = value;
  }
  return address as unknown as Address;
}
