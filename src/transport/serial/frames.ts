import { crc32 } from "node:zlib";
import { decodeCobs, encodeCobs } from "./cobs.ts";

/** What goes over a serial line; docs/PROTOCOL.md, "The serial datalink", has the format. Numbers are little-endian. */
export const SERIAL_VERSION = 1;

/** A frame's payload at most. */
export const MAX_PAYLOAD = 1024;

/** Frames that a receiver takes beyond the last one that it has acknowledged, at most. */
export const MAX_WINDOW = 64;

/** What has come: everything before `ack`, and of the frames after `ack` those whose bits are set in `selective`. */
export interface Acknowledgement {
  readonly ack: number;
  /** So many frames from `ack` on are taken. */
  readonly window: number;
  /** The lowest bit of the first byte is `ack + 1`; empty if nothing is missing. */
  readonly selective: Uint8Array;
}

/** `to` is the id that the receiver of the frame has given to the connection; in `reset` it is the sender's. */
export type SerialFrame = { readonly channel: number; readonly to: number } & (
  | { readonly type: "open"; readonly from: number; readonly version: number }
  | { readonly type: "accept"; readonly from: number; readonly version: number }
  | {
      readonly type: "data" | "end";
      readonly sequence: number;
      readonly ack: number;
      readonly window: number;
      readonly payload: Buffer;
    }
  | ({ readonly type: "ack" | "ping" } & Acknowledgement)
  | { readonly type: "refuse"; readonly reason: number }
  | { readonly type: "reset" }
);

/** Why an `open` is refused. */
export const Refusal = { noServer: 1, busy: 2, version: 3 } as const;

const TYPES = {
  open: 1,
  accept: 2,
  data: 3,
  end: 4,
  ack: 5,
  ping: 6,
  refuse: 7,
  reset: 8,
} as const satisfies Record<SerialFrame["type"], number>;
const NAMES = new Map(
  Object.entries(TYPES).map(([name, type]) => [type as number, name as SerialFrame["type"]]),
);

const COMMON_BYTES = 6;
const CRC_BYTES = 4;
const DATA_BYTES = 5;
const ACK_BYTES = 3;

/** Of a data frame, besides its payload and what byte stuffing adds. */
const DATA_OVERHEAD = COMMON_BYTES + DATA_BYTES + CRC_BYTES;

/** The longest frame as it is on the line, without its zero byte. */
export const MAX_FRAME = MAX_PAYLOAD + DATA_OVERHEAD + Math.ceil((MAX_PAYLOAD + DATA_OVERHEAD + 1) / 254);

/** How many bytes a data frame takes on the line, with the zero byte that ends it. */
export function sizeOnLine(payloadBytes: number): number {
  const bytes = payloadBytes + DATA_OVERHEAD;
  return bytes + Math.ceil((bytes + 1) / 254) + 1;
}

/** The frame as it goes on the line, with the zero byte that ends it. */
export function encodeSerialFrame(frame: SerialFrame): Buffer {
  const body = bodyOf(frame);
  const bytes = Buffer.allocUnsafe(COMMON_BYTES + body.length + CRC_BYTES);
  bytes[0] = TYPES[frame.type];
  bytes[1] = frame.channel;
  bytes.writeUInt32LE(frame.to, 2);
  bytes.set(body, COMMON_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -CRC_BYTES)), bytes.length - CRC_BYTES);
  return Buffer.concat([encodeCobs(bytes), Buffer.of(0)]);
}

function bodyOf(frame: SerialFrame): Buffer {
  switch (frame.type) {
    case "open":
    case "accept": {
      const body = Buffer.allocUnsafe(5);
      body.writeUInt32LE(frame.from, 0);
      body[4] = frame.version;
      return body;
    }
    case "data":
    case "end": {
      const body = Buffer.allocUnsafe(DATA_BYTES + frame.payload.length);
      body.writeUInt16LE(frame.sequence, 0);
      body.writeUInt16LE(frame.ack, 2);
      body[4] = frame.window;
      body.set(frame.payload, DATA_BYTES);
      return body;
    }
    case "ack":
    case "ping": {
      const body = Buffer.allocUnsafe(ACK_BYTES + frame.selective.length);
      body.writeUInt16LE(frame.ack, 0);
      body[2] = frame.window;
      body.set(frame.selective, ACK_BYTES);
      return body;
    }
    case "refuse":
      return Buffer.of(frame.reason);
    case "reset":
      return Buffer.alloc(0);
  }
}

/** Undefined for whatever is no whole frame of ours: garbled, cut, of an unknown type. Never throws. */
export function decodeFrame(encoded: Uint8Array): SerialFrame | undefined {
  const bytes = decodeCobs(encoded);
  if (bytes === undefined || bytes.length < COMMON_BYTES + CRC_BYTES) return undefined;
  const end = bytes.length - CRC_BYTES;
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) return undefined;
  const type = NAMES.get(bytes[0] ?? 0);
  if (type === undefined) return undefined;
  const common = { channel: bytes[1] ?? 0, to: bytes.readUInt32LE(2) };
  return readBody(type, common, bytes.subarray(COMMON_BYTES, end));
}

/** Bytes after those that this version knows are a later one's, and are left alone. */
function readBody(
  type: SerialFrame["type"],
  common: { readonly channel: number; readonly to: number },
  body: Buffer,
): SerialFrame | undefined {
  switch (type) {
    case "open":
    case "accept":
      if (body.length < 5) return undefined;
      return { ...common, type, from: body.readUInt32LE(0), version: body[4] ?? 0 };
    case "data":
    case "end":
      if (body.length < DATA_BYTES || body.length > DATA_BYTES + MAX_PAYLOAD) return undefined;
      return {
        ...common,
        type,
        sequence: body.readUInt16LE(0),
        ack: body.readUInt16LE(2),
        window: body[4] ?? 0,
        payload: body.subarray(DATA_BYTES),
      };
    case "ack":
    case "ping":
      if (body.length < ACK_BYTES) return undefined;
      return {
        ...common,
        type,
        ack: body.readUInt16LE(0),
        window: body[2] ?? 0,
        selective: body.subarray(ACK_BYTES, ACK_BYTES + MAX_WINDOW / 8),
      };
    case "refuse":
      if (body.length < 1) return undefined;
      return { ...common, type, reason: body[0] ?? 0 };
    case "reset":
      return { ...common, type };
  }
}

/** How far `to` is after `from`, on the circle of the 16 bits of sequence numbers. */
export function distance(from: number, to: number): number {
  return (to - from) & 0xffff;
}
