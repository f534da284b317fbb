import { AppError } from "../common/errors.ts";
import type { WaitOptions } from "../transport/channel.ts";

export interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: AppError) => void;
}

/**
 * One wait on the peer, with a deadline and a signal. `begin` asks and returns the clean-up, which runs exactly
 * once, with the error if we gave up or were refused. Nothing is asked if the signal is aborted already.
 */
export function waitFor<T>(
  wait: WaitOptions & { readonly timeoutMs: number },
  begin: (settle: Settle<T>) => (error: AppError | undefined) => void,
): Promise<T> {
  const { signal, timeoutMs } = wait;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new AppError("aborted", "The request was given up."));
      return;
    }
    let cleanUp: (error: AppError | undefined) => void = () => {};
    let over = false;
    const onAbort = () => finish(new AppError("aborted", "The request was given up."));
    const onTimeout = () => finish(new AppError("timeout", "The other side did not answer in time."));
    const finish = (error: AppError | undefined) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      cleanUp(error);
      if (error !== undefined) reject(error);
    };
    const timer = setTimeout(onTimeout, timeoutMs);
    signal?.addEventListener("abort", onAbort);
    cleanUp = begin({
      resolve(value) {
        resolve(value);
        finish(undefined);
      },
      reject: finish,
    });
    // The link may have ended while we asked.
    if (over) cleanUp(undefined);
  });
}
