import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** The ports on which a process listens. */
export function portsOf(pid: number): number[] {
  const sockets = new Set(
    namesIn(`/proc/${pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      } catch {
        return undefined;
      }
    }),
  );
  const lines = ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, "utf8").split("\n").slice(1),
  );
  return lines.flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === "0A" && sockets.has(inode) ? [parseInt(local.split(":").at(-1) ?? "", 16)] : [];
  });
}

/** The same of a process and of all that it has started. */
export function portsOfTree(pid: number): number[] {
  const parents = new Map(namesIn("/proc").flatMap((name) => (/^\d+$/.test(name) ? [parentOf(name)] : [])));
  const isBelow = (each: number): boolean => {
    for (let at: number | undefined = each; at !== undefined && at !== 0; at = parents.get(at))
      if (at === pid) return true;
    return false;
  };
  return [...parents.keys()].filter(isBelow).flatMap(portsOf);
}

function parentOf(pid: string): [number, number] {
  try {
    return [Number(pid), Number(/^PPid:\s+(\d+)/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])];
  } catch {
    return [Number(pid), 0];
  }
}

/** What is in a directory; nothing if it has just gone. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
