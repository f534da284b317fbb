import { Duplex } from "node:stream";
import { AppError } from "../../common/errors.ts";
import type { Channel, Peer } from "../channel.ts";
import type { Connection } from "./connection.ts";
import type { SerialDevice } from "./device.ts";

/** What is handed to the connection at once, so that one large write does not lie there whole. */
const PIECE_BYTES = 8 * 1024;

/** `name` is what people call the device. */
export function serialChannel(device: SerialDevice, connection: Connection, name: string): Channel {
  const stream = new SerialStream(device, connection);
  stream.on("error", () => {
    // As the contract has it: a broken line does not crash the process.
  });
  const peer: Peer = { transport: "com", address: name, local: false };
  return { stream, peer };
}

/** A connection of the datalink as a stream. `finish` means that the peer has it all. */
class SerialStream extends Duplex {
  readonly #device: SerialDevice;
  readonly #connection: Connection;
  #rest: Buffer = Buffer.alloc(0);
  #taken: (() => void) | undefined;
  #finished: (() => void) | undefined;
  #wanted = false;

  constructor(device: SerialDevice, connection: Connection) {
    super({ allowHalfOpen: true });
    this.#device = device;
    this.#connection = connection;
    connection.listener = {
      readable: () => this.#deliver(),
      drained: () => this.#feed(),
      finished: () => this.#finished?.(),
      broken: (reason: AppError) => this.destroy(reason),
    };
    if (connection.state === "gone") {
      this.destroy(new AppError("closed", "The other side has closed the connection at once."));
    }
  }

  override _read(): void {
    this.#wanted = true;
    this.#deliver();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#rest = chunk;
    this.#taken = done;
    this.#feed();
  }

  override _final(done: () => void): void {
    this.#finished = done;
    this.#connection.end();
    this.#device.wake();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#device.link.reset(this.#connection);
    this.#device.wake();
    done(error);
  }

  #feed(): void {
    const done = this.#taken;
    if (done === undefined) return;
    for (let more = true; more && this.#rest.length > 0;) {
      // A copy: the writer may use its buffer again when this is done.
      more = this.#connection.write(Buffer.from(this.#rest.subarray(0, PIECE_BYTES)));
      this.#rest = this.#rest.subarray(PIECE_BYTES);
    }
    this.#device.wake();
    if (this.#rest.length > 0) return;
    this.#taken = undefined;
    done();
  }

  #deliver(): void {
    while (this.#wanted) {
      const part = this.#connection.read();
      if (part === undefined) {
        if (this.#connection.ended) {
          this.#wanted = false;
          this.push(null);
        }
        break;
      }
      // Before the push, within which the reader may ask for more.
      this.#wanted = false;
      if (this.push(part)) this.#wanted = true;
    }
    // The peer may be waiting for room.
    this.#device.wake();
  }
}
