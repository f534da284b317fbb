import os from "node:os";
import { isLocked } from "../address/locked.ts";
import { clientAddressFor } from "../address/derive.ts";
import { format } from "../address/format.ts";
import type { ServerAddress, Thumbprint } from "../address/model.ts";
import { isLoopbackHost } from "../transport/peer.ts";

/**
 * The connection string by which others join a server; `address` is the one in use. With the certificate's `thumbprint`
 * guests need nothing in a store. Holds no password. `host`: this machine, as guests call it.
 */
export function joinString(
  address: ServerAddress,
  thumbprint?: Thumbprint,
  host: string = hostFor(address),
): string {
  const pin = thumbprint === undefined ? {} : { thumbprint };
  return format(clientAddressFor(address, host, pin), { secrets: "mask" });
}

/** Whether other machines may reach the server, or are called by it, as far as its address says. */
export function isReachable(address: ServerAddress): boolean {
  switch (address.kind) {
    case "tcp":
    case "ssl":
      // Without a word to the contrary a server that anybody may enter stays on this machine (transport/open.ts).
      if (address.bind === undefined) return address.insecure || isLocked(address);
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

/** What nobody should do without knowing, in sentences; undefined if there is nothing to warn of. */
export function insecureWarning(address: ServerAddress): string[] | undefined {
  if (!address.insecure || !isReachable(address)) return undefined;
  const what = address.access === "view" ? "sees all of the session" : "can run any code as you, here";
  const string = format(address, { secrets: "mask" });
  if ("clicon" in address) {
    return [`${string} has no password and calls another machine.`, `Whoever answers there ${what}.`];
  }
  return [`${string} has no password and can be reached from other machines.`, `Whoever reaches it ${what}.`];
}

/** The name of this machine as those who can reach the server know it. */
function hostFor(address: ServerAddress): string {
  if (!isReachable(address)) return "localhost";
  const bind = "bind" in address ? address.bind : undefined;
  return bind === undefined || bind === "::" || bind === "0.0.0.0" ? os.hostname() : bind;
}
