import os from "node:os";
import { isForOwnUser, requiresAuthentication } from "../address/authentication.ts";
import { clientAddressFor } from "../address/derive.ts";
import { format } from "../address/format.ts";
import type { ServerAddress, Thumbprint } from "../address/model.ts";
import { isLoopbackHost } from "../transport/peer.ts";

type AtLeastOne = readonly [string, ...string[]];

/**
 * The connection string by which others join a server; `address` is the one in use. With the certificate's `thumbprint`
 * guests need nothing in a store. Holds no password. `host`: this machine, as guests name it.
 */
export function joinString(
  address: ServerAddress,
  thumbprint?: Thumbprint,
  host: string = joinAddresses(address)[0],
): string {
  const pin = thumbprint === undefined ? {} : { thumbprint };
  return format(clientAddressFor(address, host, pin), { secrets: "mask" });
}

/** The connection strings for all of `joinHosts`, in their order. */
export function joinStrings(address: ServerAddress, thumbprint?: Thumbprint): AtLeastOne {
  const [usual, ...others] = joinAddresses(address);
  const withHost = (host: string) => joinString(address, thumbprint, host);
  return [withHost(usual), ...others.map(withHost)];
}

/**
 * The names of this machine for guests, the most usual first: `localhost` for guests on it, else its name and the
 * addresses at which the server listens. `machine`: for tests.
 */
export function joinAddresses(address: ServerAddress, machine: Machine = thisMachine()): AtLeastOne {
  if (!isReachable(address)) return ["localhost"];
  // Other machines find pipes by the machine's name.
  if (!("ports" in address)) return [machine.name];
  const { bind } = address;
  if (bind !== undefined && bind !== "::" && bind !== "0.0.0.0") return [bind];
  const ipv6Only = "ipv6Only" in address && address.ipv6Only;
  const families = ipv6Only ? ["IPv6"] : bind === "0.0.0.0" ? ["IPv4"] : ["IPv4", "IPv6"];
  const found = Object.values(machine.interfaces).flatMap((each = []) => each.filter(isForOthers));
  const addresses = families.flatMap((family) => found.filter((each) => each.family === family));
  return [machine.name, ...addresses.map((each) => each.address)];
}

/** Whether other machines may reach the server, or are dialed by it, as far as its address says. */
export function isReachable(address: ServerAddress): boolean {
  switch (address.kind) {
    case "tcp":
    case "ssl":
      // Unless its string says otherwise, a server without credentials stays on this machine (transport/open.ts).
      if (address.bind === undefined) return address.insecure || requiresAuthentication(address);
      return !isLoopbackHost(address.bind);
    case "npipe":
    case "spipe":
      return process.platform === "win32";
    case "tcpReverse":
    case "sslReverse":
      return !isLoopbackHost(address.clicon);
    case "com":
      return false;
  }
}

/** What the host has to know before it starts such a server, in sentences; undefined if there is nothing to warn of. */
export function insecureWarning(address: ServerAddress): string[] | undefined {
  const what = address.access === "view" ? "sees all of the session" : "can run any code as you, here";
  const string = format(address, { secrets: "mask" });
  switch (openTo(address)) {
    case "network":
      return "clicon" in address
        ? [`${string} has no password and calls another machine.`, `Whoever answers there ${what}.`]
        : [
            `${string} has no password and can be reached from other machines.`,
            `Whoever reaches it ${what}.`,
          ];
    case "machine":
      return [`${string} has no password and is open to every user of this machine.`, `A guest ${what}.`];
    case "line":
      return [
        `${string} has no password and is open to whatever is at the other end of the serial line.`,
        `A guest from there ${what}.`,
      ];
    case undefined:
      return undefined;
  }
}

/** From where clients get in unless a person refuses them, where there is a person to ask; undefined: only as this user. */
export function openTo(address: ServerAddress): "network" | "machine" | "line" | undefined {
  if (requiresAuthentication(address)) return undefined;
  if (address.kind === "com") return "line";
  if (address.insecure && isReachable(address)) return "network";
  return "anyUser" in address && !isForOwnUser(address) ? "machine" : undefined;
}

/** What keeps others from answering in a guest's place when a server calls; undefined: nothing, or it does not call. */
export function callProtection(address: ServerAddress): string | undefined {
  if (!("clicon" in address)) return undefined;
  if (address.password !== undefined) return "Only a guest who knows the password gets in.";
  if (requiresAuthentication(address)) return "Only a guest with a certificate that is trusted gets in.";
  return isForOwnUser(address) ? "Only a program of this user, on this machine, gets in." : undefined;
}

export interface Machine {
  readonly name: string;
  readonly interfaces: NodeJS.Dict<os.NetworkInterfaceInfo[]>;
}

export function thisMachine(): Machine {
  return { name: os.hostname(), interfaces: os.networkInterfaces() };
}

/** A link-local address means nothing on another machine without the name of an interface there (RFC 4007). */
function isForOthers({ internal, address }: os.NetworkInterfaceInfo): boolean {
  return !internal && !/^(fe[89ab][0-9a-f]:|169\.254\.)/i.test(address);
}
