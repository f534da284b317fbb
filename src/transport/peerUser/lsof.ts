import { run } from "../run.ts";
import type { TcpConnection, TcpEnd } from "../channel.ts";
import type { ConnectionTable, Finding } from "./connectionTable.ts";
import { endsOf, findOwner, type OpenSocket } from "./openSockets.ts";

// macOS: lsof, in its form for programs. It shows open files of processes, so nothing of sockets that are closed or not yet
// accepted, and to a user who is not root only that user's own: others are "missing", and refused all the same. Never run
// by a test of ours, for want of macOS: what it prints is recorded.

/** By its path: what comes first on PATH may be another program. */
const COMMAND = "/usr/sbin/lsof";
/** Numbers, not names; of each process its id and user, of each socket its two ends. */
const ARGUMENTS = ["-nP", "-iTCP", "-Fpun"] as const;

export class Lsof implements ConnectionTable {
  async ownUser(): Promise<string> {
    return String(process.geteuid?.());
  }

  async find(connections: readonly TcpConnection[]): Promise<ReadonlyMap<TcpConnection, Finding>> {
    const sockets = readLsof(await run(COMMAND, ARGUMENTS));
    return new Map(connections.map((each) => [each, findOwner(each, sockets, process.pid)]));
  }
}

export function readLsof(output: string): OpenSocket[] {
  const sockets: OpenSocket[] = [];
  let [id, user] = [0, ""];
  for (const line of output.split("\n")) {
    const [field, value] = [line.charAt(0), line.slice(1)];
    if (field === "p") [id, user] = [Number(value), ""];
    if (field === "u") user = value;
    const [, from, to] = (field === "n" && /^(.*)->(.*)$/.exec(value)) || [];
    if (from !== undefined && to !== undefined)
      sockets.push({ process: id, user, ends: endsOf(readEnd(from), readEnd(to)) });
  }
  return sockets;
}

function readEnd(text: string): TcpEnd {
  const [, address = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? [];
  return { address, port: Number(port) };
}
