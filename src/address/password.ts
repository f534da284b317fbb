import type { Password } from "./model.ts";
import { quote, unquote } from "./quote.ts";
import { failure, failureAt, success } from "./result.ts";
import type { ParseResult, Token } from "./result.ts";

/** What listings show in the place of a password. */
export const MASK = "*";

/**
 * `password=`: the password itself, `env:NAME` or `file:PATH`. A password that looks like one of these, or like
 * the mask, is written in quotation marks. No message here may hold any part of the value.
 */
export function parsePassword(token: Token): ParseResult<Password> {
  const source = /^(env|file):/i.exec(token.text)?.[0];
  if (source !== undefined) return parseSource(token, source);
  const text = unquote(token);
  if (!text.ok) return text;
  const { value, quoted } = text.value;
  if (value === "") {
    return failureAt(token, "The password is empty.", "Write one, or leave the key out.");
  }
  if (value === MASK && !quoted) {
    return failureAt(
      token,
      "This is the mask that listings show, not a password.",
      'Write the password itself; one that is a single asterisk is written "*".',
    );
  }
  return success({ kind: "literal", value });
}

function parseSource(token: Token, source: string): ParseResult<Password> {
  const rest = { text: token.text.slice(source.length), start: token.start + source.length };
  // "Env:" may be a typing error or the start of a password: guessing would use the wrong secret.
  if (source !== source.toLowerCase()) {
    return failureAt(
      token,
      "It is not clear whether this is a password or the place of one.",
      `Write ${source.toLowerCase()} in lower case, or put the whole password in quotation marks.`,
      0,
      source.length,
    );
  }
  return source === "env:" ? parseVariable(rest) : parseFile(rest);
}

function parseVariable(rest: Token): ParseResult<Password> {
  if (rest.text === "") {
    return failure(
      rest.start,
      rest.start,
      "The name of an environment variable is missing.",
      "Write password=env:NAME.",
    );
  }
  const wrong = /[\s"=]/.exec(rest.text);
  if (wrong !== null) {
    return failureAt(
      rest,
      "The name of an environment variable has no white space, quotation marks or equals signs.",
      'A password that starts with env: is written in quotation marks: password="env:…".',
      wrong.index,
      wrong.index + 1,
    );
  }
  return success({ kind: "env", name: rest.text });
}

function parseFile(rest: Token): ParseResult<Password> {
  // Not trimmed by the scanner, which sees "file:" and the path as one value.
  const path = rest.text.trim() === "" ? success({ value: "", quoted: false }) : unquote(rest);
  if (!path.ok) return path;
  if (path.value.value.trim() === "") {
    return failure(
      rest.start,
      rest.start + rest.text.length,
      "The path of a file is missing.",
      "Write password=file:PATH.",
    );
  }
  return success({ kind: "file", path: path.value.quoted ? path.value.value : path.value.value.trim() });
}

/** The value of `password=`, secret and all. */
export function printPassword(password: Password): string {
  switch (password.kind) {
    case "literal":
      return quote(password.value, password.value === MASK || /^(env|file):/i.test(password.value));
    case "env":
      return `env:${password.name}`;
    case "file":
      return `file:${quote(password.path)}`;
  }
}
