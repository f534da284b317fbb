import { GRAMMAR, findKey, formsOf, keyIds } from "./grammar.ts";
import type { Form } from "./grammar.ts";
import { KEYS, isFlag, spell } from "./keys.ts";
import type { KeyId } from "./keys.ts";
import { failureAt } from "./result.ts";
import type { ParseFailure, Token } from "./result.ts";
import type { Segment } from "./tokenizer.ts";
import { andList, nearest } from "./suggest.ts";

/** Why a key of the other forms of its transport is out of place beside `clicon=`. */
const NOT_WITH_CLICON: Readonly<Partial<Record<KeyId, string>>> = {
  hidden: "A reverse connection is never listed, so hidden is not needed with clicon=.",
  icfEnable: "With clicon= the server opens no port, so IcfEnable has nothing to let through.",
  bind: "With clicon= the server does not listen, so bind= has no meaning.",
  server: "server= and clicon= exclude each other.",
};

/** A key that exists, but not in this form: says where it belongs. Undefined if there is no such key at all. */
export function explainMisplacedKey(form: Form, { key }: Segment): ParseFailure | undefined {
  const homes = GRAMMAR.filter((other) => findKey(other, key.text) !== undefined);
  const home =
    homes.find((other) => other.transport === form.transport && other.role === form.role) ??
    homes.find((other) => other.transport === form.transport) ??
    homes.find((other) => other.role === form.role) ??
    homes[0];
  const id = home === undefined ? undefined : findKey(home, key.text);
  if (home === undefined || id === undefined) return undefined;

  if (home.transport === form.transport && home.role === form.role) {
    const reason = NOT_WITH_CLICON[id] ?? `${spell(id)} cannot be used with clicon=.`;
    return failureAt(key, reason, `Remove ${spell(id)} or clicon=.`);
  }
  if (home.role !== form.role && homes.every((other) => other.role !== form.role)) {
    const message = `${spell(id)} belongs in the ${home.role}'s connection string, not in the ${form.role}'s.`;
    const canBind = id === "server" && findKey(form, KEYS.bind.name) !== undefined;
    const hint = canBind ? "Remove it, or write bind=ADDRESS for the address to listen on." : "Remove it.";
    return failureAt(key, message, hint);
  }
  const transports = [
    ...new Set(homes.filter((other) => other.role === form.role).map((other) => other.transport)),
  ];
  const message = `${spell(id)} cannot be used with ${form.transport}.`;
  return failureAt(key, message, `It belongs to ${andList(transports)}.`);
}

/**
 * A key that does not exist. What is written is never repeated in the message: it may be a part of a password,
 * above all behind `password=`, where a comma may have been meant as a character of it.
 */
export function explainUnknownKey(
  form: Form,
  { key, equals }: Segment,
  afterPassword: boolean,
): ParseFailure {
  // "port:5005" and "port 5005" for "port=5005".
  const word = /^[a-z]+/i.exec(key.text)?.[0] ?? "";
  const known = word === key.text ? undefined : findKey(form, word);
  if (known !== undefined && !isFlag(known) && equals === undefined) {
    const message = `${KEYS[known].name} needs an equals sign before its value.`;
    return failureAt(key, message, `Write ${spell(known)}….`);
  }
  return failureAt(
    key,
    `This is not a key of ${form.transport}.`,
    [meantHint(form, key, afterPassword), afterPassword ? PASSWORD_HINT : ""].join(" ").trim(),
  );
}

const PASSWORD_HINT = 'If it is part of the password, put that in quotation marks: password="…".';

function meantHint(form: Form, key: Token, afterPassword: boolean): string {
  // Those of the reverse form as well: the misspelt key may be clicon= itself.
  const ids = new Set(formsOf(form.role, form.transport).flatMap(keyIds));
  const candidates = [...ids].map((id) => ({ word: KEYS[id].name, alsoTried: KEYS[id].alsoTried }));
  const match = nearest(key.text, candidates);
  if (match !== undefined) return `Did you mean "${match}"?`;
  return afterPassword ? "" : `Its keys are ${andList(keyIds(form).map((id) => KEYS[id].name))}.`;
}
