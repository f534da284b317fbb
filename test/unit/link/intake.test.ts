import assert from "node:assert/strict";
import { type TestContext, describe, mock, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import type { Access } from "../../../src/common/access.ts";
import { FairShare } from "../../../src/common/fairShare.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import { guestMessageLimit } from "../../../src/common/messageLimit.ts";
import { acceptLink } from "../../../src/link/hostHandshake.ts";
import {
  DEFLATED,
  encodeDap,
  encodeFrame,
  encodeFrameJson,
  encodePing,
  encodeStreamJson,
  FrameType,
  HEADER_BYTES,
} from "../../../src/link/frames.ts";
import type { HostHandlers } from "../../../src/link/hostLink.ts";
import { ResumableLinks } from "../../../src/link/resumableLinks.ts";
import { LINK_LIMITS } from "../../../src/link/limits.ts";
import { DEFLATE } from "../../../src/link/messages.ts";
import { openLink } from "../../../src/link/openLink.ts";
import type { Channel } from "../../../src/transport/channel.ts";
import { LINK_MAGIC } from "../../../src/transport/protocolDetection.ts";
import { ACCEPT, CALM, HELLO, handlers, IDENTITY, next, pair, RawPeer } from "./helpers.ts";

const KiB = 1024;

interface Setting {
  readonly turns?: FairShare;
  /** Asked at each frame, as the host can change it. */
  readonly access?: () => Access;
  readonly handlers?: Partial<HostHandlers>;
  readonly transport?: Channel["peer"]["transport"];
}

/** A guest of whom the test writes every byte, let in by a host that takes it in as `linkGuests.ts` does. */
async function guest(t: TestContext, setting: Setting = {}) {
  const { near, far } = pair(t);
  const peer = new RawPeer(near);
  const { transport = "memory", turns = new FairShare(), access = () => "view" as const } = setting;
  const accepted = acceptLink(
    { stream: far.stream, peer: { ...far.peer, transport } },
    {
      ...ACCEPT,
      admit: async () => ({
        guest: { id: 1 },
        access: access(),
        sessions: [],
        intake: {
          limits: {
            message: () => guestMessageLimit(access()),
            otherBytes: LINK_LIMITS.guestControlFrameBytes,
          },
          turns,
        },
      }),
    },
  );
  peer.write([LINK_MAGIC, ...encodeFrameJson(FrameType.hello, { ...HELLO, features: [DEFLATE] })]);
  const host = await accepted;
  const messages: number[] = [];
  host.start(
    handlers({
      openSession: (request) => {
        const port = request.accept();
        port.onMessage(({ body }) => messages.push(body.length));
        port.start();
      },
      ...setting.handlers,
    }),
  );
  const welcome = JSON.parse((await peer.expect(FrameType.welcome)).toString()) as { features: string[] };
  peer.write(encodeStreamJson(FrameType.open, 1, { session: "s" }));
  return { peer, host, messages, features: welcome.features, closed: next(host.onClose), near };
}

const header = (type: number, length: number): Buffer => {
  const bytes = Buffer.alloc(HEADER_BYTES, type);
  bytes.writeUInt32BE(length, 0);
  return bytes;
};
const message = (bytes: number, stream = 1) => encodeDap(stream, 0, [Buffer.alloc(bytes, 0x20)]);
const tick = () => new Promise((resolve) => setImmediate(resolve));

async function until(done: () => boolean): Promise<void> {
  while (!done()) await tick();
}

describe("what a guest may send", () => {
  for (const [access, bytes] of [
    ["view", 64 * KiB],
    ["control", 4 * KiB * KiB],
    ["full", 4 * KiB * KiB],
  ] as const) {
    test(`with ${access}: ${bytes} bytes in a message, and not one more; the header decides`, async (t) => {
      const { peer, messages, closed } = await guest(t, { access: () => access });
      peer.write(message(bytes));
      await until(() => messages.length === 1);
      assert.deepEqual(messages, [bytes]);
      // The frame's own fields may be 64 bytes.
      peer.write([header(FrameType.dap, bytes + 65)]);
      assert.equal((await closed)?.code, "tooLarge");
      const { code, message: text = "", hint = "" } = await closeReason(peer);
      assert.equal(code, "tooLarge");
      assert.match(text, new RegExp(`${bytes + 65} bytes .* ${bytes + 64} bytes`));
      assert.match(hint, access === "view" ? /ask the host/ : /Send less/);
    });
  }

  test("in frames other than DAP: 64 KiB, whatever the right", async (t) => {
    const types = [FrameType.control, FrameType.open, FrameType.closeStream, FrameType.close, FrameType.ping];
    for (const type of types) {
      const { peer, closed } = await guest(t, { access: () => "full" });
      peer.write([header(type, 64 * KiB + 1)]);
      assert.equal((await closed)?.code, "tooLarge", String(type));
    }
    const { peer, closed } = await guest(t, { access: () => "view" });
    peer.write([header(0xbf, 64 * KiB + 65)]);
    assert.equal((await closed)?.code, "tooLarge", "a frame that would be skipped");
  });

  test("follows its right; what has begun before it falls may be completed", async (t) => {
    let access: Access = "control";
    const { peer, messages, closed } = await guest(t, { access: () => access });
    const large = Buffer.concat(message(100 * KiB));
    peer.write([large.subarray(0, 50 * KiB)]);
    await tick();
    access = "view";
    peer.write([large.subarray(50 * KiB)]);
    await until(() => messages.length === 1);
    access = "full";
    peer.write([large]);
    await until(() => messages.length === 2);
    access = "view";
    peer.write([large]);
    assert.equal((await closed)?.code, "tooLarge");
    assert.deepEqual(messages, [100 * KiB, 100 * KiB]);
  });

  test("is compressed on serial lines only", async (t) => {
    for (const transport of ["tcp", "npipe", "memory"] as const)
      assert.deepEqual((await guest(t, { transport })).features, [], transport);
    assert.deepEqual((await guest(t, { transport: "com" })).features, [DEFLATE]);
    const { peer, closed } = await guest(t, { transport: "tcp" });
    peer.write(encodeFrame(FrameType.dap | DEFLATED, [Buffer.alloc(40)]));
    assert.equal((await closed)?.code, "protocol");
  });

  test("is bounded by what it inflates to, before it is inflated", async (t) => {
    const { peer, messages, closed } = await guest(t, { transport: "com" });
    const deflated = (bytes: number) => {
      const plain = Buffer.concat(message(bytes)).subarray(HEADER_BYTES);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(plain.length, 0);
      return encodeFrame(FrameType.dap | DEFLATED, [length, deflateRawSync(plain)]);
    };
    peer.write(deflated(64 * KiB));
    await until(() => messages.length === 1);
    const before = process.memoryUsage().arrayBuffers;
    const bomb = deflated(60 * KiB * KiB);
    peer.write(bomb);
    assert.equal((await closed)?.code, "tooLarge");
    assert.ok(process.memoryUsage().arrayBuffers - before < 200 * KiB * KiB);
    assert.deepEqual(messages, [64 * KiB]);
  });
});

describe("guests that take turns", () => {
  /** Two guests of one host; what each has had handled, in order. */
  async function two(t: TestContext) {
    const turns = new FairShare();
    const order: string[] = [];
    const one = (name: string) =>
      guest(t, {
        turns,
        access: () => "control",
        handlers: {
          openSession: (request) => {
            order.push(name);
            const port = request.accept();
            port.onMessage(() => order.push(name));
            port.start();
          },
          listClients: async () => {
            order.push(name);
            return { clients: [] };
          },
        },
      });
    const a = await one("A");
    const b = await one("B");
    await until(() => order.length === 2);
    order.length = 0;
    return { a, b, order };
  }

  const control = (id: number) => encodeFrameJson(FrameType.control, { id, method: "listClients" });
  const churn = (stream: number) => [
    ...encodeStreamJson(FrameType.open, stream, { session: "s" }),
    ...encodeStreamJson(FrameType.closeStream, stream, {}),
  ];
  const FLOODS: Readonly<Record<string, (index: number) => Uint8Array[]>> = {
    "small messages": () => message(100),
    "messages of 16 KiB": () => message(16 * KiB),
    "control requests": control,
    pings: () => encodePing(FrameType.ping, Buffer.alloc(8)),
    "streams that are opened and closed": (index) => churn(2 + index),
    "frames that may be skipped": () => encodeFrame(0xbf, []),
    "messages for a stream that is closed": (index) => (index === 0 ? churn(2) : message(1, 2)),
  };

  for (const [name, flood] of Object.entries(FLOODS)) {
    test(`another's message waits for a turn, not for all: ${name}`, async (t) => {
      const { a, b, order } = await two(t);
      const count = 400;
      const frames = Array.from({ length: count }, (_, index) => Buffer.concat(flood(index)));
      // All that comes of A is there before B says a word.
      a.near.stream.cork();
      for (const frame of frames) a.peer.write([frame]);
      // The answer to the last one tells that all before it have been handled.
      a.peer.write(control(1_000_000));
      a.near.stream.uncork();
      b.peer.write(message(1));
      await until(() => order.includes("B"));
      const before = order.indexOf("B");
      assert.ok(before <= 2 * 17, `${before} of A came first`);
      await until(() => order.filter((who) => who === "A").length >= 1 + (HEARD.has(name) ? count : 0));
      assert.ok(a.host.connection.isAway === false);
    });
  }
  /** Those of which the test sees each being handled. */
  const HEARD = new Set(["small messages", "messages of 16 KiB", "control requests"]);

  test("what a guest leaves waiting is bounded: beyond it its channel is not read", async (t) => {
    const turns = new FairShare();
    const { peer, near, messages } = await guest(t, { turns });
    // Somebody has the turn and does not give it back.
    let isBusy = true;
    const other = turns.join(() => isBusy);
    other.charge(2 ** 30);
    other.wake();
    let written = 0;
    while (near.stream.writableLength < 256 * KiB) {
      peer.write(message(16 * KiB));
      written++;
      if (written % 8 === 0) await tick();
    }
    assert.ok((written - messages.length) * 16 * KiB < 2 * KiB * KiB, `${written} written`);
    isBusy = false;
    other.dispose();
    await until(() => messages.length === written);
    assert.ok(LIMITS.intakeBytes < 256 * KiB);
  });
});

describe("a frame that does not go on", () => {
  const STALLED: Readonly<Record<string, Buffer>> = {
    "in its length": Buffer.from([0, 0]),
    "after its header": header(FrameType.dap, 1000),
    "in its payload": Buffer.concat([header(FrameType.control, 1000), Buffer.from("{")]),
    "in what is skipped": Buffer.concat([header(0xbf, 1000), Buffer.alloc(5)]),
  };

  function pass(ms: number): void {
    for (let left = ms; left > 0; left -= 1_000) mock.timers.tick(1_000);
  }

  for (const [transport, ms] of [
    ["tcp", LIMITS.stallMs],
    ["com", LIMITS.stallMsOnSerialLine],
  ] as const) {
    for (const [where, bytes] of Object.entries(STALLED)) {
      test(`${where}, on ${transport}: ends the link after ${ms / 1000} s, with the reason`, async (t) => {
        mock.timers.enable({ apis: ["setTimeout"] });
        t.after(() => mock.timers.reset());
        const { peer, closed } = await guest(t, { transport });
        await peer.expect(FrameType.opened);
        pass(2 * ms);
        peer.write([bytes]);
        await tick();
        pass(ms - 1_000);
        let isClosed = false;
        void closed.then(() => (isClosed = true));
        await tick();
        assert.equal(isClosed, false);
        pass(1_000);
        assert.equal((await closed)?.code, "timeout");
        assert.equal((await closeReason(peer)).code, "timeout");
      });
    }
  }

  test("lasts for ever if it brings a kibibyte in that time", async (t) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    t.after(() => mock.timers.reset());
    const { peer, messages } = await guest(t);
    const frame = Buffer.concat(message(40 * KiB));
    for (let at = 0; at < frame.length; at += KiB) {
      peer.write([frame.subarray(at, at + KiB)]);
      await tick();
      pass(LIMITS.stallMs - 1_000);
    }
    assert.deepEqual(messages, [40 * KiB]);
  });

  test("costs a link that can be resumed its channel only", async (t) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    t.after(() => mock.timers.reset());
    const { near, far } = pair(t);
    const accepted = acceptLink(far, { ...ACCEPT, resumable: new ResumableLinks() });
    const opened = openLink(near, IDENTITY, { timing: CALM, dial: () => new Promise(() => {}) });
    const [host, guestLink] = await Promise.all([accepted, opened]);
    host.start(handlers());
    guestLink.start();
    const away = next(host.connection.onAway);
    // Answered: both have started.
    await guestLink.request("listClients", {});
    near.stream.write(header(FrameType.control, 1000));
    for (let turn = 0; turn < 5; turn++) await tick();
    // It is looked at twice in that time, and what came before may have begun the first look.
    pass(1.5 * LIMITS.stallMs);
    assert.equal((await away).code, "timeout");
    assert.equal(host.connection.isAway, true);
    host.close();
    guestLink.close();
  });
});

async function closeReason(peer: RawPeer) {
  for (let frame = await peer.next(); frame !== undefined; frame = await peer.next())
    if (frame.type === FrameType.close)
      return JSON.parse(frame.payload.toString()) as { code?: string; message?: string; hint?: string };
  return {};
}
