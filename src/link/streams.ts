import { AppError } from "../common/errors.ts";
import type { LinkConnection } from "./connection.ts";
import { DAP_FIELD_BYTES, FrameType } from "./frames.ts";
import type { LinkTiming } from "./limits.ts";
import { reasonToError } from "../common/reason.ts";
import { reason } from "./messages.ts";
import { LinkPort } from "./port.ts";
import { parsePush } from "./push.ts";
import { type Guard, parseLinkJson } from "./validate.ts";

/** A stream that is being opened; it becomes a port, or it is `closed`. */
export interface OpeningStream {
  closed(error: AppError | undefined): void;
}

/** The stream id and the JSON of an OPEN, OPENED or CLOSE_STREAM frame. */
export function parseStreamJson<T>(
  payload: Buffer,
  guard: Guard<T>,
  name: string,
): { readonly stream: number; readonly value: T } | AppError {
  if (payload.length < 4) return new AppError("protocol", `${name} is too short.`);
  const checked = parseLinkJson(payload.subarray(4), guard, name);
  if (!checked.ok) return new AppError("protocol", `${checked.message}.`);
  return { stream: payload.readUInt32BE(0), value: checked.value };
}

/**
 * The streams of one link. The guest numbers them 1, 2, 3, … and uses no number twice, so a frame for a number
 * up to `last` that is not here belongs to a stream that one side has closed meanwhile: it is ignored.
 */
export class Streams {
  /** The highest stream id so far. */
  last = 0;
  readonly #connection: LinkConnection;
  readonly #timing: LinkTiming;
  readonly #opening = new Map<number, OpeningStream>();
  readonly #ports = new Map<number, LinkPort>();

  constructor(connection: LinkConnection, timing: LinkTiming) {
    this.#connection = connection;
    this.#timing = timing;
  }

  get size(): number {
    return this.#opening.size + this.#ports.size;
  }

  addOpening(stream: number, opening: OpeningStream): void {
    this.last = stream;
    this.#opening.set(stream, opening);
  }

  /** Takes an opening out, if it is still there. */
  removeOpening(stream: number): OpeningStream | undefined {
    const opening = this.#opening.get(stream);
    this.#opening.delete(stream);
    return opening;
  }

  addPort(stream: number): LinkPort {
    const port = new LinkPort(this.#connection, stream, this.#timing, () => this.#ports.delete(stream));
    this.#ports.set(stream, port);
    return port;
  }

  /** A port that has ended already: for a stream that the peer gave up before it was accepted. */
  endedPort(stream: number): LinkPort {
    const port = new LinkPort(this.#connection, stream, this.#timing, () => {});
    port.closed(undefined);
    return port;
  }

  /** DAP and CLOSE_STREAM, which are the same in both directions. */
  frame(type: number, payload: Buffer): AppError | undefined {
    if (type === FrameType.dap) return this.#onDap(payload);
    if (type === FrameType.closeStream) return this.#onCloseStream(payload);
    return new AppError("protocol", `A frame of type ${type} has no place here.`);
  }

  /** PUSH, which only a guest gets. */
  push(payload: Buffer): AppError | undefined {
    const parsed = parsePush(payload);
    if (parsed instanceof AppError) return parsed;
    const port = this.#ports.get(parsed.stream);
    port?.receivePush(parsed.answers);
    return port === undefined ? this.checkKnown(parsed.stream) : undefined;
  }

  drained(): void {
    for (const port of [...this.#ports.values()]) port.drained();
  }

  closed(error: AppError | undefined): void {
    const ends = [...this.#opening.values(), ...this.#ports.values()];
    this.#opening.clear();
    for (const end of ends) end.closed(error);
  }

  /** A stream that no OPEN has named is a fault; one that is over is not. */
  checkKnown(stream: number): AppError | undefined {
    if (stream > 0 && stream <= this.last) return undefined;
    return new AppError("protocol", `Stream ${stream} was never opened.`);
  }

  #onDap(payload: Buffer): AppError | undefined {
    if (payload.length < DAP_FIELD_BYTES) return new AppError("protocol", "A DAP frame is too short.");
    const stream = payload.readUInt32BE(0);
    const port = this.#ports.get(stream);
    if (port !== undefined) return port.receive(payload.readUInt32BE(4), payload.subarray(DAP_FIELD_BYTES));
    if (this.#opening.has(stream)) return new AppError("protocol", `Stream ${stream} is not open yet.`);
    return this.checkKnown(stream);
  }

  #onCloseStream(payload: Buffer): AppError | undefined {
    const parsed = parseStreamJson(payload, reason, "CLOSE_STREAM");
    if (parsed instanceof AppError) return parsed;
    const error = reasonToError(parsed.value);
    const end = this.removeOpening(parsed.stream) ?? this.#ports.get(parsed.stream);
    if (end === undefined) return this.checkKnown(parsed.stream);
    end.closed(error);
    return undefined;
  }
}
