import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import type { AppError } from "../../../src/common/errors.ts";
import { type Event, once } from "../../../src/common/event.ts";
import type { DapPort, IncomingMessage } from "../../../src/dap/port.ts";
import { type AcceptOptions, acceptLink } from "../../../src/link/hostHandshake.ts";
import { encodeFrameJson, FrameDecoder, FrameType } from "../../../src/link/frames.ts";
import type { GuestLink } from "../../../src/link/guestLink.ts";
import type { HostHandlers, HostLink } from "../../../src/link/hostLink.ts";
import type { LinkTiming } from "../../../src/link/limits.ts";
import type { Reason } from "../../../src/common/reason.ts";
import { openLink, type OpenOptions } from "../../../src/link/openLink.ts";
import type { Channel } from "../../../src/transport/channel.ts";
import { LINK_MAGIC } from "../../../src/transport/protocolDetection.ts";
import { memoryPair } from "../../support/memory.ts";

/** Long where nothing is to happen, so that a test never depends on the machine's speed. */
export const CALM: LinkTiming = {
  admissionMs: 60_000,
  pingMs: 60_000,
  silentPings: 3,
  lingerMs: 60_000,
  heldMs: 60_000,
  requestMs: 60_000,
  keepMs: 60_000,
  refusedMs: 60_000,
};

export const IDENTITY = { name: "Ada", client: { name: "test", version: "1" } };

export const HELLO = { protocol: { min: 1, max: 1 }, features: [], ...IDENTITY };

export const WELCOME = {
  protocol: 1,
  features: [],
  guest: { id: 1 },
  host: { name: "h", version: "1" },
  access: "view",
  sessions: [],
};

export const ACCEPT: AcceptOptions = {
  host: { name: "Debug Server", version: "0" },
  admit: async () => ({ guest: { id: 1 }, access: "control", sessions: [] }),
  timing: CALM,
};

const nothing = async () => ({});

/** Accepts every stream, knows nobody, does nothing. */
export function handlers(over: Partial<HostHandlers> = {}): HostHandlers {
  return {
    openSession: (request) => request.accept().start(),
    listClients: async () => ({ clients: [] }),
    listSessions: async () => ({ sessions: [] }),
    listServers: async () => ({ servers: [] }),
    say: nothing,
    setAccess: nothing,
    removeClient: nothing,
    endSession: nothing,
    endServer: nothing,
    describeSource: async () => ({ size: 0, sha256: "0".repeat(64) }),
    readSource: async () => ({ size: 0, data: "", end: true }),
    findSource: nothing,
    ...over,
  };
}

export interface Links {
  readonly guest: GuestLink;
  readonly host: HostLink;
  readonly near: Channel;
  readonly far: Channel;
}

/** A guest and a host, both started; destroyed at the test's end. */
export async function connectLinks(
  t: TestContext,
  options: { handlers?: Partial<HostHandlers>; accept?: Partial<AcceptOptions>; open?: OpenOptions } = {},
): Promise<Links> {
  const { near, far } = pair(t);
  const [host, guest] = await Promise.all([
    acceptLink(far, { ...ACCEPT, ...options.accept }),
    openLink(near, IDENTITY, { timing: CALM, ...options.open }),
  ]);
  host.start(handlers(options.handlers));
  guest.start();
  return { guest, host, near, far };
}

export function pair(t: TestContext): { near: Channel; far: Channel } {
  const { near, far } = memoryPair();
  // Waited for, so that no clean-up of this test runs under the next one's mocked timers.
  t.after(async () => {
    near.stream.destroy();
    far.stream.destroy();
    await Promise.all([streamClosed(near.stream), streamClosed(far.stream)]);
  });
  return { near, far };
}

/** A started port and all that it was given. */
export interface Heard {
  readonly port: DapPort;
  readonly messages: IncomingMessage[];
  /** Resolves when there are `count` messages. */
  until(count: number): Promise<void>;
  readonly closed: Promise<AppError | undefined>;
}

export function hear(port: DapPort): Heard {
  const messages: IncomingMessage[] = [];
  port.onMessage((message) => messages.push(message));
  const closed = once(port.onClose);
  port.start();
  return {
    port,
    messages,
    closed,
    async until(count) {
      while (messages.length < count) await once(port.onMessage);
    },
  };
}

export function texts(heard: Heard): string[] {
  return heard.messages.map((message) => message.body.toString());
}

export function json(text: string): Buffer[] {
  return [Buffer.from(text)];
}

export interface RawFrame {
  readonly type: number;
  readonly payload: Buffer;
}

/** A peer that says what the test wants and reads frames one by one. */
export class RawPeer {
  readonly stream: Duplex;
  readonly #frames: RawFrame[] = [];
  readonly #decoder: FrameDecoder;
  #ended = false;
  #wake: () => void = () => {};

  /** `asHost`: what comes begins with the guest's magic. */
  constructor(channel: Channel, asHost = false) {
    this.stream = channel.stream;
    this.#decoder = new FrameDecoder({ expectMagic: asHost });
    this.#decoder.admit();
    this.stream.on("data", (chunk: Buffer) => {
      this.#decoder.feed(chunk);
      for (let step = this.#decoder.next(); step.kind !== "more"; step = this.#decoder.next()) {
        if (step.kind === "fault") throw step.error;
        if (step.kind === "frame") this.#frames.push(step);
      }
      this.#wake();
    });
    const ended = () => {
      this.#ended = true;
      this.#wake();
    };
    this.stream.on("end", ended);
    this.stream.on("close", ended);
  }

  write(parts: readonly Uint8Array[]): void {
    this.stream.write(Buffer.concat(parts));
  }

  /** The next frame other than a ping; undefined at the end. */
  async next(): Promise<RawFrame | undefined> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined && frame.type !== FrameType.ping) return frame;
      if (frame !== undefined) continue;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async expect(type: number): Promise<Buffer> {
    const frame = await this.next();
    assert.equal(frame?.type, type, `${frame?.type}: ${frame?.payload.toString()}`);
    return frame.payload;
  }

  /** Expects CLOSE and nothing behind it. */
  async expectClose(): Promise<Reason> {
    const payload = await this.expect(FrameType.close);
    assert.equal(await this.next(), undefined);
    return JSON.parse(payload.toString()) as Reason;
  }
}

/** Resolves when the stream is closed and its listeners know. */
export function streamClosed(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    // `closed` is set one tick before the event.
    if (stream.closed) setImmediate(resolve);
    else stream.once("close", () => resolve());
  });
}

export function next<T>(event: Event<T>): Promise<T> {
  return once(event);
}

/** A started host link whose guest is the test itself, let in. */
export async function rawGuest(t: TestContext, over: Partial<HostHandlers> = {}, timing = CALM) {
  const { near, far } = pair(t);
  const peer = new RawPeer(near);
  const accepted = acceptLink(far, { ...ACCEPT, timing });
  peer.write([LINK_MAGIC, ...encodeFrameJson(FrameType.hello, HELLO)]);
  const host = await accepted;
  host.start(handlers(over));
  await peer.expect(FrameType.welcome);
  return { peer, host, near, far };
}

/** A started guest link whose host is the test itself. */
export async function rawHost(t: TestContext) {
  const { near, far } = pair(t);
  const peer = new RawPeer(far, true);
  const opened = openLink(near, IDENTITY, { timing: CALM });
  await peer.expect(FrameType.hello);
  peer.write(encodeFrameJson(FrameType.welcome, WELCOME));
  const guest = await opened;
  guest.start();
  return { peer, guest };
}
