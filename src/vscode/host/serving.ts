import type { ServerAddress } from "../../address/model.ts";
import { AppError } from "../../common/errors.ts";
import { Emitter } from "../../common/event.ts";
import type { Logger } from "../../common/logger.ts";
import {
  type GuestInfo,
  type HostedServer,
  SessionHost,
  type SessionHostOptions,
} from "../../host/sessionHost.ts";
import type { Participant } from "../../hub/client.ts";
import type { Sessions } from "../../hub/sessions.ts";
import type { WrongPassword } from "../../security/serverHandshake.ts";

/** A debug session of this window, with its children, that is or could be served. */
export interface ServableSession {
  /** VS Code's id of the root session. */
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly sessions: Sessions;
}

/** A server of this window, and what it serves. */
export interface ServedServer {
  readonly session: ServableSession;
  readonly host: SessionHost;
  readonly hosted: HostedServer;
}

export type ServingOptions = Pick<
  SessionHostOptions,
  "registry" | "sources" | "certificates" | "announces"
> & {
  readonly logger: Logger;
  /** Asks the person at this window about a client that wants to join. */
  readonly admit: (session: ServableSession) => SessionHostOptions["admit"];
};

/** What served a session until it ended. */
interface Ended {
  readonly addresses: readonly ServerAddress[];
  /** Resolves when they are free again. */
  readonly closed: Promise<void>;
}

/** How many sessions that have ended are remembered, should they be restarted. */
const REMEMBERED = 4;

/** What this window serves: any number of servers for each of its debug sessions, each until it is stopped or the session ends. */
export class Serving {
  readonly #options: ServingOptions;
  readonly #servable = new Map<Sessions, ServableSession>();
  readonly #hosts = new Map<Sessions, SessionHost>();
  readonly #servers = new Map<HostedServer, ServedServer>();
  /** What served the sessions that ended last, by their ids: VS Code restarts some under their old one. */
  readonly #last = new Map<string, Ended>();
  readonly #changed = new Emitter<void>();
  readonly #wrongPassword = new Emitter<WrongPassword & { readonly session: ServableSession }>();
  /** A peer gave a server of this window a wrong password. */
  readonly onWrongPassword = this.#wrongPassword.event;
  readonly #started = new Emitter<ServableSession>();
  /** A session or a server began or ended, a guest came, left or may do something else now, or a call to one failed. */
  readonly onChanged = this.#changed.event;
  /** A session can be served from now on. */
  readonly onSession = this.#started.event;

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  /** The sessions of this window, in the order in which they started. */
  get servable(): ServableSession[] {
    return [...this.#servable.values()];
  }

  get servers(): ServedServer[] {
    return [...this.#servers.values()];
  }

  /** A session of this window has started. It goes by itself when it ends; one that is restarted is served again. */
  add(session: ServableSession): void {
    const { sessions } = session;
    this.#servable.set(sessions, session);
    sessions.onChanged(() => this.#changed.fire());
    sessions.onEnd(({ reason }) => this.#remove(session, reason));
    const before = this.#last.get(session.id);
    if (before === undefined) this.#started.fire(session);
    else void this.#serveAgain(session, before);
    this.#changed.fire();
  }

  /** Starts a server. Rejects with an AppError that says why it cannot be, and what to do. */
  async start(session: ServableSession, address: ServerAddress): Promise<ServedServer> {
    if (!this.#servable.has(session.sessions))
      throw new AppError("closed", "This debug session has ended meanwhile.");
    const host = this.#hostOf(session);
    const [hosted] = await host.serve([address]);
    if (hosted === undefined) throw new AppError("internal", "No server was started.");
    const served: ServedServer = { session, host, hosted };
    this.#servers.set(hosted, served);
    this.#changed.fire();
    return served;
  }

  /** Stops a server: its guests are told; the debug session goes on. */
  async stop({ hosted }: ServedServer): Promise<void> {
    await hosted.server.close(new AppError("closed", "The host no longer serves this session."));
  }

  /** The window closes: all guests are told, and no listing stays. */
  async close(reason: string): Promise<void> {
    await Promise.all(this.servers.map(({ hosted }) => hosted.server.close(new AppError("closed", reason))));
  }

  #hostOf(session: ServableSession): SessionHost {
    const known = this.#hosts.get(session.sessions);
    if (known !== undefined) return known;
    const { logger, registry, sources, certificates, announces, admit } = this.#options;
    const host = new SessionHost(session.sessions, {
      logger,
      registry,
      sources,
      certificates,
      announces,
      admit: admit(session),
    });
    host.onWrongPassword((attempt) => this.#wrongPassword.fire({ session, ...attempt }));
    host.onDialing(() => this.#changed.fire());
    host.onServerClosed((hosted) => {
      this.#servers.delete(hosted);
      this.#changed.fire();
    });
    this.#hosts.set(session.sessions, host);
    return host;
  }

  #remove({ id, sessions }: ServableSession, reason: string): void {
    this.#servable.delete(sessions);
    const host = this.#hosts.get(sessions);
    this.#hosts.delete(sessions);
    this.#changed.fire();
    if (host === undefined) return;
    const addresses = this.servers
      .filter((each) => each.host === host)
      .map((each) => each.hosted.server.address);
    const closed = host.close(reason);
    if (addresses.length > 0) this.#last.set(id, { addresses, closed });
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= REMEMBERED) break;
      this.#last.delete(oldest);
    }
  }

  async #serveAgain(session: ServableSession, { addresses, closed }: Ended): Promise<void> {
    this.#last.delete(session.id);
    await closed;
    for (const address of addresses) {
      try {
        await this.start(session, address);
      } catch (thrown) {
        this.#options.logger.log(
          "warn",
          `${session.name} is not served again: ${AppError.from(thrown).toLine()}`,
        );
      }
    }
  }
}

/** A guest of this window, who can be let go. */
export interface ServedGuest {
  readonly session: ServableSession;
  readonly host: SessionHost;
  readonly info: GuestInfo;
}

/** The guests that this window has let in, of all its servers. */
export function guestsOf({ servers }: Pick<Serving, "servers">): ServedGuest[] {
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
export function hostParticipant({ sessions }: ServableSession): Participant | undefined {
  return sessions.participants().find(({ isHost }) => isHost);
}
