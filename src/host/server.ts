import type { Access } from "../common/access.ts";
import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { LIMITS } from "../common/limits.ts";
import { guestMessageLimit, LIMIT_BEFORE_ADMISSION } from "../common/messageLimit.ts";
import { type Logger, nullLogger } from "../common/logger.ts";
import { format } from "../address/format.ts";
import type { ServerAddress, Thumbprint } from "../address/model.ts";
import type { DapPort } from "../dap/port.ts";
import { StreamPort } from "../dap/streamPort.ts";
import type { Client, Participant } from "../hub/client.ts";
import { readProfile } from "../hub/profile.ts";
import type { Sessions } from "../hub/sessions.ts";
import type { FindOptions } from "../security/certificates/find.ts";
import { Lock, type WrongPassword } from "../security/lock.ts";
import type { Channel, Listener } from "../transport/channel.ts";
import type { Caller, Calling } from "../transport/caller.ts";
import { assertServable, listen, type OpenListener } from "../transport/open.ts";
import { stallMs, whence } from "../transport/peer.ts";
import { findPeerGroup, peerGroup } from "../transport/peerGroup.ts";
import { readUntil } from "../transport/readUntil.ts";
import { AdmissionQueue, type PendingClient } from "./admissionQueue.ts";
import { type Admit, type AdmitWait, type Arrival, Door, isUnlocked } from "./door.ts";
import { type FirewallOpening, openFirewall } from "./firewall/opening.ts";
import { Gate } from "./gate.ts";
import { LinkGuests } from "./linkGuests.ts";
import { DiskSources, type SourceReader } from "./sourceReader.ts";

export interface DebugServerOptions {
  readonly logger?: Logger;
  /** Asks a person about each guest, if the server is one that anybody could enter otherwise. */
  readonly admit?: Admit | undefined;
  /** The files that guests of the link are shown. Default: this machine's, of the current directory's project. */
  readonly sources?: SourceReader | undefined;
  /** Where its certificate comes from. Default: the stores of this user and this machine. */
  readonly certificates?: FindOptions | undefined;
  /** Milliseconds that a peer has to say who it is, and a person to decide; for tests. */
  readonly admissionMs?: number | undefined;
  readonly questionMs?: number | undefined;
}

/** How long those who are let go may take to leave a serial line. */
const LINE_LEFT_MS = 1_500;

/** Somebody who has got through the lock, or is still to be told why not. */
interface Entry {
  /** Inside TLS, where the server has that. */
  readonly channel: Channel;
  /** The connection itself. */
  readonly outer: Channel;
  readonly pending: PendingClient;
  readonly refusal: AppError | undefined;
}

/**
 * One listening server of a debug session: takes channels, looks at their first bytes, and lets in whoever speaks
 * plain DAP or the link. All else is closed at once: a browser reaches loopback ports, too.
 */
export class DebugServer {
  /** The address in use. */
  readonly address: ServerAddress;
  readonly #listener: Listener;
  readonly #caller: Caller | undefined;
  readonly #lock: Lock;
  readonly #sessions: Sessions;
  readonly #logger: Logger;
  readonly #admissionMs: number;
  readonly #links: LinkGuests;
  /** Absent: who gets here is in. */
  readonly #door: Door | undefined;
  readonly #pending: AdmissionQueue;
  readonly #open = new Set<Channel>();
  /** Those who speak plain DAP. */
  readonly #clients = new Set<Client>();
  readonly #closed = new Emitter<void>();
  /** Fires once, when it no longer listens. */
  readonly onClosed = this.#closed.event;
  readonly #wrongPassword = new Emitter<WrongPassword>();
  /** Somebody gave a wrong password. */
  readonly onWrongPassword = this.#wrongPassword.event;
  #firewall: FirewallOpening | undefined;
  readonly #callingChanged = new Emitter<void>();
  /** `calling` is another now. */
  readonly onCalling = this.#callingChanged.event;
  #isClosed = false;

  private constructor(
    { listener, address, caller }: OpenListener,
    lock: Lock,
    sessions: Sessions,
    options: DebugServerOptions,
  ) {
    this.address = address;
    this.#listener = listener;
    this.#caller = caller;
    caller?.onChanged(() => this.#callingChanged.fire());
    this.#lock = lock;
    this.#sessions = sessions;
    this.#logger = options.logger ?? nullLogger;
    this.#admissionMs = options.admissionMs ?? LIMITS.admissionMs;
    this.#pending = new AdmissionQueue(this.#admissionMs);
    this.#links = new LinkGuests(sessions, options.sources ?? new DiskSources(), this.#logger);
    const { admit, questionMs } = options;
    if (admit !== undefined && isUnlocked(address))
      this.#door = new Door(admit, address.access, this.#logger, questionMs);
    listener.onChannel((channel) => void this.#accept(channel));
    listener.onError((error) => {
      this.#logger.log("error", `${this.connectionString}: ${error.message}`);
      void this.close();
    });
  }

  /** Starts to listen. Rejects with an AppError if the address cannot be served. */
  static async start(
    address: ServerAddress,
    sessions: Sessions,
    options: DebugServerOptions = {},
  ): Promise<DebugServer> {
    assertServable(address);
    const wrong = new Emitter<WrongPassword>();
    const lock = await Lock.create(address, {
      certificates: options.certificates,
      onWrongPassword: (attempt) => wrong.fire(attempt),
      onRefused: (message) => options.logger?.log("info", message),
      onOtherUser: (message) => options.logger?.log("warn", `${server.connectionString}: ${message}`),
    });
    const server = new DebugServer(await listen(address), lock, sessions, options);
    wrong.event((attempt) => server.#wrongPassword.fire(attempt));
    server.#firewall = await openFirewall(server.address, { logger: options.logger });
    // It may have broken meanwhile.
    if (server.#isClosed) await server.#firewall.close();
    return server;
  }

  /** As it is listed: with the port in use, the password masked. */
  get connectionString(): string {
    return format(this.address, { secrets: "mask" });
  }

  /** Of the certificate by which guests know the server, if it has one for that. */
  get thumbprint(): Thumbprint | undefined {
    return this.#lock.thumbprint;
  }

  /** Why a firewall keeps others out all the same, if IcfEnable was asked for in vain. */
  get firewallProblem(): AppError | undefined {
    return this.#firewall?.problem;
  }

  /** Whom it calls; undefined if guests call it, or if the one that it calls is in. */
  get calling(): Calling | undefined {
    return this.#caller?.calling;
  }

  /** How many connections have neither been let in nor turned away. */
  get halfOpen(): number {
    return this.#pending.size;
  }

  /** Whether somebody came in by this server, and how far away they are, in milliseconds, where that is measured. */
  find(participant: Participant): { readonly latencyMs: number | undefined } | undefined {
    const isHere = [...this.#clients].some((client) => client.participant === participant);
    return this.#links.find(participant) ?? (isHere ? { latencyMs: undefined } : undefined);
  }

  /**
   * Frees the address: nobody comes in any more, and who is in stays. Only a serial line is held by those who are in,
   * too: there they have been told of the end, and are let go.
   */
  async free(): Promise<void> {
    this.#pending.close();
    if (this.address.kind !== "com") return this.#listener.close();
    await new Promise((resolve) => setImmediate(resolve));
    await this.close();
  }

  /** Stops to listen; whoever came in by this server is let go with that reason. */
  async close(reason?: AppError): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pending.close();
    this.#door?.close(reason);
    this.#links.close(reason);
    for (const client of [...this.#clients]) {
      if (reason === undefined) client.close();
      else client.drop(reason);
    }
    if (this.address.kind === "com") await this.#lineLeft();
    await this.#firewall?.close();
    await this.#listener.close();
    this.#closed.fire();
  }

  /** Nobody has the serial line any more: they leave in order, or have no more time for it. */
  async #lineLeft(): Promise<void> {
    const streams = [...this.#open].map(({ stream }) => stream);
    const timer = setTimeout(() => streams.forEach((stream) => stream.destroy()), LINE_LEFT_MS);
    await Promise.all(
      streams.map((stream) => new Promise<void>((resolve) => stream.once("close", () => resolve()))),
    );
    clearTimeout(timer);
  }

  async #accept(channel: Channel): Promise<void> {
    const pending = this.#pending.add(peerGroup(channel.peer));
    channel.stream.once("close", () => pending.leave());
    try {
      await itsTurn(channel, pending);
      // Of those who come in unasked only guesses are counted by user: to read the system's table for each of a crowd takes longer than its admission.
      if (this.address.password !== undefined) {
        pending.lookedUp();
        pending.group = await findPeerGroup(channel.peer, pending.signal);
        pending.progressed();
      }
      const { channel: inner, opening, refusal } = await this.#lock.open(channel, pending);
      pending.signal.addEventListener("abort", () => channel.stream.destroy());
      if (refusal !== undefined) this.#caller?.refused(refusal);
      const entry = { channel: inner, outer: channel, pending, refusal };
      if (opening === "dap") await this.#acceptDap(entry);
      else await this.#acceptLink(entry);
    } catch (thrown) {
      // Whoever has taken over the channel closes it, when the guest has had time to read why.
      this.#logger.log("info", `${channel.peer.address}: ${AppError.from(thrown).message}`);
      if (pending.signal.aborted) channel.stream.destroy();
    } finally {
      pending.leave();
    }
  }

  /** What somebody who has said who they are may do. Rejects with an AppError if they are not let in. */
  async #decide({ outer, pending, refusal }: Entry, arrival: Arrival, wait: AdmitWait): Promise<Access> {
    if (refusal !== undefined) throw refusal;
    this.#assertRoom();
    if (this.#door === undefined) {
      pending.leave();
      this.#takeNewPlace(outer);
      return this.address.access;
    }
    // A question takes its time, and there is a limit for those.
    pending.leave();
    // With a password it is known already.
    if (this.address.password === undefined) pending.group = await findPeerGroup(outer.peer, wait.signal);
    const from = { ...arrival, peer: pending.group.peer };
    const access = await this.#door.ask(from, wait.signal, (ms, message) => wait.extend(ms, message));
    this.#assertRoom();
    this.#takeNewPlace(outer);
    return access;
  }

  get #places(): number {
    return Math.min(this.address.maxClients, LIMITS.clients);
  }

  /** Only those who are in count: who says nothing takes nobody's place. */
  #assertRoom(): void {
    if (this.#open.size >= this.#places)
      throw new AppError("busy", "This server has as many clients as it may have.");
  }

  /** Who is away keeps a place only as long as nobody else needs it. */
  #takeNewPlace(channel: Channel): void {
    this.#takePlace(channel);
    this.#links.keepAway(this.#places - this.#open.size);
  }

  #takePlace(channel: Channel): void {
    if (channel.stream.destroyed) return;
    this.#open.add(channel);
    this.#caller?.cameIn();
    channel.stream.once("close", () => this.#open.delete(channel));
  }

  async #acceptLink(entry: Entry): Promise<void> {
    await this.#links.accept(entry.channel, {
      admit: (arrival, wait) => this.#decide(entry, arrival, wait),
      mayComeBack: () => {
        if (entry.refusal !== undefined) throw entry.refusal;
      },
      comesBack: () => {
        // Its old channel may still have its place here; it tries again.
        this.#assertRoom();
        this.#takePlace(entry.outer);
      },
      timeoutMs: entry.pending.remainingMs,
    });
  }

  async #acceptDap(entry: Entry): Promise<void> {
    const { channel, pending } = entry;
    let client: Client | undefined;
    const port = new StreamPort(channel.stream, {
      limit: () =>
        client?.profile === undefined ? LIMIT_BEFORE_ADMISSION : guestMessageLimit(client.participant.access),
      turns: this.#sessions.turns,
      stallMs: stallMs(channel.peer),
    });
    const address = whence(channel.peer);
    const gate = new Gate(port);
    try {
      const { clientName = address } = readProfile(await gate.initialized(pending.remainingMs));
      // Nothing of DAP says that it takes longer.
      const wait = { signal: gate.gone, extend: () => {} };
      const access = await this.#decide(entry, { name: clientName, address, kind: "dap" }, wait);
      client = this.#letIn(gate, address, access);
    } catch (thrown) {
      const reason = AppError.from(thrown);
      gate.refuse(reason);
      throw reason;
    }
  }

  #letIn(port: DapPort, address: string, access: Access): Client {
    const participant = this.#sessions.admit({ address, access });
    const client = this.#sessions.joinRoot(port, participant);
    this.#clients.add(client);
    // Its `initialize` may yet be refused, for wrong arguments say; the adapter's answer to it may take its time.
    const timer = setTimeout(() => {
      if (client.profile !== undefined) return;
      client.drop(new AppError("timeout", "The client did not send initialize in time."));
    }, this.#admissionMs);
    client.onAnswered(() => {
      if (client.profile !== undefined) clearTimeout(timer);
    });
    client.onGone((reason) => {
      clearTimeout(timer);
      this.#clients.delete(client);
      if (reason !== undefined) this.#logger.log("info", `${participant.name}: ${reason.message}`);
      port.close();
      this.#sessions.leave(participant);
    });
    return client;
  }
}

/** Resolves when the turn of a client that has said something has come. Else its connection is cut off. */
async function itsTurn(channel: Channel, pending: PendingClient): Promise<void> {
  try {
    await hasSpoken(channel, pending.signal);
    await pending.turn();
  } catch (thrown) {
    channel.stream.destroy();
    throw thrown;
  }
}

/** Resolves when a client has said its first byte, whatever that is. */
function hasSpoken({ stream }: Channel, signal: AbortSignal): Promise<void> {
  return readUntil(stream, signal, "before it said anything", () => ({ value: undefined, used: 0 }));
}
