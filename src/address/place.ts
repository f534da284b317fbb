import { findTransport } from "./forms.ts";
import type { Transport } from "./model.ts";
import { touches } from "./result.ts";
import type { Raw } from "./result.ts";
import { scan } from "./scan.ts";
import type { Segment } from "./scan.ts";

/** What of a connection string an offset is in or at the end of; the string need not be valid. */
export type Place = TransportPlace | EntryPlace;

interface TransportPlace {
  readonly kind: "transport";
  /** Empty where nothing is written yet. */
  readonly raw: Raw;
  readonly hasColon: boolean;
}

export interface EntryPlace {
  readonly kind: "key" | "value";
  /** The key or the value; empty where nothing is written yet. */
  readonly raw: Raw;
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
export function placeAt(text: string, offset: number): Place | undefined {
  const at = Math.max(0, Math.min(offset, text.length));
  const { transport, colon, segments } = scan(text);
  if (colon === undefined || at <= colon) {
    // A text that starts with a key lacks its transport: that belongs before the key.
    const isMissing = transport.text === "" && (segments.length === 0 || at <= transport.start);
    const raw = isMissing ? { text: "", start: at } : transport;
    return isMissing || (transport.text !== "" && touches(transport, at))
      ? { kind: "transport", raw, hasColon: colon !== undefined }
      : undefined;
  }
  const known = findTransport(transport.text);
  return known && entryPlace(text, at, known, segments);
}

function entryPlace(
  text: string,
  at: number,
  transport: Transport,
  segments: readonly Segment[],
): EntryPlace | undefined {
  const segment = segments.find(({ end }) => at <= end) ?? segments.at(-1);
  const others = segments.filter((other) => other !== segment);
  const { key, equals, value }: Pick<Segment, "key" | "equals" | "value"> = segment ?? {
    key: { text: "", start: at },
  };
  const isKey = equals === undefined || at <= equals;
  const raw = isKey ? key : value;
  const isEmpty = raw === undefined || raw.text === "";
  if (!isEmpty && !touches(raw, at)) return undefined;
  return {
    kind: isKey ? "key" : "value",
    raw: isEmpty ? { text: "", start: at } : raw,
    transport,
    key: key.text,
    hasEquals: equals !== undefined,
    others: others.map(({ key, start, end }) => ({ key: key.text, text: text.slice(start, end) })),
  };
}
