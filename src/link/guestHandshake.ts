import { AppError } from "../common/errors.ts";
import type { Logger } from "../common/logger.ts";
import type { Channel, WaitOptions } from "../transport/channel.ts";
import { LINK_MAGIC } from "../transport/protocolDetection.ts";
import { encodeFrameJson, FrameType } from "./frames.ts";
import { HandshakeDeadline } from "./handshakeDeadline.ts";
import type { LinkTiming } from "./limits.ts";
import {
  type Hello,
  type Wait,
  wait as waitGuard,
  type Welcome,
  welcome as welcomeGuard,
} from "./messages.ts";
import { parseLinkJson } from "./validate.ts";
import { Wire, type WireOwner } from "./wire.ts";
import type { Settle } from "./pending.ts";

export interface GreetOptions extends WaitOptions {
  readonly onWait?: (wait: Wait) => void;
  /** It came to nothing although the channel has not broken: mostly, the host has said why. */
  readonly onRefused?: (error: AppError) => void;
  readonly timing: LinkTiming;
  readonly logger: Logger;
}

/** Makes something of the WELCOME and of the channel, which it holds. */
type Met<T> = (wire: Wire, welcome: Welcome) => T | AppError;

/**
 * Says HELLO, and resolves with what `met` makes of the WELCOME and of the channel. Takes over the channel: on failure,
 * and on an error of `met`, it is closed, and the promise rejects with the reason.
 */
export function greet<T>(channel: Channel, hello: Hello, options: GreetOptions, met: Met<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    new GuestHandshake(channel, hello, options, met, { resolve, reject });
  });
}

/** One channel from HELLO to WELCOME. The host may say WAIT before that, any number of times. */
class GuestHandshake<T> implements WireOwner {
  readonly #hello: Hello;
  readonly #options: GreetOptions;
  readonly #met: Met<T>;
  readonly #settle: Settle<T>;
  readonly #wire: Wire;
  readonly #deadline: HandshakeDeadline;

  constructor(channel: Channel, hello: Hello, options: GreetOptions, met: Met<T>, settle: Settle<T>) {
    this.#hello = hello;
    this.#options = options;
    this.#met = met;
    this.#settle = settle;
    const { timing, logger, timeoutMs = timing.admissionMs, signal } = options;
    this.#wire = new Wire(channel, this, { expectMagic: false, timing, logger });
    this.#deadline = new HandshakeDeadline(this.#wire, timeoutMs, signal);
    this.#wire.sendControl([LINK_MAGIC, ...encodeFrameJson(FrameType.hello, hello)]);
  }

  frame(type: number, payload: Buffer): AppError | undefined {
    if (type === FrameType.wait) return this.#onWait(payload);
    if (type === FrameType.welcome) return this.#onWelcome(payload);
    return new AppError("protocol", "The host must say WELCOME first.");
  }

  drained(): void {}

  closed(reason: AppError | undefined, isBroken: boolean): void {
    this.#deadline.dispose();
    const error = reason ?? new AppError("refused", "The host closed the link without a reason.");
    if (!isBroken) this.#options.onRefused?.(error);
    this.#settle.reject(error);
  }

  #onWait(payload: Buffer): AppError | undefined {
    const wait = parseLinkJson(payload, waitGuard, "WAIT");
    if (!wait.ok) return new AppError("protocol", `${wait.message}.`);
    // The host ends it when its time is over; ours is a little longer, so that the host's reason arrives.
    this.#deadline.extend(wait.value.ms + this.#options.timing.admissionMs);
    this.#options.onWait?.(wait.value);
    return undefined;
  }

  #onWelcome(payload: Buffer): AppError | undefined {
    const welcome = parseLinkJson(payload, welcomeGuard, "WELCOME");
    if (!welcome.ok) return new AppError("protocol", `${welcome.message}.`);
    const error = checkChoice(this.#hello, welcome.value);
    if (error !== undefined) return error;
    this.#deadline.dispose();
    this.#wire.admit();
    this.#wire.hold();
    const result = this.#met(this.#wire, welcome.value);
    if (result instanceof AppError) return result;
    this.#settle.resolve(result);
    return undefined;
  }
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
