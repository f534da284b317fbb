import { lookup } from "node:dns/promises";
import net from "node:net";
import os from "node:os";
import type { Address } from "../address/model.ts";
import { AppError } from "../common/errors.ts";
import { errorCode } from "./errno.ts";
import { SOCKET_OPTIONS } from "./sockets.ts";
import { abortable } from "./deadline.ts";

/** An IP version to use, or both. */
export type Family = 4 | 6 | "both";

/** The IP versions that a connection string allows. */
export function familyOf(address: Address): Family {
  return "ipv6Only" in address && address.ipv6Only ? 6 : "both";
}

export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Finds a host's addresses by name; tests put another one in its place. */
export type Resolver = (host: string, family: Family) => Promise<readonly HostAddress[]>;

export const systemResolver: Resolver = async (host, family) => {
  // RFC 6761, section 6.3: always this machine, also where its hosts file forgets IPv6.
  if (/^(.+\.)?localhost\.?$/i.test(host)) return LOOPBACK.filter((each) => isOf(each, family));
  const found = await lookup(host, { all: true, family: family === "both" ? 0 : family });
  return found.map(({ address, family: version }) => ({ address, family: version === 6 ? 6 : 4 }));
};

const LOOPBACK: readonly HostAddress[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

function isOf(address: HostAddress, family: Family): boolean {
  return family === "both" || address.family === family;
}

/** The addresses of a host, best first. Rejects with an AppError that says what to do about the name. */
export async function resolveHost(
  host: string,
  family: Family,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<readonly HostAddress[]> {
  const literal = net.isIP(host);
  if (literal === 4 || literal === 6) {
    if (family !== "both" && family !== literal) {
      throw new AppError(
        "badArguments",
        `${host} is an IPv${literal} address, but IPv${family} was asked for.`,
        {
          hint: family === 6 ? "Leave out ipversion=6, or give an IPv6 address." : "Give an IPv4 address.",
        },
      );
    }
    const problem = scopeProblem(host);
    if (problem !== undefined) throw problem;
    return [{ address: host, family: literal }];
  }
  let found: readonly HostAddress[];
  try {
    found = await abortable(resolver(host, family), signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (errorCode(thrown) === "EAI_AGAIN") {
      throw new AppError(
        "connectFailed",
        `The host name ${host} cannot be looked up: no name server answers.`,
        {
          hint: "Check this machine's network connection, or give the host's IP address.",
          cause: thrown,
        },
      );
    }
    throw notFound(host, family, thrown);
  }
  if (found.length === 0) throw notFound(host, family, undefined);
  return found;
}

/** RFC 4007: every line has the same link-local addresses, so one of them says nothing without its interface. */
function scopeProblem(address: string): AppError | undefined {
  if (!/^fe[89ab]/i.test(address)) return undefined;
  const scope = /%(.*)$/.exec(address)?.[1];
  const names = Object.keys(os.networkInterfaces());
  if (scope === undefined) {
    return new AppError("badArguments", `${address} is a link-local address without its interface.`, {
      hint: `Write it with that, such as ${address}%${names.at(-1) ?? "eth0"}.`,
    });
  }
  // Windows numbers them.
  if (process.platform === "win32" || names.includes(scope)) return undefined;
  return new AppError("badArguments", `This machine has no interface ${scope}, as ${address} says.`, {
    hint: `There is ${names.join(", ")}.`,
  });
}

function notFound(host: string, family: Family, cause: unknown): AppError {
  const what = family === "both" ? "host" : `host with an IPv${family} address`;
  return new AppError("connectFailed", `No ${what} is known by the name ${host}.`, {
    hint: "Check the spelling, or give its IP address.",
    cause,
  });
}

/** RFC 8305, section 5: how long one address has the field to itself before the next is tried as well. */
const ATTEMPT_DELAY_MS = 250;

/**
 * Connects to whichever of a host's addresses answers first (RFC 8305). Node's own variant gives an address up
 * when it turns to the next, so a host that is 300 ms away could never be reached; here all stay in the race.
 * Rejects with Node's error of the most telling attempt; on abort with the signal's reason, all attempts closed.
 */
export function dial(
  addresses: readonly HostAddress[],
  port: number,
  signal: AbortSignal,
): Promise<net.Socket> {
  const order = alternate(addresses);
  return new Promise((resolve, reject) => {
    const pending = new Set<net.Socket>();
    const failures: Error[] = [];
    let timer: NodeJS.Timeout | undefined;

    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      for (const socket of pending) socket.destroy();
      pending.clear();
    };
    const onAbort = () => {
      finish();
      reject(AppError.from(signal.reason, "aborted"));
    };
    const fail = (socket: net.Socket, error: Error) => {
      if (!pending.delete(socket)) return;
      failures.push(error);
      attempt();
    };
    const attempt = () => {
      clearTimeout(timer);
      const next = order.shift();
      if (next === undefined) {
        if (pending.size > 0) return;
        finish();
        reject(mostTelling(failures));
        return;
      }
      const socket = net.connect({ ...SOCKET_OPTIONS, host: next.address, port });
      pending.add(socket);
      socket.on("error", (error) => fail(socket, error));
      socket.once("connect", () => {
        // A program that dials a free port of this machine over and over meets itself in the end (TCP's simultaneous open).
        if (socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress) {
          socket.destroy();
          fail(socket, Object.assign(new Error("connected to itself"), { code: "ECONNREFUSED" }));
          return;
        }
        pending.delete(socket);
        finish();
        resolve(socket);
      });
      timer = setTimeout(attempt, ATTEMPT_DELAY_MS);
    };

    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    attempt();
  });
}

/** The system's order, but IPv6 and IPv4 in turn, so that one broken version costs one delay (RFC 8305, section 4). */
export function alternate(addresses: readonly HostAddress[]): HostAddress[] {
  const first = addresses[0]?.family;
  const [one, other] = [
    addresses.filter(({ family }) => family === first),
    addresses.filter(({ family }) => family !== first),
  ];
  return one
    .flatMap((address, index) => [address, ...other.slice(index, index + 1)])
    .concat(other.slice(one.length));
}

/** A refusal tells most: that machine is there. */
function mostTelling(failures: readonly Error[]): Error {
  const refusal = failures.find((error) => errorCode(error) === "ECONNREFUSED");
  return refusal ?? failures[0] ?? new Error("no address to connect to");
}
