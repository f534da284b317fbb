import { AppError } from "../common/errors.ts";
import { nullLogger, type Logger } from "../common/logger.ts";
import type { Channel, WaitOptions } from "../transport/channel.ts";
import { LINK_MAGIC } from "../transport/firstBytes.ts";
import { encodeJson, FrameType } from "./frames.ts";
import { GuestLink } from "./guestLink.ts";
import { HandshakeGuard } from "./handshake.ts";
import { LINK_TIMING, type LinkTiming } from "./limits.ts";
import {
  FEATURES,
  type Hello,
  type Product,
  PROTOCOL,
  type VersionRange,
  type Wait,
  wait as waitGuard,
  type Welcome,
  welcome as welcomeGuard,
} from "./messages.ts";
import { parseJson } from "./validate.ts";
import { Wire } from "./wire.ts";

/** How the guest presents itself. */
export interface GuestIdentity {
  /** How others see it; at most 256 letters. */
  readonly name: string;
  readonly client: Product;
}

export interface OpenOptions extends WaitOptions {
  /** The host needs longer than usual, mostly because a person is being asked. */
  readonly onWait?: (wait: Wait) => void;
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
  const hello: Hello = {
    protocol: options.protocol ?? PROTOCOL,
    features: options.features ?? FEATURES,
    name: identity.name,
    client: identity.client,
  };
  return new Promise((resolve, reject) => {
    const wire = new Wire(
      channel,
      {
        frame(type, payload) {
          if (type === FrameType.wait) return onWait(payload);
          if (type === FrameType.welcome) return onWelcome(payload);
          return new AppError("protocol", "The host must say WELCOME first.");
        },
        drained() {},
        closed(error) {
          guard.dispose();
          reject(error ?? new AppError("refused", "The host closed the link without a reason."));
        },
      },
      { expectMagic: false, timing, logger: options.logger ?? nullLogger },
    );
    const guard = new HandshakeGuard(wire, options.timeoutMs ?? timing.admissionMs, options.signal);
    wire.sendControl([LINK_MAGIC, ...encodeJson(FrameType.hello, hello)]);

    function onWait(payload: Buffer): AppError | undefined {
      const wait = parseJson(payload, waitGuard, "WAIT");
      if (!wait.ok) return new AppError("protocol", `${wait.message}.`);
      // The host ends it when its time is over; ours is a little longer, so that the host's reason arrives.
      guard.extend(wait.value.ms + timing.admissionMs);
      options.onWait?.(wait.value);
      return undefined;
    }

    function onWelcome(payload: Buffer): AppError | undefined {
      const welcome = parseJson(payload, welcomeGuard, "WELCOME");
      if (!welcome.ok) return new AppError("protocol", `${welcome.message}.`);
      const error = checkChoice(hello, welcome.value);
      if (error !== undefined) return error;
      guard.dispose();
      wire.admit();
      wire.hold();
      resolve(new GuestLink(wire, welcome.value, timing));
      return undefined;
    }
  });
}

/** The host may only choose from what it was offered. */
function checkChoice(hello: Hello, welcome: Welcome): AppError | undefined {
  if (welcome.protocol < hello.protocol.min || welcome.protocol > hello.protocol.max) {
    return new AppError(
      "protocol",
      `The host chose version ${welcome.protocol} of the protocol, which was not offered.`,
    );
  }
  const foreign = welcome.features.find((feature) => !hello.features.includes(feature));
  return foreign === undefined
    ? undefined
    : new AppError("protocol", `The host chose the feature "${foreign}", which was not offered.`);
}
