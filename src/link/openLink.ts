import { AppError } from "../common/errors.ts";
import { nullLogger, type Logger } from "../common/logger.ts";
import type { Channel, WaitOptions } from "../transport/channel.ts";
import { KeyAgreement } from "./resumption.ts";
import { LinkConnection } from "./connection.ts";
import { greet } from "./guestHandshake.ts";
import { GuestLink } from "./guestLink.ts";
import { LINK_TIMING, type LinkTiming } from "./limits.ts";
import {
  DEFLATE,
  FEATURES,
  type Hello,
  type Product,
  PROTOCOL,
  RESUME,
  type VersionRange,
  type Wait,
} from "./messages.ts";
import { type Dial, reconnect } from "./reconnect.ts";

/** How the guest presents itself. */
export interface GuestIdentity {
  /** How others see it; at most 256 letters. */
  readonly name: string;
  readonly client: Product;
}

export interface OpenOptions extends WaitOptions {
  /** The host needs longer than usual, mostly because a person is being asked. */
  readonly onWait?: (wait: Wait) => void;
  /** How to get another channel when this one breaks. Default: the link ends with its channel. */
  readonly dial?: Dial;
  /** Whether the line is so slow that compressing is worth its time. */
  readonly isSlow?: boolean;
  readonly logger?: Logger;
  /** Defaults: what this implementation speaks, LINK_TIMING. For tests. */
  readonly protocol?: VersionRange;
  readonly features?: readonly string[];
  readonly timing?: Partial<LinkTiming>;
}

/**
 * The guest's side of the handshake. Takes over the channel: on failure it is closed, and the promise rejects
 * with the host's reason. Subscribe to the link that it resolves with, then `start()` it.
 */
export function openLink(
  channel: Channel,
  identity: GuestIdentity,
  options: OpenOptions = {},
): Promise<GuestLink> {
  const timing = { ...LINK_TIMING, ...options.timing };
  const logger = options.logger ?? nullLogger;
  const { dial, isSlow = false, features = FEATURES } = options;
  const agreement = dial && new KeyAgreement();
  const hello: Hello = {
    protocol: options.protocol ?? PROTOCOL,
    features: [...features, ...(isSlow ? [DEFLATE] : []), ...(agreement === undefined ? [] : [RESUME])],
    name: identity.name,
    client: identity.client,
    ...(agreement && { resume: { key: agreement.publicKey } }),
  };
  return greet(channel, hello, { ...options, timing, logger }, (wire, welcome) => {
    const resumption = welcome.features.includes(RESUME) ? welcome.resume : undefined;
    const secret = resumption && agreement?.secretWith(resumption.key);
    if (welcome.features.includes(RESUME) && secret === undefined)
      return new AppError("protocol", "The host does not say how its link is resumed.");
    const connection = new LinkConnection(wire, {
      keepMs: resumption?.keepMs ?? 0,
      deflates: welcome.features.includes(DEFLATE),
      timing,
      logger,
    });
    if (dial !== undefined && resumption !== undefined && secret !== undefined)
      reconnect(connection, { dial, hello, link: resumption.link, secret, timing, logger });
    return new GuestLink(connection, welcome, timing);
  });
}
