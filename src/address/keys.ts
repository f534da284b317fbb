import type { Field, Transport } from "./model.ts";

/** One key as people see it. The parser, completion, hover and `--help` all read this. No key may be repeated. */
export interface KeyDefinition {
  /** As the canonical form spells it; case does not matter in what is read. */
  readonly name: string;
  /** The property of the address that it fills. */
  readonly field: Field;
  /** `text` alone may stand in quotation marks; a `flag` has no value; a `word` is one of `words`. */
  readonly kind: "flag" | "number" | "word" | "name" | "text";
  /** What stands for the value in a usage line; empty for flags. */
  readonly placeholder: string;
  readonly words?: readonly string[];
  /** One line for people. */
  readonly summary: string;
  readonly origin: "windbg" | "ours";
  /** Whole entries; the first is what hints propose. */
  readonly examples: readonly [string, ...string[]];
  /** What people who know other programs write for it: for hints only, never accepted. */
  readonly alsoTried?: readonly string[];
}

const PASSWORD_WORDS = ["pass", "passwd", "pwd", "pw", "secret", "token"];

const keys = {
  ports: {
    name: "port",
    field: "ports",
    kind: "number",
    placeholder: "P[:Q]",
    summary: "The port to listen on, 0 for any free one, or a range whose first free port is taken.",
    origin: "windbg",
    examples: ["port=5005", "port=51:60", "port=0"],
  },
  port: {
    name: "port",
    field: "port",
    kind: "number",
    placeholder: "P",
    summary: "The port to connect to.",
    origin: "windbg",
    examples: ["port=5005"],
  },
  device: {
    name: "port",
    field: "device",
    kind: "text",
    placeholder: "D",
    summary: "The serial port: com2, 2, or the path of a device.",
    origin: "windbg",
    examples: ["port=com2", "port=/dev/ttyUSB0"],
    alsoTried: ["device"],
  },
  server: {
    name: "server",
    field: "server",
    kind: "name",
    placeholder: "H",
    summary: "The host of the server: a name, an IPv4 or an IPv6 address.",
    origin: "windbg",
    examples: ["server=HOST", "server=fe80::1%eth0"],
    alsoTried: ["host", "address", "hostname"],
  },
  clicon: {
    name: "clicon",
    field: "clicon",
    kind: "name",
    placeholder: "H",
    summary: "A reverse connection: the server dials, the client listens. Names the host of the other side.",
    origin: "windbg",
    examples: ["clicon=HOST"],
    alsoTried: ["client", "connect", "reverse"],
  },
  pipe: {
    name: "pipe",
    field: "pipe",
    kind: "name",
    placeholder: "N",
    summary: "The name of the pipe; %d or %x becomes the process id, a second one the thread id.",
    origin: "windbg",
    examples: ["pipe=NAME", "pipe=dbg_%d"],
    alsoTried: ["path", "socket"],
  },
  clientPipe: {
    name: "pipe",
    field: "pipe",
    kind: "name",
    placeholder: "N",
    summary: "The name of the pipe, as the server shows it.",
    origin: "windbg",
    examples: ["pipe=NAME"],
    alsoTried: ["path", "socket"],
  },
  baud: {
    name: "baud",
    field: "baud",
    kind: "number",
    placeholder: "B",
    summary: "The speed of the serial line in bits a second: what both ends' hardware takes.",
    origin: "windbg",
    examples: ["baud=115200"],
    alsoTried: ["speed", "rate", "baudrate"],
  },
  channel: {
    name: "channel",
    field: "channel",
    kind: "number",
    placeholder: "C",
    summary: "0 to 254: servers of one process share a serial port by channel.",
    origin: "windbg",
    examples: ["channel=0"],
  },
  proto: {
    name: "proto",
    field: "proto",
    kind: "word",
    placeholder: "X",
    words: ["tls1", "tls1.2", "tls1.3"],
    summary: "The protocol: tls1 is TLS 1.2 or newer.",
    origin: "windbg",
    examples: ["proto=tls1", "proto=tls1.3"],
    alsoTried: ["protocol"],
  },
  certuser: {
    name: "certuser",
    field: "certificate",
    kind: "text",
    placeholder: "K",
    summary: "The certificate, by name or thumbprint, from the user's store.",
    origin: "windbg",
    examples: ["certuser=NAME"],
    alsoTried: ["cert", "certificate"],
  },
  machuser: {
    name: "machuser",
    field: "certificate",
    kind: "text",
    placeholder: "K",
    summary: "The certificate, by name or thumbprint, from the machine's store.",
    origin: "windbg",
    examples: ["machuser=NAME"],
    alsoTried: ["certmachine", "machcert"],
  },
  thumbprint: {
    name: "thumbprint",
    field: "thumbprint",
    kind: "text",
    placeholder: "F",
    summary: "Pins the server's certificate: its SHA-1 or SHA-256 in hexadecimal.",
    origin: "ours",
    examples: ["thumbprint=0f1e…"],
    alsoTried: ["fingerprint", "pin"],
  },
  clientcert: {
    name: "clientcert",
    field: "clientCert",
    kind: "text",
    placeholder: "{K|require}",
    words: ["require"],
    summary: "Asks guests for a certificate: a certain one, or with require any that is trusted.",
    origin: "ours",
    examples: ["clientcert=require", "clientcert=NAME"],
  },
  hidden: {
    name: "hidden",
    field: "hidden",
    kind: "flag",
    placeholder: "",
    summary: "Keeps the server out of every listing.",
    origin: "windbg",
    examples: ["hidden"],
  },
  password: {
    name: "password",
    field: "password",
    kind: "text",
    placeholder: "W",
    summary: 'The password: itself, in "…" if it holds a comma, or env:NAME, or file:PATH.',
    origin: "windbg",
    examples: ["password=env:NAME", "password=file:PATH"],
    alsoTried: PASSWORD_WORDS,
  },
  ipversion: {
    name: "ipversion",
    field: "ipv6Only",
    kind: "word",
    placeholder: "6",
    words: ["6"],
    summary: "IPv6 only; without it both versions.",
    origin: "windbg",
    examples: ["ipversion=6"],
    alsoTried: ["ipv6"],
  },
  icfEnable: {
    name: "IcfEnable",
    field: "icfEnable",
    kind: "flag",
    placeholder: "",
    summary: "Opens this machine's firewall for the server and closes it again at the end.",
    origin: "windbg",
    examples: ["IcfEnable"],
    alsoTried: ["firewall"],
  },
  bind: {
    name: "bind",
    field: "bind",
    kind: "name",
    placeholder: "ADDRESS",
    summary: "The address of this machine to listen on.",
    origin: "ours",
    examples: ["bind=127.0.0.1"],
    alsoTried: ["listen", "interface", "host", "address"],
  },
  access: {
    name: "access",
    field: "access",
    kind: "word",
    placeholder: "{view|control|full}",
    words: ["view", "control", "full"],
    summary: "What a guest may do; control if not given.",
    origin: "ours",
    examples: ["access=view", "access=full"],
    alsoTried: ["rights", "readonly"],
  },
  maxclients: {
    name: "maxclients",
    field: "maxClients",
    kind: "number",
    placeholder: "M",
    summary: "How many guests there may be at the same time.",
    origin: "ours",
    examples: ["maxclients=1"],
    alsoTried: ["clients", "max"],
  },
  insecure: {
    name: "insecure",
    field: "insecure",
    kind: "flag",
    placeholder: "",
    summary: "Lets in everybody who can reach the server, without a password.",
    origin: "ours",
    examples: ["insecure"],
  },
  anyUser: {
    name: "any-user",
    field: "anyUser",
    kind: "flag",
    placeholder: "",
    summary:
      "Lets in every user of this machine, not only programs of the one who serves; insecure implies it.",
    origin: "ours",
    examples: ["any-user"],
    alsoTried: ["all-users", "multi-user"],
  },
  name: {
    name: "name",
    field: "name",
    kind: "text",
    placeholder: "NAME",
    summary: "How the others see you.",
    origin: "ours",
    examples: ["name=Kim"],
    alsoTried: ["user", "nick", "as"],
  },
} as const satisfies Record<string, KeyDefinition>;

/** `port` and `pipe` mean different things in different forms, so an id is not always the name. */
export type KeyId = keyof typeof keys;
export type SlotOf<K extends KeyId> = (typeof keys)[K]["field"];
export type FlagId = { [K in KeyId]: (typeof keys)[K]["kind"] extends "flag" ? K : never }[KeyId];

export const KEYS: Readonly<Record<KeyId, KeyDefinition>> = keys;

export function isFlag(id: KeyId): id is FlagId {
  return KEYS[id].kind === "flag";
}

/** A key as a sentence names it: `port=` or `hidden`. */
export function spell(id: KeyId): string {
  return isFlag(id) ? KEYS[id].name : `${KEYS[id].name}=`;
}

/** An entry as usage texts show it: `port=P[:Q]` or `hidden`. */
export function entryUsage(id: KeyId): string {
  return spell(id) + KEYS[id].placeholder;
}

/** Whose key it is, as a sentence: what is ours does not work with WinDbg. */
export function originOf(id: KeyId): string {
  return KEYS[id].origin === "windbg" ? "WinDbg has it too." : "WinDbg does not have it.";
}

export interface TransportDefinition {
  readonly summary: string;
  readonly alsoTried: readonly string[];
}

export const TRANSPORTS: Readonly<Record<Transport, TransportDefinition>> = {
  tcp: { summary: "TCP/IP.", alsoTried: ["ip", "socket", "tcpip", "tcp4", "tcp6"] },
  npipe: {
    summary: "A named pipe on Windows, a Unix socket elsewhere.",
    alsoTried: ["pipe", "unix", "namedpipe"],
  },
  com: { summary: "A serial line.", alsoTried: ["serial", "tty", "uart"] },
  ssl: { summary: "TLS over TCP/IP.", alsoTried: ["tls", "https", "tcps"] },
  spipe: { summary: "TLS over a pipe.", alsoTried: ["securepipe", "sslpipe", "tlspipe"] },
};
