import { isIP } from "node:net";
import { joinAddresses, joinString, type Machine, thisMachine } from "../../host/joinAddresses.ts";
import type { DebugServer } from "../../host/server.ts";

/** A name or address of this machine, and how guests join with it. */
export interface HostItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly host: string;
  readonly join: string;
}

/** What guests may call the machine of a server; `last`, as it was chosen before, is the first. */
export function hostItems(
  { address, thumbprint }: Pick<DebugServer, "address" | "thumbprint">,
  last: string | undefined,
  machine: Machine = thisMachine(),
): HostItem[] {
  const hosts = joinAddresses(address, machine);
  const first = hosts.filter((host) => host === last);
  return [...first, ...hosts.filter((host) => host !== last)].map((host) => {
    const join = joinString(address, thumbprint, host);
    return { label: host, description: whatIs(host, machine), detail: join, host, join };
  });
}

function whatIs(host: string, { interfaces }: Machine): string {
  const version = isIP(host);
  if (version === 0) return "name of this machine";
  const found = Object.entries(interfaces).find(([, all = []]) =>
    all.some(({ address }) => address === host),
  );
  return `IPv${version} address${found === undefined ? "" : ` of ${found[0]}`}`;
}
