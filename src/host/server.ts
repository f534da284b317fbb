import type { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { LIMITS } from "../common/limits.ts";
import { type Logger, nullLogger } from "../common/logger.ts";
import { format } from "../address/format.ts";
import type { ServerAddress, Thumbprint } from "../address/model.ts";
import type { Participant } from "../hub/client.ts";
import type { Sessions } from "../hub/sessions.ts";
import type { FindOptions } from "../security/certificates/find.ts";
import { ServerHandshake, type WrongPassword } from "../security/serverHandshake.ts";
import type { Listener } from "../transport/channel.ts";
import type { ReverseDialer, DialState } from "../transport/reverseDialer.ts";
import { assertServable, listen, type OpenListener } from "../transport/open.ts";
import { Admission } from "./admission.ts";
import type { DecideAdmission } from "./admissionPrompt.ts";
import { DapGuests } from "./dapGuests.ts";
import { type FirewallOpening, openFirewall } from "./firewall/opening.ts";
import { LinkGuests } from "./linkGuests.ts";
import { DiskSources, type SourceReader } from "./sourceReader.ts";

export interface DebugServerOptions {
  readonly logger?: Logger;
  /** Asks the host about each guest, if the server is one that would admit any client otherwise. */
  readonly admit?: DecideAdmission | undefined;
  /** The files that guests of the link are shown. Default: this machine's, of the current directory's project. */
  readonly sources?: SourceReader | undefined;
  /** Where its certificate comes from. Default: the stores of this user and this machine. */
  readonly certificates?: FindOptions | undefined;
  /** Milliseconds that a peer has to say who it is, and the host to decide; for tests. */
  readonly admissionMs?: number | undefined;
  readonly questionMs?: number | undefined;
}

/** One listening server of a debug session. Who may join by it, Admission says; what guests do, LinkGuests and DapGuests. */
export class DebugServer {
  /** The address in use. */
  readonly address: ServerAddress;
  readonly #listener: Listener;
  readonly #dialer: ReverseDialer | undefined;
  readonly #admission: Admission;
  readonly #linkGuests: LinkGuests;
  readonly #dapGuests: DapGuests;
  readonly #closed = new Emitter<void>();
  /** Fires once, when it no longer listens. */
  readonly onClosed = this.#closed.event;
  readonly #wrongPassword = new Emitter<WrongPassword>();
  /** A client gave a wrong password. */
  readonly onWrongPassword = this.#wrongPassword.event;
  #firewall: FirewallOpening | undefined;
  readonly #dialingChanged = new Emitter<void>();
  /** `dialing` has changed. */
  readonly onDialing = this.#dialingChanged.event;
  #isClosed = false;

  private constructor(
    { listener, address, dialer }: OpenListener,
    handshake: ServerHandshake,
    sessions: Sessions,
    options: DebugServerOptions,
  ) {
    this.address = address;
    this.#listener = listener;
    this.#dialer = dialer;
    dialer?.onChanged(() => this.#dialingChanged.fire());
    const { logger = nullLogger, admissionMs = LIMITS.admissionMs, questionMs, admit } = options;
    this.#linkGuests = new LinkGuests(sessions, options.sources ?? new DiskSources(), logger);
    this.#dapGuests = new DapGuests(sessions, logger, admissionMs);
    this.#admission = new Admission(address, handshake, {
      logger,
      admit,
      admissionMs,
      questionMs,
      onAdmitted: () => dialer?.admitted(),
      onRefused: (reason) => dialer?.refused(reason),
      onPlacesLeft: (count) => this.#linkGuests.keepAway(count),
    });
    listener.onChannel((channel) => {
      void this.#admission.accept(channel, (attempt, opening) =>
        opening === "dap" ? this.#dapGuests.accept(attempt) : this.#linkGuests.accept(attempt),
      );
    });
    listener.onError((error) => {
      logger.log("error", `${this.connectionString}: ${error.message}`);
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
    const handshake = await ServerHandshake.create(address, {
      certificates: options.certificates,
      onWrongPassword: (attempt) => wrong.fire(attempt),
      onRefused: (message) => options.logger?.log("info", message),
      onOtherUser: (message) => options.logger?.log("warn", `${server.connectionString}: ${message}`),
    });
    const server = new DebugServer(await listen(address), handshake, sessions, options);
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
    return this.#admission.thumbprint;
  }

  /** Why a firewall keeps others out all the same, if IcfEnable was asked for in vain. */
  get firewallProblem(): AppError | undefined {
    return this.#firewall?.problem;
  }

  /** Whom it calls; undefined if guests call it, or if the one that it calls is in. */
  get dialing(): DialState | undefined {
    return this.#dialer?.dialing;
  }

  /** How many connections have neither been admitted nor refused. */
  get halfOpen(): number {
    return this.#admission.halfOpen;
  }

  /** Whether a guest joined by this server, and how far away it is, in milliseconds, where that is measured. */
  find(participant: Participant): { readonly latencyMs: number | undefined } | undefined {
    const isHere = this.#dapGuests.has(participant);
    return this.#linkGuests.find(participant) ?? (isHere ? { latencyMs: undefined } : undefined);
  }

  /**
   * Frees the address: no guest is admitted any more, and those that are in stay. Only a serial line is held by those that
   * are in, too: there they have been told of the end, and are let go.
   */
  async free(): Promise<void> {
    this.#admission.stop();
    if (this.address.kind !== "com") return this.#listener.close();
    await new Promise((resolve) => setImmediate(resolve));
    await this.close();
  }

  /** Stops to listen; the guests that joined by this server are let go with that reason. */
  async close(reason?: AppError): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#admission.close(reason);
    this.#linkGuests.close(reason);
    this.#dapGuests.close(reason);
    if (this.address.kind === "com") await this.#admission.lineLeft();
    await this.#firewall?.close();
    await this.#listener.close();
    this.#closed.fire();
  }
}
