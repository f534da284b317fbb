import type { Duplex } from "node:stream";
import { AppError } from "../common/errors.ts";

/** What has come so far is enough: the `value` of it, and how many of its bytes are used up. */
export interface Enough<T> {
  readonly value: T;
  readonly used: number;
}

/**
 * Reads until `look` finds enough in what has come; what is not used up is put back for the next reader, and after a
 * failure all of it. Nothing else may read the stream before or meanwhile. `when`: ends the sentences of its errors ("before it
 * said what it speaks"). Rejects with what `look` throws (an AppError), as the signal was aborted, or with `closed`.
 */
export function readUntil<T>(
  stream: Duplex,
  signal: AbortSignal,
  when: string,
  look: (seen: Buffer) => Enough<T> | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0);

    const stop = (used: number) => {
      stream.off("readable", onReadable).off("end", onEnd).off("close", onEnd).off("error", onError);
      signal.removeEventListener("abort", onAbort);
      const rest = seen.subarray(used);
      if (rest.length > 0 && !stream.destroyed && !stream.readableEnded) stream.unshift(rest);
    };
    const fail = (error: AppError) => {
      stop(0);
      reject(error);
    };
    const onAbort = () => fail(AppError.from(signal.reason, "aborted"));
    const onError = (cause: Error) =>
      fail(new AppError("closed", `The other side's connection broke ${when}.`, { cause }));
    const onEnd = () => fail(new AppError("closed", `The other side left ${when}.`));
    const onReadable = () => {
      for (;;) {
        const chunk: unknown = stream.read();
        if (!Buffer.isBuffer(chunk)) return;
        seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
        try {
          const enough = look(seen);
          if (enough === undefined) continue;
          stop(enough.used);
          resolve(enough.value);
        } catch (thrown) {
          fail(AppError.from(thrown));
        }
        return;
      }
    };

    if (signal.aborted) return onAbort();
    if (stream.destroyed || stream.readableEnded) return onEnd();
    signal.addEventListener("abort", onAbort, { once: true });
    stream.on("readable", onReadable).on("end", onEnd).on("close", onEnd).on("error", onError);
    // What came before this call need not be told of again.
    onReadable();
  });
}
