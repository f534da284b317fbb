import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { LIMITS } from "../common/limits.ts";
import { type Logger, nullLogger } from "../common/logger.ts";
import { format } from "../address/format.ts";
import type { ServerAddress } from "../address/model.ts";
import { errorOutcome, readClientMessage, responseParts } from "../dap/messages.ts";
import { StreamPort } from "../dap/streamPort.ts";
import type { Client } from "../hub/client.ts";
import type { Sessions } from "../hub/sessions.ts";
import type { Channel, Listener } from "../transport/channel.ts";
import { readFirstBytes } from "../transport/firstBytes.ts";
import { listen } from "../transport/open.ts";
import { limitKey } from "../transport/peer.ts";
import { LinkGuests, type ServerDirectory } from "./linkGuests.ts";

export interface DebugServerOptions {
  readonly logger?: Logger;
  /** The other servers of this process, for guests who ask. */
  readonly directory: ServerDirectory;
  /** Milliseconds that a peer has to say who it is; for tests. */
  readonly admissionMs?: number;
}

/** Connections that have not yet been let in: in all, and from one address. */
const HALF_OPEN = { total: 64, perAddress: 16 } as const;

/**
 * One listening server of a debug session: takes channels, looks at their first bytes, and lets in whoever speaks
 * plain DAP or the link. All else is closed at once: a browser reaches loopback ports, too.
 */
export class DebugServer {
  /** The address in use. */
  readonly address: ServerAddress;
  readonly #listener: Listener;
  readonly #sessions: Sessions;
  readonly #logger: Logger;
  readonly #admissionMs: number;
  readonly #links: LinkGuests;
  readonly #halfOpen = new Map<Channel, string>();
  readonly #open = new Set<Channel>();
  /** Those who speak plain DAP. */
  readonly #clients = new Set<Client>();
  readonly #closed = new Emitter<void>();
  /** Fires once, when it no longer listens. */
  readonly onClosed = this.#closed.event;
  #isClosed = false;

  private constructor(
    listener: Listener,
    address: ServerAddress,
    sessions: Sessions,
    options: DebugServerOptions,
  ) {
    this.address = address;
    this.#listener = listener;
    this.#sessions = sessions;
    this.#logger = options.logger ?? nullLogger;
    this.#admissionMs = options.admissionMs ?? LIMITS.admissionMs;
    this.#links = new LinkGuests(sessions, address.access, options.directory, this.#logger);
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
    options: DebugServerOptions,
  ): Promise<DebugServer> {
    const open = await listen(address);
    return new DebugServer(open.listener, open.address, sessions, options);
  }

  /** As it is listed: with the port in use, the password masked. */
  get connectionString(): string {
    return format(this.address, { secrets: "mask" });
  }

  /** Stops to listen; whoever came in by this server is let go with that reason. */
  async close(reason?: AppError): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const channel of this.#halfOpen.keys()) channel.stream.destroy();
    this.#links.close(reason);
    for (const client of [...this.#clients]) {
      if (reason === undefined) client.close();
      else client.drop(reason);
    }
    await this.#listener.close();
    this.#closed.fire();
  }

  async #accept(channel: Channel): Promise<void> {
    const address = limitKey(channel.peer);
    const same = [...this.#halfOpen.values()].filter((other) => other === address).length;
    if (this.#isClosed || this.#halfOpen.size >= HALF_OPEN.total || same >= HALF_OPEN.perAddress) {
      channel.stream.destroy();
      return;
    }
    this.#halfOpen.set(channel, address);
    try {
      const opening = await readFirstBytes(channel.stream, { timeoutMs: this.#admissionMs });
      const full = this.#open.size >= Math.min(this.address.maxClients, LIMITS.clients);
      if (opening === "unknown" || opening === "tls") {
        this.#logger.log("info", `${channel.peer.address}: closed, it speaks neither DAP nor the link.`);
        channel.stream.destroy();
      } else {
        this.#open.add(channel);
        channel.stream.once("close", () => this.#open.delete(channel));
        if (opening === "dap") this.#acceptDap(channel, full);
        else await this.#links.accept(channel, full);
      }
    } catch (thrown) {
      this.#logger.log("info", `${channel.peer.address}: ${AppError.from(thrown).message}`);
      channel.stream.destroy();
    } finally {
      this.#halfOpen.delete(channel);
    }
  }

  #acceptDap(channel: Channel, full: boolean): void {
    const port = new StreamPort(channel.stream, LIMITS.messageBytesBeforeAdmission);
    if (full) {
      const refusal = errorOutcome(new AppError("busy", "This server has as many clients as it may have."));
      port.onMessage(({ body }) => {
        const request = readClientMessage(body);
        if (!(request instanceof AppError) && request.type === "request") {
          port.send(responseParts(1, request.seq, request.command, refusal));
        }
        port.close();
      });
      port.start();
      return;
    }
    const { transport, address } = channel.peer;
    const participant = this.#sessions.admit({
      address: `${transport} ${address}`,
      access: this.address.access,
    });
    const client = this.#sessions.joinRoot(port, participant);
    this.#clients.add(client);
    // Plain DAP has no admission of its own: it is over when the hub has taken the client's `initialize`.
    const timer = setTimeout(() => {
      client.drop(new AppError("timeout", "The client did not send initialize in time."));
    }, this.#admissionMs);
    client.onAnswered(() => {
      if (client.profile === undefined) return;
      clearTimeout(timer);
      port.maxBodyBytes = LIMITS.messageBytes;
    });
    client.onGone((reason) => {
      clearTimeout(timer);
      this.#clients.delete(client);
      if (reason !== undefined) this.#logger.log("info", `${participant.name}: ${reason.message}`);
      // A peer whose messages cannot be told apart any more gets no more of ours.
      port.close();
      this.#sessions.leave(participant);
    });
  }
}
