import { openTo } from "../../host/joinAddresses.ts";
import type { ServedServer } from "../host/serving.ts";
import type { Tooltip } from "./row.ts";
import { insecurity } from "./serverRow.ts";
import { guestCount } from "./servingRows.ts";
import { count, spokenParts } from "./labels.ts";

/** The item in the status bar. */
export interface Status {
  readonly text: string;
  readonly tooltip: Tooltip;
  readonly spoken: string;
  /** A server is open to all who are on the network, or at the other end of a serial line. */
  readonly warning: boolean;
}

/** What the status bar shows of the servers of this window; undefined while there is none. */
export function statusOf(servers: readonly ServedServer[]): Status | undefined {
  if (servers.length === 0) return undefined;
  const guests = count(guestCount(servers), "guest");
  const open = servers
    .map(({ hosted }) => hosted.server.address)
    .find((address) => ["network", "line"].includes(openTo(address) ?? ""));
  const warning = open && insecurity(open)?.warning;
  return {
    text: `$(broadcast) ${guests.replace(/^no/, "No")}`,
    tooltip: {
      title: `Debug Server: ${guests}`,
      warning,
      facts: servers.map(({ session, hosted }) => [session.name, hosted.server.connectionString]),
    },
    spoken: spokenParts(`Debug Server, ${count(servers.length, "server")}, ${guests}`, warning),
    warning: warning !== undefined,
  };
}
