import { Duplex } from "node:stream";
import { Emitter } from "../../src/common/event.ts";
import { AppError } from "../../src/common/errors.ts";
import type { Channel, Listener, Peer, WaitOptions } from "../../src/transport/channel.ts";
import { type Clock, realClock } from "../../src/transport/clock.ts";
import { ChannelInbox } from "../../src/transport/inbox.ts";
import { type LineFaults, MemoryLine } from "./memoryLine.ts";
import { abortable, CONNECT_TIMEOUT_MS, withDeadline } from "../../src/transport/deadline.ts";

export interface MemoryOptions {
  readonly clock?: Clock;
  /** From the first channel to the second, and back. */
  readonly forth?: LineFaults;
  readonly back?: LineFaults;
}

/** Two channels that are each other's peer, and the lines between them, to be disturbed. */
export interface MemoryPair {
  readonly near: Channel;
  readonly far: Channel;
  readonly forth: MemoryLine;
  readonly back: MemoryLine;
}

export function memoryPair(options: MemoryOptions = {}): MemoryPair {
  const { clock = realClock } = options;
  const forth = new MemoryLine(clock, options.forth);
  const back = new MemoryLine(clock, options.back);
  const near = new MemoryStream(forth, back);
  const far = new MemoryStream(back, forth);
  forth.connect(near, far);
  back.connect(far, near);
  return { near: channel(near, "far"), far: channel(far, "near"), forth, back };
}

function channel(stream: Duplex, address: string): Channel {
  stream.on("error", () => {
    // As the contract has it: a cut line does not crash the process.
  });
  const peer: Peer = { transport: "memory", address, local: true };
  return { stream, peer };
}

class MemoryStream extends Duplex {
  readonly #out: MemoryLine;
  readonly #in: MemoryLine;

  constructor(out: MemoryLine, incoming: MemoryLine) {
    super({ allowHalfOpen: true });
    this.#out = out;
    this.#in = incoming;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#out.send(chunk, done);
  }

  override _final(done: () => void): void {
    this.#out.end();
    done();
  }

  override _read(): void {
    this.#in.want();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // An end that was sent is still on its way; without one, what is on its way is lost.
    if (!this.writableFinished) this.#out.reset();
    this.#in.abandon();
    done(error);
  }
}

/** Names at which to listen and to connect to, within one process. */
export class MemoryNetwork {
  readonly #inboxes = new Map<string, ChannelInbox>();
  readonly #options: MemoryOptions;

  constructor(options: MemoryOptions = {}) {
    this.#options = options;
  }

  listen(name: string): Listener {
    if (this.#inboxes.has(name)) throw new AppError("addressInUse", `The name ${name} is in use.`);
    const inbox = new ChannelInbox();
    this.#inboxes.set(name, inbox);
    return {
      onChannel: inbox.event,
      onError: new Emitter<Error>().event,
      close: async () => {
        if (this.#inboxes.get(name) === inbox) this.#inboxes.delete(name);
        inbox.dispose();
      },
    };
  }

  connect(name: string, wait: WaitOptions = {}): Promise<Channel> {
    const { clock = realClock, forth } = this.#options;
    return withDeadline(wait, CONNECT_TIMEOUT_MS, `Connecting to ${name}`, async (signal) => {
      await abortable(new Promise<void>((resolve) => clock.schedule(forth?.latencyMs ?? 0, resolve)), signal);
      const inbox = this.#inboxes.get(name);
      if (inbox === undefined) {
        throw new AppError("connectFailed", `Nobody listens at ${name}.`, { hint: "Listen there first." });
      }
      const { near, far } = memoryPair(this.#options);
      inbox.offer(far);
      return near;
    });
  }
}
