import { LIMITS } from "../common/limits.ts";
import { KEYS, TRANSPORTS, entryUsage } from "./keys.ts";
import type { KeyId } from "./keys.ts";
import type { Address, Role, Field, Fields, Transport } from "./model.ts";

/** `oneOf`: of the keys so marked at least one is given (those that fill the same field exclude each other). */
export type Need = "required" | "oneOf" | "optional";

/** One form of connection string: who writes it, for which transport, with which keys. Its keys stand in the canonical order. */
export interface Form {
  readonly role: Role;
  readonly transport: Transport;
  readonly kind: Address["kind"];
  /** The form that has `clicon=`: the server dials, the client listens. */
  readonly reverse: boolean;
  readonly keys: Readonly<Partial<Record<KeyId, Need>>>;
}

const required = "required";
const oneOf = "oneOf";
const optional = "optional";

const guests = { access: optional, maxclients: optional, insecure: optional } as const;
/** A pipe has an owner; a TCP port of this machine is open to all of its users. */
const networkGuests = { ...guests, anyUser: optional } as const;
const serverTls = { proto: required, certuser: oneOf, machuser: oneOf } as const;
const clientTls = { ...serverTls, thumbprint: oneOf } as const;
const guest = { password: optional, name: optional } as const;
const serial = { device: required, baud: required, channel: required } as const;

/**
 * Every form there is; what is not in it is an error. `bind`, `hidden` and `IcfEnable` are for servers that
 * listen; a thumbprint can pin only a certificate that lasts, so it belongs to ssl and spipe alone: with a
 * password elsewhere the certificate is made for the one connection.
 */
export const GRAMMAR: readonly Form[] = [
  {
    role: "server",
    transport: "tcp",
    kind: "tcp",
    reverse: false,
    keys: {
      ports: required,
      hidden: optional,
      password: optional,
      ipversion: optional,
      icfEnable: optional,
      bind: optional,
      ...networkGuests,
    },
  },
  {
    role: "server",
    transport: "tcp",
    kind: "tcpReverse",
    reverse: true,
    keys: { port: required, clicon: required, password: optional, ipversion: optional, ...networkGuests },
  },
  {
    role: "server",
    transport: "npipe",
    kind: "npipe",
    reverse: false,
    keys: { pipe: required, hidden: optional, password: optional, icfEnable: optional, ...guests },
  },
  {
    role: "server",
    transport: "com",
    kind: "com",
    reverse: false,
    keys: { ...serial, hidden: optional, password: optional, ...guests },
  },
  {
    role: "server",
    transport: "ssl",
    kind: "ssl",
    reverse: false,
    keys: {
      ...serverTls,
      ports: required,
      hidden: optional,
      password: optional,
      bind: optional,
      clientcert: optional,
      ...networkGuests,
    },
  },
  {
    role: "server",
    transport: "ssl",
    kind: "sslReverse",
    reverse: true,
    keys: {
      ...serverTls,
      port: required,
      clicon: required,
      password: optional,
      clientcert: optional,
      ...networkGuests,
    },
  },
  {
    role: "server",
    transport: "spipe",
    kind: "spipe",
    reverse: false,
    keys: {
      ...serverTls,
      pipe: required,
      hidden: optional,
      password: optional,
      clientcert: optional,
      ...guests,
    },
  },
  {
    role: "client",
    transport: "tcp",
    kind: "tcp",
    reverse: false,
    keys: { server: required, port: required, password: optional, ipversion: optional, name: optional },
  },
  {
    role: "client",
    transport: "tcp",
    kind: "tcpReverse",
    reverse: true,
    keys: { clicon: required, ports: required, password: optional, ipversion: optional, name: optional },
  },
  {
    role: "client",
    transport: "npipe",
    kind: "npipe",
    reverse: false,
    keys: { server: required, clientPipe: required, ...guest },
  },
  { role: "client", transport: "com", kind: "com", reverse: false, keys: { ...serial, ...guest } },
  {
    role: "client",
    transport: "ssl",
    kind: "ssl",
    reverse: false,
    keys: { ...clientTls, server: required, port: required, ...guest },
  },
  {
    role: "client",
    transport: "ssl",
    kind: "sslReverse",
    reverse: true,
    keys: { ...clientTls, clicon: required, ports: required, ...guest },
  },
  {
    role: "client",
    transport: "spipe",
    kind: "spipe",
    reverse: false,
    keys: { ...clientTls, server: required, clientPipe: required, ...guest },
  },
];

/** What an address holds where the string says nothing; the canonical form leaves these out. */
export const DEFAULTS: Readonly<Partial<Fields>> = {
  hidden: false,
  ipv6Only: false,
  icfEnable: false,
  access: "control",
  maxClients: LIMITS.clients,
  insecure: false,
  anyUser: false,
};

export function keyIds(form: Form): KeyId[] {
  // Object.keys keeps the order of insertion, which is the table's; its type forgets the names.
  return Object.keys(form.keys) as KeyId[];
}

/** The fields of a form in canonical order. */
export function fieldsOf(form: Form): Field[] {
  return [...new Set(keyIds(form).map((id) => KEYS[id].field))];
}

/** The key that `name` means in this form, in whatever case it is written. */
export function findKey(form: Form, name: string): KeyId | undefined {
  const wanted = name.toLowerCase();
  return keyIds(form).find((id) => KEYS[id].name.toLowerCase() === wanted);
}

export const TRANSPORT_NAMES = Object.keys(TRANSPORTS) as Transport[];

/** The transport that is meant by what stands before the colon, in whatever case it is written. */
export function findTransport(name: string): Transport | undefined {
  const wanted = name.toLowerCase();
  return TRANSPORT_NAMES.find((transport) => transport === wanted);
}

export function formsOf(role: Role, transport: Transport): Form[] {
  return GRAMMAR.filter((form) => form.role === role && form.transport === transport);
}

/** The form that a string with these keys is, or is going to be: the reverse one if there is `clicon`. */
export function chooseForm(role: Role, transport: Transport, names: readonly string[]): Form {
  const reverse = names.some((name) => name.toLowerCase() === KEYS.clicon.name);
  const forms = formsOf(role, transport);
  return firstOf([...forms.filter((form) => form.reverse === reverse), ...forms]);
}

export function formFor(address: Address): Form {
  return firstOf(GRAMMAR.filter((form) => form.role === address.role && form.kind === address.kind));
}

/** The table has a form for each role and transport, and for each kind of address: a test sees to it. */
function firstOf(forms: readonly Form[]): Form {
  const [form] = forms;
  if (form === undefined) throw new Error("The table of connection strings lacks a form.");
  return form;
}

/** A usage line: `tcp:port=P[:Q][,hidden]…`; without `ours` just the keys that WinDbg has. */
export function usage(form: Form, options: { ours: boolean } = { ours: true }): string {
  const ids = keyIds(form).filter((id) => options.ours || KEYS[id].origin === "windbg");
  const choice = ids.filter((id) => form.keys[id] === oneOf);
  const needed = ids.flatMap((id) => {
    if (form.keys[id] === required) return [entryUsage(id)];
    return id === choice[0] ? [`{${choice.map(entryUsage).join("|")}}`] : [];
  });
  const others = ids.filter((id) => form.keys[id] === optional).map((id) => `[,${entryUsage(id)}]`);
  return `${form.transport}:${needed.join(",")}${others.join("")}`;
}
