import { findTransport } from "./grammar.ts";
import type { Transport } from "./model.ts";
import { touches } from "./result.ts";
import type { Token } from "./result.ts";
import { tokenize } from "./tokenizer.ts";
import type { Segment } from "./tokenizer.ts";

/** What of a connection string an offset is in or at the end of; the string need not be valid. */
export type Cursor = TransportCursor | EntryCursor;

interface TransportCursor {
  readonly kind: "transport";
  /** Empty where nothing is written yet. */
  readonly token: Token;
  readonly hasColon: boolean;
}

export interface EntryCursor {
  readonly kind: "key" | "value";
  /** The key or the value; empty where nothing is written yet. */
  readonly token: Token;
  readonly transport: Transport;
  readonly key: string;
  readonly hasEquals: boolean;
  /** From left to right, as written. */
  readonly others: readonly OtherEntry[];
}

export interface OtherEntry {
  readonly key: string;
  readonly text: string;
}

/** Undefined where nothing can be said: behind an unknown transport, in white space that separates nothing. */
export function cursorAt(text: string, offset: number): Cursor | undefined {
  const at = Math.max(0, Math.min(offset, text.length));
  const { transport, colon, segments } = tokenize(text);
  if (colon === undefined || at <= colon) {
    // A text that starts with a key lacks its transport: that belongs before the key.
    const isMissing = transport.text === "" && (segments.length === 0 || at <= transport.start);
    const token = isMissing ? { text: "", start: at } : transport;
    return isMissing || (transport.text !== "" && touches(transport, at))
      ? { kind: "transport", token, hasColon: colon !== undefined }
      : undefined;
  }
  const known = findTransport(transport.text);
  return known && entryCursor(text, at, known, segments);
}

function entryCursor(
  text: string,
  at: number,
  transport: Transport,
  segments: readonly Segment[],
): EntryCursor | undefined {
  const segment = segments.find(({ end }) => at <= end) ?? segments.at(-1);
  const others = segments.filter((other) => other !== segment);
  const { key, equals, value }: Pick<Segment, "key" | "equals" | "value"> = segment ?? {
    key: { text: "", start: at },
  };
  const isKey = equals === undefined || at <= equals;
  const token = isKey ? key : value;
  const isEmpty = token === undefined || token.text === "";
  if (!isEmpty && !touches(token, at)) return undefined;
  return {
    kind: isKey ? "key" : "value",
    token: isEmpty ? { text: "", start: at } : token,
    transport,
    key: key.text,
    hasEquals: equals !== undefined,
    others: others.map(({ key, start, end }) => ({ key: key.text, text: text.slice(start, end) })),
  };
}
