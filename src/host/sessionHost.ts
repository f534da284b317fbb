import type { ServerAddress } from "../address/model.ts";
import type { Access } from "../common/access.ts";
import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { inSentence } from "../common/names.ts";
import { type Logger, nullLogger } from "../common/logger.ts";
import type { Participant } from "../hub/client.ts";
import type { ServerDirectory, ServerLine } from "../hub/console.ts";
import type { Sessions } from "../hub/sessions.ts";
import type { UpstreamEnd } from "../hub/upstream.ts";
import type { FindOptions } from "../security/certificates/find.ts";
import type { WrongPassword } from "../security/serverHandshake.ts";
import type { DecideAdmission } from "./admissionPrompt.ts";
import { isAnnounced } from "./discovery/advert.ts";
import { type Announcement, announce } from "./discovery/announce.ts";
import { sweepFirewall } from "./firewall/opening.ts";
import { joinStrings } from "./joinAddresses.ts";
import { type Registration, Registry, type SessionLabel } from "./registry.ts";
import { DebugServer } from "./server.ts";
import type { SourceReader } from "./sourceReader.ts";

export interface SessionHostOptions {
  readonly logger?: Logger;
  /** Default: this user's. */
  readonly registry?: Registry;
  /** Asks the host before a server that needs it admits a guest (admissionPrompt.ts). Absent: every guest is admitted. */
  readonly admit?: DecideAdmission;
  /** The files that guests are shown. Default: this machine's, of the current directory's project. */
  readonly sources?: SourceReader;
  /** Where servers have their certificates from. Default: this user's and this machine's. */
  readonly certificates?: FindOptions | undefined;
  /** Whether servers that others can reach, and that do not hide, are announced on the local network. Default: no. */
  readonly announces?: (() => boolean) | undefined;
}

/** A server of this host. Ids count from 0 and are used once, as in WinDbg's `.servers`. */
export interface HostedServer {
  readonly id: number;
  readonly server: DebugServer;
  /** The connection string that joins it. */
  readonly join: string;
  /** The same for everything that guests may call this machine; `join` is the first. */
  readonly joins: readonly string[];
}

/** A participant, with what lists show of them. */
export interface GuestInfo extends Pick<Participant, "kind" | "program" | "joinedAt" | "lastActiveAt"> {
  readonly participant: Participant;
  /** The id of the server by which the guest joined; undefined for the host. */
  readonly server: number | undefined;
  /** Round trip in milliseconds, over the link, as soon as one is measured. */
  readonly latencyMs: number | undefined;
}

/** An adapter that has not ended by then is given up. The hub's own deadlines are shorter. */
const END_MS = 10_000;
/** How long the addresses have to become free. An editor waits 2 s for the answer to its `disconnect`. */
const FREE_MS = 1_800;
/** How long participants have to leave in order after they were told of the end. */
const LEAVE_MS = 1_000;

/** One debug session with all the servers that serve it: started together, listed, and ended in order. */
export class SessionHost implements ServerDirectory {
  readonly sessions: Sessions;
  /** Resolves when the debug session has ended, by itself or by `close`. */
  readonly ended: Promise<UpstreamEnd>;
  readonly #logger: Logger;
  readonly #registry: Registry;
  readonly #admit: DecideAdmission | undefined;
  readonly #sources: SourceReader | undefined;
  readonly #certificates: FindOptions | undefined;
  readonly #announces: () => boolean;
  readonly #announcements = new Map<number, Announcement>();
  readonly #servers = new Map<number, HostedServer>();
  readonly #registrations = new Map<number, Registration>();
  readonly #serverClosed = new Emitter<HostedServer>();
  /** A server listens no more, for any reason. */
  readonly onServerClosed = this.#serverClosed.event;
  readonly #wrongPassword = new Emitter<WrongPassword>();
  /** A client gave one of the servers a wrong password. */
  readonly onWrongPassword = this.#wrongPassword.event;
  readonly #dialing = new Emitter<HostedServer>();
  /** A server that dials its guest has got it, or has lost it, or knows something new of why it has not. */
  readonly onDialing = this.#dialing.event;
  #nextId = 0;
  #freeing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(sessions: Sessions, options: SessionHostOptions = {}) {
    this.sessions = sessions;
    this.#logger = options.logger ?? nullLogger;
    this.#registry = options.registry ?? new Registry();
    this.#admit = options.admit;
    this.#sources = options.sources;
    this.#certificates = options.certificates;
    this.#announces = options.announces ?? (() => false);
    sessions.servers = this;
    this.ended = new Promise((resolve) => sessions.onEnd(resolve));
    sessions.onChanged(() => {
      for (const registration of this.#registrations.values()) registration.update(this.#label());
      for (const announcement of this.#announcements.values()) announcement.update(this.#label().name);
    });
  }

  /** Starts to listen at all of these addresses, or, if one of them cannot be served, at none: then it rejects. */
  async serve(addresses: readonly ServerAddress[]): Promise<HostedServer[]> {
    const started: HostedServer[] = [];
    // What a process that was killed has left open must not stay so for long.
    await sweepFirewall({ logger: this.#logger });
    try {
      // One after the other: ports of a range are taken in the order in which they were asked for.
      for (const address of addresses) started.push(await this.#start(address));
    } catch (thrown) {
      await Promise.all(started.map(({ server }) => server.close()));
      throw AppError.from(thrown);
    }
    return started;
  }

  /** Whether guests can still join. */
  get serving(): boolean {
    return this.#servers.size > 0;
  }

  /** Those that may be listed: not the hidden ones, and not those that dial by themselves. */
  list(): ServerLine[] {
    return [...this.#servers.values()]
      .filter(({ server }) => isListed(server.address))
      .map(({ id, server }) => ({ id, address: server.connectionString }));
  }

  /** Rejects with `badArguments` if there is none of that id. */
  async end(id: number): Promise<void> {
    const { server } = this.#hosted(id);
    await server.close(new AppError("closed", "This server was ended; the debug session goes on."));
  }

  /** As a guest asks for it. In a later turn: it may be the guest's own way in, and the guest is owed an answer. */
  tellToEnd(id: number, by: string): void {
    const { server } = this.#hosted(id);
    const reason = new AppError(
      "closed",
      `${inSentence(by)} has ended this server; the debug session goes on.`,
    );
    this.sessions.root.say(`${inSentence(by)} ends server ${id}.`);
    setImmediate(() => void server.close(reason));
  }

  free(): Promise<void> {
    return (this.#freeing ??= this.#free());
  }

  async #free(): Promise<void> {
    // First of all, so that no new guest is sent here.
    for (const registration of this.#registrations.values()) registration.dispose();
    await within(FREE_MS, Promise.all([...this.#servers.values()].map(({ server }) => server.free())));
  }

  /** Those who take part, in the order in which they came. `sessions.onChanged` says when this may have changed. */
  guests(): GuestInfo[] {
    return this.sessions.participants().map((participant) => {
      const { kind, program, joinedAt, lastActiveAt } = participant;
      const here = [...this.#servers.values()].flatMap(({ id, server }) => {
        const found = server.find(participant);
        return found === undefined ? [] : [{ server: id, latencyMs: found.latencyMs }];
      });
      const { server, latencyMs } = here[0] ?? {};
      return { participant, server, kind, program, latencyMs, joinedAt, lastActiveAt };
    });
  }

  /** Lets a guest go. Throws an AppError if there is none of that id, or if it is the host. */
  removeGuest(participantId: number, message = "The host has removed you."): void {
    this.sessions.remove(this.sessions.guest(participantId), new AppError("refused", message));
  }

  /** What a guest may do from now on. Throws as `removeGuest` does. */
  setAccess(participantId: number, access: Access): void {
    this.sessions.setAccess(this.sessions.guest(participantId), access);
  }

  /** Ends all: guests are told why, the adapter is disconnected, then no server listens. May be called twice. */
  close(reason: string): Promise<void> {
    return (this.#closing ??= this.#close(reason));
  }

  async #close(reason: string): Promise<void> {
    const freed = this.free();
    const withdrawn = Promise.all([...this.#announcements.values()].map((each) => each.close()));
    this.sessions.end(reason);
    await freed;
    await within(END_MS, this.ended);
    await within(LEAVE_MS, this.#allLeft());
    await Promise.all([...this.#servers.values()].map(({ server }) => server.close()));
    await within(LEAVE_MS, withdrawn);
  }

  #allLeft(): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.sessions.list().every(({ hub }) => hub.clients.size === 0)) resolve();
      };
      this.sessions.onLeft(look);
      look();
    });
  }

  async #start(address: ServerAddress): Promise<HostedServer> {
    const server = await DebugServer.start(address, this.sessions, {
      admit: this.#admit,
      sources: this.#sources,
      certificates: this.#certificates,
      logger: this.#logger,
    });
    const joins = joinStrings(server.address, server.thumbprint);
    const hosted: HostedServer = { id: this.#nextId++, server, join: joins[0], joins };
    this.#servers.set(hosted.id, hosted);
    server.onClosed(() => this.#closed(hosted));
    server.onWrongPassword((attempt) => this.#wrongPassword.fire(attempt));
    server.onDialing(() => this.#dialing.fire(hosted));
    if (isListed(server.address)) await this.#register(hosted);
    this.#announce(hosted);
    return hosted;
  }

  /** A server that cannot be listed serves all the same. */
  async #register({ id, server, join }: HostedServer): Promise<void> {
    try {
      const registration = await this.#registry.add({
        server: server.connectionString,
        join,
        session: this.#label(),
      });
      // It may have been closed meanwhile.
      if (this.#servers.has(id)) this.#registrations.set(id, registration);
      else registration.dispose();
      registration.update(this.#label());
    } catch (thrown) {
      this.#logger.log(
        "warn",
        `${server.connectionString} will not be listed: ${AppError.from(thrown).toLine()}`,
      );
    }
  }

  #announce({ id, server }: HostedServer): void {
    const { address, thumbprint } = server;
    if (!this.#announces() || !isAnnounced(address) || !this.#servers.has(id)) return;
    const session = this.#label().name;
    this.#announcements.set(id, announce(address, { session, thumbprint, logger: this.#logger }));
  }

  #hosted(id: number): HostedServer {
    const hosted = this.#servers.get(id);
    if (hosted === undefined) throw new AppError("badArguments", `There is no server ${id} here any more.`);
    return hosted;
  }

  #closed(hosted: HostedServer): void {
    this.#servers.delete(hosted.id);
    this.#registrations.get(hosted.id)?.dispose();
    this.#registrations.delete(hosted.id);
    void this.#announcements.get(hosted.id)?.close();
    this.#announcements.delete(hosted.id);
    this.#serverClosed.fire(hosted);
  }

  #label(): SessionLabel {
    const [root] = this.sessions.list();
    return { name: root?.name ?? "", type: root?.hub.type ?? "" };
  }
}

function isListed(address: ServerAddress): boolean {
  return "hidden" in address && !address.hidden;
}

/** Waits for it, but not longer than that. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([promise, enough]);
  clearTimeout(timer);
}
