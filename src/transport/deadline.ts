import { AppError } from "../common/errors.ts";
import type { WaitOptions } from "./channel.ts";

/** How long a connection may take to come about, unless the caller says otherwise. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** The longest delay that a timer takes; a longer one (or Infinity) would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs `work` under the deadline and the abort signal of `wait`. `work` gets one signal for both and must settle
 * soon after it is aborted, having freed what it opened: nothing that it returns is thrown away here, so nothing
 * leaks. Rejects with `timeout` or `aborted`, saying what was waited for (`Connecting to X`), with the AppError that the
 * signal was aborted with, else as `work` does.
 */
export async function withDeadline<T>(
  wait: WaitOptions,
  defaultMs: number,
  subject: string,
  work: (signal: AbortSignal) => Promise<T>,
  timeoutHint?: string,
): Promise<T> {
  const both = new AbortController();
  const cancel = () => {
    const reason: unknown = wait.signal?.reason;
    both.abort(reason instanceof AppError ? reason : new AppError("aborted", `${subject} was cancelled.`));
  };
  if (wait.signal?.aborted) cancel();
  both.signal.throwIfAborted();

  const ms = Math.min(wait.timeoutMs ?? defaultMs, LONGEST_TIMER_MS);
  const timer = setTimeout(() => {
    both.abort(new AppError("timeout", `${subject} took longer than ${ms / 1000} s.`, { hint: timeoutHint }));
  }, ms);
  wait.signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await work(both.signal);
  } catch (thrown) {
    // What the abort made fail inside says less than the abort does, unless it was put in words.
    if (!(thrown instanceof AppError)) both.signal.throwIfAborted();
    throw thrown;
  } finally {
    clearTimeout(timer);
    wait.signal?.removeEventListener("abort", cancel);
  }
}

/** Settles as `promise` does, or rejects when the signal aborts. For waits that hold nothing to be freed. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    // The reason is whatever the signal's owner gave: an AppError under withDeadline.
    const stop = () => reject(AppError.from(signal.reason, "aborted"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
