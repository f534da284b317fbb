import type net from "node:net";
import type { PortRange } from "../address/model.ts";
import { AppError } from "../common/errors.ts";
import type { Channel, Listener, WaitOptions } from "./channel.ts";
import { dial, type Family, resolveHost, type Resolver, systemResolver } from "./dial.ts";
import { errorCode } from "./errno.ts";
import { formatHostPort, tcpPeer } from "./peer.ts";
import { connectionOf, socketChannel, SocketListener } from "./sockets.ts";
import { CONNECT_TIMEOUT_MS, withDeadline } from "./deadline.ts";

/** The wait is for the look-up of a name in `bind`; all else is immediate. */
export interface TcpListenOptions extends WaitOptions {
  /** The first free port of the range is taken; port 0 is any free one. */
  readonly ports: PortRange;
  /** Default: both. A machine without IPv6 then listens on IPv4 alone. */
  readonly family?: Family;
  /** An address of this machine, or a name of it; default: all of them. */
  readonly bind?: string;
  /** Loopback only: 127.0.0.1 and ::1, with the same port. `bind: "localhost"` means the same. */
  readonly loopback?: boolean;
}

export interface TcpListener extends Listener {
  readonly port: number;
  /** What it is bound to; `::` alone stands for both IP versions unless the family is 6. */
  readonly addresses: readonly string[];
}

export interface TcpConnectOptions extends WaitOptions {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Default: both. */
  readonly family?: Family;
  readonly resolver?: Resolver;
}

interface Binding {
  readonly host: string;
  readonly ipv6Only?: boolean;
}

/**
 * Rejects with an AppError: `addressInUse` (the port, or every port of the range), `notAllowed` (a privileged port),
 * `notAvailable` (not an address of this machine), `badArguments`.
 */
export async function listenTcp(options: TcpListenOptions): Promise<TcpListener> {
  const { first, last } = options.ports;
  const alternatives = await bindings(options);
  const failures: unknown[] = [];
  for (let port = first; port <= last; port++) {
    try {
      return await listenAt(alternatives, port);
    } catch (thrown) {
      // Only these two depend on the port. EACCES is a privileged one, or one that Windows keeps to itself.
      const code = errorCode(thrown);
      if (code !== "EADDRINUSE" && code !== "EACCES") throw cannotListen(options, thrown);
      failures.push(thrown);
    }
  }
  throw noPort(options.ports, failures);
}

/** Rejects with an AppError: `connectFailed`, `timeout`, `aborted`, `notAllowed` or `badArguments`. */
export async function connectTcp(options: TcpConnectOptions): Promise<Channel> {
  const { host, port, family = "both", resolver = systemResolver } = options;
  const where = formatHostPort(host, port);
  const socket = await withDeadline(
    options,
    CONNECT_TIMEOUT_MS,
    `Connecting to ${where}`,
    async (signal) => {
      const addresses = await resolveHost(host, family, resolver, signal);
      try {
        return await dial(addresses, port, signal);
      } catch (thrown) {
        signal.throwIfAborted();
        throw cannotConnect(where, thrown);
      }
    },
    "Check the host and the port; a firewall between here and there may drop the connection.",
  );
  return socketChannel(socket, {
    ...tcpPeer(socket.remoteAddress ?? host, port),
    connection: connectionOf(socket),
  });
}

/** What to bind at once, in alternatives: a later one only where this machine lacks an IP version. */
async function bindings(options: TcpListenOptions): Promise<readonly (readonly Binding[])[]> {
  const { family = "both", bind } = options;
  if (options.loopback === true || bind?.toLowerCase() === "localhost") {
    const v4 = { host: "127.0.0.1" };
    const v6 = { host: "::1" };
    return family === 4 ? [[v4]] : family === 6 ? [[v6]] : [[v4, v6], [v4], [v6]];
  }
  const v4 = { host: "0.0.0.0" };
  if (bind === undefined && family === 4) return [[v4]];
  if ((bind === undefined || bind === "::") && family !== 4) {
    return family === 6 ? [[{ host: "::", ipv6Only: true }]] : [[{ host: "::", ipv6Only: false }], [v4]];
  }
  const [found] = await withDeadline(options, CONNECT_TIMEOUT_MS, `Looking up ${bind}`, (signal) =>
    resolveHost(bind ?? "::", family, systemResolver, signal).catch((thrown: unknown) => {
      const error = AppError.from(thrown);
      if (error.code !== "connectFailed") throw error;
      throw new AppError("notAvailable", error.message, {
        hint: "Check the address in bind=.",
        cause: error,
      });
    }),
  );
  return found === undefined ? [] : [[{ host: found.address, ipv6Only: found.family === 6 }]];
}

async function listenAt(alternatives: readonly (readonly Binding[])[], port: number): Promise<TcpListener> {
  let failure: unknown;
  for (const alternative of alternatives) {
    try {
      return await bindAll(alternative, port);
    } catch (thrown) {
      if (!isMissingAddress(thrown)) throw thrown;
      failure ??= thrown;
    }
  }
  throw failure;
}

/** Two addresses must have the same port; a free one of the first may be taken on the second, so try again. */
const ANY_PORT_ATTEMPTS = 20;

async function bindAll(hosts: readonly Binding[], port: number): Promise<TcpListener> {
  for (let attempt = 1; ; attempt++) {
    const listener = new SocketListener(peerOf);
    let bound = port;
    try {
      for (const binding of hosts) bound = portOf(await listener.listen({ ...binding, port: bound }));
      return Object.assign(listener, { port: bound, addresses: hosts.map(({ host }) => host) });
    } catch (thrown) {
      await listener.close();
      const again = port === 0 && errorCode(thrown) === "EADDRINUSE" && attempt < ANY_PORT_ATTEMPTS;
      if (!again) throw thrown;
    }
  }
}

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new AppError("internal", "No TCP port was bound.");
  return address.port;
}

function peerOf(socket: net.Socket) {
  const connection = connectionOf(socket);
  if (connection === undefined) return undefined;
  const { address, port } = connection.remote;
  return { ...tcpPeer(address, port), connection };
}

/** The machine has no such address, or not this IP version at all. */
function isMissingAddress(thrown: unknown): boolean {
  return ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(errorCode(thrown) ?? "");
}

function cannotListen(options: TcpListenOptions, thrown: unknown): AppError {
  // EINVAL: an address that no program can listen on, such as that of a group.
  if (!isMissingAddress(thrown) && errorCode(thrown) !== "EINVAL")
    return AppError.from(thrown, "notAvailable");
  if (options.bind !== undefined) {
    return new AppError("notAvailable", `${options.bind} is not an address of this machine.`, {
      hint: "Give one of this machine's addresses in bind=, or leave it out to listen on all of them.",
      cause: thrown,
    });
  }
  const version = options.family === 6 ? "IPv6" : "IP";
  return new AppError("notAvailable", `This machine has no ${version} address to listen on.`, {
    hint: options.family === 6 ? "Leave out ipversion=6." : undefined,
    cause: thrown,
  });
}

function noPort({ first, last }: PortRange, failures: readonly unknown[]): AppError {
  if (failures.length === 0) return new AppError("badArguments", `${first}:${last} is not a range of ports.`);
  const cause = failures[0];
  const one = first === last;
  const denied = failures.filter((failure) => errorCode(failure) === "EACCES").length;
  if (denied === failures.length) {
    const what = one ? `port ${first}` : `the ports ${first} to ${last}`;
    return new AppError("notAllowed", `This user may not listen on ${what}.`, {
      hint: "Ports below 1024 are privileged on most systems: choose one from 1024 up.",
      cause,
    });
  }
  const rest = denied === 0 ? "in use" : "in use or privileged";
  return new AppError(
    "addressInUse",
    one ? `Port ${first} is in use.` : `All ports from ${first} to ${last} are ${rest}.`,
    {
      hint: one
        ? "Choose another, a range (port=5005:5014) or any free one (port=0)."
        : "Choose a wider range, or any free port (port=0).",
      cause,
    },
  );
}

function cannotConnect(where: string, thrown: unknown): AppError {
  switch (errorCode(thrown) ?? "") {
    case "ECONNREFUSED":
      return new AppError("connectFailed", `${where} refused the connection: nobody listens there.`, {
        hint: "Check that the server runs and that this is its port.",
        cause: thrown,
      });
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
      return new AppError("connectFailed", `${where} cannot be reached from this machine.`, {
        hint: "Check the address and this machine's network connection.",
        cause: thrown,
      });
    case "ETIMEDOUT":
      return new AppError("timeout", `${where} does not answer.`, {
        hint: "Check the host and the port; a firewall between here and there may drop the connection.",
        cause: thrown,
      });
    case "EACCES":
    case "EPERM":
      return new AppError("notAllowed", `This machine does not let us connect to ${where}.`, {
        hint: "Look at its firewall rules.",
        cause: thrown,
      });
    case "ERR_SOCKET_BAD_PORT":
      return new AppError("badArguments", `${where} has no valid port.`, { cause: thrown });
    default:
      return AppError.from(thrown, "connectFailed");
  }
}
