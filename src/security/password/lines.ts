import type { Duplex } from "node:stream";
import { AppError } from "../../common/errors.ts";
import { readUntil } from "../../transport/readUntil.ts";

/** Bytes of one message of the exchange; OPAQUE's own are below 600. */
const LINE_BYTES = 4096;

/** One message: JSON on one line. */
export function writeLine(stream: Duplex, message: Readonly<Record<string, unknown>>): void {
  if (!stream.destroyed) stream.write(`${JSON.stringify(message)}\n`);
}

/**
 * The next line of the stream, as a JSON object. What comes after it is put back. Nothing else may read meanwhile.
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
  return readUntil(stream, signal, "during the password exchange", (seen) => {
    const end = seen.indexOf(10);
    if ((end === -1 ? seen.length : end) > LINE_BYTES)
      throw new AppError("tooLarge", "A message of the password exchange is too long.");
    return end === -1 ? undefined : { value: seen.subarray(0, end), used: end + 1 };
  });
}
