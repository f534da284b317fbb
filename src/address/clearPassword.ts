import { KEYS } from "./keys.ts";
import { parsePassword } from "./password.ts";
import { spanOf } from "./result.ts";
import type { ParseFailure, Token } from "./result.ts";
import type { Role } from "./model.ts";
import { tokenize } from "./tokenizer.ts";

/**
 * Points at the password that stands in the text itself, where the place to get it from could: for texts that are
 * kept in files. The text need not be valid otherwise.
 */
export function findClearPassword(text: string, role: Role): Omit<ParseFailure, "ok"> | undefined {
  const { segments, openQuote } = tokenize(text);
  if (openQuote !== undefined) return undefined;
  const isClear = (value: Token) => {
    const password = value.text === "" ? undefined : parsePassword(value);
    return password?.ok === true && password.value.kind === "literal";
  };
  for (const { key, value } of segments) {
    if (key.text.toLowerCase() !== KEYS.password.name || value === undefined || !isClear(value)) continue;
    const orAsked = role === "client" ? ", or leave it out to be asked" : "";
    return {
      ...spanOf(value),
      message: "The password can be read by everybody who can read this file.",
      hint: `Write ${KEYS.password.examples.join(" or ")}${orAsked}.`,
    };
  }
  return undefined;
}
