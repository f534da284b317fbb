import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { AppError } from "../../../src/common/errors.ts";
import { once } from "../../../src/common/event.ts";
import { alternate, resolveHost } from "../../../src/transport/dial.ts";
import { ChannelInbox } from "../../../src/transport/inbox.ts";
import { memoryPair } from "../../support/memory.ts";
import { isLoopback, tcpPeer } from "../../../src/transport/peer.ts";
import { abortable, withDeadline } from "../../../src/transport/deadline.ts";
import { failsWith } from "../../support/transportContract.ts";

const never = new AbortController().signal;
const untilAborted = (signal: AbortSignal) => abortable(new Promise<never>(() => {}), signal);

describe("waits", () => {
  test("give what the work gives, and its own error", async () => {
    assert.equal(await withDeadline({}, 1000, "Working", async () => 5), 5);
    const own = new AppError("protocol", "own");
    await assert.rejects(
      withDeadline({}, 1000, "Working", () => Promise.reject(own)),
      own,
    );
  });

  test("end at the deadline, with what was waited for and a hint", async () => {
    const error = await failsWith(
      "timeout",
      withDeadline({ timeoutMs: 5 }, 1000, "Working", untilAborted, "Rest."),
    );
    assert.equal(error.toLine(), "Working took longer than 0.005 s. Rest.");
    await failsWith("timeout", withDeadline({}, 5, "Working", untilAborted));
  });

  test("end when cancelled; work does not even start under a signal that has aborted", async () => {
    const controller = new AbortController();
    const working = withDeadline({ signal: controller.signal }, 1000, "Working", untilAborted);
    controller.abort(new Error("the caller's reason is its own"));
    assert.equal((await failsWith("aborted", working)).message, "Working was cancelled.");
    const unused = () => assert.fail("started");
    await failsWith("aborted", withDeadline({ signal: controller.signal }, 1000, "Working", unused));
  });

  test("a result that comes with the abort is given, not lost", async () => {
    const controller = new AbortController();
    const work = async () => {
      controller.abort();
      return "opened";
    };
    assert.equal(await withDeadline({ signal: controller.signal }, 1000, "Working", work), "opened");
  });

  test("no deadline is longer than a timer can be", async () => {
    assert.equal(await withDeadline({ timeoutMs: Infinity }, 1000, "Working", () => nextTurn(7)), 7);
  });
});

describe("peers", () => {
  test("are local if loopback, whatever the notation", () => {
    for (const address of ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
      assert.equal(isLoopback(address), true);
    for (const address of ["128.0.0.1", "::2", "::ffff:10.0.0.1", "127.evil.example", "fe80::1%eth0", ""]) {
      assert.equal(isLoopback(address), false, address);
    }
  });

  test("are written as people write them", () => {
    assert.deepEqual(tcpPeer("::ffff:10.1.2.3", 99), {
      transport: "tcp",
      address: "10.1.2.3:99",
      local: false,
    });
    assert.deepEqual(tcpPeer("::1", 99), { transport: "tcp", address: "[::1]:99", local: true });
  });
});

describe("addresses of a host", () => {
  const [a, b] = [
    { address: "192.0.2.1", family: 4 },
    { address: "192.0.2.2", family: 4 },
  ] as const;
  const [x, y] = [
    { address: "2001:db8::1", family: 6 },
    { address: "2001:db8::2", family: 6 },
  ] as const;

  test("are tried with the IP versions in turn", () => {
    assert.deepEqual(alternate([x, y, a, b]), [x, a, y, b]);
    assert.deepEqual(alternate([a, x, y]), [a, x, y]);
    assert.deepEqual(alternate([a, b]), [a, b]);
    assert.deepEqual(alternate([]), []);
  });

  test("a literal needs no look-up, but must be of the version asked for", async () => {
    const unused = () => assert.fail("looked up");
    assert.deepEqual(await resolveHost("192.0.2.1", "both", unused, never), [a]);
    assert.deepEqual(await resolveHost("2001:db8::1", 6, unused, never), [x]);
    const error = await failsWith("badArguments", resolveHost("192.0.2.1", 6, unused, never));
    assert.match(error.toLine(), /192\.0\.2\.1 is an IPv4 address.*ipversion=6/);
  });

  test("errors say what is wrong with the name", async () => {
    const fails = (code: string) => () => Promise.reject(Object.assign(new Error("raw"), { code }));
    const unknown = await failsWith(
      "connectFailed",
      resolveHost("nowhere", "both", fails("ENOTFOUND"), never),
    );
    assert.equal(unknown.message, "No host is known by the name nowhere.");
    const noV6 = await failsWith("connectFailed", resolveHost("old", 6, fails("ENOTFOUND"), never));
    assert.equal(noV6.message, "No host with an IPv6 address is known by the name old.");
    await failsWith(
      "connectFailed",
      resolveHost("empty", "both", () => Promise.resolve([]), never),
    );
    const offline = await failsWith("connectFailed", resolveHost("far", "both", fails("EAI_AGAIN"), never));
    assert.match(offline.message, /no name server answers/);
  });
});

describe("inbox", () => {
  test("keeps channels until somebody subscribes, and between two subscriptions, in order", async () => {
    const inbox = new ChannelInbox();
    const channels = Array.from({ length: 4 }, () => memoryPair().near);
    for (const channel of channels.slice(0, 3)) inbox.offer(channel);
    assert.equal(await once(inbox.event), channels[0]);
    assert.equal(await once(inbox.event), channels[1]);
    const rest: unknown[] = [];
    const subscription = inbox.event((channel) => rest.push(channel));
    await nextTurn();
    for (const channel of channels.slice(3)) inbox.offer(channel);
    assert.deepEqual(rest, channels.slice(2));
    subscription.dispose();
    subscription.dispose();
  });

  test("keeps a bounded number, and cuts off what nobody took when it is disposed", () => {
    const inbox = new ChannelInbox();
    const channels = Array.from({ length: 100 }, () => memoryPair().near);
    for (const channel of channels) inbox.offer(channel);
    const cut = () => channels.filter(({ stream }) => stream.destroyed).length;
    assert.equal(cut(), 100 - 64);
    inbox.dispose();
    assert.equal(cut(), 100);
    const late = memoryPair().near;
    inbox.offer(late);
    assert.equal(late.stream.destroyed, true);
  });
});
