import assert from "node:assert/strict";
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { type TestContext, describe, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import type { Access } from "../../src/common/access.ts";
import { Emitter, once as nextOf } from "../../src/common/event.ts";
import { LIMITS } from "../../src/common/limits.ts";
import { encodeHeader } from "../../src/dap/codec.ts";
import {
  DEFLATED,
  encodeDap,
  encodeFrame,
  encodeFrameJson,
  encodeStreamJson,
  FrameDecoder,
  FrameType,
  HEADER_BYTES,
} from "../../src/link/frames.ts";
import { LINK_MAGIC } from "../../src/transport/protocolDetection.ts";
import type { DapClient } from "../support/dapClient.ts";
import { DEADLINE_MS, withDeadline } from "../support/process.ts";
import { type Served, serveUpstream } from "../support/served.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";

// A guest who may only look floods a real server over a real socket; another guest of the same server works meanwhile.

const KiB = 1024;
const MiB = KiB * KiB;
const PROFILE = { adapterID: "fake", linesStartAt1: true, columnsStartAt1: true };

interface Scene {
  readonly upstream: FakeUpstream;
  readonly served: Served;
  readonly good: DapClient;
}

async function serve(t: TestContext, access: Access = "view"): Promise<Scene> {
  const upstream = new FakeUpstream();
  upstream.endAtDisconnect();
  const start = { request: "launch", configuration: {}, adapterID: "fake" } as const;
  const served = await serveUpstream(upstream, { access, start });
  t.after(() => served.close());
  const good = await served.connect({ name: "good" });
  t.after(() => good.kill());
  await good.request("initialize", PROFILE);
  await good.request("attach", {});
  await good.request("configurationDone", {});
  return { upstream, served, good };
}

/** A guest of whom the test writes every byte. */
class Flooder {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  /** All that it was told, as text. */
  heard = "";
  readonly #heard = new Emitter<void>();

  constructor(t: TestContext, port: number) {
    this.socket = connect({ port, host: "127.0.0.1" });
    this.socket.on("error", () => {});
    this.closed = once(this.socket, "close").catch(() => undefined);
    t.after(() => this.socket.destroy());
  }

  hear(bytes: Buffer): void {
    this.heard += bytes.toString();
    this.#heard.fire();
  }

  /** It has been told that. Looked for when something comes: it is much, and the server works in this process, too. */
  async hears(text: string): Promise<void> {
    const told = async () => {
      let from = 0;
      while (!this.heard.includes(text, from)) {
        from = Math.max(0, this.heard.length - text.length);
        await nextOf(this.#heard.event);
      }
    };
    const ended = this.closed.then(() => {
      if (!this.heard.includes(text))
        assert.fail(`closed before ${text} was heard, after: ${this.heard.slice(-500)}`);
    });
    // Half of the time is the others', and time in which this process does not run counts as well.
    await withDeadline(Promise.race([told(), ended]), text, 120_000);
  }

  /** Writes as fast as it is read, until the other side closes. */
  async flood(next: (index: number) => Uint8Array | undefined): Promise<void> {
    for (let index = 0; !this.socket.destroyed; index++) {
      const bytes = next(index);
      if (bytes === undefined) return;
      if (!this.socket.write(bytes))
        await Promise.race([once(this.socket, "drain").catch(() => {}), this.closed]);
    }
  }
}

const request = (seq: number, command: string, args: object) =>
  Buffer.from(JSON.stringify({ seq, type: "request", command, arguments: args }));

/** How one speaks to the server: how a message is framed, and how one joins. */
interface Speech {
  readonly frame: (body: Buffer) => Uint8Array[];
  /** The beginning of a message of that many bytes. */
  readonly begin: (bytes: number) => Uint8Array;
  readonly join: (t: TestContext, port: number) => Promise<Flooder>;
}

const plain: Speech = {
  frame: (body) => [encodeHeader(body.length), body],
  begin: (bytes) => encodeHeader(bytes),
  async join(t, port) {
    const flooder = new Flooder(t, port);
    const { socket } = flooder;
    socket.on("data", (chunk: Buffer) => flooder.hear(chunk));
    for (const [index, command] of ["initialize", "attach", "configurationDone"].entries())
      for (const part of plain.frame(request(index + 1, command, PROFILE))) socket.write(part);
    await flooder.hears('"command":"configurationDone"');
    return flooder;
  },
};

const link: Speech = {
  frame: (body) => encodeDap(1, 0, [body]),
  begin: (bytes) => encodeDap(1, 0, [{ length: bytes } as Buffer])[0] ?? Buffer.alloc(0),
  async join(t, port) {
    const flooder = new Flooder(t, port);
    const { socket } = flooder;
    const decoder = new FrameDecoder({ expectMagic: false });
    decoder.admit();
    socket.on("data", (chunk: Buffer) => {
      decoder.feed(chunk);
      for (let step = decoder.next(); step.kind === "frame"; step = decoder.next())
        flooder.hear(Buffer.from(step.payload));
    });
    const hello = {
      protocol: { min: 1, max: 1 },
      features: ["deflate"],
      name: "bad",
      client: { name: "test", version: "1" },
    };
    socket.write(Buffer.concat([LINK_MAGIC, ...encodeFrameJson(FrameType.hello, hello)]));
    await flooder.hears('"sessions"');
    socket.write(Buffer.concat(encodeStreamJson(FrameType.open, 1, { session: "1" })));
    for (const [index, command] of ["initialize", "attach", "configurationDone"].entries())
      socket.write(Buffer.concat(link.frame(request(index + 1, command, PROFILE))));
    await flooder.hears('"command":"configurationDone"');
    return flooder;
  },
};

async function until(done: () => boolean): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (!done()) {
    assert.ok(performance.now() < end, `timeout after ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

for (const [name, speech] of Object.entries({ "plain DAP": plain, "the link": link })) {
  describe(`a flood over ${name}`, () => {
    test("of messages of 60 MiB: ends at the first one's header, with the reason; nothing is stored", async (t) => {
      const { served, good } = await serve(t);
      const bad = await speech.join(t, served.port);
      const before = process.memoryUsage().arrayBuffers;
      bad.socket.write(speech.begin(60 * MiB));
      const piece = Buffer.alloc(64 * KiB, "x");
      await withDeadline(
        bad.flood(() => piece),
        "the flood ends",
        20_000,
      );
      await withDeadline(bad.closed, "it is let go");
      assert.match(bad.heard, /larger than the 65\d\d\d bytes .*(control|ask the host)/);
      assert.ok(process.memoryUsage().arrayBuffers - before < 8 * MiB);
      await good.request("threads");
    });

    test("of guests that stop inside a message of 4 MiB: each costs what it has sent", async (t) => {
      const { served, good } = await serve(t, "control");
      const bad = [];
      for (let i = 0; i < 4; i++) bad.push(await speech.join(t, served.port));
      globalThis.gc?.();
      const before = process.memoryUsage().arrayBuffers;
      for (const { socket } of bad) socket.write(Buffer.concat([speech.begin(4 * MiB), Buffer.from("{")]));
      for (let i = 0; i < 10; i++) await good.request("threads");
      const grown = process.memoryUsage().arrayBuffers - before;
      assert.ok(grown < 4 * MiB, `${grown} bytes for 4 × 4 MiB`);
    });

    test("of `.echo`s: the others hear what a person can say, it is told so, and nobody else is kept waiting", async (t) => {
      const { served, good } = await serve(t);
      const bad = await speech.join(t, served.port);
      const begin = performance.now();
      const lines = () => good.events.filter((event) => /^bad|yyyy/.test(String(outputOf(event)))).length;
      const expression = `.echo ${"y".repeat(4_000)}`;
      await bad.flood((index) =>
        index < 1_500
          ? Buffer.concat(speech.frame(request(100 + index, "evaluate", { expression, context: "repl" })))
          : undefined,
      );
      await bad.hears('"request_seq":1599,');
      await good.request("threads");
      const seconds = Math.ceil((performance.now() - begin) / LIMITS.consoleMs) + 1;
      assert.ok(lines() > 0 && lines() <= 16 * seconds, `${lines()} lines in ${seconds} s`);
      assert.match(bad.heard, /"message":"busy"/);
    });

    test("of queries: another's comes to the adapter after four of them", async (t) => {
      const { upstream, served, good } = await serve(t);
      const bad = await speech.join(t, served.port);
      upstream.stop({ reason: "pause", threadId: 1, allThreadsStopped: true });
      await good.waitEvent("stopped");
      upstream.received.length = 0;
      upstream.hold("stackTrace");
      const ask = (index: number) => ({ threadId: 1, startFrame: index, levels: 1 });
      await bad.flood((index) =>
        index < 500 ? Buffer.concat(speech.frame(request(100 + index, "stackTrace", ask(index)))) : undefined,
      );
      await until(() => upstream.received.length === LIMITS.queriesUnderWay);
      const answered = good.request("stackTrace", ask(10_000));
      await until(() => upstream.received.length === LIMITS.queriesUnderWay + 1);
      assert.equal(upstream.received.at(-1)?.args.startFrame, 10_000);
      upstream.releaseAll();
      await answered;
      await bad.hears('"request_seq":599,');
    });
  });
}

describe("a flood over the link", () => {
  test("of frames that inflate to 60 MiB: none is, for the host agrees to that on serial lines only", async (t) => {
    const { served, good } = await serve(t);
    const bad = await link.join(t, served.port);
    assert.doesNotMatch(bad.heard, /"deflate"/);
    const plainBytes = Buffer.concat(encodeDap(1, 0, [Buffer.alloc(60 * MiB, "x")])).subarray(HEADER_BYTES);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(plainBytes.length, 0);
    const bomb = Buffer.concat(encodeFrame(FrameType.dap | DEFLATED, [length, deflateRawSync(plainBytes)]));
    bad.socket.write(bomb);
    await withDeadline(bad.closed, "it is let go");
    await good.request("threads");
  });
});

function outputOf(event: { readonly body?: unknown }): unknown {
  const { body } = event;
  return typeof body === "object" && body !== null && "output" in body ? body.output : undefined;
}
