import type { ClientAddress } from "../address/model.ts";
import { AppError } from "../common/errors.ts";
import type { Logger } from "../common/logger.ts";
import { shownLine } from "../common/sanitize.ts";
import type { Event } from "../common/event.ts";
import type { GuestLink } from "../link/guestLink.ts";
import type { SessionInfo, Wait } from "../link/messages.ts";
import { type GuestIdentity, openLink } from "../link/openLink.ts";
import type { Dial } from "../link/reconnect.ts";
import type { FindOptions } from "../security/certificates/find.ts";
import { prepareClientHandshake } from "../security/clientHandshake.ts";
import { isReverseClient } from "../transport/reverseListener.ts";
import type { WaitOptions } from "../transport/channel.ts";
import { connect } from "../transport/open.ts";
import { awaitServer } from "./awaitServer.ts";
import { ChildAllowance } from "./childAllowance.ts";
import { GuestSession, type GuestSessionOptions } from "./guestSession.ts";
import { UnprovedServer } from "./unprovedServer.ts";

/** Letters of a session's id in a message. */
const ID_LENGTH = 64;

export interface JoinOptions extends WaitOptions {
  /** Where certificates come from. Default: the stores of this user and this machine. */
  readonly certificates?: FindOptions;
  /**
   * Asks the person for the password of a server that has one, or, with `again`, for another one than the wrong one.
   * Undefined: they gave up. Absent: there is no user to ask.
   */
  readonly askPassword?: (again: boolean) => Promise<string | undefined>;
  readonly logger?: Logger;
  /** It takes longer than usual: the host mostly because a person is being asked, a reverse server that dials when it can. */
  readonly onWait?: (wait: Partial<Wait>) => void;
}

/** A guest that was admitted. */
export interface Joined {
  /** As it admitted us: with the password that was asked for. */
  readonly address: ClientAddress;
  readonly link: GuestLink;
  /** The server is another user's of this machine, and nothing proves whose it should be: a sentence for people. */
  readonly onStranger: Event<string>;
  /**
   * The session of that id, or the one that all others are children of. Rejects if there is none. It starts the link:
   * subscribe to that first.
   */
  findSession(id?: string, wait?: WaitOptions): Promise<SessionInfo>;
  /**
   * Opens a session, found in the same way, by which nothing comes but what a host may send its guests
   * (hostMessages.ts). Rejects with the host's reason.
   */
  openSession(id?: string, options?: WaitOptions & GuestSessionOptions): Promise<GuestSession>;
}

/**
 * Connects, or waits for the server to connect if the address says so, and is admitted. Rejects with an AppError: the certificate's, the
 * transport's, the authentication's, the link handshake's, or the host's refusal.
 */
export async function joinServer(
  address: ClientAddress,
  identity: GuestIdentity,
  options: JoinOptions = {},
): Promise<Joined> {
  try {
    return await joinOnce(address, identity, options);
  } catch (thrown) {
    const error = AppError.from(thrown);
    const again = error.code === "wrongPassword";
    if (!again && error.code !== "passwordRequired") throw error;
    const value = await options.askPassword?.(again);
    if (value === undefined) throw error;
    return joinServer({ ...address, password: { kind: "literal", value } }, identity, options);
  }
}

async function joinOnce(
  address: ClientAddress,
  identity: GuestIdentity,
  options: JoinOptions,
): Promise<Joined> {
  const handshake = await prepareClientHandshake(address, options.certificates);
  // How the connection string names the guest is the most deliberate.
  const who = { ...identity, name: address.name ?? identity.name };
  const { logger, onWait } = options;
  const unproved = new UnprovedServer();
  const dial: Dial = async (open, wait) => {
    const openAndLook: typeof open = async (channel, openWait) => {
      const opened = await open(channel, openWait);
      void unproved.look(address, channel.peer);
      return opened;
    };
    return isReverseClient(address)
      ? awaitServer(address, handshake, openAndLook, { ...wait, logger, onWait })
      : openAndLook(await handshake.authenticate(await connect(address, wait), wait), wait);
  };
  const { signal, timeoutMs } = options;
  const isSlow = address.kind === "com";
  const link = await dial((channel, wait) => openLink(channel, who, { ...options, ...wait, dial, isSlow }), {
    signal,
    timeoutMs,
  });
  const findSession: Joined["findSession"] = async (id, wait) => {
    link.start();
    return choose(await sessionsOf(link, id, wait), id);
  };
  const children = new ChildAllowance();
  return {
    address,
    link,
    onStranger: unproved.onStranger,
    findSession,
    openSession: async (id, { sources, notices, ...wait } = {}) => {
      const port = await link.openSession((await findSession(id, wait)).id, wait);
      const prefetches = link.welcome.features.includes("push");
      return new GuestSession(port, { sources, notices, children, prefetches });
    },
  };
}

/** The welcome lists them, unless there are too many for it, or the wanted one began later. */
async function sessionsOf(
  link: GuestLink,
  wanted: string | undefined,
  wait?: WaitOptions,
): Promise<readonly SessionInfo[]> {
  const { sessions } = link.welcome;
  const isThere = sessions.some(({ id }) => wanted === undefined || id === wanted);
  return isThere ? sessions : (await link.request("listSessions", {}, wait)).sessions;
}

function choose(sessions: readonly SessionInfo[], wanted: string | undefined): SessionInfo {
  const root = sessions.find(({ parent }) => parent === undefined);
  const found = wanted === undefined ? root : sessions.find(({ id }) => id === wanted);
  if (found !== undefined) return found;
  if (wanted === undefined) throw new AppError("closed", "This server has no debug session any more.");
  const there = sessions.map(({ id, name }) => `${shownLine(id, ID_LENGTH)} (${name})`).join(", ");
  throw new AppError("badArguments", `There is no session "${wanted}" on this server.`, {
    hint: there === "" ? undefined : `There is ${there}.`,
  });
}
