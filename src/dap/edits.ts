import {
  type MemberStart,
  type ByteSpan,
  parseJson,
  scanElements,
  scanMembers,
  skipSpace,
  skipValue,
  walkMembers,
} from "./envelope.ts";

/** A change to the text of a message: what stands in the span is replaced. An empty span: something is put in. */
export interface TextEdit extends ByteSpan {
  readonly text: string;
}

/** The text with all edits made; what none of them touches is not copied. They must not overlap. */
export function applyEdits(json: Buffer, edits: readonly TextEdit[]): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { start, end, text } of [...edits].sort((one, other) => one.start - other.start)) {
    parts.push(json.subarray(at, start), Buffer.from(text, "utf8"));
    at = end;
  }
  parts.push(json.subarray(at));
  return parts;
}

/** Takes out the member that ends there, with the comma before it; an object's first with the one behind it. */
export function removal(json: Buffer, { before, nameStart }: MemberStart, end: number): TextEdit {
  if (before !== undefined) return { start: before, end, text: "" };
  const next = skipSpace(json, end);
  return { start: nameStart, end: json[next] === COMMA ? next + 1 : end, text: "" };
}

const COMMA = 0x2c;

/** A value within the text of a message, to look into without parsing what is beside it. */
export class JsonValue {
  readonly span: ByteSpan;
  /** The whole text. */
  readonly json: Buffer;
  #members: ReadonlyMap<string, ByteSpan> | undefined;

  constructor(json: Buffer, span: ByteSpan = { start: 0, end: json.length }) {
    this.json = json;
    this.span = span;
  }

  /** The member of that name, if this is an object that has it. */
  member(name: string): JsonValue | undefined {
    this.#members ??= scanMembers(this.#text) ?? new Map<string, ByteSpan>();
    return this.#within(this.#members.get(name));
  }

  /** Whether this is an object without a member. */
  get isEmpty(): boolean {
    return scanMembers(this.#text)?.size === 0;
  }

  /** The elements, if this is an array; otherwise none. */
  get elements(): JsonValue[] {
    return (scanElements(this.#text) ?? []).flatMap((span) => this.#within(span) ?? []);
  }

  /** Undefined if it is none, too. */
  get string(): string | undefined {
    const value = this.value;
    return typeof value === "string" ? value : undefined;
  }

  get number(): number | undefined {
    const value = this.value;
    return typeof value === "number" ? value : undefined;
  }

  get value(): unknown {
    return parseJson(this.#text);
  }

  replacedBy(value: unknown): TextEdit {
    return { ...this.span, text: JSON.stringify(value) };
  }

  /** Puts members in, first of all; this must be an object without any of those names. */
  with(members: Readonly<Record<string, unknown>>): TextEdit {
    const at = this.span.start + 1;
    const text = `${JSON.stringify(members).slice(1, -1)}${this.isEmpty ? "" : ","}`;
    return { start: at, end: at, text };
  }

  /** Takes a member out that this object has. */
  without(name: string): TextEdit {
    const { start } = this.span;
    let edit: TextEdit = { start, end: start, text: "" };
    walkMembers(this.json, skipSpace(this.json, start), (each, member) => {
      const end = skipValue(this.json, member.start);
      if (each === name) edit = removal(this.json, member, end);
      return end;
    });
    return edit;
  }

  get #text(): Buffer {
    return this.json.subarray(this.span.start, this.span.end);
  }

  #within(span: ByteSpan | undefined): JsonValue | undefined {
    if (span === undefined) return undefined;
    const { start } = this.span;
    return new JsonValue(this.json, { start: start + span.start, end: start + span.end });
  }
}
