import assert from "node:assert/strict";
import { acceptLink } from "../../../src/link/hostHandshake.ts";
import { Inflater } from "../../../src/link/deflate.ts";
import { DEFLATED, FrameDecoder, FrameType } from "../../../src/link/frames.ts";
import type { HostLink } from "../../../src/link/hostLink.ts";
import { ResumableLinks } from "../../../src/link/resumableLinks.ts";
import { LINK_LIMITS } from "../../../src/link/limits.ts";
import type { LinkPort } from "../../../src/link/port.ts";
import { LINK_MAGIC } from "../../../src/transport/protocolDetection.ts";
import { ACCEPT, handlers } from "../../unit/link/helpers.ts";
import type { Target } from "../harness/fuzz.ts";
import { mutate } from "../harness/mutate.ts";
import { PeerStream, settle } from "../harness/peerStream.ts";
import { split } from "../harness/random.ts";
import { HELLO, RESUMING, guestFrame, jsonFrame } from "../linkSeeds.ts";

/** What a host has said: whole frames, the last of them a CLOSE if it is over. Returns its replies' ids. */
function checkSaid(said: Buffer, isOver: boolean): readonly number[] {
  const decoder = new FrameDecoder({ expectMagic: false });
  decoder.admit();
  decoder.feed(said);
  const replies: number[] = [];
  const inflater = new Inflater();
  let last = 0;
  for (let step = decoder.next(); step.kind !== "more"; step = decoder.next()) {
    assert.equal(step.kind, "frame", "what we say is of our own protocol");
    if (step.kind !== "frame") break;
    assert.notEqual(last, FrameType.close, "nothing follows CLOSE");
    last = step.type & ~DEFLATED;
    const payload = last === step.type ? step.payload : inflater.decode(last, step.payload);
    assert.ok(Buffer.isBuffer(payload));
    if (last === FrameType.welcome) decoder.inflate();
    if (last !== FrameType.control) continue;
    const { id } = JSON.parse(payload.toString()) as { id?: number };
    if (id !== undefined) replies.push(id);
  }
  assert.equal(decoder.midFrame, false);
  if (isOver) assert.equal(last, FrameType.close, "whoever is turned away is told why");
  return replies;
}

/** A host's end of the link, from a guest's HELLO on. */
export const hostLink: Target = {
  name: "host-link",
  inputs: 40_000,
  make(random) {
    let [stream, id] = [0, 0];
    const hello = jsonFrame(random, FrameType.hello, random.pick([HELLO, HELLO, RESUMING]));
    const first = random.chance(0.9)
      ? hello
      : guestFrame(
          random,
          () => 1,
          () => 1,
        );
    const frames = random.list(1, 10, () => {
      const frame = guestFrame(
        random,
        () => ++stream,
        () => ++id,
      );
      return mutate(random, frame, 0.03);
    });
    return [Buffer.concat([LINK_MAGIC, first]), ...frames];
  },
  async run(inputs, random) {
    const peer = new PeerStream();
    const ports: LinkPort[] = [];
    const asked = new Set<unknown>();
    let link: HostLink | undefined;
    let isRefused = false;
    acceptLink(peer.channel, { ...ACCEPT, resumable: new ResumableLinks() }).then(
      (accepted) => {
        link = accepted;
        accepted.start(
          handlers({
            openSession(request) {
              if (random.chance(0.2)) return;
              const port = request.accept();
              ports.push(port);
              port.onMessage(({ body }) => asked.add(body.length));
              if (random.chance(0.8)) port.start();
            },
          }),
        );
      },
      () => (isRefused = true),
    );
    await settle();
    let valid = 0;
    let isClosed = false;
    for (const [index, input] of inputs.entries()) {
      peer.give(split(random, input));
      if (index === 0) await settle();
      if (index === 0) link?.onClose(() => (isClosed = true));
      if (isRefused || link === undefined) break;
      if (random.chance(0.3)) await settle();
      if (isClosed) break;
      valid++;
    }
    await settle();
    const isOver = isRefused || isClosed;
    // A CLOSE is not answered.
    const isLeft = inputs.some((input) => input.includes(Buffer.of(FrameType.close, 0x7b)));
    const replies = checkSaid(peer.written, isOver && !isLeft);
    assert.equal(new Set(replies).size <= inputs.length, true);
    assert.ok(ports.length <= inputs.length && ports.length <= LINK_LIMITS.streams);
    peer.destroy();
    await settle();
    link?.close();
    return valid;
  },
};
