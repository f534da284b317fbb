import { parseClient } from "../../address/parse.ts";
import { AppError } from "../../common/errors.ts";
import type { GuestInfo, SessionHost } from "../../host/sessionHost.ts";
import type { Registry, ServerEntry } from "../../host/registry.ts";
import type { Participant } from "../../hub/client.ts";
import type { JoinChoice } from "./joinItems.ts";
import type { ServableSession, ServedServer, Serving } from "../host/serving.ts";

/**
 * What a row is about (targets.ts), if that is still there; undefined if a command has no row. Throws `closed` if it
 * has gone. `name`: the row's property.
 */
export function targetOf<T>(row: unknown, name: string, all: readonly T[]): T | undefined {
  const wanted = property(row, name);
  if (wanted === undefined) return undefined;
  const found = all.find((item) => item === wanted);
  if (found === undefined) throw new AppError("closed", "This is no longer there.");
  return found;
}

/** VS Code's id of a session, as its call stack and its toolbar give it. */
export function sessionIdOf(context: unknown): string | undefined {
  const id = typeof context === "string" ? context : property(context, "sessionId");
  return typeof id === "string" ? id : undefined;
}

export function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** A guest of this window, who can be let go. */
export interface Guest {
  readonly session: ServableSession;
  readonly host: SessionHost;
  readonly info: GuestInfo;
}

/** Everybody whom this window has let in, of all its servers. */
export function guestsOf({ servers }: Pick<Serving, "servers">): Guest[] {
  const hosts = new Map(servers.map(({ host, session }) => [host, session]));
  return [...hosts].flatMap(([host, session]) =>
    host
      .guests()
      .filter(({ participant }) => !participant.isHost)
      .map((info) => ({ session, host, info })),
  );
}

export function hasPassword({ hosted }: ServedServer): boolean {
  return hosted.server.address.password !== undefined;
}

/** The sessions that others can join. */
export function servedSessions({ servers }: Pick<Serving, "servers">): ServableSession[] {
  return [...new Set(servers.map(({ session }) => session))];
}

/** The person at this window, as a participant; undefined when the session is over. */
export function hostOf({ sessions }: ServableSession): Participant | undefined {
  return sessions.participants().find(({ isHost }) => isHost);
}

/** The registered server of the row by which a command was called; undefined if it was not one. Rejects if it has ended. */
export async function entryOf(
  registry: Pick<Registry, "list">,
  row: unknown,
): Promise<ServerEntry | undefined> {
  const id = property(property(row, "entry"), "id");
  if (id === undefined) return undefined;
  const found = (await registry.list()).find((entry) => entry.id === id);
  if (found === undefined) throw new AppError("closed", "This server has ended.");
  return found;
}

/** The announced server of the row by which a command was called; undefined if it was not one. */
export function networkOf(row: unknown): JoinChoice | undefined {
  const network = property(row, "network");
  const [join, session] = [property(network, "join"), property(network, "session")];
  const parsed = typeof join === "string" ? parseClient(join) : undefined;
  if (parsed?.ok !== true) return undefined;
  const name = typeof session === "string" && session !== "" ? session : "Debug session";
  return { address: parsed.value, name };
}
