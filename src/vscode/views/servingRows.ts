import type { HeldBreakpoint } from "../host/guestBreakpoints.ts";
import type { ServableSession, ServedServer } from "../host/serving.ts";
import { heldRows } from "./heldRows.ts";
import type { PendingClient } from "../joinRequests.ts";
import { pendingRow } from "./pendingRow.ts";
import type { Row } from "./row.ts";
import { insecurity, serverRow } from "./serverRow.ts";
import { count, parts, spokenParts } from "./labels.ts";

/**
 * The view "Serving": each session that is served, below it its join requests and servers, below these their guests; and
 * what guests have set that is not among VS Code's breakpoints.
 */
export function servingRows(
  servers: readonly ServedServer[],
  pending: readonly PendingClient[],
  now: number,
  held: readonly HeldBreakpoint[] = [],
): Row[] {
  const sessions = [...new Set(servers.map(({ session }) => session))];
  return sessions.map((session) =>
    sessionRow(
      session,
      servers.filter((served) => served.session === session),
      pending.filter((client) => client.session === session),
      now,
      held,
    ),
  );
}

function sessionRow(
  session: ServableSession,
  servers: readonly ServedServer[],
  pending: readonly PendingClient[],
  now: number,
  held: readonly HeldBreakpoint[],
): Row {
  const { id, name, type } = session;
  const number = guestCount(servers);
  const guests = count(number, "guest");
  const [warning] = servers.flatMap(({ hosted }) => insecurity(hosted.server.address)?.warning ?? []);
  return {
    session,
    presentation: {
      id: `session/${id}`,
      label: name,
      description: parts(type, guests),
      icon: { name: "debug-alt", color: "debugIcon.startForeground" },
      tooltip: {
        title: name,
        warning,
        facts: [
          ["Debug type", type],
          ["Servers", String(servers.length)],
          ["Guests", String(number)],
        ],
      },
      spoken: spokenParts(`Debug session ${name}`, type, count(servers.length, "server"), guests),
      context: "session",
    },
    children: [
      ...pending.map(pendingRow),
      ...servers.map((served) => serverRow(served, now)),
      ...heldRows(session, held),
    ],
  };
}

/** Those who came in by one of these servers. */
export function guestCount(servers: readonly ServedServer[]): number {
  return servers
    .map(({ host, hosted }) => host.guests().filter(({ server }) => server === hosted.id).length)
    .reduce((sum, guests) => sum + guests, 0);
}
