import { sanitize } from "../../common/sanitize.ts";
import type { ClientInfo } from "../../link/messages.ts";
import { type Join, joinName } from "../guest/joins.ts";
import { PEOPLE, ROLES } from "./guestRow.ts";
import {
  ACCESS_MEANING,
  ago,
  count,
  parts,
  RECONNECTING,
  roundTrip,
  spokenParts,
  spokenRoundTrip,
} from "./labels.ts";
import { nobodyRow, type Row, type RowPresentation } from "./row.ts";

/** The view "Joined": each server that this window is a guest of, below it all participants. */
export function joinedRows(joins: readonly Join[], now: number): Row[] {
  return joins.map((join) => joinRow(join, now));
}

function joinRow(join: Join, now: number): Row {
  const { welcome, connection } = join.joined.link;
  const { latencyMs, isAway } = connection;
  const presentation = joinPresentation({ ...join, session: joinName(join), latencyMs, isAway });
  const clients = join.clients.map((client) => ({
    join,
    presentation: clientPresentation(join.id, client, client.id === welcome.guest.id, now),
    children: [],
  }));
  return {
    join,
    presentation,
    children: clients.length === 0 ? [nobodyRow(presentation.id, "Nobody is listed")] : clients,
  };
}

/** What a row says of a join. */
export interface ShownJoin extends Pick<Join, "id" | "address" | "access" | "clients"> {
  /** The host's name of it. */
  readonly session: string;
  readonly latencyMs: number | undefined;
  /** The connection has broken; it is tried to get it back. */
  readonly isAway: boolean;
}

export function joinPresentation({
  id,
  address,
  access,
  clients,
  session,
  latencyMs,
  isAway,
}: ShownJoin): RowPresentation {
  const name = sanitize(session);
  const distance = isAway ? RECONNECTING : roundTrip(latencyMs);
  return {
    id: `join/${id}`,
    label: name,
    description: parts(access, distance, address),
    icon: isAway
      ? { name: "debug-disconnect", color: "list.warningForeground" }
      : { name: "debug-alt", color: "debugIcon.startForeground" },
    tooltip: {
      title: name,
      facts: [
        ["Server", address],
        ["Your access", `${access} (${ACCESS_MEANING[access]})`],
        ["Round trip", distance ?? "not measured"],
        ["Here", count(clients.length, "participant")],
      ],
    },
    spoken: spokenParts(
      `Joined ${name}`,
      `your access ${access}`,
      isAway ? RECONNECTING : spokenRoundTrip(latencyMs),
      count(clients.length, "participant"),
      address,
    ),
    context: "join",
  };
}

export function clientPresentation(
  join: string,
  client: ClientInfo,
  isSelf: boolean,
  now: number,
): RowPresentation {
  const { id, kind, access, from, joinedAt, away = false } = client;
  const state = away ? RECONNECTING : undefined;
  const name = sanitize(client.name);
  const role = isSelf ? "you" : kind === "host" ? "host" : undefined;
  const here = joinedAt === undefined ? undefined : ago(joinedAt, now).short;
  return {
    id: `client/${join}/${id}`,
    label: name,
    description: parts(role, access, state),
    icon: PEOPLE[kind],
    tooltip: {
      title: name,
      facts: [
        ["Takes part as", isSelf ? `${ROLES[kind]} (you)` : ROLES[kind]],
        ["Access", `${access} (${ACCESS_MEANING[access]})`],
        ...(from === undefined ? [] : [["From", sanitize(from)] as const]),
        ...(here === undefined ? [] : [["Joined", here] as const]),
      ],
    },
    spoken: spokenParts(name, isSelf ? "you" : ROLES[kind], `access ${access}`, state),
    context: "client",
  };
}
