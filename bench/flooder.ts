import { once, setMaxListeners } from "node:events";
import { type Socket, connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { deflateRawSync } from "node:zlib";
import { LIMITS } from "../src/common/limits.ts";
import { guestMessageLimit } from "../src/common/messageLimit.ts";
import {
  DEFLATED,
  FrameType,
  HEADER_BYTES,
  byteCount,
  encodeDap,
  encodeFrame,
  encodeFrameJson,
  encodeStreamJson,
} from "../src/link/frames.ts";
import { LINK_MAGIC } from "../src/transport/protocolDetection.ts";
import { guessAll } from "../test/support/guesser.ts";
import { offer } from "./rpc.ts";
import { MIB } from "./report.ts";
import { SMALL_BODY } from "./sizes.ts";
import { Frames, frame, glimpse } from "./wire.ts";

/** A guest who means ill, in a process of its own: what it sends is ready, so that it is as fast as it can be. */
const ECHO_LETTERS = 4_000;
const EVALUATE_LETTERS = 60_000;
const STALLED_CONNECTIONS = 32;
const DEFLATE_CONNECTIONS = 4;
const DEFLATED_BYTES = 60 * MIB;
const GUESS_CONNECTIONS = 8;
/** Of requests that are not answered yet: somewhat below what ends the connection. */
const MOST_UNDER_WAY = LIMITS.requestsUnderWay - 100;
const MOST_BYTES_UNDER_WAY = LIMITS.requestBytesUnderWay - 5 * MIB;
/** Small messages leave in pieces of about that size. */
const PIECE_BYTES = 64 * 1024;
/** Until what is sent has had its effect. */
const WARM_UP_MS = 150;

interface Flood {
  readonly port: number;
  /** The right that its guests have there. */
  readonly access: "view" | "full";
  readonly signal: AbortSignal;
  readonly sent: Sent;
}

interface Sent {
  /** Messages; of floods that are cut off, connections. */
  count: number;
}

const FLOODS = {
  /** Requests of the largest size that is allowed. */
  largest: (flood) => {
    const { bytes } = guestMessageLimit(flood.access);
    const padding = Buffer.alloc(bytes - 100, "x");
    return requests(flood, (seq) => {
      const start = Buffer.from(`{"seq":${seq},"type":"request","command":"threads","arguments":{"x":"`);
      const end = Buffer.from('"}}');
      const header = Buffer.from(`Content-Length: ${start.length + padding.length + end.length}\r\n\r\n`);
      return [header, start, padding, end];
    });
  },

  /** Lines for the others' debug consoles. */
  echo: (flood) => evaluations(flood, `.echo ${"y".repeat(ECHO_LETTERS)}`),

  /** Expressions for the adapter, of which the others are told. */
  evaluate: (flood) => evaluations(flood, "y".repeat(EVALUATE_LETTERS)),

  /** Questions, each another one, without waiting for answers. */
  small: (flood) =>
    requests(flood, (seq) => {
      const args = `{"variablesReference":${SMALL_BODY},"start":${1e9 + seq}}`;
      return [frame(`{"seq":${seq},"type":"request","command":"variables","arguments":${args}}`)];
    }),

  /** Messages that stop before their last byte. */
  stalled: (flood) => {
    const { bytes } = guestMessageLimit(flood.access);
    const body = Buffer.alloc(bytes - 1, " ");
    return again(flood, STALLED_CONNECTIONS, async (socket) => {
      await joined(socket);
      socket.resume();
      socket.write(`Content-Length: ${bytes}\r\n\r\n`);
      socket.write(body);
    });
  },

  /** Frames that say of themselves that they are compressed. */
  deflate: (flood) => {
    const plain = Buffer.concat(encodeDap(1, 0, [Buffer.alloc(DEFLATED_BYTES, "x")])).subarray(HEADER_BYTES);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(plain.length, 0);
    const bomb = encodeFrame(FrameType.dap | DEFLATED, [length, deflateRawSync(plain)]);
    const hello = {
      protocol: { min: 1, max: 1 },
      features: ["deflate"],
      name: "flooder",
      client: { name: "bench", version: "1" },
    };
    const all = Buffer.concat([
      LINK_MAGIC,
      ...encodeFrameJson(FrameType.hello, hello),
      ...encodeStreamJson(FrameType.open, 1, { session: "1" }),
    ]);
    return again(flood, DEFLATE_CONNECTIONS, async (socket) => {
      socket.write(all);
      // Before it is let in, such a frame is too large anyway.
      await Promise.race([once(socket, "data"), once(socket, "close")]);
      socket.write(Buffer.concat(bomb));
      socket.resume();
    });
  },

  /** Wrong guesses at the password. */
  guesses: ({ port, signal, sent }) =>
    guessAll(port, ["127.0.0.1", "127.0.1.7"], GUESS_CONNECTIONS, signal, () => sent.count++),
} satisfies Record<string, (flood: Flood) => Promise<unknown>>;

export type FloodName = keyof typeof FLOODS;

function evaluations(flood: Flood, expression: string): Promise<unknown> {
  const args = JSON.stringify({ expression, context: "repl" });
  return requests(flood, (seq) => [
    frame(`{"seq":${seq},"type":"request","command":"evaluate","arguments":${args}}`),
  ]);
}

/**
 * One guest sends requests as fast as they are read; it waits for answers only where it would be cut off otherwise, for
 * having too many under way.
 */
async function requests(
  { port, signal, sent }: Flood,
  next: (seq: number) => readonly Buffer[],
): Promise<void> {
  const socket = dial(port, signal);
  await joined(socket);
  const frames = new Frames();
  const underWay: number[] = [];
  let underWayBytes = 0;
  let last = "";
  let wake = () => {};
  socket.on("data", (chunk: Buffer) => {
    frames.push(chunk, (body) => {
      // They are answered in about the order in which they were sent, and are all of one size.
      if (glimpse(body).kind === "response") underWayBytes -= underWay.shift() ?? 0;
      else last = body.toString();
    });
    wake();
  });
  socket.on("drain", () => wake()).on("close", () => wake());
  const mayGoOn = () =>
    !socket.writableNeedDrain && underWay.length < MOST_UNDER_WAY && underWayBytes < MOST_BYTES_UNDER_WAY;
  for (let seq = 10; !socket.destroyed;) {
    socket.cork();
    for (let bytes = 0; bytes < PIECE_BYTES && mayGoOn(); seq++, sent.count++) {
      const parts = next(seq);
      const size = byteCount(parts);
      for (const part of parts) socket.write(part);
      bytes += size;
      underWay.push(size);
      underWayBytes += size;
    }
    socket.uncork();
    if (mayGoOn()) await new Promise((resolve) => setImmediate(resolve));
    else await new Promise<void>((resolve) => (wake = resolve));
  }
  if (!signal.aborted) throw new Error(`The flood was cut off: ${last}`);
}

/** So many connections, each dialled again as soon as it is closed. */
async function again(
  { port, signal, sent }: Flood,
  count: number,
  attack: (socket: Socket) => Promise<unknown>,
): Promise<void> {
  const one = async () => {
    while (!signal.aborted) {
      const socket = dial(port, signal);
      const closed = once(socket, "close");
      sent.count++;
      await Promise.race([attack(socket), closed]);
      await closed;
    }
  };
  await Promise.all(Array.from({ length: count }, one));
}

function dial(port: number, signal: AbortSignal): Socket {
  const socket = connect({ port, host: "127.0.0.1" });
  const end = () => socket.destroy();
  signal.addEventListener("abort", end, { once: true });
  socket.once("close", () => signal.removeEventListener("abort", end));
  socket.on("error", () => {});
  return socket;
}

/** Joins the session over plain DAP; resolves when it is in. */
async function joined(socket: Socket): Promise<void> {
  const args = '{"adapterID":"bench","clientID":"bench"}';
  for (const [index, command] of ["initialize", "attach", "configurationDone"].entries())
    socket.write(frame(`{"seq":${index + 1},"type":"request","command":"${command}","arguments":${args}}`));
  let heard = "";
  while (!heard.includes('"command":"configurationDone"')) {
    const [data] = (await Promise.race([once(socket, "data"), once(socket, "close")])) as [unknown];
    if (!Buffer.isBuffer(data)) return;
    heard += data.toString("latin1");
  }
}

let running:
  | {
      readonly over: AbortController;
      readonly end: Promise<unknown>;
      readonly sent: Sent;
      readonly begun: number;
    }
  | undefined;

const methods = {
  /** Resolves when the flood is at its height; it goes on until `stop`. */
  async start(params: { kind: FloodName; port: number; access: "view" | "full" }): Promise<void> {
    const { kind, ...where } = params;
    const over = new AbortController();
    setMaxListeners(0, over.signal);
    const sent: Sent = { count: 0 };
    const flood: (flood: Flood) => Promise<unknown> = FLOODS[kind];
    const end = flood({ ...where, signal: over.signal, sent });
    running = { over, end, sent, begun: performance.now() };
    await Promise.race([end, delay(WARM_UP_MS)]);
  },

  /** How many it has sent a second. */
  async stop(): Promise<number> {
    if (running === undefined) return 0;
    const { over, end, sent, begun } = running;
    const rate = sent.count / ((performance.now() - begun) / 1000);
    over.abort();
    await end;
    return rate;
  },
};

export type FlooderMethods = typeof methods;

offer(methods);
