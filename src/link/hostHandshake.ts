import type { Access } from "../common/access.ts";
import { AppError } from "../common/errors.ts";
import { type Logger, nullLogger } from "../common/logger.ts";
import type { Channel, Peer, WaitOptions } from "../transport/channel.ts";
import type { ResumptionClaim } from "./resumption.ts";
import { LinkConnection } from "./connection.ts";
import { byteCount, encodeFrameJson, FrameType } from "./frames.ts";
import { HandshakeDeadline } from "./handshakeDeadline.ts";
import { HostLink } from "./hostLink.ts";
import type { AgreedResumption, ResumableLinks } from "./resumableLinks.ts";
import { LINK_LIMITS, LINK_TIMING, type LinkTiming } from "./limits.ts";
import {
  DEFLATE,
  FEATURES,
  type Hello,
  hello as helloGuard,
  negotiateVersion,
  type Product,
  PROTOCOL,
  publicError,
  RESUME,
  type SessionInfo,
  type VersionRange,
  type Welcome,
} from "./messages.ts";
import { parseLinkJson } from "./validate.ts";
import { type Intake, Wire, type WireOwner } from "./wire.ts";
import type { Settle } from "./pending.ts";
import { messageOf } from "../common/values.ts";

/** What the host decides about a guest that it admits. */
export interface AdmittedGuest {
  readonly guest: { readonly id: number };
  readonly access: Access;
  readonly sessions: readonly SessionInfo[];
  /** Default: as a host's frames are, at once and up to 64 MiB. */
  readonly intake?: Intake;
}

export interface AdmissionContext {
  readonly peer: Peer;
  /** Aborted if the guest goes, or the time is over, before the decision. */
  readonly signal: AbortSignal;
  /** The decision may take `ms` from now, because a person is asked; the guest is told, with `message`. */
  extend(ms: number, message?: string): void;
}

export interface AcceptOptions extends WaitOptions {
  readonly host: Product;
  /**
   * Decides before the guest learns or does anything. Returning or throwing an AppError refuses; the guest gets
   * its code, message and hint. It runs once for each guest that said a valid HELLO. If the guest goes while it
   * runs, its result is dropped: `acceptLink` rejects, and `signal` is aborted.
   */
  admit(hello: Hello, context: AdmissionContext): Promise<AdmittedGuest | AppError>;
  /** The links that guests can resume. Default: each ends with its channel. */
  readonly resumable?: ResumableLinks;
  /** A guest wants to resume a link. Throws an AppError if it may not. */
  readonly mayResume?: () => void;
  /** The link is about to go on, on this channel. Throws an AppError if it cannot now. */
  readonly onResume?: (link: HostLink) => void;
  readonly logger?: Logger;
  /** Defaults: what this implementation speaks, LINK_TIMING. For tests. */
  readonly protocol?: VersionRange;
  readonly features?: readonly string[];
  readonly timing?: Partial<LinkTiming>;
}

/**
 * The host's side of the handshake on a channel whose first byte is the link's magic, not yet consumed. Takes
 * over the channel: on failure the guest is told why, the channel is closed and the promise rejects with an
 * AppError. `start()` the link that it resolves with: a new one, or the one that the guest has resumed.
 */
export function acceptLink(channel: Channel, options: AcceptOptions): Promise<HostLink> {
  return new Promise((resolve, reject) => new HostHandshake(channel, options, { resolve, reject }));
}

/**
 * One channel from HELLO to WELCOME: HELLO comes, the host decides, and the guest gets WELCOME, with a new link or the
 * one that it resumes, or CLOSE with the reason.
 */
class HostHandshake implements WireOwner {
  readonly #channel: Channel;
  readonly #options: AcceptOptions;
  readonly #settle: Settle<HostLink>;
  readonly #timing: LinkTiming;
  readonly #logger: Logger;
  readonly #wire: Wire;
  readonly #deadline: HandshakeDeadline;
  /** Aborted when the channel has ended before WELCOME. */
  readonly #ended = new AbortController();
  #hasHello = false;

  constructor(channel: Channel, options: AcceptOptions, settle: Settle<HostLink>) {
    this.#channel = channel;
    this.#options = options;
    this.#settle = settle;
    this.#timing = { ...LINK_TIMING, ...options.timing };
    this.#logger = options.logger ?? nullLogger;
    const { timeoutMs = this.#timing.admissionMs, signal } = options;
    this.#wire = new Wire(channel, this, { expectMagic: true, timing: this.#timing, logger: this.#logger });
    this.#deadline = new HandshakeDeadline(this.#wire, timeoutMs, signal);
  }

  frame(type: number, payload: Buffer): AppError | undefined {
    if (this.#hasHello) return new AppError("protocol", "The guest did not wait for WELCOME.");
    if (type !== FrameType.hello) return new AppError("protocol", "HELLO must come first.");
    this.#hasHello = true;
    const hello = parseLinkJson(payload, helloGuard, "HELLO");
    if (!hello.ok) return new AppError("protocol", `${hello.message}.`);
    void this.#answer(hello.value);
    return undefined;
  }

  drained(): void {}

  closed(error: AppError | undefined): void {
    this.#deadline.dispose();
    this.#ended.abort();
    this.#settle.reject(error ?? new AppError("closed", "The guest left before it was let in."));
  }

  async #answer(hello: Hello): Promise<void> {
    try {
      const ours = this.#options.protocol ?? PROTOCOL;
      const protocol = negotiateVersion(ours, hello.protocol);
      if (protocol === undefined) throw noCommonVersion(ours, hello.protocol);
      if (hello.resumes !== undefined) return this.#settle.resolve(this.#resume(hello.resumes, protocol));
      const decision = await this.#options.admit(hello, {
        peer: this.#channel.peer,
        signal: this.#ended.signal,
        extend: (ms, message) => this.#extend(ms, message),
      });
      if (decision instanceof AppError) throw decision;
      if (this.#wire.open) this.#settle.resolve(this.#welcome(hello, protocol, decision));
    } catch (thrown) {
      if (!(thrown instanceof AppError))
        this.#logger.log("error", `link: admission failed: ${messageOf(thrown)}`);
      this.#wire.close(publicError(thrown));
    }
  }

  #extend(ms: number, message: string | undefined): void {
    if (this.#ended.signal.aborted || !this.#wire.open) return;
    const bounded = Math.min(Math.max(1, Math.round(ms)), LINK_LIMITS.admissionWaitMs);
    this.#deadline.extend(bounded);
    this.#wire.sendControl(encodeFrameJson(FrameType.wait, { ms: bounded, message }));
  }

  /** The guest goes on with its link, on this channel. */
  #resume(claim: ResumptionClaim, protocol: number): HostLink {
    const { resumable, mayResume, onResume } = this.#options;
    mayResume?.();
    if (resumable === undefined) throw new AppError("notSupported", "This host keeps no links.");
    const { link, connection } = resumable.find(claim);
    connection.detach();
    onResume?.(link);
    this.#deadline.dispose();
    const resumed = { received: connection.received };
    const welcome = encodeFrameJson(FrameType.welcome, { ...link.welcome, protocol, sessions: [], resumed });
    this.#wire.hold();
    this.#wire.admit(connection.intake);
    this.#wire.sendControl(welcome);
    connection.attach(this.#wire, claim.received);
    return link;
  }

  #welcome(hello: Hello, protocol: number, { guest, access, sessions, intake }: AdmittedGuest): HostLink {
    const timing = this.#timing;
    const logger = this.#logger;
    const wire = this.#wire;
    const agreed = this.#agreeOnResumption(hello);
    const features = this.#features(hello, agreed !== undefined);
    const { host } = this.#options;
    const resume = agreed && { resume: agreed.resumption };
    const welcome: Welcome = { protocol, features, guest, host, access, sessions, ...resume };
    this.#deadline.dispose();
    // WELCOME has the limit of a guest that is not in yet; a list that does not fit follows right behind it.
    let frame = encodeFrameJson(FrameType.welcome, welcome);
    const fits = byteCount(frame) <= LINK_LIMITS.frameBytesBeforeAdmission;
    if (!fits) frame = encodeFrameJson(FrameType.welcome, { ...welcome, sessions: [] });
    wire.hold();
    wire.admit(intake);
    wire.sendControl(frame);
    const keepMs = agreed?.resumption.keepMs ?? 0;
    const deflates = features.includes(DEFLATE);
    const connection = new LinkConnection(wire, { keepMs, deflates, intake, timing, logger });
    const link = new HostLink(connection, hello, welcome, { timing, logger });
    if (agreed !== undefined) this.#options.resumable?.add(agreed, { link, connection });
    if (!fits) link.notify("sessions", { sessions });
    return link;
  }

  #agreeOnResumption({ resume, features }: Hello): AgreedResumption | undefined {
    if (resume === undefined || !features.includes(RESUME)) return undefined;
    return this.#options.resumable?.agree(resume.key, this.#timing.keepMs);
  }

  /** Those of the guest's that this host has, too. */
  #features(hello: Hello, resumes: boolean): string[] {
    const isSlow = this.#channel.peer.transport === "com";
    const usual = this.#options.features ?? (isSlow ? [...FEATURES, DEFLATE] : FEATURES);
    const ours = resumes ? [...usual, RESUME] : usual;
    return hello.features.filter((feature) => ours.includes(feature));
  }
}

function noCommonVersion(ours: VersionRange, theirs: VersionRange): AppError {
  const older = theirs.max < ours.min ? "guest's" : "host's";
  return new AppError(
    "notSupported",
    `The host speaks versions ${ours.min} to ${ours.max} of the link protocol, the guest ${theirs.min} to ${theirs.max}.`,
    { hint: `Update the ${older} Debug Server.` },
  );
}
