import type { Address, ClientAddress, ServerAddress } from "../../address/model.ts";
import { parseClient, parseServer } from "../../address/parse.ts";
import type { ParseFailure, ParseResult } from "../../address/result.ts";
import { AppError } from "../../common/errors.ts";
import { insecureWarning } from "../../host/joinAddresses.ts";
import { assertServable } from "../../transport/open.ts";

/** What there is to say of a connection string while the user types it. No message repeats any of it. */
export type Check<A extends Address> =
  | { readonly ok: true; readonly address: A; readonly warning: string | undefined }
  | {
      readonly ok: false;
      readonly message: string;
      /** What to select, so that it can be typed over. */
      readonly selection: readonly [number, number];
      /** It is at the end, where the user is still typing. */
      readonly unfinished: boolean;
    };

export function checkServer(text: string): Check<ServerAddress> {
  return check(text, parseServer(text), assertServable, (address) => insecureWarning(address)?.join(" "));
}

export function checkClient(text: string): Check<ClientAddress> {
  return check(
    text,
    parseClient(text),
    () => {},
    () => undefined,
  );
}

function check<A extends Address>(
  text: string,
  parsed: ParseResult<A>,
  assertPossible: (address: A) => void,
  warningOf: (address: A) => string | undefined,
): Check<A> {
  if (!parsed.ok) {
    const { start, end } = parsed;
    const unfinished = end >= text.trimEnd().length;
    return { ok: false, message: located(text, parsed), selection: [start, end], unfinished };
  }
  try {
    assertPossible(parsed.value);
  } catch (thrown) {
    const message = AppError.from(thrown).toLine();
    return { ok: false, message, selection: [0, text.length], unfinished: false };
  }
  return { ok: true, address: parsed.value, warning: warningOf(parsed.value) };
}

/** With the place in words, as letters are counted by people: from 1. */
function located(text: string, { start, message, hint = "" }: ParseFailure): string {
  const sentence = `${message} ${hint}`.trim();
  if (start >= text.trimEnd().length) return sentence;
  return `Character ${[...text.slice(0, start)].length + 1}: ${sentence}`;
}
