import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { encodeFrameJson, FrameType } from "../../../src/link/frames.ts";

import { LINK_LIMITS } from "../../../src/link/limits.ts";
import type { ClientInfo } from "../../../src/link/messages.ts";

import { type RawPeer, connectLinks, next, rawGuest, rawHost } from "./helpers.ts";

const control = (message: object) => encodeFrameJson(FrameType.control, message);
const parsed = async (peer: RawPeer) =>
  JSON.parse((await peer.expect(FrameType.control)).toString()) as Record<string, unknown>;

test("requests reach their handler with checked parameters, and results come back", async (t) => {
  const clients: ClientInfo[] = [
    { id: 1, name: "Ada", kind: "guest", access: "full", from: "tcp", joinedAt: 5 },
  ];
  const calls: unknown[] = [];
  const { guest } = await connectLinks(t, {
    handlers: {
      listClients: () => ({ clients }),
      setAccess: async (params) => (calls.push(params), {}),
      listServers: async () => ({ servers: [{ id: 0, address: "tcp:port=5005" }] }),
    },
  });
  const [list, , servers] = await Promise.all([
    guest.request("listClients", {}),
    guest.request("setAccess", { client: 1, access: "view" }),
    guest.request("listServers", {}),
  ]);
  assert.deepEqual(list, { clients });
  assert.deepEqual(servers, { servers: [{ id: 0, address: "tcp:port=5005" }] });
  assert.deepEqual(calls, [{ client: 1, access: "view" }]);
});

test("a refusal travels; a failure travels without its words", async (t) => {
  const { guest } = await connectLinks(t, {
    handlers: {
      endServer: () =>
        Promise.reject(new AppError("notAllowed", "Only with full access.", { hint: "Ask the host." })),
      removeClient() {
        throw new Error("secret");
      },
    },
  });
  await assert.rejects(guest.request("endServer", { server: 0 }), {
    code: "notAllowed",
    message: "Only with full access.",
    hint: "Ask the host.",
  });
  await assert.rejects(
    guest.request("removeClient", { client: 1 }),
    (error) => error instanceof AppError && error.code === "internal" && !error.message.includes("secret"),
  );
});

test("each request gets one reply, in any order: unknown, badly made, one too many", async (t) => {
  const release: (() => void)[] = [];
  const { peer } = await rawGuest(t, {
    say: () => new Promise((resolve) => release.push(() => resolve({}))),
  });
  peer.write(control({ id: 1, method: "makeCoffee" }));
  assert.deepEqual(await parsed(peer), {
    id: 1,
    error: { code: "notSupported", message: 'This host does not know the request "makeCoffee".' },
  });
  peer.write(control({ id: 2, method: "setAccess", params: { client: 1, access: "root" } }));
  const bad = await parsed(peer);
  assert.match(JSON.stringify(bad), /"badArguments".*params\.access must be one of/u);
  for (let id = 0; id <= LINK_LIMITS.controlRequests; id += 1) {
    peer.write(control({ id: 100 + id, method: "say", params: { text: "x" } }));
  }
  const busy = await parsed(peer);
  assert.equal(busy.id, 100 + LINK_LIMITS.controlRequests);
  assert.match(JSON.stringify(busy), /"busy"/u);
  release.reverse().forEach((reply) => reply());
  assert.deepEqual(await parsed(peer), { id: 100 + LINK_LIMITS.controlRequests - 1, result: {} });
  // An unknown notification is ignored.
  peer.write([...control({ method: "news" }), ...control({ id: 3, method: "__proto__" })]);
  for (let reply = await parsed(peer); ; reply = await parsed(peer)) {
    if (reply.id !== 3) continue;
    assert.match(JSON.stringify(reply), /notSupported/u);
    break;
  }
});

for (const [name, messages] of [
  [
    "an id that is under way",
    [control({ id: 1, method: "say", params: { text: "" } }), control({ id: 1, method: "say" })],
  ],
  ["a reply to nothing", [control({ id: 1, result: {} })]],
  ["neither id nor method", [control({ result: {} })]],
  ["an id that is no integer", [control({ id: "1", method: "say" })]],
  ["an array", [encodeFrameJson(FrameType.control, [])]],
] as const) {
  test(`the host ends a link with ${name} in CONTROL`, async (t) => {
    const { peer, host } = await rawGuest(t, { say: () => new Promise(() => {}) });
    const closed = next(host.onClose);
    for (const message of messages) peer.write(message);
    assert.equal((await closed)?.code, "protocol");
    assert.equal((await peer.expectClose()).code, "protocol");
  });
}

test("notifications arrive in order with what they say; unknown ones are ignored", async (t) => {
  const { guest, host } = await connectLinks(t);
  const told: unknown[] = [];
  for (const name of ["clients", "sessions", "said", "access", "ended"] as const) {
    guest.on(name)((params) => told.push([name, params]));
  }
  const sent = [
    ["clients", { clients: [{ id: 0, name: "host", kind: "host", access: "full" }] }],
    ["sessions", { sessions: [{ id: "s", name: "app", type: "node", parent: "p" }] }],
    ["said", { client: 3, name: "Bob", text: "line one\nline two" }],
    ["access", { access: "view" }],
  ] as const;
  host.notify(...(sent[0] as unknown as Parameters<typeof host.notify<"clients">>));
  host.notify("sessions", { sessions: [...sent[1][1].sessions] });
  host.notify("said", sent[2][1]);
  host.notify("access", sent[3][1]);
  const ended = next(guest.on("ended"));
  host.notify("ended", { message: "Over." });
  await ended;
  assert.deepEqual(told, [...sent, ["ended", { message: "Over." }]]);
});

test("a notification of the wrong shape is a fault, an unknown one is not", async (t) => {
  const { peer, guest } = await rawHost(t);
  const closed = next(guest.onClose);
  peer.write([
    ...control({ method: "weather", params: 1 }),
    ...control({ method: "access", params: { access: 1 } }),
  ]);
  assert.match((await closed)?.message ?? "", /access: params\.access/u);
});

test("the guest: bad results, late replies, replies to nothing, requests of the host, a link that ends", async (t) => {
  const { peer, guest } = await rawHost(t);
  await assert.rejects(guest.request("listClients", {}, { timeoutMs: 10 }), { code: "timeout" });
  assert.deepEqual(await parsed(peer), { id: 1, method: "listClients", params: {} });
  peer.write([...control({ id: 1, result: "too late" }), ...control({ id: 5, method: "tellMe" })]);
  assert.match(JSON.stringify(await parsed(peer)), /"id":5,.*notSupported/u);
  const refused = guest.request("say", { text: "x" });
  await parsed(peer);
  peer.write(control({ id: 2, error: { code: "codeOfTheFuture", message: "No." } }));
  await assert.rejects(refused, { code: "closed", message: "No." });
  const ends = guest.request("say", { text: "x" });
  const bad = guest.request("listClients", {});
  peer.write(control({ id: 4, result: { clients: [{ id: -1 }] } }));
  await assert.rejects(bad, { code: "protocol" });
  await assert.rejects(ends, { code: "protocol" });
  await assert.rejects(guest.request("say", { text: "x" }), { code: "protocol" });
  await assert.rejects(guest.openSession("s"), { code: "protocol" });

  const second = await rawHost(t);
  const closed = next(second.guest.onClose);
  second.peer.write(control({ id: 1, result: {} }));
  assert.match((await closed)?.message ?? "", /no request 1/u);
});

test("an answer that is too large is refused instead; a peer that does not read is dropped", async (t) => {
  const { peer, host } = await rawGuest(t, {
    listSessions: async () => ({
      sessions: Array.from({ length: 4000 }, () => ({
        id: "s",
        name: "n".repeat(256),
        type: "t".repeat(100),
      })),
    }),
  });
  peer.write(control({ id: 1, method: "listSessions" }));
  assert.match(JSON.stringify(await parsed(peer)), /"tooLarge"/u);
  peer.stream.pause();
  const closed = next(host.onClose);
  for (let index = 0; index < 2000; index += 1) host.notify("said", { name: "x", text: "y".repeat(4000) });
  assert.equal((await closed)?.code, "busy");
});
