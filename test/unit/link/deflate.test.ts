import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { AppError } from "../../../src/common/errors.ts";
import { Deflater, Inflater } from "../../../src/link/deflate.ts";
import {
  byteCount,
  DEFLATED,
  encodeDap,
  encodeFrame,
  encodePing,
  FrameDecoder,
  FrameType,
} from "../../../src/link/frames.ts";
import type { Frame } from "../../../src/link/retransmitBuffer.ts";
import { acceptLink } from "../../../src/link/hostHandshake.ts";
import { DEFLATE } from "../../../src/link/messages.ts";
import { openLink } from "../../../src/link/openLink.ts";
import { ACCEPT, CALM, IDENTITY, connectLinks, handlers, hear, json, next, pair, texts } from "./helpers.ts";

/** What comes out at the other end of a channel. */
function received(frames: readonly Frame[]): { readonly type: number; readonly payload: Buffer }[] {
  const decoder = new FrameDecoder({ expectMagic: false });
  decoder.admit();
  decoder.inflate();
  const inflater = new Inflater();
  const out = [];
  decoder.feed(Buffer.concat(frames.flat()));
  for (let step = decoder.next(); step.kind !== "more"; step = decoder.next()) {
    if (step.kind === "fault") throw step.error;
    if (step.kind === "skipped") continue;
    const isDeflated = (step.type & DEFLATED) !== 0;
    const type = step.type & ~DEFLATED;
    const payload = isDeflated ? inflater.decode(type, step.payload) : step.payload;
    if (payload instanceof AppError) throw payload;
    out.push({ type, payload });
  }
  return out;
}

/** A fault of the peer, be it by the length that it said. */
const isFault = ({ code }: AppError) => code === "protocol" || code === "tooLarge";

const bodies = fc.oneof(
  fc.json().map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(70_000).map((length) => Buffer.alloc(length, "abcdefgh")),
);
const frames = fc.array(
  fc.tuple(
    fc.constantFrom(FrameType.dap, FrameType.control, FrameType.push, FrameType.ack, FrameType.ping),
    bodies,
  ),
  { maxLength: 20 },
);

test("property: what goes in comes out, whatever went before; no frame becomes longer", () => {
  fc.assert(
    fc.property(frames, (all) => {
      const deflater = new Deflater();
      const plain = all.map(([type, body]) => encodeFrame(type, [body]));
      const sent = plain.map((frame) => deflater.encode(frame));
      assert.deepEqual(
        received(sent),
        all.map(([type, payload]) => ({ type, payload })),
      );
      for (const [i, frame] of sent.entries()) assert.ok(byteCount(frame) <= byteCount(plain[i] ?? []));
    }),
  );
});

test("what is like what went before costs next to nothing", () => {
  const deflater = new Deflater();
  const message = (seq: number) =>
    encodeDap(
      1,
      seq,
      json(
        JSON.stringify({
          seq,
          type: "event",
          event: "output",
          body: { output: "tick", variablesReference: 0 },
        }),
      ),
    );
  const [first = 0, ...others] = Array.from({ length: 5 }, (_, i) => byteCount(deflater.encode(message(i))));
  assert.ok(first > 80);
  for (const bytes of others) assert.ok(bytes < 40, `${bytes} bytes`);
  assert.deepEqual(
    deflater.encode(encodePing(FrameType.ping, Buffer.alloc(8))),
    encodePing(FrameType.ping, Buffer.alloc(8)),
  );
});

test("property: damaged bytes are a fault or other bytes of the length that was said, never an exception", () => {
  const deflater = new Deflater();
  const payload = Buffer.from(JSON.stringify({ a: "x".repeat(100), b: [1, 2, 3] }));
  const [, ...parts] = deflater.encode(encodeFrame(FrameType.control, [payload]));
  const sent = Buffer.concat(parts);
  fc.assert(
    fc.property(fc.nat(sent.length - 1), fc.nat(255), (at, byte) => {
      const damaged = Buffer.from(sent);
      damaged[at] = byte;
      const out = new Inflater().decode(FrameType.control, damaged);
      assert.ok(out instanceof AppError ? isFault(out) : out.length === payload.length);
    }),
  );
});

test("a length that lies, what follows the end, a huge length, and types that are never compressed are faults", () => {
  const length = (bytes: number) => {
    const field = Buffer.alloc(4);
    field.writeUInt32BE(bytes, 0);
    return field;
  };
  const data = deflateRawSync(Buffer.alloc(1000));
  const good = new Inflater().decode(FrameType.control, Buffer.concat([length(1000), data]));
  assert.ok(!(good instanceof AppError) && good.length === 1000);
  for (const [type, payload] of [
    [FrameType.control, Buffer.concat([length(999), data])],
    [FrameType.control, Buffer.concat([length(1001), data])],
    [FrameType.control, Buffer.concat([length(0), data])],
    [FrameType.control, Buffer.concat([length(1000), data, Buffer.of(0)])],
    [FrameType.control, Buffer.concat([length(1000), data.subarray(0, -1)])],
    [FrameType.dap, Buffer.alloc(3)],
    [FrameType.ping, Buffer.concat([length(1000), data])],
  ] as const) {
    const out = new Inflater().decode(type, payload);
    assert.ok(out instanceof AppError && out.code === "protocol");
  }
  for (const [type, payload] of [
    [FrameType.control, Buffer.concat([length(2 ** 20), deflateRawSync(Buffer.alloc(2 ** 20))])],
    [FrameType.dap, length(2 ** 32 - 1)],
  ] as const) {
    const out = new Inflater().decode(type, payload);
    assert.ok(out instanceof AppError && out.code === "tooLarge");
  }
});

test("only where both know it; then a link's frames are compressed, in both directions", async (t) => {
  const plain = await connectLinks(t, { open: { timing: CALM, isSlow: true }, accept: { features: [] } });
  assert.deepEqual(plain.guest.welcome.features, []);

  const { near, far } = pair(t);
  let bytes = 0;
  for (const { stream } of [near, far]) stream.on("data", (chunk: Buffer) => (bytes += chunk.length));
  let port: ReturnType<typeof hear> | undefined;
  const [host, guest] = await Promise.all([
    acceptLink(far, { ...ACCEPT, features: [DEFLATE] }),
    openLink(near, IDENTITY, { timing: CALM, isSlow: true }),
  ]);
  host.start(handlers({ openSession: (request) => (port = hear(request.accept())) }));
  guest.start();
  assert.ok(guest.welcome.features.includes("deflate"));
  const heard = hear(await guest.openSession("s"));
  assert.ok(port !== undefined);
  const before = bytes;
  const long = "a long message ".repeat(1000);
  heard.port.send(json(long));
  port.port.send(json(long));
  await Promise.all([heard.until(1), port.until(1)]);
  assert.deepEqual([texts(heard), texts(port)], [[long], [long]]);
  assert.ok(bytes - before < 1000, `${bytes - before} bytes for ${2 * long.length}`);
});

test("a compressed frame where that was not agreed is a fault", async (t) => {
  const { guest, near } = await connectLinks(t);
  const closed = next(guest.onClose);
  near.stream.push(Buffer.concat(encodeFrame(FrameType.control | DEFLATED, [Buffer.alloc(40)])));
  assert.equal((await closed)?.code, "protocol");
});
