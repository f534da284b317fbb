import { AppError } from "../common/errors.ts";
import { encodeFrame, FrameType } from "./frames.ts";

/** What the guest's client is expected to ask next, and the answer to it: two DAP messages. */
export interface PrefetchedAnswer {
  readonly request: Buffer;
  readonly response: Buffer;
}

const FIELD_BYTES = 4;

/** PUSH (docs/PROTOCOL.md, "Features"): stream, count, and for each answer two lengths and two messages. */
export function encodePush(stream: number, answers: readonly PrefetchedAnswer[]): Uint8Array[] {
  const parts = answers.flatMap(({ request, response }) => [
    u32(request.length),
    request,
    u32(response.length),
    response,
  ]);
  return encodeFrame(FrameType.push, [u32(stream), u32(answers.length), ...parts]);
}

/** Reads the payload of a PUSH; an error if it is not exactly what its numbers say. */
export function parsePush(
  payload: Buffer,
): { readonly stream: number; readonly answers: readonly PrefetchedAnswer[] } | AppError {
  let at = 0;
  const number = (): number => {
    if (at + FIELD_BYTES > payload.length) throw new AppError("protocol", "A PUSH is too short.");
    at += FIELD_BYTES;
    return payload.readUInt32BE(at - FIELD_BYTES);
  };
  const bytes = (): Buffer => {
    const length = number();
    if (at + length > payload.length) throw new AppError("protocol", "A PUSH is too short.");
    at += length;
    return payload.subarray(at - length, at);
  };
  try {
    const stream = number();
    const answers: PrefetchedAnswer[] = [];
    for (let left = number(); left > 0; left--) answers.push({ request: bytes(), response: bytes() });
    if (at < payload.length) return new AppError("protocol", "A PUSH is too long.");
    return { stream, answers };
  } catch (thrown) {
    return AppError.from(thrown, "protocol");
  }
}

function u32(value: number): Buffer {
  const field = Buffer.allocUnsafe(FIELD_BYTES);
  field.writeUInt32BE(value, 0);
  return field;
}
