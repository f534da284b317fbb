import type { ClientInfo } from "../../link/messages.ts";
import { joinName } from "../commands/joinName.ts";
import type { Join } from "../guest/joins.ts";
import { harmless } from "../harmless.ts";
import { PEOPLE, ROLES } from "./guestRow.ts";
import { type Face, type Row, nobodyRow } from "./row.ts";
import { ACCESS_MEANING, ago, count, parts, roundTrip, spokenParts, spokenRoundTrip } from "./words.ts";

/** The view "Joined": each server that this window is a guest of, below it everybody who is in. */
export function joinedRows(joins: readonly Join[], now: number): Row[] {
  return joins.map((join) => joinRow(join, now));
}

function joinRow(join: Join, now: number): Row {
  const { welcome, latencyMs } = join.joined.link;
  const face = joinFace({ ...join, session: joinName(join), latencyMs });
  const clients = join.clients.map((client) => ({
    join,
    face: clientFace(join.id, client, client.id === welcome.guest.id, now),
    children: [],
  }));
  return { join, face, children: clients.length === 0 ? [nobodyRow(face.id, "Nobody is listed")] : clients };
}

/** What a row says of a join. */
export interface Place extends Pick<Join, "id" | "address" | "access" | "clients"> {
  /** The host's name of it. */
  readonly session: string;
  readonly latencyMs: number | undefined;
}

export function joinFace({ id, address, access, clients, session, latencyMs }: Place): Face {
  const name = harmless(session);
  return {
    id: `join/${id}`,
    label: name,
    description: parts(access, roundTrip(latencyMs), address),
    icon: { name: "debug-alt", color: "debugIcon.startForeground" },
    tooltip: {
      title: name,
      facts: [
        ["Server", address],
        ["Your access", `${access} (${ACCESS_MEANING[access]})`],
        ["Round trip", roundTrip(latencyMs) ?? "not measured"],
        ["Here", count(clients.length, "participant")],
      ],
    },
    spoken: spokenParts(
      `Joined ${name}`,
      `your access ${access}`,
      spokenRoundTrip(latencyMs),
      count(clients.length, "participant"),
      address,
    ),
    context: "join",
  };
}

export function clientFace(join: string, client: ClientInfo, isSelf: boolean, now: number): Face {
  const { id, kind, access, from, joinedAt } = client;
  const name = harmless(client.name);
  const role = isSelf ? "you" : kind === "host" ? "host" : undefined;
  const here = joinedAt === undefined ? undefined : ago(joinedAt, now).short;
  return {
    id: `client/${join}/${id}`,
    label: name,
    description: parts(role, access),
    icon: PEOPLE[kind],
    tooltip: {
      title: name,
      facts: [
        ["Takes part as", isSelf ? `${ROLES[kind]} (you)` : ROLES[kind]],
        ["Access", `${access} (${ACCESS_MEANING[access]})`],
        ...(from === undefined ? [] : [["From", harmless(from)] as const]),
        ...(here === undefined ? [] : [["Joined", here] as const]),
      ],
    },
    spoken: spokenParts(name, isSelf ? "you" : ROLES[kind], `access ${access}`),
    context: "client",
  };
}
