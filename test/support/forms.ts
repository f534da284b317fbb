import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { ClientAddress, PortRange, ServerAddress, Thumbprint } from "../../src/address/model.ts";
import { parseClient, parseServer } from "../../src/address/parse.ts";
import { ROOT } from "./fixtures.ts";

/** A line of the table in docs/CONNECTION-STRINGS.md. */
export interface FormRow {
  readonly what: string;
  readonly server: ServerAddress;
  readonly client: ClientAddress;
}

export const FORM_ROWS: readonly FormRow[] = readFileSync(
  path.join(ROOT, "docs/CONNECTION-STRINGS.md"),
  "utf8",
)
  .split("\n")
  .flatMap((text) => {
    const [, what, serve, join] = /^\| ([^|`]+?) +\| `([^`]+)` +\| `([^`]+)` +\|$/.exec(text) ?? [];
    if (what === undefined || serve === undefined || join === undefined) return [];
    if (!/^(tcp|npipe|com|ssl|spipe):/.test(serve)) return [];
    return [{ what, server: parsedServer(serve), client: parsedClient(join) }];
  });

export const calls = (address: ServerAddress) => "clicon" in address;

/** A server that cannot have a password beside what it says. */
export const isOpen = (address: ServerAddress) =>
  address.insecure || ("anyUser" in address && address.anyUser);

/** Where all are served at once: who calls in vain does so less and less often. */
export const CALLERS_FIRST = [...FORM_ROWS].sort((a, b) => Number(calls(b.server)) - Number(calls(a.server)));

export function parsedServer(text: string): ServerAddress {
  const parsed = parseServer(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

/** `thumbprint=T` stands for any. */
export function parsedClient(text: string): ClientAddress {
  const parsed = parseClient(text.replace("thumbprint=T", `thumbprint=${"0".repeat(64)}`));
  assert.ok(parsed.ok, text);
  return parsed.value;
}

/** What takes the places of the table's examples. */
export interface Place {
  /** The address of the server's machine, and of its guest's. */
  readonly host: string;
  readonly guest: string;
  readonly port: number;
  readonly pipe: string;
  readonly device: string;
}

export function asServed(address: ServerAddress, { host, guest, port, pipe, device }: Place): ServerAddress {
  const range = ({ first, last }: PortRange) => ({ first: port, last: port + last - first });
  return {
    ...address,
    ...("ports" in address && { ports: range(address.ports) }),
    ...("port" in address && { port }),
    ...("clicon" in address && { clicon: guest }),
    ...("bind" in address && address.bind === "127.0.0.1" && host !== "localhost" && { bind: host }),
    ...("pipe" in address && { pipe: address.pipe.replace("debug", pipe) }),
    ...("device" in address && { device }),
    // This machine's firewall is not a test's to open: firewall/nftables.test.ts has one of its own.
    ...("icfEnable" in address && { icfEnable: false }),
  };
}

/** What only a server knows of itself. */
export interface Told {
  readonly port: number;
  readonly ports: PortRange;
  readonly pipe: string;
  readonly thumbprint: Thumbprint;
}

/** As the row says, with what the server says of itself. */
export function asJoined(
  address: ClientAddress,
  told: ClientAddress | Told,
  { host, device }: Pick<Place, "host" | "device">,
): ClientAddress {
  const isExample = "server" in address && (address.server === "HOST" || host !== "localhost");
  return {
    ...address,
    ...(isExample && { server: host }),
    ...("port" in address && "port" in told && { port: told.port }),
    ...("ports" in address && "ports" in told && { ports: told.ports }),
    ...("clicon" in address && { clicon: host }),
    ...("pipe" in address && "pipe" in told && { pipe: told.pipe }),
    ...("thumbprint" in address && "thumbprint" in told && { thumbprint: told.thumbprint }),
    ...("device" in address && { device }),
  };
}
