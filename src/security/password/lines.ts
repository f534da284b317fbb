import type { Duplex } from "node:stream";
import { AppError } from "../../common/errors.ts";

/** Bytes of one message of the exchange; OPAQUE's own are below 600. */
const LINE_BYTES = 4096;

/** One message: JSON on one line. */
export function writeLine(stream: Duplex, message: Readonly<Record<string, unknown>>): void {
  if (!stream.destroyed) stream.write(`${JSON.stringify(message)}\n`);
}

/**
 * The next line of the stream, as a JSON object. What comes after it is put back. Nobody else may read meanwhile.
 * Rejects with `tooLarge`, `protocol`, `closed` (the peer left), or as the signal was aborted.
 */
export async function readLine(
  stream: Duplex,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const line = await nextLine(stream, signal);
  let value: unknown;
  try {
    value = JSON.parse(line.toString("utf8"));
  } catch {
    // Not the parser's words: they quote what it was given.
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new AppError("protocol", "The other side broke the rules of the password exchange.");
}

function nextLine(stream: Duplex, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0);
    const stop = () => {
      stream.off("readable", onReadable).off("end", onEnd).off("close", onEnd).off("error", onError);
      signal.removeEventListener("abort", onAbort);
    };
    const fail = (error: AppError) => {
      stop();
      reject(error);
    };
    const onAbort = () => fail(AppError.from(signal.reason, "aborted"));
    const onEnd = () => fail(new AppError("closed", "The other side left during the password exchange."));
    const onError = (cause: Error) =>
      fail(new AppError("closed", "The connection broke during the password exchange.", { cause }));
    const onReadable = () => {
      for (;;) {
        const chunk: unknown = stream.read();
        if (!Buffer.isBuffer(chunk)) return;
        const end = chunk.indexOf(10);
        const line = Buffer.concat([seen, end === -1 ? chunk : chunk.subarray(0, end)]);
        if (line.length > LINE_BYTES) {
          fail(new AppError("tooLarge", "A message of the password exchange is too long."));
          return;
        }
        if (end === -1) {
          seen = line;
          continue;
        }
        stop();
        if (end + 1 < chunk.length) stream.unshift(chunk.subarray(end + 1));
        resolve(line);
        return;
      }
    };
    if (signal.aborted) return onAbort();
    if (stream.destroyed || stream.readableEnded) return onEnd();
    signal.addEventListener("abort", onAbort, { once: true });
    stream.on("readable", onReadable).on("end", onEnd).on("close", onEnd).on("error", onError);
    onReadable();
  });
}
