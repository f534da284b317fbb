import { chooseForm, findKey, findTransport, formsOf, usage } from "./grammar.ts";
import { KEYS, TRANSPORTS, entryUsage, originOf } from "./keys.ts";
import type { Role } from "./model.ts";
import { cursorAt } from "./cursor.ts";
import { spanOf } from "./result.ts";
import type { Span } from "./result.ts";

/** What there is to know of the text from `start` to `end`: plain text, and usage lines to be set as code. */
export interface Hover extends Span {
  readonly title: string;
  readonly text: string;
  readonly usage: readonly string[];
}

/** Explains the transport or the entry at `offset`. Never repeats a value, which may be a password. */
export function hoverAt(text: string, offset: number, role: Role): Hover | undefined {
  const cursor = cursorAt(text, offset);
  if (cursor === undefined || cursor.token.text === "") return undefined;
  const span = spanOf(cursor.token);
  if (cursor.kind === "transport") {
    const transport = findTransport(cursor.token.text);
    return (
      transport && {
        ...span,
        title: `${transport}:`,
        text: TRANSPORTS[transport].summary,
        usage: formsOf(role, transport).map((form) => usage(form)),
      }
    );
  }
  const form = chooseForm(role, cursor.transport, [cursor.key, ...cursor.others.map(({ key }) => key)]);
  const id = findKey(form, cursor.key);
  return (
    id && {
      ...span,
      title: entryUsage(id),
      text: `${KEYS[id].summary} ${originOf(id)}`,
      usage: [usage(form)],
    }
  );
}
