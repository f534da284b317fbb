import type { ServerEntry } from "../../host/registry.ts";
import { sanitize } from "../../common/sanitize.ts";
import type { Row } from "./row.ts";
import { ago, parts, spokenParts } from "./labels.ts";

/** What else this window has to do with the servers of this machine. */
export interface Own {
  readonly pid: number;
  /** The connection strings of its own servers, and of those that it is a guest of. */
  readonly serves: readonly string[];
  readonly joined: readonly string[];
}

/** The view "On this machine": the servers that other programs of this user have registered. */
export function machineRows(entries: readonly ServerEntry[], own: Own, now: number): Row[] {
  return entries.filter((entry) => !isOwn(entry, own)).map((entry) => entryRow(entry, own, now));
}

/** By both: in two containers two processes can have the same number. */
function isOwn({ pid, server }: ServerEntry, own: Own): boolean {
  return pid === own.pid && own.serves.includes(server);
}

function entryRow(entry: ServerEntry, own: Own, now: number): Row {
  const { id, server, join, session, pid, startedAt } = entry;
  const name = session.name === "" ? "Debug session" : sanitize(session.name);
  const type = session.type === "" ? undefined : sanitize(session.type);
  // What we joined with may have more in it: our name, a password (masked).
  const joined = own.joined.some((address) => `${address},`.startsWith(`${join},`));
  const started = ago(Date.parse(startedAt), now);
  return {
    entry,
    presentation: {
      id: `entry/${id}`,
      label: name,
      description: parts(joined ? "joined" : undefined, type, server),
      icon: { name: joined ? "pass" : "radio-tower" },
      tooltip: {
        title: name,
        facts: [
          ["Server", server],
          ["Join with", join],
          ["Debug type", type ?? "not known yet"],
          ["Started", `${started.short}, by process ${pid}`],
        ],
      },
      spoken: spokenParts(
        `Server of ${name}`,
        joined ? "you have joined it" : undefined,
        type,
        server,
        `started ${started.spoken}`,
      ),
      context: joined ? "entryJoined" : "entry",
    },
    children: [],
  };
}
