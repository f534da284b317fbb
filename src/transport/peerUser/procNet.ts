import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { isIPv4, SocketAddress } from "node:net";
import os from "node:os";
import { AppError } from "../../common/errors.ts";
import type { TcpConnection, TcpEnd } from "../channel.ts";
import { errorCode } from "../errno.ts";
import { plainAddress } from "../peer.ts";
import type { ConnectionTable, Finding } from "./connectionTable.ts";

// Linux: proc(5), /proc/net/tcp and tcp6. Of both, as an IPv6 socket may speak IPv4 (its addresses are mapped then).

/** A machine with more connections than fit in there is not one to wait for. */
const TABLE_BYTES = 64 * 1024 * 1024;

/** Of the kernel's `enum` of TCP states. */
const STATE = { established: 1, synReceived: 3, finWait1: 4, finWait2: 5, closeWait: 8 } as const;
/** The states of a socket whose process may still read or write. Only then its owner can be one that we talk to. */
const OPEN = new Set<number>([STATE.established, STATE.finWait1, STATE.finWait2, STATE.closeWait]);
/** The states of a connection that waits in the queue of a listener. */
const QUEUED = new Set<number>([STATE.established, STATE.synReceived]);

export interface SocketRow {
  readonly state: number;
  readonly uid: string;
  /** 0: no process holds it, and the uid means nothing. */
  readonly inode: number;
}

/** By their two ends as the kernel writes them: `0100007F:9C40 0100007F:138D`. */
export type Rows = ReadonlyMap<string, readonly SocketRow[]>;

export class ProcNet implements ConnectionTable {
  readonly #files: readonly string[];

  /** `directory`: for tests. */
  constructor(directory = "/proc/net") {
    this.#files = [`${directory}/tcp`, `${directory}/tcp6`];
  }

  async ownUser(): Promise<string> {
    const own = String(process.geteuid?.());
    const [map, overflow] = await Promise.all([
      readFile("/proc/self/uid_map", "latin1"),
      readFile("/proc/sys/kernel/overflowuid", "latin1"),
    ]);
    if (!standsForOthers(own, map, overflow)) return own;
    throw new AppError("notAvailable", `In this container the user ${own} stands for others as well.`);
  }

  async find(connections: readonly TcpConnection[]): Promise<ReadonlyMap<TcpConnection, Finding>> {
    const wanted = new Set(connections.flatMap((each) => [...keysOf(each), ...keysOf(reversed(each))]));
    const rows = new Map<string, SocketRow[]>();
    for (const file of this.#files) {
      for await (const lines of linesOf(file))
        for (const { key, row } of rowsIn(lines, wanted)) rows.set(key, [...(rows.get(key) ?? []), row]);
    }
    return new Map(connections.map((each) => [each, judge(each, rows)]));
  }
}

/**
 * In a user namespace all users that have no number in it appear as one (`overflowuid`): a process that has just that
 * number cannot tell its own from theirs. `map`: /proc/self/uid_map, which outside of any namespace names every number.
 */
export function standsForOthers(own: string, map: string, overflow: string): boolean {
  const isWhole = /^\s*0\s+0\s+4294967295\s*$/.test(map);
  return !isWhole && own === overflow.trim();
}

/** The rows of a table whose two ends are wanted. */
export function rowsIn(
  lines: readonly string[],
  wanted: ReadonlySet<string>,
): { readonly key: string; readonly row: SocketRow }[] {
  return lines.flatMap((line) => {
    // "   3: 0100007F:9C40 0100007F:138D 01 00000000:00000000 00:00000000 00000000  1000        0 24513 1 …"
    const key = /^ *\d+: ([0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:[0-9A-F]{4}) /.exec(line)?.[1];
    if (key === undefined || !wanted.has(key)) return [];
    const fields = line.slice(line.indexOf(key) + key.length).trim();
    const [state = "", , , , uid = "", , inode = ""] = fields.split(/\s+/);
    const isSound = /^[0-9A-F]{2}$/.test(state) && /^\d+$/.test(uid) && /^\d+$/.test(inode);
    // A row that is not as it should be has no owner, and so admits no peer.
    if (!isSound) return [{ key, row: { state: 0, uid: "", inode: 0 } }];
    return [{ key, row: { state: parseInt(state, 16), uid, inode: Number(inode) } }];
  });
}

/** Whose the other end of a connection is. Our own end must be there, too: it proves that the rows are of this very one. */
export function judge(connection: TcpConnection, rows: Rows): Finding {
  const own = find(rows, keysOf(connection));
  if (!own.some(({ inode }) => inode !== 0 && inode === connection.inode)) return { kind: "missing" };
  const [row, ...others] = find(rows, keysOf(reversed(connection)));
  if (row === undefined) return { kind: "missing" };
  // The same row can appear twice where the table changed meanwhile.
  if (others.some(({ uid, inode }) => uid !== row.uid || inode !== row.inode)) return { kind: "ambiguous" };
  if (row.inode === 0) return { kind: QUEUED.has(row.state) ? "pending" : "closed" };
  return OPEN.has(row.state) ? { kind: "owner", user: row.uid } : { kind: "closed" };
}

function find(rows: Rows, keys: readonly string[]): SocketRow[] {
  return keys.flatMap((key) => rows.get(key) ?? []);
}

function reversed({ local, remote }: TcpConnection): Pick<TcpConnection, "local" | "remote"> {
  return { local: remote, remote: local };
}

/** How the kernel writes a connection's two ends: an IPv4 one is in one of two tables. */
export function keysOf({ local, remote }: Pick<TcpConnection, "local" | "remote">): string[] {
  const spellings = (end: TcpEnd): string[] => {
    const port = end.port.toString(16).toUpperCase().padStart(4, "0");
    return spellingsOf(end.address).map((address) => `${address}:${port}`);
  };
  const remotes = spellings(remote);
  return spellings(local).flatMap((each, index) => (remotes[index] ? [`${each} ${remotes[index]}`] : []));
}

function spellingsOf(address: string): string[] {
  const plain = plainAddress(address.replace(/%.*$/, ""));
  if (isIPv4(plain)) {
    const word = wordOf(plain.split(".").map(Number));
    return [word, `${"0".repeat(16)}${wordOf([0, 0, 0xff, 0xff])}${word}`];
  }
  const bytes = bytesOf(plain);
  return [[0, 4, 8, 12].map((at) => wordOf(bytes.slice(at, at + 4))).join("")];
}

/** Each 32 bits are written as a number of this machine. */
function wordOf(bytes: readonly number[]): string {
  const ordered = os.endianness() === "LE" ? [...bytes].reverse() : bytes;
  return ordered.map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join("");
}

/** The 16 bytes of an IPv6 address. */
function bytesOf(address: string): number[] {
  const canonical = new SocketAddress({ address, family: "ipv6" }).address;
  // The last 32 bits may be written as IPv4.
  const text = canonical.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = [], tail = []] = text
    .split("::")
    .map((half) => half.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return [...head, ...zeros, ...tail].flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** A chunk's lines at a time. */
async function* linesOf(file: string): AsyncGenerator<string[]> {
  let rest = "";
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(file, { encoding: "latin1" }) as AsyncIterable<string>) {
      bytes += chunk.length;
      if (bytes > TABLE_BYTES) throw new AppError("tooLarge", `${file} is too large.`);
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      yield lines;
    }
  } catch (thrown) {
    // Without IPv6 there is no table of it.
    if (errorCode(thrown) === "ENOENT" && file.endsWith("6")) return;
    if (thrown instanceof AppError) throw thrown;
    throw new AppError("notAvailable", `${file} cannot be read.`, { cause: thrown });
  }
}
