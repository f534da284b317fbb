import { rmSync } from "node:fs";
import { unlink } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import type { Disposable } from "../common/disposable.ts";
import { errorCode } from "../transport/errno.ts";
import { withinLimit } from "../transport/pipePath.ts";

const WINDOWS = process.platform === "win32";

/** How long a server may take to answer before it is taken to be busy, which is not dead. */
const PROBE_MS = 2_000;

/**
 * Shows that a process lives: a socket that answers for as long as the process does. A process id alone proves
 * nothing, because the system gives it to another one, and means something else in another container; a socket
 * of the dead refuses.
 */
function presencePath(directory: string, id: string): string {
  const file = WINDOWS ? `\\\\.\\pipe\\debug-server-${id}` : path.join(directory, `${id}.alive`);
  return withinLimit(file, id, process.platform);
}

/** Answers from now on, until it is disposed or the process ends. Keeps no process alive. */
export async function showPresence(directory: string, id: string): Promise<Disposable> {
  const file = presencePath(directory, id);
  const server = net.createServer((socket) => socket.on("error", () => {}).destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(file, resolve);
  });
  server.removeAllListeners("error").on("error", () => {});
  server.unref();
  return {
    dispose() {
      server.close();
      // Node removes the socket too, but not before this turn of the event loop ends, and the process may end in it.
      if (!WINDOWS) rmSync(file, { force: true });
    },
  };
}

/** Whether the process that showed its presence by that id still lives. Any doubt counts for it. */
export function isPresent(directory: string, id: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path: presencePath(directory, id) });
    const settle = (present: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(present);
    };
    const timer = setTimeout(() => settle(true), PROBE_MS);
    socket.once("connect", () => settle(true));
    socket.on("error", (error) => settle(!["ECONNREFUSED", "ENOENT"].includes(errorCode(error) ?? "")));
  });
}

/** Removes what a dead process left of its presence. */
export async function removePresence(directory: string, id: string): Promise<void> {
  if (!WINDOWS) await unlink(presencePath(directory, id)).catch(() => {});
}
