/**
 * Reads the outer members of a DAP message without parsing what is inside: a response of 10 MB is routed by its
 * few envelope members, and its body goes on as the bytes that came.
 */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

export type AdapterMessage =
  | {
      readonly type: "response";
      readonly requestSeq: number;
      readonly success: boolean;
      readonly message: string | undefined;
      readonly body: Buffer | undefined;
      readonly rest?: Buffer;
    }
  | {
      readonly type: "event";
      readonly event: string;
      readonly body: Buffer | undefined;
      readonly rest?: Buffer;
    }
  | {
      readonly type: "request";
      readonly seq: number;
      readonly command: string;
      readonly arguments: Buffer | undefined;
      readonly rest?: Buffer;
    };

/** The envelope of a message from an adapter, or undefined if it is no DAP message. Never throws. */
export function readAdapterMessage(json: Buffer): AdapterMessage | undefined {
  const members = scanMembers(json);
  if (members === undefined) return undefined;
  const value = (name: string): unknown => readScalar(json, members.get(name));
  const bytes = (name: string): Buffer | undefined => {
    const span = members.get(name);
    return span === undefined ? undefined : json.subarray(span.start, span.end);
  };
  switch (value("type")) {
    case "response": {
      const requestSeq = value("request_seq");
      const message = value("message");
      if (typeof requestSeq !== "number") return undefined;
      return {
        type: "response",
        requestSeq,
        success: value("success") === true,
        message: typeof message === "string" ? message : undefined,
        body: bytes("body"),
        ...otherMembers(json, members, typeof message === "string" ? SPOKEN_RESPONSE : RESPONSE),
      };
    }
    case "event": {
      const event = value("event");
      if (typeof event !== "string") return undefined;
      return { type: "event", event, body: bytes("body"), ...otherMembers(json, members, EVENT) };
    }
    case "request": {
      const seq = value("seq");
      const command = value("command");
      if (typeof command !== "string") return undefined;
      return {
        type: "request",
        seq: typeof seq === "number" ? seq : 0,
        command,
        arguments: bytes("arguments"),
        ...otherMembers(json, members, REQUEST),
      };
    }
    default:
      return undefined;
  }
}

const REQUEST: ReadonlySet<string> = new Set(["seq", "type", "command", "arguments"]);
const EVENT: ReadonlySet<string> = new Set(["seq", "type", "event", "body"]);
const RESPONSE: ReadonlySet<string> = new Set(["seq", "type", "request_seq", "success", "command", "body"]);
/** A `message` that is no string is none of DAP's: it passes with the others. */
const SPOKEN_RESPONSE: ReadonlySet<string> = new Set([...RESPONSE, "message"]);

/** The members of a response besides those that DAP names, for `responseParts`. */
export function otherResponseMembers(
  json: Buffer,
  members: ReadonlyMap<string, ByteSpan>,
  hasText: boolean,
): { rest?: Buffer } {
  return otherMembers(json, members, hasText ? SPOKEN_RESPONSE : RESPONSE);
}

/**
 * The members that a message has besides those that DAP names, as JSON text to append to the others (`,"name":value`);
 * absent if there are none. LLDB's `terminated` has its statistics there.
 */
function otherMembers(
  json: Buffer,
  members: ReadonlyMap<string, ByteSpan>,
  known: ReadonlySet<string>,
): { rest?: Buffer } {
  const parts: Buffer[] = [];
  for (const [name, { start, end }] of members)
    if (!known.has(name)) parts.push(Buffer.from(`,${JSON.stringify(name)}:`), json.subarray(start, end));
  return parts.length === 0 ? {} : { rest: Buffer.concat(parts) };
}

/**
 * The spans of the values of the outermost object's members, or undefined if the text is not one object.
 * Nested values are skipped, not validated: their parser finds out. Each byte is looked at: were the end of a large body
 * taken from the end of the message, members behind it would reach clients as members of the message that we make of it.
 */
export function scanMembers(json: Buffer): Map<string, ByteSpan> | undefined {
  const members = new Map<string, ByteSpan>();
  const end = walkMembers(json, skipSpace(json, 0), (name, { start }) => {
    const valueEnd = skipValue(json, start);
    members.set(name, { start, end: valueEnd });
    return valueEnd;
  });
  return end >= 0 && skipSpace(json, end) === json.length ? members : undefined;
}

/** The spans of the elements of an array, or undefined if the text is not one array. */
export function scanElements(json: Buffer): ByteSpan[] | undefined {
  const elements: ByteSpan[] = [];
  const end = walkElements(json, skipSpace(json, 0), (start) => {
    const valueEnd = skipValue(json, start);
    elements.push({ start, end: valueEnd });
    return valueEnd;
  });
  return end >= 0 && skipSpace(json, end) === json.length ? elements : undefined;
}

/** Where a member of an object stands. */
export interface MemberStart {
  /** Of its value. */
  readonly start: number;
  readonly nameStart: number;
  /** Behind the value of the member before it; undefined for the first. */
  readonly before: number | undefined;
}

/**
 * Goes through the members of the object that begins at `at`, each byte once: `visit` returns where the member's value ends, or
 * -1 if it has no end. Returns where the object ends; -1 if there is none.
 */
export function walkMembers(
  json: Buffer,
  at: number,
  visit: (name: string, member: MemberStart) => number,
): number {
  if (json[at] !== OPEN_BRACE) return -1;
  at = skipSpace(json, at + 1);
  if (json[at] === CLOSE_BRACE) return at + 1;
  let before: number | undefined;
  for (;;) {
    if (json[at] !== QUOTE) return -1;
    const nameStart = at;
    const nameEnd = skipString(json, at);
    const name = nameEnd < 0 ? undefined : readKey(json, at, nameEnd);
    if (name === undefined) return -1;
    at = skipSpace(json, nameEnd);
    if (json[at] !== COLON) return -1;
    before = visit(name, { start: skipSpace(json, at + 1), nameStart, before });
    if (before < 0) return -1;
    at = skipSpace(json, before);
    if (json[at] === COMMA) at = skipSpace(json, at + 1);
    else return json[at] === CLOSE_BRACE ? at + 1 : -1;
  }
}

/** The same for the elements of an array. */
export function walkElements(json: Buffer, at: number, visit: (start: number) => number): number {
  if (json[at] !== OPEN_BRACKET) return -1;
  at = skipSpace(json, at + 1);
  if (json[at] === CLOSE_BRACKET) return at + 1;
  for (;;) {
    const end = visit(at);
    if (end < 0) return -1;
    at = skipSpace(json, end);
    if (json[at] === COMMA) at = skipSpace(json, at + 1);
    else return json[at] === CLOSE_BRACKET ? at + 1 : -1;
  }
}

/**
 * Every number that stands as the value of the member `name`, at any depth, without parsing the text. Inside a
 * string quotation marks are escaped, so the bytes `"name"` followed by a colon are that member, or the end of a key
 * that holds a quotation mark, which a backslash gives away.
 */
export function collectNumbers(json: Buffer, name: string, into: Set<number>): void {
  for (const value of valuesOf(json, name)) if (typeof value === "number") into.add(value);
}

/** Likewise every string. */
export function collectStrings(json: Buffer, name: string, into: Set<string>): void {
  for (const value of valuesOf(json, name)) if (typeof value === "string") into.add(value);
}

function* valuesOf(json: Buffer, name: string): Generator {
  const needle = Buffer.from(`"${name}"`);
  for (let at = json.indexOf(needle); at >= 0; at = json.indexOf(needle, at + needle.length)) {
    const colon = skipSpace(json, at + needle.length);
    if (json[colon] !== COLON || json[at - 1] === BACKSLASH) continue;
    const start = skipSpace(json, colon + 1);
    const end = json[start] === QUOTE ? skipString(json, start) : skipLiteral(json, start);
    if (end > start) yield parseJson(json.subarray(start, end));
  }
}

/** How deep objects and arrays are nested in JSON text; what walks through its value must not run out of stack. */
export function nesting(json: Buffer): number {
  let depth = 0;
  let most = 0;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === QUOTE) {
      i = skipString(json, i) - 1;
      if (i < 0) return most;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      most = Math.max(most, ++depth);
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
    }
  }
  return most;
}

/** The value of JSON text, or undefined if it is none. Never throws. */
export function parseJson(json: Buffer | undefined): unknown {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json.toString("utf8"));
  } catch {
    return undefined;
  }
}

const ZERO = 0x30;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** A member's name. One that is written with escapes is that name too, or we would read another message than others. */
function readKey(json: Buffer, start: number, end: number): string | undefined {
  const text = json.toString("utf8", start + 1, end - 1);
  if (!text.includes("\\")) return text;
  const key = parseJson(json.subarray(start, end));
  return typeof key === "string" ? key : undefined;
}

/** The value in the span. What every message holds (plain words, whole numbers) is read without JSON.parse. */
export function readScalar(json: Buffer, span: ByteSpan | undefined): unknown {
  if (span === undefined) return undefined;
  const { start, end } = span;
  return readWord(json, start, end) ?? readCount(json, start, end) ?? parseJson(json.subarray(start, end));
}

/** A string of printable ASCII without escapes. */
function readWord(json: Buffer, start: number, end: number): string | undefined {
  if (json[start] !== QUOTE || json[end - 1] !== QUOTE) return undefined;
  for (let i = start + 1; i < end - 1; i++) {
    const byte = json[i] ?? 0;
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return undefined;
  }
  return json.toString("latin1", start + 1, end - 1);
}

/** A whole number of at most nine digits without a leading zero. */
function readCount(json: Buffer, start: number, end: number): number | undefined {
  if (end - start > 9 || (json[start] === ZERO && end - start > 1)) return undefined;
  let count = 0;
  for (let i = start; i < end; i++) {
    const digit = (json[i] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    count = count * 10 + digit;
  }
  return count;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

export function skipSpace(json: Buffer, at: number): number {
  while (isSpace(json[at])) at++;
  return at;
}

/** So many bytes of a string are looked at one by one before the next quotation mark is searched for, which is faster. */
const STRIDE_BYTES = 64;

/** From an opening quotation mark to behind the closing one; -1 if there is none. */
function skipString(json: Buffer, at: number): number {
  const length = json.length;
  for (let i = at + 1; i < length;) {
    for (const end = Math.min(length, i + STRIDE_BYTES); i < end; i++) {
      const byte = json[i];
      if (byte === QUOTE) return i + 1;
      if (byte === BACKSLASH) i++;
    }
    const quote = json.indexOf(QUOTE, i);
    if (quote < 0) return -1;
    let backslashes = 0;
    while (quote - backslashes > i && json[quote - backslashes - 1] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    i = quote + 1;
  }
  return -1;
}

function skipLiteral(json: Buffer, at: number): number {
  while (at < json.length && !isDelimiter(json[at])) at++;
  return at;
}

function isDelimiter(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte);
}

/** From a value's first byte to behind its last; -1 if it has no end. This loop sees every byte of a big body. */
export function skipValue(json: Buffer, at: number): number {
  const first = json[at];
  if (first === QUOTE) return skipString(json, at);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    const end = skipLiteral(json, at);
    return end > at ? end : -1;
  }
  const length = json.length;
  let depth = 0;
  for (let i = at; i < length; i++) {
    const byte = json[i];
    if (byte === QUOTE) {
      i = skipString(json, i) - 1;
      if (i < 0) return -1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
      if (depth === 0) return i + 1;
    }
  }
  return -1;
}
