import { isIP, isIPv6 } from "node:net";
import { format } from "../../address/format.ts";
import { requiresAuthentication } from "../../address/authentication.ts";
import type { ClientAddress, ServerAddress, SslServer, TcpServer, Thumbprint } from "../../address/model.ts";
import { parseClient } from "../../address/parse.ts";
import { shownName } from "../../common/names.ts";
import { shownLine } from "../../common/sanitize.ts";
import { isObject } from "../../dap/messages.ts";
import { PROTOCOL } from "../../link/messages.ts";
import { isReachable } from "../joinAddresses.ts";

/** The DNS-SD service type of servers, without underscores: `_dap._tcp`. */
export const SERVICE_TYPE = "dap";

/** What DNS-SD says of a server (RFC 6763). Holds nothing that would help to get in. */
export interface Advert {
  /** Tells it from others in the network; at most 63 bytes. */
  readonly name: string;
  /** The machine's name in the network: `build7.local`. */
  readonly host: string;
  readonly port: number;
  readonly txt: Readonly<Record<string, string>>;
}

/** A server that has announced itself. All of it is a claim: nothing proves it before the join does. */
export interface NetworkServer {
  readonly address: ClientAddress;
  /** The connection string that joins it. */
  readonly join: string;
  readonly session: string;
  /** The machine's name, without its domain, or its address. */
  readonly host: string;
  readonly password: boolean;
  /** Whether guests are asked for a certificate. */
  readonly certificate: boolean;
}

/** A string in a TXT record has 255 bytes with its key. */
const SESSION_LENGTH = 60;
const NAME_BYTES = 63;

/** Whether a server may be announced: others can dial it, and it does not hide. */
export function isAnnounced(address: ServerAddress): address is TcpServer | SslServer {
  return (address.kind === "tcp" || address.kind === "ssl") && !address.hidden && isReachable(address);
}

/** `address` is the one in use; `id` tells apart what has the same name and port. */
export function advertOf(
  address: TcpServer | SslServer,
  about: {
    readonly session: string;
    readonly host: string;
    readonly id: string;
    readonly thumbprint?: Thumbprint | undefined;
  },
): Advert {
  const session = shownLine(about.session, SESSION_LENGTH);
  const machine = about.host.split(".")[0] ?? about.host;
  const tail = ` on ${machine} (${about.id})`.slice(-40);
  const txt: Record<string, string> = { v: String(PROTOCOL.max), kind: address.kind, session };
  if (address.password !== undefined) txt["password"] = "1";
  if (requiresAuthentication(address) && "clientCert" in address && address.clientCert !== undefined)
    txt["cert"] = "1";
  if (address.kind === "ssl") txt["proto"] = address.proto;
  else if (address.ipv6Only) txt["ip"] = "6";
  if (about.thumbprint !== undefined) txt["thumbprint"] = about.thumbprint.hex;
  if (address.bind !== undefined && isIP(address.bind) !== 0) txt["at"] = address.bind;
  return {
    name: clipBytes(session, NAME_BYTES - Buffer.byteLength(tail)) + tail,
    host: `${machine}.local`,
    port: address.ports.first,
    txt,
  };
}

/**
 * Reads what a library has made of a machine's packets; undefined for what is none of ours, or cannot be joined. The
 * connection string is made by our own formatter and has gone through our own parser.
 */
export function readAdvert(service: unknown): NetworkServer | undefined {
  if (!isObject(service) || !isObject(service.txt)) return undefined;
  const { host, port, addresses, referer, txt } = service;
  if (
    typeof host !== "string" ||
    typeof port !== "number" ||
    !Number.isInteger(port) ||
    port < 1 ||
    port > 65_535
  )
    return undefined;
  const read = (key: string) => (typeof txt[key] === "string" ? txt[key] : undefined);
  const from = isObject(referer) ? referer.address : undefined;
  const server = chooseAddress(
    read("at"),
    [from, ...(Array.isArray(addresses) ? (addresses as unknown[]) : [])],
    {
      sender: from,
      ipv6Only: read("ip") === "6",
    },
  );
  if (server === undefined) return undefined;
  const join = joinOf(server, port, read);
  const parsed = join === undefined ? undefined : parseClient(join);
  if (parsed?.ok !== true) return undefined;
  return {
    address: parsed.value,
    join: format(parsed.value),
    session: shownLine(read("session") ?? "", SESSION_LENGTH),
    host: shownName(host.replace(/\.local\.?$/i, "")),
    password: read("password") === "1",
    certificate: read("cert") === "1",
  };
}

function joinOf(server: string, port: number, read: (key: string) => string | undefined): string | undefined {
  const kind = read("kind");
  if (kind === "tcp") return `tcp:server=${server},port=${port}${read("ip") === "6" ? ",ipversion=6" : ""}`;
  const [proto = "", hex = ""] = [read("proto"), read("thumbprint")];
  // Nothing but what cannot begin another key; what it means is the parser's to say.
  if (kind !== "ssl" || !/^[a-z0-9.]{1,8}$/.test(proto) || !/^[0-9a-f]{40,64}$/.test(hex)) return undefined;
  return `ssl:proto=${proto},thumbprint=${hex},server=${server},port=${port}`;
}

/**
 * The address that it says it listens on; else the one that its packets came from, if it is one of its own (a router
 * may have passed them on); else its first. Link-local IPv6 addresses mean nothing without an interface.
 */
function chooseAddress(
  at: string | undefined,
  addresses: readonly unknown[],
  { sender, ipv6Only }: { readonly sender: unknown; readonly ipv6Only: boolean },
): string | undefined {
  const usable = (text: unknown): text is string =>
    typeof text === "string" &&
    isIP(text) !== 0 &&
    !text.includes("%") &&
    !/^fe[89ab]/i.test(text) &&
    (!ipv6Only || isIPv6(text));
  if (at !== undefined && at !== "::" && at !== "0.0.0.0") return usable(at) ? at : undefined;
  const [, ...own] = addresses;
  return [...(own.includes(sender) ? [sender] : []), ...own, sender].find(usable);
}

function clipBytes(text: string, bytes: number): string {
  let clipped = text;
  while (Buffer.byteLength(clipped) > bytes) clipped = [...clipped].slice(0, -1).join("");
  return clipped;
}
