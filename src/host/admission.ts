import type { ServerAddress, Thumbprint } from "../address/model.ts";
import type { Access } from "../common/access.ts";
import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import type { Logger } from "../common/logger.ts";
import type { HandshakeResult, ServerHandshake } from "../security/serverHandshake.ts";
import type { Channel } from "../transport/channel.ts";
import { findPeerGroup, peerGroup } from "../transport/peerGroup.ts";
import { readUntil } from "../transport/readUntil.ts";
import {
  AdmissionPrompt,
  type AdmissionWait,
  type ClaimedIdentity,
  type DecideAdmission,
  needsAdmissionPrompt,
} from "./admissionPrompt.ts";
import { AdmissionQueue, type HalfOpenConnection } from "./admissionQueue.ts";

/** How long admitted clients may take to leave a serial line. */
const LINE_LEFT_MS = 1_500;

export interface AdmissionOptions {
  readonly logger: Logger;
  /** Asks the host about each guest, if the server is one that would admit any client otherwise. */
  readonly admit: DecideAdmission | undefined;
  /** Milliseconds that a client has to say who it is. */
  readonly admissionMs: number;
  /** Milliseconds that the host has to decide. */
  readonly questionMs: number | undefined;
  /** A client has taken a place, a new one or for its link. */
  readonly onAdmitted: () => void;
  /** The client failed the handshake: it is about to be told why. */
  readonly onRefused: (reason: AppError) => void;
  /** A new guest has taken a place: so many are left for those that are away. */
  readonly onPlacesLeft: (count: number) => void;
}

/** A client after the handshake, which is still to say who it is. */
export interface JoinAttempt {
  /** Inside TLS, where the server has that. */
  readonly channel: Channel;
  /** Milliseconds that the client has left to say who it is. */
  readonly remainingMs: number;
  /** What the guest of that identity may do, once it has a place. Rejects with an AppError if it is not admitted. */
  decide(identity: ClaimedIdentity, wait: AdmissionWait): Promise<Access>;
  /** Throws an AppError if a client that failed the handshake wants to resume its link. */
  assertMayResume(): void;
  /** A guest that was admitted before takes its place again. Throws an AppError if there is none now. */
  resume(): void;
}

/**
 * Who may join one server. In this order: a connection waits for its turn (AdmissionQueue), its client authenticates itself
 * (ServerHandshake) and says who it is, the host is asked where nothing else decides (AdmissionPrompt), and the client takes
 * one of the server's places. Only admitted clients count there: a silent one takes no place of another.
 */
export class Admission {
  readonly #address: ServerAddress;
  readonly #handshake: ServerHandshake;
  readonly #options: AdmissionOptions;
  readonly #queue: AdmissionQueue;
  /** Absent: the host is not asked. */
  readonly #prompt: AdmissionPrompt | undefined;
  /** The connections of those that have a place. */
  readonly #admitted = new Set<Channel>();

  /** `address`: the one in use. */
  constructor(address: ServerAddress, handshake: ServerHandshake, options: AdmissionOptions) {
    const { admit, logger, admissionMs, questionMs } = options;
    this.#address = address;
    this.#handshake = handshake;
    this.#options = options;
    this.#queue = new AdmissionQueue(admissionMs);
    if (admit !== undefined && needsAdmissionPrompt(address))
      this.#prompt = new AdmissionPrompt(admit, address.access, logger, questionMs);
  }

  /** Of the certificate by which guests know the server, if it has one for that. */
  get thumbprint(): Thumbprint | undefined {
    return this.#handshake.thumbprint;
  }

  /** How many connections have neither been admitted nor refused. */
  get halfOpen(): number {
    return this.#queue.size;
  }

  /**
   * Takes a new connection as far as its client may be asked who it is, which `join` does, in the way that the client
   * speaks. All else is closed at once: a browser reaches loopback ports, too. Never rejects.
   */
  async accept(
    channel: Channel,
    join: (attempt: JoinAttempt, opening: HandshakeResult["opening"]) => Promise<void>,
  ): Promise<void> {
    const connection = this.#queue.add(peerGroup(channel.peer));
    channel.stream.once("close", () => connection.leave());
    try {
      await itsTurn(channel, connection);
      // Of those that are admitted unasked only guesses are counted by user: to read the system's table for each of a crowd takes longer than its admission.
      if (this.#address.password !== undefined) {
        connection.lookedUp();
        connection.group = await findPeerGroup(channel.peer, connection.signal);
        connection.progressed();
      }
      const result = await this.#handshake.authenticate(channel, connection);
      connection.signal.addEventListener("abort", () => channel.stream.destroy());
      if (result.refusal !== undefined) this.#options.onRefused(result.refusal);
      await join(this.#attempt(channel, connection, result), result.opening);
    } catch (thrown) {
      // Who has taken over the channel closes it, when the client has had time to read why.
      this.#options.logger.log("info", `${channel.peer.address}: ${AppError.from(thrown).message}`);
      if (connection.signal.aborted) channel.stream.destroy();
    } finally {
      connection.leave();
    }
  }

  /** No connection is taken any more; a question to the host that is open stays. */
  stop(): void {
    this.#queue.close();
  }

  /** No client is admitted any more, and those that wait for the host's answer are told why. */
  close(reason: AppError | undefined): void {
    this.stop();
    this.#prompt?.close(reason);
  }

  /** Resolves when no admitted client holds the serial line: they leave in order, or have no more time for it. */
  async lineLeft(): Promise<void> {
    const streams = [...this.#admitted].map(({ stream }) => stream);
    const timer = setTimeout(() => streams.forEach((stream) => stream.destroy()), LINE_LEFT_MS);
    await Promise.all(
      streams.map((stream) => new Promise<void>((resolve) => stream.once("close", () => resolve()))),
    );
    clearTimeout(timer);
  }

  #attempt(
    outer: Channel,
    connection: HalfOpenConnection,
    { channel, refusal }: HandshakeResult,
  ): JoinAttempt {
    const assertAuthenticated = () => {
      if (refusal !== undefined) throw refusal;
    };
    return {
      channel,
      get remainingMs() {
        return connection.remainingMs;
      },
      decide: async (identity, wait) => {
        assertAuthenticated();
        return this.#decide(outer, connection, identity, wait);
      },
      assertMayResume: assertAuthenticated,
      resume: () => {
        // The link's old connection may still have its place here; the guest tries again.
        this.#assertPlace();
        this.#takePlace(outer);
      },
    };
  }

  async #decide(
    channel: Channel,
    connection: HalfOpenConnection,
    identity: ClaimedIdentity,
    wait: AdmissionWait,
  ): Promise<Access> {
    this.#assertPlace();
    // A question takes its time, and there is a limit for those.
    connection.leave();
    const { access } = this.#address;
    const granted = this.#prompt === undefined ? access : await ask(this.#prompt, channel, identity, wait);
    // Others may have taken the last place meanwhile.
    this.#assertPlace();
    this.#takePlace(channel);
    this.#options.onPlacesLeft(this.#places - this.#admitted.size);
    return granted;
  }

  get #places(): number {
    return Math.min(this.#address.maxClients, LIMITS.clients);
  }

  #assertPlace(): void {
    if (this.#admitted.size >= this.#places)
      throw new AppError("busy", "This server has as many clients as it may have.");
  }

  #takePlace(channel: Channel): void {
    if (channel.stream.destroyed) return;
    this.#admitted.add(channel);
    this.#options.onAdmitted();
    channel.stream.once("close", () => this.#admitted.delete(channel));
  }
}

async function ask(
  prompt: AdmissionPrompt,
  { peer }: Channel,
  identity: ClaimedIdentity,
  wait: AdmissionWait,
): Promise<Access> {
  const group = await findPeerGroup(peer, wait.signal);
  return prompt.ask({ ...identity, peer: group.peer }, wait.signal, (ms, message) =>
    wait.extend(ms, message),
  );
}

/** Resolves when the turn of a client that has said something has come. Else its connection is cut off. */
async function itsTurn(channel: Channel, connection: HalfOpenConnection): Promise<void> {
  try {
    await hasSpoken(channel, connection.signal);
    await connection.turn();
  } catch (thrown) {
    channel.stream.destroy();
    throw thrown;
  }
}

/** Resolves when a client has said its first byte, whatever that is. */
function hasSpoken({ stream }: Channel, signal: AbortSignal): Promise<void> {
  return readUntil(stream, signal, "before it said anything", () => ({ value: undefined, used: 0 }));
}
