import { printCertificate, printClientCertificate } from "./certificate.ts";
import { DEFAULTS, formFor, fieldsOf } from "./grammar.ts";
import type { Address, Field, Fields } from "./model.ts";
import { MASK, printPassword } from "./password.ts";
import { quote } from "./quote.ts";

export interface FormatOptions {
  /** `mask` for everything that is listed, logged or shown; `show` for what is to be parsed again. */
  readonly secrets?: "show" | "mask";
}

type Printer<S extends Field> = (value: Fields[S]) => string;

const PRINTERS: { readonly [S in Field]: Printer<S> } = {
  ports: ({ first, last }) => `port=${first === last ? first : `${first}:${last}`}`,
  port: (port) => `port=${port}`,
  server: (host) => `server=${host}`,
  clicon: (host) => `clicon=${host}`,
  pipe: (pipe) => `pipe=${pipe}`,
  device: (device) => `port=${quote(device)}`,
  baud: (baud) => `baud=${baud}`,
  channel: (channel) => `channel=${channel}`,
  proto: (proto) => `proto=${proto}`,
  certificate: ({ store, match }) =>
    `${store === "user" ? "certuser" : "machuser"}=${printCertificate(match)}`,
  thumbprint: ({ hex }) => `thumbprint=${hex}`,
  clientCert: (certificate) => `clientcert=${printClientCertificate(certificate)}`,
  password: (password) => `password=${printPassword(password)}`,
  // The flags and ipversion print only what differs from the default.
  ipv6Only: () => "ipversion=6",
  hidden: () => "hidden",
  icfEnable: () => "IcfEnable",
  insecure: () => "insecure",
  anyUser: () => "any-user",
  bind: (address) => `bind=${address}`,
  access: (access) => `access=${access}`,
  maxClients: (count) => `maxclients=${count}`,
  name: (name) => `name=${quote(name)}`,
};

/**
 * The canonical form: no white space, keys in the order of the tables, defaults left out. What it prints parses
 * to the same address, except with a masked password, which the parser refuses as such.
 */
export function format(address: Address, options: FormatOptions = {}): string {
  const form = formFor(address);
  const entries = fieldsOf(form).flatMap((field) =>
    field === "password" && address.password !== undefined && options.secrets === "mask"
      ? [`Password=${MASK}`]
      : print(field, address),
  );
  return `${form.transport}:${entries.join(",")}`;
}

function print<S extends Field>(field: S, values: Partial<Fields>): string[] {
  const value = values[field];
  return value === undefined || value === DEFAULTS[field] ? [] : [PRINTERS[field](value)];
}
