import { setTimeout as pause } from "node:timers/promises";
import { AppError, type ErrorCode } from "../common/errors.ts";
import type { Logger } from "../common/logger.ts";
import { errorCode } from "../transport/errno.ts";
import { Backoff } from "../transport/backoff.ts";
import type { Channel, WaitOptions } from "../transport/channel.ts";
import { makeClaim } from "./resumption.ts";
import type { LinkConnection } from "./connection.ts";
import { greet } from "./guestHandshake.ts";
import type { LinkTiming } from "./limits.ts";
import type { Hello } from "./messages.ts";

/** What is made of a channel; if it is not wanted any more, it is closed. */
export type Opened = { close(): void } | undefined;

/** Gets a channel to the same host as before, and resolves with what `open` makes of it. Rejects with an AppError. */
export type Dial = <T extends Opened>(
  open: (channel: Channel, wait: WaitOptions) => Promise<T>,
  wait: WaitOptions,
) => Promise<T>;

export interface ReconnectOptions {
  readonly dial: Dial;
  /** As it was said first. */
  readonly hello: Hello;
  /** The host's name of the link. */
  readonly link: string;
  readonly secret: Buffer;
  readonly timing: LinkTiming;
  readonly logger: Logger;
}

/** The longest pause between two attempts, in milliseconds. */
const PAUSE_MS = 5_000;
/** What the host itself has said: it would say the same next time. All else may have been the way to it. */
const ANSWERS: ReadonlySet<ErrorCode> = new Set([
  "closed",
  "notAvailable",
  "notSupported",
  "passwordRequired",
  "refused",
  "wrongPassword",
]);

/** Gets a guest's link another channel whenever its own has broken, for as long as the link lasts without one. */
export function reconnect(connection: LinkConnection, options: ReconnectOptions): void {
  const over = new AbortController();
  connection.onEnd(() => over.abort());
  let attempt = 0;
  let isRunning = false;
  connection.onAway(() => {
    if (!isRunning) void run();
  });

  async function run(): Promise<void> {
    const { signal } = over;
    isRunning = true;
    const backoff = new Backoff(Math.random, PAUSE_MS);
    let refusedSince: number | undefined;
    while (connection.isAway && !signal.aborted) {
      try {
        await options.dial((channel, wait) => enter(channel, wait), { signal });
      } catch (thrown) {
        if (signal.aborted) break;
        const error = AppError.from(thrown);
        options.logger.log("info", `link: not back yet: ${error.toLine()}`);
        refusedSince = isRefusal(error) ? (refusedSince ?? performance.now()) : undefined;
        if (performance.now() - (refusedSince ?? Infinity) >= options.timing.refusedMs)
          connection.close(error);
        await pause(backoff.next(), undefined, { signal }).catch(() => {});
      }
    }
    isRunning = false;
  }

  function enter(channel: Channel, wait: WaitOptions): Promise<undefined> {
    const { hello, link, secret, timing, logger } = options;
    const claim = makeClaim(secret, { link, attempt: ++attempt, received: connection.received });
    const onRefused = (error: AppError) => {
      if (ANSWERS.has(error.code)) connection.close(error);
    };
    const hear = { ...wait, onRefused, timing, logger };
    return greet(channel, { ...hello, resumes: claim }, hear, (wire, { resumed }) => {
      if (resumed === undefined)
        return new AppError("protocol", "The host does not say what it has received.");
      connection.attach(wire, resumed.received);
      return undefined;
    });
  }
}

/** The host's machine is there, and nothing listens at that address: mostly the host has ended. */
function isRefusal({ cause }: AppError): boolean {
  return ["ECONNREFUSED", "ENOENT"].includes(errorCode(cause) ?? "");
}
