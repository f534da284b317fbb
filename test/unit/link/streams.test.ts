import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppError } from "../../../src/common/errors.ts";
import type { DapPort } from "../../../src/dap/port.ts";

import { encodeDap, encodeFrameJson, encodeStreamJson, FrameType } from "../../../src/link/frames.ts";
import type { OpenRequest } from "../../../src/link/hostLink.ts";
import { LINK_LIMITS } from "../../../src/link/limits.ts";

import { CALM, type Heard, connectLinks, hear, json, next, rawGuest, texts } from "./helpers.ts";

const open = (stream: number, session = "s") => encodeStreamJson(FrameType.open, stream, { session });

test("two streams interleaved: each has its own messages, in order, and their bytes untouched", async (t) => {
  const ports = new Map<string, Heard>();
  const { guest } = await connectLinks(t, {
    handlers: { openSession: (request) => ports.set(request.session, hear(request.accept())) },
  });
  const [a, b] = (await Promise.all([guest.openSession("a"), guest.openSession("b")])).map(hear);
  const [hostA, hostB] = [ports.get("a"), ports.get("b")];
  assert.ok(a && b && hostA && hostB);
  const odd = '{ "x" :\t1e2, "x":"\\u0041é" }';
  for (let index = 0; index < 20; index += 1) {
    a.port.send(json(`a${index}`));
    b.port.send([Buffer.from("b"), Buffer.from(String(index))]);
    hostA.port.send(json(odd));
  }
  await Promise.all([hostA.until(20), hostB.until(20), a.until(20)]);
  assert.deepEqual(
    texts(hostA),
    Array.from({ length: 20 }, (_, index) => `a${index}`),
  );
  assert.deepEqual(
    texts(hostB),
    Array.from({ length: 20 }, (_, index) => `b${index}`),
  );
  assert.deepEqual(new Set(texts(a)), new Set([odd]));
  assert.equal(b.messages.length, 0);
});

test("seen: how many of our messages the peer had been given when it sent this one", async (t) => {
  let host: Heard | undefined;
  const { guest } = await connectLinks(t, {
    handlers: { openSession: (request) => (host = hear(request.accept())) },
  });
  const port = await guest.openSession("s");
  assert.ok(host);
  port.send(json("0"));
  await host.until(1);
  host.port.send(json("stopped"));
  host.port.send(json("output"));
  // Not started, so not seen, though it may have come.
  await new Promise((resolve) => setImmediate(resolve));
  port.send(json("1"));
  port.onMessage(({ body }) => port.send(json(`after ${body.toString()}`)));
  port.start();
  await host.until(4);
  assert.deepEqual(
    host.messages.map(({ body, seen }) => [body.toString(), seen]),
    [
      ["0", 0],
      ["1", 0],
      ["after stopped", 1],
      ["after output", 2],
    ],
  );
});

test("seen: a reader that holds back what it is given says itself what it has passed on", async (t) => {
  let host: Heard | undefined;
  const { guest } = await connectLinks(t, {
    handlers: { openSession: (request) => (host = hear(request.accept())) },
  });
  const port = await guest.openSession("s");
  const passedOn = port.holdBack?.();
  assert.ok(host && passedOn);
  const here = hear(port);
  host.port.send(json("stopped"));
  host.port.send(json("output"));
  await here.until(2);
  port.send(json("0"));
  passedOn();
  port.send(json("1"));
  passedOn();
  port.send(json("2"));
  await host.until(3);
  assert.deepEqual(
    host.messages.map(({ seen }) => seen),
    [0, 1, 2],
  );
});

test("property: random traffic on three streams arrives whole, with monotonic acks", async (t) => {
  const ports = new Map<string, Heard>();
  const { guest } = await connectLinks(t, {
    handlers: { openSession: (request) => ports.set(request.session, hear(request.accept())) },
  });
  const names = ["a", "b", "c"];
  const opened = await Promise.all(names.map((name) => guest.openSession(name)));
  const near = opened.map(hear);
  const step = fc.record({
    stream: fc.integer({ min: 0, max: 2 }),
    toHost: fc.boolean(),
    parts: fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const ends = names.flatMap((name, index) => [near[index], ports.get(name)]) as Heard[];
      const expected = ends.map((end) => texts(end));
      for (const { stream, toHost, parts } of steps) {
        ends[stream * 2 + (toHost ? 0 : 1)]?.port.send(parts);
        expected[stream * 2 + (toHost ? 1 : 0)]?.push(Buffer.concat(parts).toString());
      }
      await Promise.all(ends.map((end, index) => end.until(expected[index]?.length ?? 0)));
      assert.deepEqual(ends.map(texts), expected);
      for (const end of ends) {
        const seen = end.messages.map((message) => message.seen ?? -1);
        assert.deepEqual(
          seen,
          seen.toSorted((a, b) => a - b),
        );
      }
    }),
    { numRuns: 30 },
  );
});

test("closing one stream leaves the other and the link alone", async (t) => {
  const ports: Heard[] = [];
  const { guest } = await connectLinks(t, {
    handlers: { openSession: (request) => ports.push(hear(request.accept())) },
  });
  const one = hear(await guest.openSession("one"));
  const two = hear(await guest.openSession("two"));
  one.port.send(json("last"));
  one.port.close();
  assert.equal(one.port.send(json("too late")), false);
  assert.equal(await one.closed, undefined);
  assert.equal(await ports[0]?.closed, undefined);
  assert.deepEqual(ports[0] && texts(ports[0]), ["last"]);
  // The host's messages to the closed stream cross the close; they are ignored.
  ports[0]?.port.send(json("crossing"));
  two.port.send(json("still here"));
  await ports[1]?.until(1);
  ports[1]?.port.close();
  assert.equal(await two.closed, undefined);
  assert.deepEqual(await guest.request("say", { text: "hi" }), {});
});

test("a refused session, an unanswered one, an aborted one", async (t) => {
  const requests: OpenRequest[] = [];
  const { guest } = await connectLinks(t, {
    handlers: {
      openSession(request) {
        if (request.session === "no")
          request.reject(new AppError("notAvailable", "No such session.", { hint: "List." }));
        else requests.push(request);
      },
    },
  });
  await assert.rejects(guest.openSession("no"), {
    code: "notAvailable",
    message: "No such session.",
    hint: "List.",
  });
  await assert.rejects(guest.openSession("slow", { timeoutMs: 10 }), { code: "timeout" });
  const giveUp = new AbortController();
  const aborted = guest.openSession("slow", { signal: giveUp.signal });
  giveUp.abort();
  await assert.rejects(aborted, { code: "aborted" });
  await assert.rejects(guest.openSession("never asked", { signal: giveUp.signal }), { code: "aborted" });
  await guest.request("say", { text: "in order" });
  assert.deepEqual(
    requests.map(({ session, signal }) => [session, signal.aborted]),
    [
      ["slow", true],
      ["slow", true],
    ],
  );
  // Too late for both: the host gets a port that has ended, and the guest hears nothing of it.
  const late = requests[0]?.accept();
  assert.ok(late);
  assert.equal(await hear(late).closed, undefined);
  requests[1]?.reject(new AppError("refused", "late"));
  assert.deepEqual(await guest.request("say", { text: "alive" }), {});
});

test("an OPENED that crosses the guest's giving up is ignored, and the host's port ends", async (t) => {
  let host: Heard | undefined;
  const { guest } = await connectLinks(t, {
    handlers: { openSession: (request) => ((host = hear(request.accept())), host.port.send(json("hello"))) },
  });
  const giveUp = new AbortController();
  const wait = guest.openSession("s", { signal: giveUp.signal });
  giveUp.abort();
  await assert.rejects(wait, { code: "aborted" });
  await guest.request("say", { text: "in order" });
  assert.equal((await host?.closed)?.code, "aborted");
});

test("at most so many streams", async (t) => {
  const { guest } = await connectLinks(t);
  const all = await Promise.all(Array.from({ length: LINK_LIMITS.streams }, () => guest.openSession("s")));
  await assert.rejects(guest.openSession("s"), { code: "busy" });
  all[0]?.close();
  await guest.openSession("s");

  const { peer } = await rawGuest(t);
  for (let stream = 1; stream <= LINK_LIMITS.streams + 1; stream += 1) peer.write(open(stream));
  for (let stream = 1; stream <= LINK_LIMITS.streams; stream += 1) await peer.expect(FrameType.opened);
  const refusal = await peer.expect(FrameType.closeStream);
  assert.equal(refusal.readUInt32BE(0), LINK_LIMITS.streams + 1);
  assert.match(refusal.toString(), /"busy"/u);
});

for (const [name, frames, message] of [
  ["DAP on a stream that was never opened", [encodeDap(1, 0, json("{}"))], /never opened/u],
  ["CLOSE_STREAM of such a stream", [encodeStreamJson(FrameType.closeStream, 9, {})], /never opened/u],
  ["a stream id out of turn", [open(2)], /out of turn/u],
  ["stream id 0", [open(0)], /out of turn/u],
  ["a stream id used twice", [open(1), open(1)], /out of turn/u],
  ["an ack of what was not sent", [open(1), encodeDap(1, 1, json("{}"))], /acknowledges 1 messages of 0/u],
  ["a DAP frame without its fields", [open(1), [Buffer.from([0, 0, 0, 4, 8, 0, 0, 1])]], /too short/u],
  ["DAP before OPENED", [open(1, "later"), encodeDap(1, 0, json("{}"))], /not open yet/u],
  ["OPEN without a session", [encodeStreamJson(FrameType.open, 1, {})], /session/u],
  ["a frame that only the host may send", [encodeStreamJson(FrameType.opened, 1, {})], /no place/u],
  ["HELLO again", [encodeFrameJson(FrameType.hello, {})], /no place/u],
  ["a short ping", [[Buffer.from([0, 0, 0, 2, FrameType.ping, 0])]], /8 bytes/u],
  ["an unknown type", [[Buffer.from([0, 0, 0, 1, 0x1f])]], /unknown/u],
] as const) {
  test(`the host ends a link with ${name}`, async (t) => {
    const { peer, host } = await rawGuest(t, {
      openSession(request) {
        if (request.session !== "later") request.accept().start();
      },
    });
    const closed = next(host.onClose);
    for (const frame of frames) peer.write(frame);
    assert.match((await closed)?.message ?? "", message);
    for (let frame = await peer.next(); frame !== undefined; frame = await peer.next()) {
      if (frame.type === FrameType.close) assert.match(frame.payload.toString(), /"code":"protocol"/u);
    }
  });
}

test("an ack that falls is a fault", async (t) => {
  let host: Heard | undefined;
  const { peer, host: link } = await rawGuest(t, {
    openSession: (request) => ((host = hear(request.accept())), host.port.send(json("event"))),
  });
  const closed = next(link.onClose);
  peer.write([...open(1)]);
  await peer.expect(FrameType.opened);
  await peer.expect(FrameType.dap);
  peer.write([...encodeDap(1, 1, json("{}")), ...encodeDap(1, 0, json("{}"))]);
  assert.equal((await closed)?.code, "protocol");
  assert.equal((await host?.closed)?.code, "protocol");
  assert.equal(host?.messages.length, 1);
});

test("frames that may be ignored are", async (t) => {
  const { peer } = await rawGuest(t);
  peer.write([Buffer.from([0, 0, 0, 3, 0x90, 1, 2]), ...open(1)]);
  await peer.expect(FrameType.opened);
});

test("a port that is not started holds up the reading, within bounds, and loses nothing", async (t) => {
  let port: DapPort | undefined;
  const { peer } = await rawGuest(t, { openSession: (request) => (port = request.accept()) });
  peer.write(open(1));
  await peer.expect(FrameType.opened);
  const body = Buffer.alloc(100_000, 0x20);
  const count = 60;
  for (let index = 0; index < count; index += 1) peer.write(encodeDap(1, 0, [body]));
  // The memory line takes what the reader wants and no more: most must be waiting at the sender.
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(peer.stream.writableLength > 40 * body.length, `${peer.stream.writableLength}`);
  assert.ok(port);
  const heard = hear(port);
  await heard.until(count);
  assert.ok(heard.messages.every((message) => message.body.equals(body)));
});

test("before start(): what came is delivered at it, then the end, once; after close() nothing is", async (t) => {
  const { guest } = await connectLinks(t, {
    handlers: {
      openSession(request) {
        const port = request.accept();
        port.send(json("1"));
        port.send(json("2"));
        port.close();
      },
    },
  });
  const ports = await Promise.all([guest.openSession("a"), guest.openSession("b")]);
  const heard: unknown[][] = ports.map((port) => {
    const log: unknown[] = [];
    port.onMessage(({ body }) => log.push(body.toString()));
    port.onClose((error) => log.push(error));
    return log;
  });
  await guest.request("say", { text: "in order" });
  assert.deepEqual(heard, [[], []]);
  for (const port of ports) port.start();

  let late: DapPort | undefined;
  const second = await connectLinks(t, { handlers: { openSession: (request) => (late = request.accept()) } });
  (await second.guest.openSession("s")).send(json("unread"));
  await second.guest.request("say", { text: "in order" });
  assert.ok(late);
  const quiet = hear(late);
  late.close();
  assert.equal(await quiet.closed, undefined);
  assert.equal(quiet.messages.length, 0);
  assert.deepEqual(heard, [
    ["1", "2", undefined],
    ["1", "2", undefined],
  ]);
});

test("a port that nobody ever starts is closed, and the link goes on", async (t) => {
  const { guest } = await connectLinks(t, {
    accept: { timing: { ...CALM, heldMs: 10 } },
    handlers: { openSession: (request) => void request.accept() },
  });
  const port = hear(await guest.openSession("s"));
  for (let index = 0; index < 30; index += 1) port.port.send([Buffer.alloc(50_000, 0x20)]);
  assert.equal((await port.closed)?.code, "busy");
  assert.deepEqual(await guest.request("say", { text: "alive" }), {});
});

test("back-pressure: send says stop while the peer does not read, and drain says go", async (t) => {
  let host: DapPort | undefined;
  const { guest, near } = await connectLinks(t, {
    handlers: { openSession: (request) => (host = request.accept()) },
  });
  const port = hear(await guest.openSession("s"));
  assert.ok(host);
  host.start();
  near.stream.pause();
  let sent = 0;
  do {
    assert.ok(sent < 1000, "send never says stop");
    sent += 1;
  } while (host.send([Buffer.alloc(20_000, 0x20)]));
  const drained = next(host.onDrain);
  near.stream.resume();
  await drained;
  assert.equal(host.send(json("{}")), true);
  await port.until(sent + 1);
});

test("a message that the link cannot carry ends its stream only", async (t) => {
  const { guest } = await connectLinks(t);
  const port = hear(await guest.openSession("s"));
  const part = Buffer.alloc(1024 * 1024);
  assert.equal(port.port.send(Array.from({ length: 65 }, () => part)), false);
  assert.equal((await port.closed)?.code, "tooLarge");
  assert.deepEqual(await guest.request("say", { text: "alive" }), {});
});

test("frames of one turn go out together", async (t) => {
  let host: Heard | undefined;
  const { guest, far } = await connectLinks(t, {
    handlers: { openSession: (request) => (host = hear(request.accept())) },
  });
  const port = await guest.openSession("s");
  let chunks = 0;
  far.stream.on("data", () => (chunks += 1));
  for (let index = 0; index < 10; index += 1) port.send(json(`${index}`));
  await host?.until(10);
  assert.ok(chunks <= 20, `${chunks} chunks`);
});

test("a listener that throws ends its link and nothing else", async (t) => {
  const { guest, host } = await connectLinks(t, {
    handlers: {
      openSession(request) {
        const port = request.accept();
        port.onMessage(() => {
          throw new Error("a bug of ours");
        });
        port.start();
      },
    },
  });
  const ends = Promise.all([next(guest.onClose), next(host.onClose)]);
  (await guest.openSession("s")).send(json("{}"));
  const [atGuest, atHost] = await ends;
  assert.equal(atGuest?.code, "internal");
  assert.doesNotMatch(atGuest?.message ?? "", /bug/u);
  assert.equal(atHost?.code, "internal");
});
