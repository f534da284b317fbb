import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppError } from "../../../src/common/errors.ts";
import { once } from "../../../src/common/event.ts";
import { encodeFrame, FrameType } from "../../../src/link/frames.ts";
import type { LinkPort } from "../../../src/link/port.ts";
import { encodePush, parsePush, type PrefetchedAnswer } from "../../../src/link/push.ts";
import { connectLinks, json, rawGuest } from "./helpers.ts";

const HEADER_BYTES = 5;
const answers = fc.array(
  fc.record({ request: fc.uint8Array(), response: fc.uint8Array() }).map(({ request, response }) => ({
    request: Buffer.from(request),
    response: Buffer.from(response),
  })),
  { maxLength: 5 },
);

test("property: what is encoded is read; a byte less or more is not", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), answers, (stream, sent) => {
      const payload = Buffer.concat(encodePush(stream, sent)).subarray(HEADER_BYTES);
      assert.deepEqual(parsePush(payload), { stream, answers: sent });
      for (const other of [payload.subarray(0, -1), Buffer.concat([payload, Buffer.of(0)])])
        assert.ok(parsePush(other) instanceof AppError);
    }),
  );
});

test("lengths that promise more than there is cost nothing", () => {
  const huge = Buffer.alloc(16, 0xff);
  const error = parsePush(huge);
  assert.ok(error instanceof AppError && error.code === "protocol");
});

const ANSWER: PrefetchedAnswer = { request: Buffer.from("{}"), response: Buffer.from("{}") };

test("comes in order with the messages, also before the port is started, and does not count for acks", async (t) => {
  let host: LinkPort | undefined;
  const seen: (number | undefined)[] = [];
  const { guest } = await connectLinks(t, {
    handlers: {
      openSession(request) {
        host = request.accept();
        host.onMessage((message) => seen.push(message.seen));
        host.start();
      },
    },
  });
  const port = await guest.openSession("s");
  assert.ok(host !== undefined);
  const heard: string[] = [];
  port.onMessage(({ body }) => heard.push(body.toString()));
  port.onPush((pushed) => heard.push(`${pushed.length} answers`));
  host.send(json("stopped"));
  host.push([ANSWER]);
  host.send(json("output"));
  // The port is not open for us before OPENED has come, and all of it has come with that.
  port.start();
  while (heard.length < 3) await once(port.onMessage);
  host.push([]);
  host.send(json("last"));
  while (heard.length < 5) await once(port.onMessage);
  assert.deepEqual(heard, ["stopped", "1 answers", "output", "0 answers", "last"]);
  port.send(json("request"));
  await once(host.onMessage);
  assert.deepEqual(seen, [3]);
});

test("is a fault where it was not agreed upon, and from a guest", async (t) => {
  const plain = await connectLinks(t, {
    open: { features: [] },
    handlers: {
      openSession(request) {
        const port = request.accept();
        port.push([ANSWER]);
        port.start();
      },
    },
  });
  const ended = once(plain.guest.onClose);
  await plain.guest.openSession("s");
  assert.match((await ended)?.message ?? "", /has no place here/);

  const { peer, host } = await rawGuest(t);
  const closed = once(host.onClose);
  peer.write(encodePush(1, []));
  assert.equal((await closed)?.code, "protocol");
});

test("that is malformed ends the link; one for a stream that is over is ignored", async (t) => {
  const { guest, far } = await connectLinks(t);
  const port = await guest.openSession("s");
  port.start();
  port.close();
  for (const part of encodePush(1, [ANSWER])) far.stream.write(part);
  const again = await guest.openSession("s");
  again.start();
  const ended = once(guest.onClose);
  for (const part of encodeFrame(FrameType.push, [Buffer.alloc(3)])) far.stream.write(part);
  assert.equal((await ended)?.code, "protocol");
});
