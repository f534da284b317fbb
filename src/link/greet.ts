import { AppError } from "../common/errors.ts";
import type { Logger } from "../common/logger.ts";
import type { Channel, WaitOptions } from "../transport/channel.ts";
import { LINK_MAGIC } from "../transport/protocolDetection.ts";
import { encodeJson, FrameType } from "./frames.ts";
import { HandshakeGuard } from "./handshake.ts";
import type { LinkTiming } from "./limits.ts";
import {
  type Hello,
  type Wait,
  wait as waitGuard,
  type Welcome,
  welcome as welcomeGuard,
} from "./messages.ts";
import { parseJson } from "./validate.ts";
import { Wire } from "./wire.ts";

export interface GreetOptions extends WaitOptions {
  readonly onWait?: (wait: Wait) => void;
  /** It came to nothing although the channel has not broken: mostly, the host has said why. */
  readonly onRefused?: (error: AppError) => void;
  readonly timing: LinkTiming;
  readonly logger: Logger;
}

/**
 * Says HELLO, and resolves with what `met` makes of the WELCOME and of the channel, which it holds. Takes over the
 * channel: on failure, and on an error of `met`, it is closed, and the promise rejects with the reason.
 */
export function greet<T>(
  channel: Channel,
  hello: Hello,
  options: GreetOptions,
  met: (wire: Wire, welcome: Welcome) => T | AppError,
): Promise<T> {
  const { timing, logger } = options;
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
        closed(reason, isBroken) {
          guard.dispose();
          const error = reason ?? new AppError("refused", "The host closed the link without a reason.");
          if (!isBroken) options.onRefused?.(error);
          reject(error);
        },
      },
      { expectMagic: false, timing, logger },
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
      const result = met(wire, welcome.value);
      if (result instanceof AppError) return result;
      resolve(result);
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
  // Which one is not repeated: the host may have written anything.
  return welcome.features.every((feature) => hello.features.includes(feature))
    ? undefined
    : new AppError("protocol", "The host chose a feature that was not offered.");
}
