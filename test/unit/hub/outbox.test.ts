import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Emitter } from "../../../src/common/event.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import type { DapPort } from "../../../src/dap/port.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { Outbox } from "../../../src/hub/outbox.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { connect, enter } from "./memoryClient.ts";

const KiB = 1024;

async function slowAndQuick() {
  const upstream = new FakeUpstream();
  const hub = new Hub(upstream);
  const quick = await enter(connect(hub, "quick").client);
  const slow = connect(hub, "slow");
  await enter(slow.client);
  slow.client.stall();
  upstream.emit("output", { output: "takes the port" });
  return { upstream, hub, quick, slow };
}

describe("a client that does not keep up", () => {
  test("loses output first, and is told once how much, in its place", async () => {
    const { upstream, quick, slow } = await slowAndQuick();
    const got = slow.client.messages.length;
    upstream.emit("custom", { n: 1 });
    const big = "x".repeat(64 * KiB);
    const count = Math.ceil((LIMITS.outboxBytes * 2.5) / big.length);
    for (let i = 0; i < count; i++) {
      upstream.emit("output", { output: big });
      assert.ok(slow.inner.outboxBytes <= LIMITS.outboxBytes, "its memory is bounded");
    }
    upstream.emit("custom", { n: 2 });
    assert.equal(quick.events("output").length, count + 1, "the others go on");
    assert.equal(slow.client.messages.length, got);
    slow.client.drain();
    const rest = slow.client.messages.slice(got);
    assert.equal(rest[0]?.event, "custom");
    const lines = rest.filter(({ event }) => event === "output").map(({ body }) => String(body.output));
    const notes = lines.filter((line) => line.startsWith("Debug Server:"));
    assert.equal(notes.length, 1);
    assert.equal(lines[0], notes[0], "where the lost lines were");
    const lost = Number(/(\d+) messages/.exec(notes[0] ?? "")?.[1]);
    assert.equal(lost + lines.length - 1, count, "every line is either there or counted");
    assert.equal(rest.at(-1)?.event, "custom");
    assert.ok(!slow.inner.gone);
    // That the numbers have no gap is checked by the client at each message.
    await slow.client.ok("threads");
  });

  test("is then dropped with a reason, and the others go on", async () => {
    const { upstream, hub, quick, slow } = await slowAndQuick();
    const before = slow.client.messages.length;
    const big = "x".repeat(1024 * KiB);
    let sent = 0;
    while (!slow.inner.gone && sent < 100) {
      upstream.emit("custom", { big });
      sent++;
    }
    assert.ok(sent * big.length <= LIMITS.outboxBytes + 2 * big.length, `dropped after ${sent} MiB`);
    assert.ok(slow.client.closed);
    assert.equal(slow.inner.outboxBytes, 0);
    assert.deepEqual(slow.client.trace(before), ["event:output", "event:terminated"]);
    assert.match(slow.client.lines().at(-1) ?? "", /too slow/);
    assert.equal(quick.events("custom").length, sent);
    assert.equal(hub.clients.size, 1);
    await quick.ok("threads");
  });

  test("is dropped as well when its own answers are too many", async () => {
    const { upstream, slow } = await slowAndQuick();
    upstream.handlers.threads = () => ({ threads: [], big: "x".repeat(4 * 1024 * KiB) });
    for (let i = 0; i < 20 && !slow.inner.gone; i++) {
      void slow.client.request("threads");
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(slow.inner.gone);
  });

  test("a client that asks on and on without waiting for answers is dropped", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const { client, inner } = connect(hub, "eager");
    await enter(client);
    upstream.hold("own");
    for (let i = 0; i <= LIMITS.requestsUnderWay; i++) void client.request("own");
    assert.ok(inner.gone);
    assert.equal(upstream.commands("own").length, LIMITS.requestsUnderWay);
  });

  test("what is no DAP message drops its sender, with the reason", async () => {
    for (const text of [
      "",
      "{",
      "[]",
      "null",
      "1",
      '{"type":"event"}',
      '{"type":"request","seq":1}',
      '{"type":"response"}',
      '{"type":"request","seq":"1","command":"x"}',
    ]) {
      const upstream = new FakeUpstream();
      const { client, inner } = connect(new Hub(upstream), "garbage");
      void client.send(text, 0);
      assert.ok(inner.gone, text);
      assert.match(client.lines().join(), /message|request|response/, text);
      assert.deepEqual(upstream.received, []);
    }
  });
});

describe("the outbox", () => {
  /** A port that takes a given number of messages before it wants to be waited for. */
  class Port implements DapPort {
    readonly drain = new Emitter<void>();
    readonly onMessage = new Emitter<never>().event;
    readonly onClose = new Emitter<undefined>().event;
    readonly onDrain = this.drain.event;
    readonly taken: string[] = [];
    room = 0;

    start(): void {}
    close(): void {}
    send(parts: readonly Uint8Array[]): boolean {
      this.taken.push(Buffer.concat(parts).toString());
      return --this.room > 0;
    }
  }

  test("keeps the order, loses nothing but output, counts what it loses, and never exceeds its limit", () => {
    const limit = 1000;
    const message = fc.record({ output: fc.boolean(), bytes: fc.integer({ min: 1, max: 300 }) });
    const step = fc.oneof(
      { arbitrary: message, weight: 3 },
      { arbitrary: fc.integer({ min: 1, max: 4 }), weight: 1 },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const port = new Port();
        let dropped = false;
        const outbox = new Outbox(
          port,
          { onOverflow: () => (dropped = true), encodeLoss: (lines) => [Buffer.from(`lost ${lines}`)] },
          limit,
        );
        const sent: string[] = [];
        for (const step of steps) {
          if (dropped) break;
          if (typeof step === "number") {
            port.room = step;
            port.drain.fire();
          } else {
            const name = `${step.output ? "o" : "m"}${sent.length}`;
            sent.push(name);
            outbox.send({
              encode: () => [Buffer.from(name)],
              bytes: step.bytes,
              outputLines: step.output ? 1 : undefined,
            });
            assert.ok(outbox.bytes <= limit);
          }
        }
        if (dropped) {
          assert.equal(outbox.bytes, 0);
          return;
        }
        port.room = Infinity;
        port.drain.fire();
        assert.equal(outbox.bytes, 0);
        const lost = port.taken.reduce(
          (sum, name) => sum + (name.startsWith("lost") ? Number(name.slice(5)) : 0),
          0,
        );
        const kept = port.taken.filter((name) => !name.startsWith("lost"));
        assert.equal(lost + kept.length, sent.length);
        assert.deepEqual(
          kept,
          sent.filter((name) => kept.includes(name)),
        );
        assert.deepEqual(
          kept.filter((name) => name.startsWith("m")),
          sent.filter((name) => name.startsWith("m")),
        );
      }),
    );
  });
});
