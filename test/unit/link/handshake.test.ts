import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { Emitter } from "../../../src/common/event.ts";
import { acceptLink } from "../../../src/link/hostHandshake.ts";
import { encodeFrame, encodeFrameJson, FrameType } from "../../../src/link/frames.ts";
import { FEATURES, type SessionInfo, type Wait } from "../../../src/link/messages.ts";
import { openLink } from "../../../src/link/openLink.ts";
import { LINK_MAGIC, readProtocol } from "../../../src/transport/protocolDetection.ts";
import {
  ACCEPT,
  CALM,
  HELLO,
  IDENTITY,
  RawPeer,
  WELCOME,
  connectLinks,
  handlers,
  next,
  pair,
  streamClosed,
} from "./helpers.ts";

const greeting = (hello: object) => [LINK_MAGIC, ...encodeFrameJson(FrameType.hello, hello)];
const code =
  (expected: string, message = /./u) =>
  (thrown: unknown) =>
    thrown instanceof AppError && thrown.code === expected && message.test(thrown.message);

test("a guest is let in and learns what the host says", async (t) => {
  const sessions: SessionInfo[] = [{ id: "s1", name: "app", type: "node", state: "stopped" }];
  const { guest, host } = await connectLinks(t, {
    accept: { admit: async () => ({ guest: { id: 7 }, access: "view", sessions }) },
  });
  assert.deepEqual(guest.welcome, {
    protocol: 1,
    features: FEATURES,
    guest: { id: 7 },
    host: { name: "Debug Server", version: "0" },
    access: "view",
    sessions,
  });
  assert.deepEqual(host.hello, { ...HELLO, features: FEATURES });
});

test("behind readFirstBytes, and with the greeting in single bytes", async (t) => {
  const { near, far } = pair(t);
  const peer = new RawPeer(near);
  for (const byte of Buffer.concat(greeting(HELLO))) peer.stream.write(Buffer.from([byte]));
  assert.equal(await readProtocol(far.stream), "link");
  const host = await acceptLink(far, ACCEPT);
  host.start(handlers());
  await peer.expect(FrameType.welcome);
});

test("features: the common ones; unknown ones are ignored on both sides", async (t) => {
  const { guest } = await connectLinks(t, {
    open: { features: ["a", "b", "x-new"] },
    accept: { features: ["b", "a", "c"] },
  });
  assert.deepEqual(guest.welcome.features, ["a", "b"]);
});

test("the highest common version is chosen", async (t) => {
  const { guest } = await connectLinks(t, {
    open: { protocol: { min: 2, max: 9 } },
    accept: { protocol: { min: 1, max: 4 } },
  });
  assert.equal(guest.welcome.protocol, 4);
});

for (const [theirs, side] of [
  [{ min: 0, max: 0 }, "guest's"],
  [{ min: 5, max: 6 }, "host's"],
] as const) {
  test(`no common version: both learn that the ${side} is too old`, async (t) => {
    const { near, far } = pair(t);
    const host = acceptLink(far, ACCEPT);
    const guest = openLink(near, IDENTITY, { timing: CALM, protocol: theirs });
    await assert.rejects(host, code("notSupported"));
    await assert.rejects(guest, (error) => error instanceof AppError && error.hint?.includes(side) === true);
    await Promise.all([streamClosed(near.stream), streamClosed(far.stream)]);
  });
}

test("a refusal travels with code, message and hint, whether returned or thrown", async (t) => {
  const refusal = new AppError("refused", "Not today.", { hint: "Come again." });
  for (const admit of [async () => refusal, () => Promise.reject(refusal)]) {
    const { near, far } = pair(t);
    const host = acceptLink(far, { ...ACCEPT, admit });
    const guest = openLink(near, IDENTITY, { timing: CALM });
    await assert.rejects(host, code("refused"));
    await assert.rejects(guest, { code: "refused", message: "Not today.", hint: "Come again." });
  }
});

test("what is not an AppError is not shown to the guest", async (t) => {
  const { near, far } = pair(t);
  const host = acceptLink(far, { ...ACCEPT, admit: () => Promise.reject(new Error("secret")) });
  const guest = openLink(near, IDENTITY, { timing: CALM });
  await assert.rejects(host, code("internal"));
  await assert.rejects(guest, (error) => error instanceof AppError && !error.message.includes("secret"));
});

for (const decided of [true, false]) {
  test(`a person is asked, who ${decided ? "decides late" : "never decides: the guest gets the host's reason"}`, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { near, far } = pair(t);
    let decide: () => void = () => {};
    const host = acceptLink(far, {
      ...ACCEPT,
      timeoutMs: 10_000,
      async admit(_, context) {
        context.extend(60_000, "Asking.");
        await new Promise<void>((resolve) => (decide = resolve));
        return { guest: { id: 1 }, access: "full", sessions: [] };
      },
    });
    const told = new Emitter<Wait>();
    const asked = next(told.event);
    const guest = openLink(near, IDENTITY, {
      timing: CALM,
      timeoutMs: 10_000,
      onWait: (wait) => told.fire(wait),
    });
    assert.deepEqual(await asked, { ms: 60_000, message: "Asking." });
    t.mock.timers.tick(59_000);
    if (decided) {
      decide();
      assert.equal((await guest).welcome.access, "full");
      await host;
    } else {
      t.mock.timers.tick(1_000);
      await assert.rejects(host, code("timeout"));
      await assert.rejects(guest, code("timeout"));
    }
  });
}

test("a guest that goes while it waits aborts the decision", async (t) => {
  const { near, far } = pair(t);
  const giveUp = new AbortController();
  let aborted: Promise<unknown> | undefined;
  const host = acceptLink(far, {
    ...ACCEPT,
    admit(_, { signal }) {
      aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
      giveUp.abort();
      return new Promise(() => {});
    },
  });
  const guest = openLink(near, IDENTITY, { timing: CALM, signal: giveUp.signal });
  await assert.rejects(guest, code("aborted"));
  await assert.rejects(host, code("aborted"));
  await aborted;
});

test("a peer that stalls: no byte, half a greeting, a host that says nothing", async (t) => {
  for (const bytes of ["", "DBGSRV1\n", "DBGSRV1\n\0\0\0\x10\x01{"]) {
    const { near, far } = pair(t);
    const peer = new RawPeer(near);
    peer.stream.write(Buffer.from(bytes, "latin1"));
    await assert.rejects(acceptLink(far, { ...ACCEPT, timeoutMs: 20 }), code("timeout"));
    assert.equal((await peer.expectClose()).code, "timeout");
  }
  const { near } = pair(t);
  await assert.rejects(openLink(near, IDENTITY, { timing: { ...CALM, admissionMs: 20 } }), code("timeout"));
});

test("an aborted signal, before and during the handshake", async (t) => {
  const over = AbortSignal.abort();
  const first = pair(t);
  await assert.rejects(openLink(first.near, IDENTITY, { timing: CALM, signal: over }), code("aborted"));
  await assert.rejects(acceptLink(first.far, { ...ACCEPT, signal: over }), AppError);
  const second = pair(t);
  const later = new AbortController();
  const host = acceptLink(second.far, { ...ACCEPT, signal: later.signal });
  later.abort();
  await assert.rejects(host, code("aborted"));
});

test("a peer that vanishes, or is gone already", async (t) => {
  const first = pair(t);
  const host = acceptLink(first.far, ACCEPT);
  first.near.stream.end(LINK_MAGIC);
  await assert.rejects(host, code("closed", /ended the connection without/u));
  const second = pair(t);
  second.far.stream.destroy();
  await assert.rejects(acceptLink(second.far, ACCEPT), code("closed"));
  const third = pair(t);
  const guest = openLink(third.near, IDENTITY, { timing: CALM });
  third.far.stream.destroy();
  await assert.rejects(guest, code("closed"));
});

for (const [name, bytes, message] of [
  ["no magic", [Buffer.from("GET / HTTP/1.1\r\n\r\n")], /does not speak/u],
  [
    "a frame before HELLO",
    [LINK_MAGIC, ...encodeFrameJson(FrameType.control, { id: 1, method: "say" })],
    /first/u,
  ],
  [
    "a ping before admission",
    [LINK_MAGIC, ...encodeFrame(FrameType.ping, [Buffer.alloc(8)])],
    /before admission/u,
  ],
  ["HELLO twice", [...greeting(HELLO), ...encodeFrameJson(FrameType.hello, HELLO)], /wait for WELCOME/u],
  [
    "HELLO not JSON",
    [LINK_MAGIC, ...encodeFrame(FrameType.hello, [Buffer.from("{")])],
    /HELLO must be JSON/u,
  ],
  [
    "HELLO not UTF-8",
    [LINK_MAGIC, ...encodeFrame(FrameType.hello, [Buffer.from([0x22, 0xff, 0x22])])],
    /JSON/u,
  ],
  ["no name", greeting({ ...HELLO, name: " " }), /HELLO\.name must be not empty/u],
  ["a feature of the wrong type", greeting({ ...HELLO, features: [1] }), /features\[0\]/u],
  ["a version of the wrong type", greeting({ ...HELLO, protocol: { min: "1" } }), /protocol\.min/u],
  ["more than 64 KiB", greeting({ ...HELLO, name: "x".repeat(70_000) }), /too large/u],
] as const) {
  test(`the host ends a handshake with ${name}`, async (t) => {
    const { near, far } = pair(t);
    const peer = new RawPeer(near);
    let asked = false;
    const host = acceptLink(far, {
      ...ACCEPT,
      admit() {
        asked = true;
        return new Promise(() => {});
      },
    });
    peer.write(bytes);
    await assert.rejects(host, code("protocol", message));
    assert.equal((await peer.expectClose()).code, "protocol");
    assert.equal(asked, name === "HELLO twice");
    peer.stream.end();
    await streamClosed(far.stream);
  });
}

for (const [name, bytes, message] of [
  ["plain DAP", [Buffer.from("Content-Length: 2\r\n\r\n{}")], /does not speak/u],
  ["a web page", [Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")], /does not speak/u],
  ["another frame first", encodeFrameJson(FrameType.control, { method: "clients" }), /WELCOME first/u],
  [
    "WELCOME with a field missing",
    encodeFrameJson(FrameType.welcome, { ...WELCOME, access: "root" }),
    /access/u,
  ],
  [
    "a version that was not offered",
    encodeFrameJson(FrameType.welcome, { ...WELCOME, protocol: 2 }),
    /version 2/u,
  ],
  [
    "a feature that was not offered, which is not repeated",
    encodeFrameJson(FrameType.welcome, { ...WELCOME, features: ["\u001b[2J"] }),
    /a feature that was not offered\.$/u,
  ],
  ["WAIT of a year", encodeFrameJson(FrameType.wait, { ms: 31_536_000_000 }), /WAIT\.ms/u],
] as const) {
  test(`the guest ends a handshake with ${name}`, async (t) => {
    const { near, far } = pair(t);
    const peer = new RawPeer(far, true);
    const guest = openLink(near, IDENTITY, { timing: CALM });
    await peer.expect(FrameType.hello);
    peer.write(bytes);
    await assert.rejects(guest, code("protocol", message));
    assert.equal((await peer.expectClose()).code, "protocol");
  });
}

test("ignorable frames and unknown fields are no fault in the handshake; an empty CLOSE is a refusal", async (t) => {
  const { near, far } = pair(t);
  const peer = new RawPeer(far, true);
  const guest = openLink(near, IDENTITY, { timing: CALM });
  peer.write([
    ...encodeFrame(0xbf, [Buffer.alloc(100)]),
    ...encodeFrameJson(FrameType.welcome, { ...WELCOME, extra: { a: 1 } }),
  ]);
  assert.deepEqual((await guest).welcome, WELCOME);
  const second = pair(t);
  const refused = openLink(second.near, IDENTITY, { timing: CALM });
  new RawPeer(second.far, true).write(encodeFrameJson(FrameType.close, {}));
  await assert.rejects(refused, code("refused"));
});

test("a list of sessions that is too long for WELCOME follows it", async (t) => {
  const { near, far } = pair(t);
  const sessions = Array.from({ length: 300 }, (_, index) => ({
    id: `s${index}`,
    name: "n".repeat(250),
    type: "node",
  }));
  const accepted = acceptLink(far, {
    ...ACCEPT,
    admit: async () => ({ guest: { id: 1 }, access: "view", sessions }),
  });
  const guest = await openLink(near, IDENTITY, { timing: CALM });
  assert.deepEqual(guest.welcome.sessions, []);
  const told = next(guest.on("sessions"));
  guest.start();
  assert.deepEqual((await told).sessions, sessions);
  await accepted;
});

test("what people are shown cannot steer their terminal", async (t) => {
  const { near, far } = pair(t);
  const accepted = acceptLink(far, ACCEPT);
  new RawPeer(near).write(greeting({ ...HELLO, name: `\u001b[2J\u202eA\nB${"x".repeat(300)}` }));
  const { name } = (await accepted).hello;
  assert.match(name, /^\ufffd\[2J\ufffdA\ufffdBx+…$/u);
  assert.equal(name.length, 256);
});
