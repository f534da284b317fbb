import assert from "node:assert/strict";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { describe, mock, test } from "node:test";
import type { AppError } from "../../../src/common/errors.ts";
import { FairShare } from "../../../src/common/fairShare.ts";
import { encodeHeader } from "../../../src/dap/codec.ts";
import { StreamPort } from "../../../src/dap/streamPort.ts";

const KiB = 1024;

/** One end of a line whose other end is the test: it takes writes when the test lets it. */
class Line extends Duplex {
  readonly writes: Buffer[] = [];
  /** Writes wait for `take` while this is set. */
  held = false;
  #waiting: (() => void) | undefined;
  ended = false;

  constructor(highWaterMark = 16 * KiB) {
    super({ highWaterMark, allowHalfOpen: true });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#record(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#record(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.ended = true;
    done();
  }

  release(): void {
    const done = this.#waiting;
    this.#waiting = undefined;
    done?.();
  }

  get text(): string {
    return Buffer.concat(this.writes).toString("latin1");
  }

  #record(chunk: Buffer, done: () => void): void {
    this.writes.push(Buffer.from(chunk));
    if (this.held) this.#waiting = done;
    else done();
  }
}

function open(line = new Line()) {
  const port = new StreamPort(line);
  const messages: string[] = [];
  const closes: (AppError | undefined)[] = [];
  let drains = 0;
  port.onMessage(({ body }) => messages.push(body.toString()));
  port.onClose((reason) => closes.push(reason));
  port.onDrain(() => drains++);
  return { line, port, messages, closes, drains: () => drains };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));
const framed = (text: string) => `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;

describe("a port over a stream", () => {
  test("delivers nothing before start, and loses nothing", async () => {
    const { line, port, messages } = open();
    line.push(framed("{}"));
    await tick();
    assert.deepEqual(messages, []);
    port.start();
    line.push(framed('{"a":1}') + framed("x").slice(0, 10));
    line.push(framed("x").slice(10));
    await tick();
    assert.deepEqual(messages, ["{}", '{"a":1}', "x"]);
  });

  test("sends all messages of one tick in one write, in order", async () => {
    const { line, port } = open();
    for (let i = 0; i < 50; i++) port.send([Buffer.from(`{"n":`), Buffer.from(`${i}}`)]);
    assert.equal(line.writes.length, 0);
    await tick();
    assert.equal(line.writes.length, 1);
    assert.equal(line.text, Array.from({ length: 50 }, (_, i) => framed(`{"n":${i}}`)).join(""));
  });

  test("keeps the order of small and large messages", async () => {
    const { line, port } = open();
    const texts = ["a", "b".repeat(100 * KiB), "c", "d".repeat(20 * KiB), "e"];
    for (const text of texts) port.send([Buffer.from(text.slice(0, 1)), Buffer.from(text.slice(1))]);
    await tick();
    assert.equal(line.text, texts.map(framed).join(""));
  });

  test("asks to wait when the peer does not keep up, and says when it may go on", async () => {
    for (const highWaterMark of [16 * KiB, 64 * KiB, 256 * KiB]) {
      const { line, port, drains } = open(new Line(highWaterMark));
      line.held = true;
      let sent = 0;
      while (port.send([Buffer.alloc(10 * KiB)])) assert.ok(++sent < 100);
      await tick();
      assert.equal(drains(), 0);
      line.held = false;
      line.release();
      await tick();
      assert.equal(drains(), 1, `high-water mark ${highWaterMark}`);
      assert.equal(port.send([Buffer.alloc(1)]), true);
    }
  });

  test("says so also if what waited was taken before the rest was written", async () => {
    for (const first of [1, 30, 60]) {
      const { line, port, drains } = open(new Line(64 * KiB));
      port.send([Buffer.alloc(first * KiB)]);
      let ready = true;
      while (ready) ready = port.send([Buffer.alloc(4 * KiB)]);
      await tick();
      await tick();
      assert.ok(drains() > 0, `after ${first} KiB`);
      assert.ok(line.writes.length > 0);
    }
  });

  test("sends what was sent, then closes; the end is told once", async () => {
    const { line, port, closes, messages } = open();
    port.start();
    port.send([Buffer.from("last")]);
    port.close();
    port.close();
    assert.equal(port.send([Buffer.from("too late")]), true);
    assert.deepEqual(closes, [undefined]);
    line.push(framed("{}"));
    await tick();
    assert.equal(line.text, framed("last"));
    assert.ok(line.ended);
    assert.deepEqual(messages, [], "no message follows the end");
    line.push(null);
    if (!line.destroyed) await once(line, "close");
    assert.deepEqual(closes, [undefined]);
  });

  test("cuts off a peer that does not take the last messages", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const { line, port } = open();
      line.held = true;
      port.send([Buffer.from("last")]);
      port.close();
      assert.ok(!line.destroyed);
      mock.timers.tick(2_000);
      assert.ok(line.destroyed);
    } finally {
      mock.timers.reset();
    }
  });

  test("tells an orderly end from a cut one", async () => {
    const orderly = open();
    orderly.port.start();
    orderly.line.push(framed("{}"));
    orderly.line.push(null);
    await tick();
    assert.deepEqual(orderly.closes, [undefined]);
    const cut = open();
    cut.port.start();
    cut.line.push(framed("{}").slice(0, -1));
    cut.line.push(null);
    await tick();
    assert.equal(cut.closes[0]?.code, "protocol");
    const broken = open();
    broken.port.start();
    broken.line.destroy(new Error("ECONNRESET"));
    await tick();
    assert.equal(broken.closes.length, 1);
    assert.match(broken.closes[0]?.message ?? "", /ECONNRESET/);
    assert.equal(broken.port.send([Buffer.from("x")]), true);
    broken.port.close();
  });

  test("ends at a fault, and reads no more", async () => {
    const { line, port, closes, messages } = open();
    port.start();
    line.push(`${framed("{}")}GET / HTTP/1.1\r\n\r\n${framed("{}")}`);
    await tick();
    assert.deepEqual(messages, ["{}"]);
    assert.equal(closes[0]?.code, "protocol");
    port.send([Buffer.from("why")]);
    await tick();
    assert.equal(line.text, framed("why"), "it can still be told why");
  });

  test("stops in the middle of a chunk when it is closed by who got a message", async () => {
    const { line, port, messages } = open();
    port.onMessage(() => port.close());
    port.start();
    line.push(framed("1") + framed("2"));
    await tick();
    assert.deepEqual(messages, ["1"]);
  });

  test("limits a body", async () => {
    const line = new Line();
    const port = new StreamPort(line, { limit: () => ({ bytes: 4 }) });
    let fault: AppError | undefined;
    port.onClose((reason) => (fault = reason));
    port.start();
    line.push(encodeHeader(5));
    await tick();
    assert.equal(fault?.code, "tooLarge");
  });
});

describe("a port that takes turns", () => {
  const message = (bytes: number) => framed(`"${"x".repeat(bytes - 2)}"`);

  /** Two clients of one host, and the order in which their messages come out. */
  function pair() {
    const turns = new FairShare();
    const order: string[] = [];
    const one = (name: string) => {
      const line = new Line();
      const port = new StreamPort(line, { turns });
      port.onMessage(() => order.push(name));
      port.start();
      return { line, port };
    };
    return { order, a: one("A"), b: one("B") };
  }

  test("has the other's small message handled after 16 KiB of its own, and loses nothing", async () => {
    const { order, a, b } = pair();
    a.line.push(message(KiB).repeat(60));
    await new Promise((resolve) => process.nextTick(resolve));
    const first = order.length;
    assert.ok(first > 0 && first <= 16, String(first));
    b.line.push(framed("{}"));
    while (order.length < 61) await tick();
    const before = order.indexOf("B");
    assert.ok(before <= 2 * first, `${before} messages of A came first`);
    assert.equal(order.filter((name) => name === "A").length, 60);
  });

  test("leaves to the peer what it cannot take yet, and takes it later", async () => {
    const { order, a, b } = pair();
    const piece = Buffer.from(message(KiB).repeat(15));
    let pushed = 0;
    while (pushed < 100) {
      if (!a.line.push(piece)) await tick();
      pushed++;
      b.line.push(framed("{}"));
    }
    assert.ok(a.line.isPaused(), "the peer waits");
    while (order.length < 1_600) await tick();
    assert.ok(!a.line.isPaused());
    assert.equal(order.filter((name) => name === "B").length, 100);
  });

  test("handles what came before the end, also if it has to wait", async () => {
    const { order, a, b } = pair();
    const closes: (AppError | undefined)[] = [];
    a.port.onClose((reason) => closes.push(reason));
    a.line.push(message(KiB).repeat(100));
    a.line.push(null);
    b.line.push(framed("{}"));
    while (closes.length === 0) await tick();
    assert.deepEqual(closes, [undefined]);
    assert.equal(order.filter((name) => name === "A").length, 100);
  });

  test("asks for the limit at each message, and lets the one be completed that has begun", async () => {
    const line = new Line();
    let bytes = 8;
    const port = new StreamPort(line, { limit: () => ({ bytes, hint: "Ask the host." }) });
    const messages: string[] = [];
    let fault: AppError | undefined;
    port.onMessage(({ body }) => messages.push(body.toString()));
    port.onClose((reason) => (fault = reason));
    port.start();
    line.push(`${framed("12345678").slice(0, -4)}`);
    await tick();
    bytes = 4;
    line.push(`5678${framed("1234")}${framed("12345")}`);
    await tick();
    assert.deepEqual(messages, ["12345678", "1234"]);
    assert.equal(fault?.code, "tooLarge");
    assert.match(fault.toLine(), /of 5 bytes .* 4 bytes .*Ask the host/);
  });

  test("closes when a message does not go on, with the reason; what it is slow with has its time", async () => {
    for (const begun of ["Content-", "Content-Length: 10\r\n\r\n", `Content-Length: 10\r\n\r\n{`]) {
      mock.timers.enable({ apis: ["setTimeout"] });
      try {
        const line = new Line();
        const port = new StreamPort(line, { turns: new FairShare(), stallMs: 10_000 });
        const faults: (AppError | undefined)[] = [];
        port.onClose((reason) => faults.push(reason));
        port.start();
        line.push(framed("{}"));
        await tick();
        mock.timers.tick(60_000);
        assert.equal(faults.length, 0, "silence between messages is no stall");
        line.push(begun);
        await tick();
        mock.timers.tick(5_000);
        assert.equal(faults.length, 0);
        mock.timers.tick(5_000);
        assert.equal(faults[0]?.code, "timeout", begun);
        assert.match(faults[0].message, /10 s/);
      } finally {
        mock.timers.reset();
      }
    }
  });
});
