import type { GuestInfo } from "../../host/sessionHost.ts";
import type { Participant } from "../../hub/client.ts";
import type { ServedServer } from "../host/serving.ts";
import { sanitize } from "../../common/sanitize.ts";
import type { RowPresentation, Icon, Row } from "./row.ts";
import {
  ACCESS_MEANING,
  RECONNECTING,
  ago,
  parts,
  roundTrip,
  spokenParts,
  spokenRoundTrip,
} from "./labels.ts";

export const PEOPLE: Readonly<Record<Participant["kind"], Icon>> = {
  host: { name: "home" },
  guest: { name: "account" },
  dap: { name: "plug" },
};

/** As what a participant takes part. */
export const ROLES: Readonly<Record<Participant["kind"], string>> = {
  host: "host",
  guest: "guest",
  dap: "guest over plain DAP",
};

export function guestRow({ session, host }: ServedServer, guest: GuestInfo, now: number): Row {
  const { participant } = guest;
  return { host, guest: participant, presentation: guestPresentation(session.id, guest, now), children: [] };
}

export function guestPresentation(session: string, guest: GuestInfo, now: number): RowPresentation {
  const { participant, kind, program, latencyMs, lastActiveAt, joinedAt } = guest;
  const { id, access, isAway } = participant;
  const name = sanitize(participant.name);
  const active = ago(lastActiveAt, now);
  return {
    id: `guest/${session}/${id}`,
    label: name,
    description: parts(access, isAway ? RECONNECTING : roundTrip(latencyMs), `active ${active.short}`),
    icon: PEOPLE[kind],
    tooltip: {
      title: name,
      facts: [
        ["Access", `${access} (${ACCESS_MEANING[access]})`],
        ["From", sanitize(participant.address)],
        ["With", program === undefined ? ROLES[kind] : `${sanitize(program)} (${ROLES[kind]})`],
        ["Round trip", isAway ? RECONNECTING : (roundTrip(latencyMs) ?? "not measured")],
        ["Joined", ago(joinedAt, now).short],
        ["Last active", active.short],
      ],
    },
    spoken: spokenParts(
      name,
      ROLES[kind],
      `access ${access}`,
      isAway ? RECONNECTING : spokenRoundTrip(latencyMs),
      `active ${active.spoken}`,
    ),
    context: "guest",
  };
}
