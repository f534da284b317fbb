import type { Access } from "../common/access.ts";
import { AppError } from "../common/errors.ts";
import { type Logger, nullLogger } from "../common/logger.ts";
import type { Channel, Peer, WaitOptions } from "../transport/channel.ts";
import type { ResumptionClaim } from "./resumption.ts";
import { LinkConnection } from "./connection.ts";
import { byteCount, encodeJson, FrameType } from "./frames.ts";
import { HandshakeGuard } from "./handshake.ts";
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
import { parseJson } from "./validate.ts";
import { type Intake, Wire } from "./wire.ts";
import { messageOf } from "../common/values.ts";

/** What the host tells a guest that it lets in. */
export interface Admission {
  readonly guest: { readonly id: number };
  readonly access: Access;
  readonly sessions: readonly SessionInfo[];
  /** Default: as a host's frames are, at once and up to 64 MiB. */
  readonly intake?: Intake;
}

export interface AdmitContext {
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
  admit(hello: Hello, context: AdmitContext): Promise<Admission | AppError>;
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
  const timing = { ...LINK_TIMING, ...options.timing };
  const logger = options.logger ?? nullLogger;
  const isSlow = channel.peer.transport === "com";
  return new Promise((resolve, reject) => {
    const waiting = new AbortController();
    let greeted = false;
    const wire = new Wire(
      channel,
      {
        frame(type, payload) {
          if (greeted || type !== FrameType.hello) {
            return new AppError(
              "protocol",
              greeted ? "The guest did not wait for WELCOME." : "HELLO must come first.",
            );
          }
          greeted = true;
          const hello = parseJson(payload, helloGuard, "HELLO");
          if (!hello.ok) return new AppError("protocol", `${hello.message}.`);
          void admit(hello.value);
          return undefined;
        },
        drained() {},
        closed(error) {
          guard.dispose();
          waiting.abort();
          reject(error ?? new AppError("closed", "The guest left before it was let in."));
        },
      },
      { expectMagic: true, timing, logger },
    );
    const guard = new HandshakeGuard(wire, options.timeoutMs ?? timing.admissionMs, options.signal);

    async function admit(hello: Hello): Promise<void> {
      try {
        const ours = options.protocol ?? PROTOCOL;
        const protocol = negotiateVersion(ours, hello.protocol);
        if (protocol === undefined) throw noCommonVersion(ours, hello.protocol);
        if (hello.resumes !== undefined) return resolve(resume(hello.resumes, protocol));
        const decision = await options.admit(hello, {
          peer: channel.peer,
          signal: waiting.signal,
          extend(ms, message) {
            if (waiting.signal.aborted || !wire.open) return;
            const bounded = Math.min(Math.max(1, Math.round(ms)), LINK_LIMITS.admissionWaitMs);
            guard.extend(bounded);
            wire.sendControl(encodeJson(FrameType.wait, { ms: bounded, message }));
          },
        });
        if (decision instanceof AppError) throw decision;
        if (!wire.open) return;
        const agreed =
          hello.resume && hello.features.includes(RESUME)
            ? options.resumable?.agree(hello.resume.key, timing.keepMs)
            : undefined;
        const known = [
          ...(options.features ?? (isSlow ? [...FEATURES, DEFLATE] : FEATURES)),
          ...(agreed === undefined ? [] : [RESUME]),
        ];
        resolve(
          welcome(
            hello,
            {
              protocol,
              features: hello.features.filter((feature) => known.includes(feature)),
              guest: decision.guest,
              host: options.host,
              access: decision.access,
              sessions: decision.sessions,
              ...(agreed && { resume: agreed.resumption }),
            },
            agreed,
            decision.intake,
          ),
        );
      } catch (thrown) {
        if (!(thrown instanceof AppError))
          logger.log("error", `link: admission failed: ${messageOf(thrown)}`);
        wire.close(publicError(thrown));
      }
    }

    /** The guest goes on with its link, on this channel. */
    function resume(claim: ResumptionClaim, protocol: number): HostLink {
      options.mayResume?.();
      if (options.resumable === undefined) throw new AppError("notSupported", "This host keeps no links.");
      const { link, connection } = options.resumable.find(claim);
      connection.drop();
      options.onResume?.(link);
      guard.dispose();
      const resumed = { received: connection.received };
      wire.hold();
      wire.admit(connection.intake);
      wire.sendControl(encodeJson(FrameType.welcome, { ...link.welcome, protocol, sessions: [], resumed }));
      connection.attach(wire, claim.received);
      return link;
    }

    function welcome(
      hello: Hello,
      full: Welcome,
      agreed: AgreedResumption | undefined,
      intake: Intake | undefined,
    ): HostLink {
      guard.dispose();
      // WELCOME has the limit of a guest that is not in yet; a list that does not fit follows right behind it.
      let frame = encodeJson(FrameType.welcome, full);
      const fits = byteCount(frame) <= LINK_LIMITS.frameBytesBeforeAdmission;
      if (!fits) frame = encodeJson(FrameType.welcome, { ...full, sessions: [] });
      wire.hold();
      wire.admit(intake);
      wire.sendControl(frame);
      const keepMs = agreed?.resumption.keepMs ?? 0;
      const deflates = full.features.includes(DEFLATE);
      const connection = new LinkConnection(wire, { keepMs, deflates, intake, timing, logger });
      const link = new HostLink(connection, hello, full, { timing, logger });
      if (agreed !== undefined) options.resumable?.add(agreed, { link, connection });
      if (!fits) link.notify("sessions", { sessions: full.sessions });
      return link;
    }
  });
}

function noCommonVersion(ours: VersionRange, theirs: VersionRange): AppError {
  const older = theirs.max < ours.min ? "guest's" : "host's";
  return new AppError(
    "notSupported",
    `The host speaks versions ${ours.min} to ${ours.max} of the link protocol, the guest ${theirs.min} to ${theirs.max}.`,
    { hint: `Update the ${older} Debug Server.` },
  );
}
