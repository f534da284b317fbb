import { LIMITS } from "../common/limits.ts";
import { parseCertificate, parseClientCertificate, parseThumbprint } from "./certificate.ts";
import { parseHost } from "./host.ts";
import { KEYS } from "./keys.ts";
import type { FlagId, KeyId, SlotOf } from "./keys.ts";
import type { Access } from "../common/access.ts";
import type { CertificateReference, PortRange, Fields, TlsProtocol } from "./model.ts";
import { parsePassword } from "./password.ts";
import { parseClientPipe, parsePipe } from "./pipe.ts";
import { unquote } from "./quote.ts";
import { failureAt, success } from "./result.ts";
import type { ParseResult, Token } from "./result.ts";
import { wordHint } from "./suggest.ts";

const LAST_PORT = 65_535;
/** Windows numbers its serial ports so far. */
const LAST_COM = 256;
const LAST_BAUD = 0xffff_ffff;
const LONGEST_GUEST_NAME = 64;

export type ValueKeyId = Exclude<KeyId, FlagId>;
type ValueParser<K extends KeyId> = (token: Token) => ParseResult<Fields[SlotOf<K>]>;

/** How the value of each key is read. A value comes without white space around it and is never empty. */
export const VALUE_PARSERS: { readonly [K in ValueKeyId]: ValueParser<K> } = {
  ports: parsePortRange,
  port: parsePort,
  device: parseDevice,
  server: parseHost,
  clicon: parseHost,
  pipe: parsePipe,
  clientPipe: parseClientPipe,
  baud: (token) => parseNumber(token, "A baud rate", 1, LAST_BAUD, KEYS.baud.examples[0]),
  channel: (token) => parseNumber(token, "A channel", 0, 254, KEYS.channel.examples[0]),
  proto: parseProtocol,
  certuser: (token) => inStore("user", token),
  machuser: (token) => inStore("machine", token),
  thumbprint: parseThumbprint,
  clientcert: parseClientCertificate,
  password: parsePassword,
  ipversion: parseIpVersion,
  bind: parseHost,
  access: parseAccess,
  maxclients: (token) => parseNumber(token, "The number of clients", 1, LIMITS.clients),
  name: parseGuestName,
};

function parseNumber(
  token: Token,
  what: string,
  from: number,
  to: number,
  example?: string,
): ParseResult<number> {
  // Ten digits hold every number that is allowed anywhere; more would lose precision before the comparison.
  const value = /^0*\d{1,10}$/.test(token.text) ? Number(token.text) : NaN;
  if (value >= from && value <= to) return success(value);
  const hint = example === undefined ? undefined : `Write for example ${example}.`;
  return failureAt(token, `${what} is a number from ${from} to ${to}.`, hint);
}

function parsePort(token: Token): ParseResult<number> {
  const [first = "", ...rest] = token.text.split(":");
  if (rest.length > 0 && /^\d{1,5}$/.test(first)) {
    return failureAt(
      token,
      "Only the side that listens can take a port from a range.",
      `Write the one port that the other side listens on, for example port=${first}.`,
      first.length,
    );
  }
  const port = parseNumber(token, "A port", 0, LAST_PORT, KEYS.port.examples[0]);
  if (port.ok && port.value === 0) {
    return failureAt(
      token,
      "Port 0 means any free port, so nobody can connect to it.",
      "Write the port in use.",
    );
  }
  return port;
}

function parsePortRange(token: Token): ParseResult<PortRange> {
  const colon = token.text.indexOf(":");
  if (colon < 0) {
    const port = parseNumber(token, "A port", 0, LAST_PORT, KEYS.ports.examples[0]);
    return port.ok ? success({ first: port.value, last: port.value }) : port;
  }
  const third = token.text.indexOf(":", colon + 1);
  if (third >= 0)
    return failureAt(token, "A range has two ends only.", "Write for example port=51:60.", third);
  const ends: number[] = [];
  for (const end of [
    { text: token.text.slice(0, colon), start: token.start },
    { text: token.text.slice(colon + 1), start: token.start + colon + 1 },
  ]) {
    if (end.text === "")
      return failureAt(end, "A port is missing in the range.", "Write for example port=51:60.");
    const port = parseNumber(end, "A port", 0, LAST_PORT, "port=51:60");
    if (!port.ok) return port;
    // In a range, 0 would not be one port among others but any free one, inside the range or not.
    if (port.value === 0) {
      return failureAt(end, "A range starts at port 1 or above.", "Write port=0 for any free port.");
    }
    ends.push(port.value);
  }
  const [first = 0, last = 0] = ends;
  if (first > last) {
    return failureAt(token, "The range ends before it starts.", `Did you mean "${last}:${first}"?`);
  }
  return success({ first, last });
}

/** `2` and `com2` are the same port of Windows; everything else is the path of a device. */
function parseDevice(token: Token): ParseResult<string> {
  const text = unquote(token);
  if (!text.ok) return text;
  const device = text.value.value;
  const digits = /^(?:com)?(\d{1,10})$/i.exec(device)?.[1];
  if (digits !== undefined) {
    const number = Number(digits);
    if (number >= 1 && number <= LAST_COM) return success(`com${number}`);
    return failureAt(token, `A serial port of Windows has a number from 1 to ${LAST_COM}.`);
  }
  if (/^(?:\/|\\\\)./.test(device)) return success(device);
  const hint = /^(?:tty|cu)/i.test(device)
    ? `Write the device's path: port=/dev/${device}.`
    : "Write com2, 2, or the path of a device such as /dev/ttyUSB0.";
  return failureAt(token, "This is not a serial port.", hint);
}

/** Protocols that WinDbg's manual names, or that people know, and that are unsafe. */
const BROKEN_PROTOCOLS: Readonly<Record<string, string>> = {
  pct1: "PCT 1.0 is broken: it is of the age of SSL 2.0, which RFC 6176 prohibits, and TLS has replaced both.",
  ssl2: "SSL 2.0 is broken: RFC 6176 prohibits it.",
  ssl3: "SSL 3.0 is broken: RFC 7568 prohibits it.",
  "tls1.0": "TLS 1.0 is out of date: RFC 8996 prohibits it.",
  "tls1.1": "TLS 1.1 is out of date: RFC 8996 prohibits it.",
};

function parseProtocol(token: Token): ParseResult<TlsProtocol> {
  const { text } = token;
  if (text === "tls1" || text === "tls1.2" || text === "tls1.3") return success(text);
  const broken = Object.hasOwn(BROKEN_PROTOCOLS, text.toLowerCase())
    ? BROKEN_PROTOCOLS[text.toLowerCase()]
    : undefined;
  if (broken !== undefined) return failureAt(token, broken, "Write proto=tls1 for TLS 1.2 or newer.");
  return failureAt(token, "This protocol is not known.", wordHint(text, KEYS.proto.words ?? []));
}

function inStore(store: "user" | "machine", token: Token): ParseResult<CertificateReference> {
  const match = parseCertificate(token);
  return match.ok ? success({ store, match: match.value }) : match;
}

function parseIpVersion(token: Token): ParseResult<boolean> {
  if (token.text === "6") return success(true);
  return failureAt(token, "ipversion= can be 6 only.", "Leave it out to use IPv4 and IPv6.");
}

function parseAccess(token: Token): ParseResult<Access> {
  const { text } = token;
  if (text === "view" || text === "control" || text === "full") return success(text);
  return failureAt(token, "This access right is not known.", wordHint(text, KEYS.access.words ?? []));
}

/** The name is shown to other people, so nothing in it may reorder the text around it. */
function parseGuestName(token: Token): ParseResult<string> {
  const text = unquote(token);
  if (!text.ok) return text;
  const name = text.value.value;
  if (name.trim() === "") return failureAt(token, "The name is empty.", "Write one, or leave the key out.");
  if ([...name].length > LONGEST_GUEST_NAME) {
    return failureAt(token, `A name has at most ${LONGEST_GUEST_NAME} characters.`);
  }
  if (/[\u202a-\u202e\u2066-\u2069]/.test(name)) {
    return failureAt(token, "A name cannot hold marks that change the direction of text.");
  }
  return success(name);
}
