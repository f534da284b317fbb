import type { Participant } from "../hub/client.ts";
import type { AppError } from "../common/errors.ts";
import { inSentence } from "../common/names.ts";
import type { SessionHost, HostedServer } from "../host/sessionHost.ts";
import { awayLine } from "../hub/sessions.ts";
import { callProtection, insecureWarning } from "../host/joinAddresses.ts";
import type { WrongPassword } from "../security/serverHandshake.ts";
import { shownPeer } from "../transport/peerGroup.ts";
import { printNote, print, printJson } from "./output.ts";
import { printable } from "../common/sanitize.ts";

/** How a session ended. */
export interface Ending {
  readonly reason: string;
  /** False: it failed. */
  readonly expected: boolean;
}

/** What `serve` tells of what happens: results on standard output, what is for people on standard error. */
export interface Report {
  listening(hosted: HostedServer): void;
  /** The one whom a server calls cannot be reached, for a reason that has not been told yet. */
  unreachable(hosted: HostedServer, reason: AppError): void;
  joined(participant: Participant): void;
  left(participant: Participant): void;
  /** A participant has lost its connection, or has it again. */
  away(participant: Participant): void;
  wrongPassword(attempt: WrongPassword): void;
  ended(ending: Ending): void;
}

/** Lines for people and simple scripts: standard output has a line for each server and nothing else. */
export const textReport: Report = {
  listening({ server, join }) {
    print(`Debugger Server - ${server.connectionString}`);
    printNote(`Join it with: debug-server join "${join}"`);
    if (server.firewallProblem !== undefined) printNote(printable(server.firewallProblem.toLine()));
    if (server.dialing === undefined) return;
    printNote(`It calls ${server.dialing.host}, port ${server.dialing.port}, until somebody there joins.`);
  },
  unreachable: (_, reason) => printNote(printable(`${reason.message} It is called again and again.`)),
  joined: ({ name, address, access }) =>
    printNote(printable(`${inSentence(name)} has joined (${address}, ${access}).`)),
  left: ({ name }) => printNote(printable(`${inSentence(name)} has left.`)),
  away: (participant) => printNote(printable(awayLine(participant))),
  wrongPassword: ({ from, count }) => printNote(`Wrong password from ${shownPeer(from)}, ${count} in a row.`),
  ended: ({ reason }) => printNote(printable(reason)),
};

/** One JSON object a line, for programs. */
export const jsonReport: Report = {
  listening: ({ id, server, join, joins }) =>
    printJson({
      event: "listening",
      id,
      server: server.connectionString,
      join,
      joins,
      firewall: server.firewallProblem?.toLine(),
    }),
  unreachable: ({ id }, { message }) => printJson({ event: "unreachable", id, reason: message }),
  joined: ({ id, name, address, access }) => printJson({ event: "joined", id, name, address, access }),
  left: ({ id, name }) => printJson({ event: "left", id, name }),
  away: ({ id, name, isAway }) => printJson({ event: isAway ? "away" : "back", id, name }),
  wrongPassword: ({ from, count }) => printJson({ event: "wrongPassword", from, count }),
  ended: ({ reason, expected }) => printJson({ event: "ended", reason, expected }),
};

export function reportGuests(host: SessionHost, report: Report): void {
  host.sessions.onJoined((participant) => report.joined(participant));
  host.sessions.onLeft((participant) => report.left(participant));
  host.sessions.onAway((participant) => report.away(participant));
  host.onWrongPassword((attempt) => report.wrongPassword(attempt));
  const told = new Map<HostedServer, Set<string>>();
  host.onDialing((hosted) => {
    const { dialing } = hosted.server;
    const reason = dialing?.lastError;
    const known = told.get(hosted) ?? new Set();
    told.set(hosted, known);
    // A participant that was there and has gone is news again.
    if (reason === undefined) known.clear();
    else if (!known.has(reason.message)) {
      known.add(reason.message);
      report.unreachable(hosted, reason);
    }
  });
}

/** Warns of what the user should not do without knowing; and of a server that calls, what keeps others from answering. */
export function warnIfInsecure({ server }: HostedServer): void {
  for (const line of insecureWarning(server.address) ?? []) printNote(`WARNING: ${line}`);
  const protection = callProtection(server.address);
  if (protection !== undefined) printNote(protection);
}
