import type { ServerAddress } from "../../address/model.ts";
import { isForOwnUser } from "../../address/authentication.ts";
import { needsAdmissionPrompt } from "../../host/admissionPrompt.ts";
import { openTo } from "../../host/joinAddresses.ts";
import type { DebugServer } from "../../host/server.ts";
import { formatHostPort } from "../../transport/peer.ts";
import type { ServedServer } from "../host/serving.ts";
import { guestRow } from "./guestRow.ts";
import { type Icon, type Row, nobodyRow } from "./row.ts";
import { count, parts, spokenParts } from "./labels.ts";

const WARNING: Icon = { name: "warning", color: "list.warningForeground" };

/** A server with those who came in by it. */
export function serverRow(served: ServedServer, now: number): Row {
  const { session, host, hosted } = served;
  const { address, connectionString } = hosted.server;
  const guests = host.guests().filter(({ server }) => server === hosted.id);
  const label = serverLabel(address);
  const { badge, warning } = insecurity(address) ?? {};
  const calls = callState(hosted.server);
  const id = `server/${session.id}/${hosted.id}`;
  return {
    session,
    served,
    presentation: {
      id,
      label,
      description: parts(badge && `${badge}!`, calls, connectionString),
      icon: warning === undefined ? { name: iconOf(address) } : WARNING,
      tooltip: {
        title: label,
        warning,
        facts: [
          ["Server", connectionString],
          ["Join with", hosted.join],
          ...lastCall(hosted.server),
          ["Lets in", admission(address)],
          ["Guests may", address.access],
          ["Guests", String(guests.length)],
        ],
      },
      spoken: spokenParts(
        `Server, ${label}`,
        badge && `${badge}: ${warning}`,
        calls,
        count(guests.length, "guest"),
        connectionString,
      ),
      context: address.password === undefined ? "server" : "serverWithPassword",
    },
    children:
      guests.length === 0
        ? [nobodyRow(id, "No guests yet")]
        : guests.map((guest) => guestRow(served, guest, now)),
  };
}

/** Why the user must see that a server is open: in a word or two, and in a sentence; undefined if it is not. */
export function insecurity(
  address: ServerAddress,
): { readonly badge: string; readonly warning: string } | undefined {
  const who = {
    network: "clicon" in address ? `Whoever answers at ${address.clicon}` : "Whoever can reach this machine",
    machine: "Every program and user of this machine",
    line: "Whatever is at the other end of the serial line",
    user: "Every program of yours",
  }[openTo(address) ?? "user"];
  if (address.insecure)
    return {
      badge: "insecure",
      warning: `${who} can join without a password; you are not asked.`,
    };
  if (openTo(address) === undefined) return undefined;
  const badge = openTo(address) === "line" ? "no password" : "any user";
  return { badge, warning: `${who} can ask to join, without a password.` };
}

/** By what people tell servers apart: `TCP port 5005`. */
export function serverLabel(address: ServerAddress): string {
  switch (address.kind) {
    case "tcp":
      return `TCP port ${address.ports.first}`;
    case "ssl":
      return `TLS port ${address.ports.first}`;
    case "tcpReverse":
      return `TCP to ${formatHostPort(address.clicon, address.port)}`;
    case "sslReverse":
      return `TLS to ${formatHostPort(address.clicon, address.port)}`;
    case "npipe":
      return `Pipe ${address.pipe}`;
    case "spipe":
      return `TLS pipe ${address.pipe}`;
    case "com":
      return `Serial line ${address.device}, channel ${address.channel}`;
  }
}

/** What a server that calls its guest is doing; undefined for one that is called. */
function callState({ address, dialing }: DebugServer): string | undefined {
  if (!("clicon" in address)) return undefined;
  return dialing === undefined ? "connected" : `calling ${address.clicon}…`;
}

function lastCall({ dialing }: DebugServer): [string, string][] {
  return dialing?.lastError === undefined ? [] : [["Last call", dialing.lastError.toLine()]];
}

function iconOf(address: ServerAddress): string {
  if (address.password !== undefined || "proto" in address) return "lock";
  return "broadcast";
}

function admission(address: ServerAddress): string {
  if (address.password !== undefined) return "who knows the password";
  if (isForOwnUser(address)) return "your own programs, when you let them in";
  if (needsAdmissionPrompt(address)) return "whom you let in";
  return address.insecure ? "everybody" : "who has a certificate that is trusted";
}
