import assert from "node:assert/strict";
import { type JsonObject, isObject } from "../../src/dap/messages.ts";
import { STEERING } from "./steering.ts";
import { FIELDS, type FieldRules, type Rule } from "../../src/vscode/guest/fields.ts";

/** VS Code's own: what is a link in a message (linkedText.ts), and what it takes out before (iconLabels.ts). */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
const ICON = /(\s)?(\\)?\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)(\s)?/g;
const withoutIcons = (text: string) =>
  text.replace(ICON, (all, before: string = "", escaped?: string, after: string = "") =>
    escaped === undefined ? before || after : all,
  );
/** What Markdown makes a link of (CommonMark 6.3, 6.5, 4.7). */
const MARKDOWN_LINK = /\]\(|\]\[|<[a-z][a-z\d+.-]*:[^\s<>]*>|^\s*\[[^\]]*\]:/im;

/** A text, in which is nothing that VS Code would make a link, a command or an icon of. */
export function assertHarmless(text: unknown, where: string): void {
  assert.ok(typeof text === "string", where);
  for (const seen of [text, withoutIcons(text), text.replace(/\s+/g, " ")]) {
    assert.doesNotMatch(seen, LINK, where);
    assert.doesNotMatch(seen, MARKDOWN_LINK, where);
    assert.doesNotMatch(seen, /\$\(/, where);
    assert.doesNotMatch(seen, STEERING, where);
  }
  assert.ok(text.length <= 10_010, where);
}

export const isLeaf = (rule: Rule) => typeof rule === "string";
export const fieldsOf = (rule: Rule): FieldRules | undefined =>
  typeof rule === "object" && "type" in rule ? FIELDS[rule.type] : undefined;

/** Calls back with each leaf that a rule has in a value, and asserts that there is nothing else, nor `null` unless that may be. */
export function walkFields(
  value: unknown,
  rule: Rule,
  where: string,
  leaf: (value: unknown, rule: Rule, where: string) => void,
  mayBeNull = false,
): void {
  if (value === null && mayBeNull) return;
  if (Array.isArray(rule)) {
    if (value === undefined) return;
    assert.ok(Array.isArray(value), where);
    value.forEach((item, i) =>
      walkFields(item, (rule as readonly [Rule])[0], `${where}[${i}]`, leaf, mayBeNull),
    );
  } else if (isLeaf(rule)) leaf(value, rule, where);
  else if (value !== undefined) {
    assert.ok(isObject(value), where);
    const fields = fieldsOf(rule) ?? {};
    assert.deepEqual(
      Object.keys(value).filter((name) => !Object.hasOwn(fields, name)),
      [],
      where,
    );
    for (const [name, each] of Object.entries(fields))
      walkFields(value[name], each, `${where}.${name}`, leaf, mayBeNull);
  }
}

/** What VS Code gets of a host's message, after its way through the table: each field is as that says. */
export function assertAsTableSays(message: JsonObject): void {
  const { type, event, command, success, body } = message;
  const name = String(type === "event" ? event : command);
  const kind = type === "event" ? "Event" : "Response";
  const known = success === false ? "ErrorResponse" : name.charAt(0).toUpperCase() + name.slice(1) + kind;
  if (success === false && message["message"] !== undefined) assertHarmless(message["message"], name);
  const named = known === "InitializeResponse" ? "Capabilities" : known;
  // The answer to an extension's own request is not looked into.
  if (type === "request" || (type === "response" && !Object.hasOwn(FIELDS, named))) return;
  assert.ok(Object.hasOwn(FIELDS, named), named);
  if (body === undefined || body === null) return;
  const check = (value: unknown, rule: Rule, where: string) => {
    if (value === undefined) return;
    if (rule === "name" || rule === "text") assertHarmless(value, where);
    else if (rule === "number" || rule === "string") assert.equal(typeof value, rule, where);
    else if (rule === "flag") assert.equal(typeof value, "boolean", where);
    else if (rule === "id") assert.ok(["string", "number"].includes(typeof value), where);
    else assert.equal(rule, "opaque", where);
  };
  walkFields(body, { type: named }, named, check, true);
}
