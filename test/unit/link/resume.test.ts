import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { AppError } from "../../../src/common/errors.ts";
import { acceptLink } from "../../../src/link/hostHandshake.ts";
import { KeyAgreement, type ResumptionClaim, isProved, makeClaim } from "../../../src/link/resumption.ts";
import {
  encodeAck,
  encodeDap,
  encodeFrame,
  encodeFrameJson,
  encodeStreamJson,
  FrameType,
  parseAck,
} from "../../../src/link/frames.ts";
import type { GuestLink } from "../../../src/link/guestLink.ts";
import type { HostHandlers, HostLink } from "../../../src/link/hostLink.ts";
import { ResumableLinks } from "../../../src/link/resumableLinks.ts";
import { LINK_LIMITS } from "../../../src/link/limits.ts";
import type { Hello, Welcome } from "../../../src/link/messages.ts";
import { openLink } from "../../../src/link/openLink.ts";
import type { Dial } from "../../../src/link/reconnect.ts";
import { RetransmitBuffer } from "../../../src/link/retransmitBuffer.ts";
import type { Channel } from "../../../src/transport/channel.ts";
import { LINK_MAGIC } from "../../../src/transport/protocolDetection.ts";
import { memoryPair, type MemoryOptions } from "../../support/memory.ts";
import {
  ACCEPT,
  CALM,
  HELLO,
  type Heard,
  IDENTITY,
  RawPeer,
  handlers,
  hear,
  json,
  next,
  rawGuest,
  texts,
} from "./helpers.ts";

/** A host that keeps links, and the way to it, which can be broken and closed. */
class Place {
  readonly resumable = new ResumableLinks();
  readonly hosts: HostLink[] = [];
  /** Why guests did not get in. */
  readonly refusals: AppError[] = [];
  /** Whether anybody gets there. */
  isOpen = true;
  /** Why nobody may come back, if so. */
  refusal: AppError | undefined;
  line: MemoryOptions = {};
  readonly #channels: Channel[] = [];
  readonly #guests: GuestLink[] = [];
  readonly #over: Partial<HostHandlers>;
  readonly #timing;

  constructor(t: TestContext, over: Partial<HostHandlers> = {}, timing: Partial<typeof CALM> = {}) {
    this.#over = over;
    this.#timing = { ...CALM, ...timing };
    t.after(() => {
      this.isOpen = false;
      for (const link of [...this.#guests, ...this.hosts]) link.close();
      this.break();
    });
  }

  readonly dial: Dial = (open, wait) =>
    this.isOpen
      ? open(this.channel(), wait)
      : Promise.reject(new AppError("connectFailed", "Nobody is there."));

  /** A channel on which the host answers. */
  channel = (): Channel => {
    const { near, far } = memoryPair(this.line);
    this.#channels.push(near, far);
    acceptLink(far, {
      ...ACCEPT,
      resumable: this.resumable,
      timing: this.#timing,
      mayResume: () => {
        if (this.refusal !== undefined) throw this.refusal;
      },
    }).then(
      (host) => {
        if (this.hosts.includes(host)) return;
        this.hosts.push(host);
        host.start(handlers(this.#over));
      },
      (error: AppError) => this.refusals.push(error),
    );
    return near;
  };

  async join(isSlow = false) {
    const { dial } = this;
    const options = { dial, isSlow, timing: this.#timing };
    const link = await dial((channel) => openLink(channel, IDENTITY, options), {});
    link.start();
    this.#guests.push(link);
    return link;
  }

  /** All channels are cut. */
  break(): void {
    for (const { stream } of this.#channels.splice(0)) stream.destroy();
  }
}

/** A joined guest with a port at each end. */
async function joined(t: TestContext, timing: Partial<typeof CALM> = {}, isSlow = false) {
  let far: Heard | undefined;
  const place = new Place(t, { openSession: (request) => (far = hear(request.accept())) }, timing);
  const guest = await place.join(isSlow);
  const near = hear(await guest.openSession("s"));
  const [host] = place.hosts;
  assert.ok(far !== undefined && host !== undefined);
  return { place, guest, host, near, far };
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

test("a broken channel is replaced: what was sent before, meanwhile and after arrives once, in order", async (t) => {
  const { place, guest, host, near, far } = await joined(t);
  const away = [next(guest.connection.onAway), next(host.connection.onAway)];
  const back = [next(guest.connection.onBack), next(host.connection.onBack)];
  near.port.send(json("0"));
  far.port.send(json("0"));
  place.isOpen = false;
  place.break();
  for (const error of await Promise.all(away)) assert.equal(error?.code, "closed");
  assert.deepEqual([guest.connection.isAway, host.connection.isAway], [true, true]);
  assert.equal(near.port.send(json("1")), false);
  assert.equal(far.port.send(json("1")), false);
  const drained = [next(near.port.onDrain), next(far.port.onDrain)];
  const asked = guest.request("say", { text: "hi" });
  place.isOpen = true;
  await Promise.all([...back, ...drained]);
  assert.deepEqual([guest.connection.isAway, host.connection.isAway], [false, false]);
  assert.deepEqual(await asked, {});
  near.port.send(json("2"));
  far.port.send(json("2"));
  await Promise.all([near.until(3), far.until(3)]);
  assert.deepEqual([texts(near), texts(far)], [numbers(3), numbers(3)]);
  assert.equal(place.hosts.length, 1);
});

test("property: wherever the line is cut, and how often, compressed or not, both get all in order and once", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ forth: fc.integer({ min: 0, max: 6000 }), back: fc.integer({ min: 0, max: 6000 }) }),
        {
          maxLength: 6,
        },
      ),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 300 }),
      fc.boolean(),
      async (cuts, forth, back, isSlow) => {
        const { place, guest, near, far } = await joined(t, {}, isSlow);
        const line = (after: number | undefined) => (after === undefined ? {} : { cutAfter: after });
        const { channel } = place;
        const left = [...cuts];
        // Each next channel is cut after so many bytes, also in the middle of the handshake.
        place.channel = () => {
          const cut = left.shift();
          place.line = { forth: line(cut?.forth), back: line(cut?.back) };
          return channel();
        };
        const send = (port: Heard["port"], from: number, to: number) => {
          for (let i = from; i < to; i++) port.send(json(String(i)));
        };
        send(near.port, 0, forth >> 1);
        send(far.port, 0, back >> 1);
        place.break();
        send(near.port, forth >> 1, forth);
        send(far.port, back >> 1, back);
        await Promise.all([near.until(back), far.until(forth)]);
        assert.deepEqual([texts(near), texts(far)], [numbers(back), numbers(forth)]);
        assert.equal(place.hosts.length, 1);
        guest.close();
      },
    ),
    { numRuns: 30 },
  );
});

/** A guest that is the test itself, let in; with what it needs to come back. */
async function rawJoined(
  t: TestContext,
  timing: Partial<typeof CALM> = {},
  over: Partial<HostHandlers> = {},
) {
  const place = new Place(t, over, timing);
  const agreement = new KeyAgreement();
  const peer = new RawPeer(place.channel());
  const hello: Hello = { ...HELLO, features: ["resume"], resume: { key: agreement.publicKey } };
  peer.write([LINK_MAGIC, ...encodeFrameJson(FrameType.hello, hello)]);
  const { resume, features } = JSON.parse((await peer.expect(FrameType.welcome)).toString()) as Welcome;
  assert.deepEqual(features, ["resume"]);
  assert.ok(resume !== undefined);
  const secret = agreement.secretWith(resume.key);
  const [host] = place.hosts;
  assert.ok(secret !== undefined && host !== undefined);
  const claim = (over: Partial<Omit<ResumptionClaim, "proof">> = {}) =>
    makeClaim(secret, { link: resume.link, attempt: 1, received: 0, ...over });
  const back = (resumes: unknown) => {
    const next = new RawPeer(place.channel());
    next.write([LINK_MAGIC, ...encodeFrameJson(FrameType.hello, { ...hello, resumes })]);
    return next;
  };
  return { place, peer, host, claim, back };
}

test("the host may not know yet that the channel is dead: the guest's new one takes its place", async (t) => {
  const { peer, host, claim, back } = await rawJoined(t);
  const isBack = next(host.connection.onBack);
  peer.write(encodeFrameJson(FrameType.control, { id: 1, method: "say", params: { text: "hi" } }));
  await peer.expect(FrameType.control);
  const again = back(claim());
  const welcome = JSON.parse((await again.expect(FrameType.welcome)).toString()) as Welcome;
  assert.deepEqual(welcome.resumed, { received: 1 });
  await isBack;
  // The answer, which the guest says not to have received.
  assert.deepEqual(JSON.parse((await again.expect(FrameType.control)).toString()), { id: 1, result: {} });
  assert.equal(await peer.next(), undefined);
});

test("nobody comes back in another's place, nor twice by the same claim, nor to what is not there", async (t) => {
  const { place, peer, host, claim, back } = await rawJoined(t);
  const isAway = next(host.connection.onAway);
  peer.stream.destroy();
  await isAway;
  const wrong: [unknown, string][] = [
    [{ ...claim(), proof: "0".repeat(64) }, "refused"],
    [{ ...claim(), received: 1 }, "refused"],
    [{ ...claim(), link: "another" }, "notAvailable"],
    [{ ...claim(), attempt: 0 }, "protocol"],
    [{ ...claim(), proof: "none" }, "protocol"],
    [{}, "protocol"],
  ];
  for (const [resumes, code] of wrong) assert.equal((await back(resumes).expectClose()).code, code);
  const once = claim({ attempt: 7 });
  const again = back(once);
  await again.expect(FrameType.welcome);
  for (const old of [once, claim({ attempt: 6 })])
    assert.equal((await back(old).expectClose()).code, "refused");
  assert.equal(host.connection.isAway, false);
  assert.equal(place.hosts.length, 1);
});

test("who may not come in is told only that, also with a claim", async (t) => {
  const { claim, back, place } = await rawJoined(t);
  place.refusal = new AppError("wrongPassword", "The password is wrong.");
  for (const each of [claim(), claim({ link: "another" })])
    assert.equal((await back(each).expectClose()).code, "wrongPassword");
});

test("a guest that has received what was never sent, or says so by an ACK, is dropped", async (t) => {
  for (const wrong of ["claim", "ack", "short"] as const) {
    const { peer, host, claim, back } = await rawJoined(t);
    const closed = next(host.onClose);
    if (wrong === "claim") {
      const again = back(claim({ received: 5 }));
      await again.expect(FrameType.welcome);
      assert.equal((await again.expectClose()).code, "protocol");
    } else {
      peer.write(wrong === "ack" ? encodeAck(1) : encodeFrame(FrameType.ack, [Buffer.alloc(7)]));
      assert.equal((await peer.expectClose()).code, "protocol");
    }
    assert.equal((await closed)?.code, "protocol");
  }
});

test("without the feature an ACK is a fault, and a broken channel the end", async (t) => {
  const first = await rawGuest(t);
  first.peer.write(encodeAck(0));
  assert.equal((await first.peer.expectClose()).code, "protocol");
  const second = await rawGuest(t);
  const closed = next(second.host.onClose);
  second.near.stream.destroy();
  assert.equal((await closed)?.code, "closed");
  assert.equal(second.host.connection.isAway, false);
});

test("what was received is told now and then; a peer that does not tell does not keep up", async (t) => {
  let port: Heard | undefined;
  const { peer } = await rawJoined(t, {}, { openSession: (request) => (port = hear(request.accept())) });
  peer.write(encodeStreamJson(FrameType.open, 1, { session: "s" }));
  await peer.expect(FrameType.opened);
  assert.ok(port !== undefined);
  // OPEN is the first of those that are counted.
  for (let i = 1; i < LINK_LIMITS.unacknowledgedFrames; i++) peer.write(encodeDap(1, 0, json("{}")));
  assert.equal(parseAck(await peer.expect(FrameType.ack)), LINK_LIMITS.unacknowledgedFrames);
  peer.write(encodeDap(1, 0, json(" ".repeat(LINK_LIMITS.unacknowledgedBytes))));
  assert.equal(parseAck(await peer.expect(FrameType.ack)), LINK_LIMITS.unacknowledgedFrames + 1);

  const big = json(" ".repeat(LINK_LIMITS.retransmitBytes >> 2));
  const drained = next(port.port.onDrain);
  let sent = 1;
  // A reader that takes all of it, but does not say so.
  while (port.port.send(big) || sent < 4) {
    sent++;
    await peer.expect(FrameType.dap);
  }
  assert.ok(sent <= 5, `${sent} messages are kept`);
  peer.write(encodeAck(sent));
  await drained;
});

test("a large message that is on its way harms no control frame", async (t) => {
  const { host, guest, near, far } = await joined(t);
  const told = next(guest.on("access"));
  const large = "x".repeat(2 * LINK_LIMITS.retransmitBytes);
  far.port.send(json(large));
  host.notify("access", { access: "view" });
  assert.deepEqual(await told, { access: "view" });
  assert.equal(near.messages[0]?.body.length, large.length);
});

test("a link is kept for its time, and what is sent meanwhile is bounded; then both sides end", async (t) => {
  const { place, guest, host, near, far } = await joined(t, { keepMs: 20 });
  const ends = [next(guest.onClose), next(host.onClose), near.closed, far.closed];
  place.isOpen = false;
  place.break();
  for (const end of await Promise.all(ends)) assert.match(end?.message ?? "", /It was not restored within/);
  assert.deepEqual([guest.connection.isAway, host.connection.isAway], [false, false]);
  await assert.rejects(guest.request("say", { text: "" }), { code: "closed" });

  const { host: flooded, place: other } = await joined(t);
  const closed = next(flooded.onClose);
  other.isOpen = false;
  other.break();
  const sessions = [{ id: "1", name: "x".repeat(256), type: "t" }];
  for (let i = 0; i < 100_000; i++) flooded.notify("sessions", { sessions });
  assert.equal((await closed)?.code, "busy");
});

test("a guest that comes back too late is told so, and one that was removed meanwhile, why", async (t) => {
  const late = await joined(t, { keepMs: 60_000 });
  late.place.isOpen = false;
  late.place.break();
  await next(late.host.connection.onAway);
  const closed = next(late.guest.onClose);
  late.host.close(new AppError("refused", "Hana has removed you."));
  late.place.isOpen = true;
  assert.equal((await closed)?.message, "Hana has removed you.");

  const { peer, host, back, claim } = await rawJoined(t, { keepMs: 20_000 });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const isAway = next(host.connection.onAway);
  peer.stream.destroy();
  await isAway;
  const over = next(host.onClose);
  t.mock.timers.tick(20_000);
  await over;
  assert.match((await back(claim()).expectClose()).message ?? "", /was not restored within 20 s/u);
  // For as long again; then the link is forgotten.
  t.mock.timers.tick(20_000);
  assert.match((await back(claim()).expectClose()).message ?? "", /does not know this connection/u);
});

test("who leaves while away is gone at once, and dials no more", async (t) => {
  const { place, guest, near } = await joined(t);
  let dialled = 0;
  place.isOpen = false;
  const { channel } = place;
  place.channel = () => (dialled++, channel());
  place.break();
  await next(guest.connection.onAway);
  const closed = next(guest.onClose);
  guest.close();
  assert.equal(await closed, undefined);
  await near.closed;
  place.isOpen = true;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(dialled, 0);
});

test("a silent peer is not told CLOSE: it may come back", async (t) => {
  const { peer, host, claim, back } = await rawJoined(t, { pingMs: 10 });
  const error = await next(host.connection.onAway);
  assert.equal(error.code, "timeout");
  assert.equal(await peer.next(), undefined);
  await back(claim()).expect(FrameType.welcome);
});

test("a guest ends with the host's own answers, and with a host that begins anew", async (t) => {
  for (const answer of [
    encodeFrameJson(FrameType.close, { code: "wrongPassword", message: "No." }),
    encodeFrameJson(FrameType.close, {}),
  ]) {
    const { place, guest } = await joined(t);
    const closed = next(guest.onClose);
    place.channel = () => {
      const { near, far } = memoryPair();
      t.after(() => far.stream.destroy());
      const peer = new RawPeer(far, true);
      void peer.expect(FrameType.hello).then(() => peer.write(answer));
      return near;
    };
    place.break();
    assert.match((await closed)?.code ?? "", /wrongPassword|refused/u);
  }
});

const claims = fc.record({
  link: fc.string(),
  attempt: fc.nat(),
  received: fc.nat(),
});

test("property: a proof holds for its claim and its secret, and for no other", () => {
  const [ours, theirs, others] = [new KeyAgreement(), new KeyAgreement(), new KeyAgreement()];
  const secret = ours.secretWith(theirs.publicKey);
  const other = ours.secretWith(others.publicKey);
  assert.ok(secret !== undefined && other !== undefined);
  assert.deepEqual(theirs.secretWith(ours.publicKey), secret);
  assert.equal(ours.secretWith("none"), undefined);
  assert.equal(ours.secretWith(Buffer.alloc(65, 4).toString("base64")), undefined);
  fc.assert(
    fc.property(claims, claims, (claim, changed) => {
      const made = makeClaim(secret, claim);
      assert.ok(isProved(secret, made));
      assert.ok(!isProved(other, made));
      const isSame = JSON.stringify(claim) === JSON.stringify({ ...claim, ...changed });
      assert.equal(isProved(secret, { ...made, ...changed }), isSame);
      assert.ok(!isProved(secret, { ...made, proof: made.proof.slice(2) }));
    }),
  );
});

test("property: kept are exactly those frames that were sent and not acknowledged", () => {
  const step = fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.integer({ min: -3, max: 40 }));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const kept = new RetransmitBuffer();
      const sent: Uint8Array[] = [];
      let acknowledged = 0;
      for (const each of steps) {
        if (typeof each === "number") {
          const possible = each >= acknowledged && each <= sent.length;
          assert.equal(kept.acknowledge(each), possible);
          if (possible) acknowledged = each;
        } else kept.add([sent[sent.push(each) - 1] ?? each], each.length % 2 === 0);
        assert.deepEqual([...kept].flat(), sent.slice(acknowledged));
        const left = sent.slice(acknowledged);
        const bytes = (of: readonly Uint8Array[]) => Buffer.concat(of).length;
        assert.deepEqual(
          [kept.bytes, kept.controlBytes],
          [bytes(left), bytes(left.filter(({ length }) => length % 2 === 0))],
        );
      }
    }),
  );
});
