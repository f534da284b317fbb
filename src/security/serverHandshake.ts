import type { ClientCertificate, ServerAddress, Thumbprint } from "../address/model.ts";
import { isForOwnUser, requiresAuthentication } from "../address/authentication.ts";
import { AppError } from "../common/errors.ts";
import type { Channel, WaitOptions } from "../transport/channel.ts";
import { closeInOrder } from "../transport/closing.ts";
import { type DetectedProtocol, readProtocol } from "../transport/protocolDetection.ts";
import type { PeerGroup } from "../transport/peerGroup.ts";
import { createCertificate } from "./certificates/create.ts";
import { matches } from "./certificates/certificate.ts";
import { type FindOptions, findCertificate, trustedCertificates } from "./certificates/find.ts";
import { checkPassword, type PasswordSteps, refusePassword } from "./password/exchange.ts";
import { type PasswordRecord, recordPassword } from "./password/opaque.ts";
import { PasswordTurns } from "./password/passwordTurns.ts";
import { readPassword } from "./password/secret.ts";
import { describePeerCertificate, type GuestTrust, refuseGuest } from "./peerCertificate.ts";
import { SameUser } from "./sameUser.ts";
import { acceptTls, type AcceptTlsOptions, denyTls, toIdentity } from "./tls.ts";

/** A client of which it is known what it speaks, and whether it has authenticated itself. */
export interface HandshakeResult {
  /** Inside TLS, where the server has that. */
  readonly channel: Channel;
  readonly opening: "link" | "dap";
  /** Why the client is not admitted: it is told so in what it speaks. Absent: it has authenticated itself. */
  readonly refusal?: AppError | undefined;
}

export interface WrongPassword {
  /** `PeerGroup.peer` */
  readonly from: string;
  /** So many in a row. */
  readonly count: number;
}

/** A client during the handshake, which is told of the client's steps: the server divides its time among clients. */
export interface AuthenticatingClient extends PasswordSteps {
  /** By what guesses are counted. */
  readonly group: PeerGroup;
  /** Aborted with an AppError when its time is over. */
  readonly signal: AbortSignal;
  /** It has said or done what was waited for. */
  progressed(): void;
  /** This system is asked whose it is: that takes its time, which is not the client's. `progressed` follows. */
  lookedUp(): void;
}

export interface ServerHandshakeOptions {
  /** Where certificates come from. */
  readonly certificates?: FindOptions | undefined;
  readonly onWrongPassword?: (wrong: WrongPassword) => void;
  /** For people: what the client itself is not told. */
  readonly onRefused?: (message: string) => void;
  /** The same, of another user's program: told once for each user. */
  readonly onOtherUser?: (message: string) => void;
}

interface Tls extends Omit<AcceptTlsOptions, keyof WaitOptions> {
  /** Of the server's certificate; absent for an ephemeral one. */
  readonly thumbprint?: Thumbprint | undefined;
  /** Whose certificates are accepted; absent: no client is asked for one. */
  readonly guests?: GuestTrust | undefined;
}

/**
 * A server's side of what comes before the link, or before plain DAP: TLS with the server's certificate, or for the sake of
 * a password with an ephemeral one; the client's certificate; the password. A server that asks for neither of these two
 * takes this user's programs over TCP, and every client that reaches it by a pipe or a serial line.
 */
export class ServerHandshake {
  readonly #address: ServerAddress;
  readonly #tls: Tls | undefined;
  readonly #password: PasswordRecord | undefined;
  readonly #turns = new PasswordTurns();
  /** Absent: any user's program is admitted. */
  readonly #sameUser: SameUser | undefined;
  readonly #options: ServerHandshakeOptions;

  private constructor(
    address: ServerAddress,
    tls: Tls | undefined,
    password: PasswordRecord | undefined,
    options: ServerHandshakeOptions,
  ) {
    this.#address = address;
    this.#tls = tls;
    this.#password = password;
    this.#options = options;
    if (isForOwnUser(address)) this.#sameUser = new SameUser((message) => options.onOtherUser?.(message));
  }

  /** Reads password and certificates. Rejects with an AppError if one of them cannot be had. */
  static async create(address: ServerAddress, options: ServerHandshakeOptions): Promise<ServerHandshake> {
    const { password } = address;
    const tls = await tlsFor(address, options.certificates);
    const record = password && (await recordPassword(await readPassword(password)));
    return new ServerHandshake(address, tls, record, options);
  }

  /** Of the certificate by which guests know the server. */
  get thumbprint(): Thumbprint | undefined {
    return this.#tls?.thumbprint;
  }

  /**
   * Resolves when the client may be asked who it is, or is to be told why it is not admitted. Rejects with an AppError if
   * it has been told already, or has left; the channel is closed then.
   */
  async authenticate(channel: Channel, client: AuthenticatingClient): Promise<HandshakeResult> {
    try {
      const result = await this.#authenticate(channel, client);
      return { ...result, refusal: result.refusal ?? (await this.#refuseOtherUser(channel, client)) };
    } catch (thrown) {
      // A client that was to be told has been told, and has had the time to read it.
      channel.stream.destroy();
      throw thrown;
    }
  }

  async #authenticate(channel: Channel, client: AuthenticatingClient): Promise<HandshakeResult> {
    const opening = await detect(channel, client);
    if (opening === "tls" && this.#tls !== undefined)
      return this.#authenticateTls(channel, this.#tls, client);
    if (opening === "link" || opening === "dap") {
      return { channel, opening, refusal: this.#plainRefusal(opening) };
    }
    if (opening === "tls") await denyTls(channel);
    throw strange();
  }

  async #refuseOtherUser({ peer }: Channel, client: AuthenticatingClient): Promise<AppError | undefined> {
    if (this.#sameUser === undefined) return undefined;
    client.lookedUp();
    const refusal = await this.#sameUser.refuse(peer, client.signal);
    client.progressed();
    return refusal;
  }

  async #authenticateTls(outer: Channel, tls: Tls, client: AuthenticatingClient): Promise<HandshakeResult> {
    const { signal } = client;
    const channel = await acceptTls(outer, { ...tls, signal });
    client.progressed();
    const refusal = tls.guests && refuseGuest(channel, tls.guests);
    if (refusal !== undefined) {
      const who =
        channel.certificate === undefined
          ? ""
          : ` It showed ${describePeerCertificate(channel.certificate)}.`;
      this.#options.onRefused?.(`${channel.peer.address}: ${refusal.message}${who}`);
    }
    const opening = await detect(channel, client);
    if (opening === "password") {
      await this.#checkPassword(channel, refusal, client);
      return { channel, opening: known(await detect(channel, client)) };
    }
    const missing = this.#password && passwordRequired(opening);
    return { channel, opening: known(opening), refusal: refusal ?? missing };
  }

  async #checkPassword(
    channel: Awaited<ReturnType<typeof acceptTls>>,
    refusal: AppError | undefined,
    client: AuthenticatingClient,
  ): Promise<void> {
    const { group, signal } = client;
    try {
      if (refusal !== undefined) await refusePassword(channel, refusal, { signal });
      else if (this.#password === undefined) await refusePassword(channel, noPassword(), { signal });
      else await checkPassword(channel, this.#password, { signal, turns: this.#turns, group, steps: client });
      client.progressed();
    } catch (thrown) {
      if (AppError.from(thrown).code === "wrongPassword") this.#wrongPassword(group);
      // What the client was told is inside TLS.
      await closeInOrder(channel.stream);
      throw thrown;
    }
  }

  /** The first ones each, then the more seldom the more there are: they may come ten a second. */
  #wrongPassword(group: PeerGroup): void {
    const count = this.#turns.wrongGuesses(group);
    const isTold = count <= 10 || Number.isInteger(Math.log2(count / 10));
    if (isTold) this.#options.onWrongPassword?.({ from: group.peer, count });
  }

  #plainRefusal(opening: DetectedProtocol): AppError | undefined {
    if (this.#tls === undefined) return undefined;
    if (this.#password !== undefined && !("certificate" in this.#address)) return passwordRequired(opening);
    const { kind } = this.#address;
    return new AppError("refused", "This server is joined by TLS only.", {
      hint: `Write ${kind === "spipe" ? "spipe:" : "ssl:"} in the connection string.`,
    });
  }
}

async function tlsFor(
  address: ServerAddress,
  certificates: FindOptions | undefined,
): Promise<Tls | undefined> {
  if (!("certificate" in address)) {
    if (!requiresAuthentication(address)) return undefined;
    // Who the server is, is proved by the password: both sides know it, and prove it bound to this TLS connection.
    const identity = await createCertificate({ commonName: "debug-server", days: 3650 });
    return { proto: "tls1.3", identity, askCertificate: false };
  }
  const { proto, certificate, clientCert } = address;
  const found = await findCertificate(certificate, "serve", certificates);
  const thumbprint = { algorithm: "sha256", hex: found.sha256 } as const;
  const server = { proto, identity: toIdentity(found), thumbprint };
  if (clientCert === undefined) return { ...server, askCertificate: false };
  const guests = await guestTrust(clientCert, certificates);
  const trusted = guests.accepted.map((each) => each.toString());
  return { ...server, askCertificate: true, trusted, guests };
}

async function guestTrust(
  wanted: ClientCertificate,
  certificates: FindOptions | undefined,
): Promise<GuestTrust> {
  if (wanted.kind === "thumbprint") return { accepted: [], pin: wanted.thumbprint };
  const all = await trustedCertificates(certificates);
  if (wanted.kind === "require") return { accepted: all.map(({ x509 }) => x509) };
  const named = all.filter((certificate) => matches(certificate, wanted));
  if (named.length > 0) return { accepted: named.map(({ x509 }) => x509) };
  throw new AppError("notAvailable", `No certificate is called "${wanted.name}", as clientcert= says.`, {
    hint: "Take it into your store: debug-server cert trust FILE",
  });
}

async function detect(channel: Channel, client: AuthenticatingClient): Promise<DetectedProtocol> {
  const opening = await readProtocol(channel.stream, { signal: client.signal });
  client.progressed();
  return opening;
}

function known(opening: DetectedProtocol): HandshakeResult["opening"] {
  if (opening === "link" || opening === "dap") return opening;
  throw strange();
}

function strange(): AppError {
  return new AppError("protocol", "It speaks neither DAP nor the link.");
}

function passwordRequired(opening: DetectedProtocol): AppError {
  return new AppError("passwordRequired", "This server asks for a password.", {
    hint:
      opening === "dap"
        ? "Plain DAP has none: join it in VS Code, or by debug-server join with password= in the connection string."
        : "Add password= to the connection string.",
  });
}

function noPassword(): AppError {
  return new AppError("refused", "This server has no password.", { hint: "Leave out password=." });
}
