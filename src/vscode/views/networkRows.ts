import type { NetworkServer } from "../../host/discovery/advert.ts";
import { sanitize } from "../../common/sanitize.ts";
import type { Row } from "./row.ts";
import { parts, spokenParts } from "./labels.ts";

/** Below the servers of this machine: those that others announce. `joined`: the strings of what this window is a guest of. */
export function networkRows(servers: readonly NetworkServer[], joined: readonly string[]): Row[] {
  return servers.map((server) => networkRow(server, joined));
}

function networkRow(network: NetworkServer, joinedAddresses: readonly string[]): Row {
  const { join, password, certificate } = network;
  const name = network.session === "" ? "Debug session" : sanitize(network.session);
  const host = sanitize(network.host);
  // What we joined with may have more in it: our name, a password (masked).
  const joined = joinedAddresses.some((address) => `${address},`.startsWith(`${join},`));
  const asked = [...(password ? ["password"] : []), ...(certificate ? ["certificate"] : [])];
  const asks = asked.length === 0 ? undefined : `asks for a ${asked.join(" and a ")}`;
  return {
    network,
    presentation: {
      id: `network/${join}`,
      label: name,
      description: parts(joined ? "joined" : undefined, `on ${host}`, asks),
      icon: { name: joined ? "pass" : "globe" },
      tooltip: {
        title: name,
        facts: [
          ["Announced by", host],
          ["Join with", join],
          ["Asks for", asked.join(", ") || "nothing"],
        ],
      },
      spoken: spokenParts(
        `Server of ${name} on ${host}`,
        joined ? "you have joined it" : undefined,
        "on the local network",
        asks,
      ),
      context: joined ? "entryJoined" : "entry",
    },
    children: [],
  };
}
