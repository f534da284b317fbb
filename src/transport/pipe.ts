import { randomBytes } from "node:crypto";
import { chmod, lstat, rename, unlink } from "node:fs/promises";
import type { Stats } from "node:fs";
import net from "node:net";
import path from "node:path";
import { AppError } from "../common/errors.ts";
import type { Channel, Listener, Peer, WaitOptions } from "./channel.ts";
import { withDirectoryLock } from "./directoryLock.ts";
import { errorCode } from "./errno.ts";
import { pipePath, withinLimit } from "./pipePath.ts";
import { socketChannel, SocketListener, SOCKET_OPTIONS } from "./sockets.ts";
import { createPrivate, userDirectories, userDirectory, verifyPrivate } from "./userDirectory.ts";
import { CONNECT_TIMEOUT_MS, withDeadline } from "./deadline.ts";

export interface PipeOptions extends WaitOptions {
  readonly name: string;
  /** Where the sockets are, instead of the user's directory; it must be as private as that. Not on Windows. */
  readonly directory?: string;
}

export interface PipeListener extends Listener {
  /** What any client of this machine can connect to. */
  readonly path: string;
}

export interface PipeConnectOptions extends PipeOptions {
  /** The machine; only Windows reaches others by pipes. */
  readonly server?: string;
}

const WINDOWS = process.platform === "win32";

/** Windows lets other machines' users of the same account in, and does not tell; there it is not known to be local. */
function pipePeer(address: string): Peer {
  return { transport: "npipe", address, local: !WINDOWS };
}

/**
 * Rejects with an AppError: `addressInUse` (a server answers by that name), `badArguments`, `tooLarge` (the name),
 * `notAllowed` (the directory is not this user's alone), `busy` (another start under that name does not end).
 */
export async function listenPipe(options: PipeOptions): Promise<PipeListener> {
  const { name } = options;
  const listener = new SocketListener(() => pipePeer(name));
  // Not run by any test of ours, for want of Windows: the mapping of names (pipePath.ts) is. Windows itself refuses
  // a second server of the name, and keeps nothing of a dead one.
  if (WINDOWS) {
    const file = pipePath(process.platform, name, undefined, "");
    try {
      await listener.listen({ path: file });
    } catch (thrown) {
      throw cannotListen(name, thrown);
    }
    return Object.assign(listener, { path: file });
  }

  const directory = options.directory ?? (await userDirectory());
  const file = pipePath(process.platform, name, undefined, directory);
  await createPrivate(directory);
  const lock = path.join(directory, `${name}.lock`);
  return withDeadline(options, CONNECT_TIMEOUT_MS, `Listening on the pipe ${name}`, (signal) =>
    // Between finding a dead server's socket and putting ours in its place no other process may do the same.
    withDirectoryLock(lock, signal, async () => {
      await removeDead(file, name);
      return publish(listener, file, name);
    }),
  );
}

/**
 * Listens under a passing name, then renames: the socket has its mode and answers from the moment that it can be seen.
 * Also Node deletes by name whatever is there when it closes a server; so that is never another server's socket.
 */
async function publish(listener: SocketListener, file: string, name: string): Promise<PipeListener> {
  const passing = path.join(path.dirname(file), `.${randomBytes(4).toString("hex")}`);
  let own: Stats;
  try {
    await listener.listen({ path: withinLimit(passing, name, process.platform) });
    await chmod(passing, 0o600);
    own = await lstat(passing);
    await rename(passing, file);
  } catch (thrown) {
    await listener.close();
    throw cannotListen(name, thrown);
  }
  const closeServer = listener.close.bind(listener);
  const close = async () => {
    // While the socket still answers: no process takes it for dead and puts another in its place meanwhile.
    const now = await lstat(file).catch(() => undefined);
    if (now?.ino === own.ino && now.dev === own.dev) await unlink(file).catch(() => {});
    await closeServer();
  };
  let closing: Promise<void> | undefined;
  return Object.assign(listener, { path: file, close: () => (closing ??= close()) });
}

/** Rejects if a server answers on the socket; removes the socket of a dead one. Only under the lock. */
async function removeDead(file: string, name: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new AppError("addressInUse", `${file} is in the way: it is not a socket.`, {
      hint: "Move it elsewhere.",
    });
  }
  const answer = await new Promise<string | undefined>((resolve) => {
    const probe = net.connect({ path: file }, () => {
      probe.destroy();
      resolve(undefined);
    });
    probe.on("error", (error) => resolve(errorCode(error)));
  });
  if (answer === "ENOENT") return;
  // Any other failure (a full queue, say) is no proof of death.
  if (answer !== "ECONNREFUSED") throw inUse(name);
  await unlink(file);
}

function inUse(name: string, cause?: unknown): AppError {
  return new AppError("addressInUse", `The pipe name ${name} is in use.`, {
    hint: "Choose another; with %d in it, it is this process's own.",
    cause,
  });
}

function cannotListen(name: string, thrown: unknown): AppError {
  const code = errorCode(thrown);
  // Windows says "access denied" where the pipe is another user's.
  if (code === "EADDRINUSE" || (WINDOWS && code === "EACCES")) return inUse(name, thrown);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new AppError("notAllowed", `This user may not create the pipe ${name}.`, { cause: thrown });
  }
  return AppError.from(thrown, "notAvailable");
}

/** Rejects with an AppError: `connectFailed`, `timeout`, `aborted`, `notAllowed`, `notSupported`, `badArguments`, … */
export async function connectPipe(options: PipeConnectOptions): Promise<Channel> {
  const { name, server } = options;
  if (WINDOWS) return connectPath({ ...options, path: pipePath(process.platform, name, server, ""), name });

  const directories = options.directory === undefined ? await userDirectories() : [options.directory];
  let failure: AppError | undefined;
  for (const directory of directories) {
    try {
      const file = pipePath(process.platform, name, server, directory);
      // Another user who could put a socket there could pose as the server.
      if (await verifyPrivate(directory)) return await connectPath({ ...options, path: file, name });
    } catch (thrown) {
      failure ??= AppError.from(thrown);
    }
  }
  throw failure ?? noServer(name);
}

export interface PathConnectOptions extends WaitOptions {
  /** Of a socket, or of a Windows pipe. */
  readonly path: string;
  /** What people call it; default: the path. */
  readonly name?: string;
}

/** Connects to a socket (or a Windows pipe) wherever it is: for adapters that listen on one. */
export async function connectPath(options: PathConnectOptions): Promise<Channel> {
  const { path: file, name = file } = options;
  withinLimit(file, name, process.platform);
  const socket = await withDeadline(options, CONNECT_TIMEOUT_MS, `Connecting to the pipe ${name}`, (signal) =>
    open(file, name, signal),
  );
  return socketChannel(socket, pipePeer(name));
}

function open(file: string, name: string, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ ...SOCKET_OPTIONS, path: file });
    const onAbort = () => {
      socket.destroy();
      reject(AppError.from(signal.reason, "aborted"));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", (error) => {
      signal.removeEventListener("abort", onAbort);
      reject(cannotConnect(name, error));
    });
    socket.once("connect", () => {
      signal.removeEventListener("abort", onAbort);
      resolve(socket);
    });
  });
}

function noServer(name: string, cause?: unknown): AppError {
  return new AppError("connectFailed", `No server of this user listens on the pipe ${name}.`, {
    hint: "Check the name, and that the server runs.",
    cause,
  });
}

function cannotConnect(name: string, thrown: unknown): AppError {
  switch (errorCode(thrown) ?? "") {
    case "ENOENT":
      return noServer(name, thrown);
    case "ECONNREFUSED":
      return new AppError("connectFailed", `The server of the pipe ${name} is no longer there.`, {
        hint: "Start it again.",
        cause: thrown,
      });
    case "EACCES":
    case "EPERM":
      return new AppError("notAllowed", `The pipe ${name} belongs to another user.`, { cause: thrown });
    case "EAGAIN":
    case "EBUSY":
      return new AppError("busy", `The server of the pipe ${name} takes no connection now.`, {
        hint: "Try again.",
        cause: thrown,
      });
    default:
      return AppError.from(thrown, "connectFailed");
  }
}
