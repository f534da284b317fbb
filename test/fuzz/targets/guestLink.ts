import assert from "node:assert/strict";
import { AppError } from "../../../src/common/errors.ts";
import type { RequestName } from "../../../src/link/control.ts";
import { FrameType } from "../../../src/link/frames.ts";
import type { GuestLink } from "../../../src/link/guestLink.ts";
import { openLink } from "../../../src/link/openLink.ts";
import { CALM, IDENTITY } from "../../unit/link/helpers.ts";
import type { Target } from "../harness/fuzz.ts";
import { mutate } from "../harness/mutate.ts";
import { PeerStream, settle } from "../harness/peerStream.ts";
import { split } from "../harness/random.ts";
import { PARAMS, RESUMABLE, WAIT, WELCOME, hostFrame, jsonFrame } from "../linkSeeds.ts";
import { checkValue } from "./linkMessages.ts";

const ASKED = Object.keys(PARAMS) as RequestName[];

/** A guest's end of the link, from a host's WELCOME on, with a session that is being opened and a request of each kind. */
export const guestLink: Target = {
  name: "guest-link",
  inputs: 40_000,
  make(random) {
    const welcome = jsonFrame(
      random,
      FrameType.welcome,
      random.chance(0.9) ? WELCOME : random.pick([RESUMABLE, { ...WELCOME, protocol: 2 }]),
    );
    const wait = random.chance(0.1) ? [jsonFrame(random, FrameType.wait, WAIT)] : [];
    const frames = random.list(1, 8, () => mutate(random, hostFrame(random, ASKED), 0.03));
    return [...wait, welcome, ...frames];
  },
  async run(inputs, random) {
    const peer = new PeerStream();
    let link: GuestLink | undefined;
    let isRefused = false;
    let isClosed = false;
    let settled = 0;
    const onSettled = (value: unknown) => {
      settled++;
      if (value instanceof AppError) checkValue({ message: value.message, hint: value.hint });
      else checkValue(value);
    };
    const use = (opened: GuestLink) => {
      link = opened;
      checkValue(opened.welcome);
      for (const name of ["clients", "sessions", "said", "access", "ended"] as const)
        opened.on(name)((params) => checkValue(params));
      opened.onClose(() => (isClosed = true));
      opened.start();
      for (const method of ASKED) opened.request(method, PARAMS[method]).then(onSettled, onSettled);
      opened.openSession("1").then((port) => {
        settled++;
        port.onMessage(({ body }) => assert.ok(Buffer.isBuffer(body)));
        if (random.chance(0.9)) port.start();
      }, onSettled);
    };
    openLink(peer.channel, IDENTITY, { timing: CALM }).then(use, (error: unknown) => {
      isRefused = true;
      assert.ok(error instanceof AppError);
      checkValue({ message: error.message, hint: error.hint });
    });
    await settle();
    let valid = 0;
    for (const input of inputs) {
      peer.give(split(random, input));
      if (link === undefined || random.chance(0.3)) await settle();
      if (isRefused || isClosed) break;
      valid++;
    }
    await settle();
    peer.destroy();
    await settle();
    link?.close();
    await settle();
    // Nobody waits for a host for ever, nor is answered twice.
    if (link !== undefined) assert.equal(settled, ASKED.length + 1);
    return valid;
  },
};
