import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../../common/errors.ts";
import { realClock } from "../clock.ts";
import { Datalink } from "./datalink.ts";
import { deviceKey, type OpenPort, openPort } from "./port.ts";

/** So long a device stays open without a user: the last answers go out, and the next user finds it open. */
const LINGER_MS = 500;
/** A device that has gone is looked for again after this, and then ever less often. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2000;
const DRAIN_MS = 1500;
const DRAIN_STEP_MS = 20;
/** A device that another program has is asked for so long: a program of ours that ends still drains it. */
const IN_USE_MS = DRAIN_MS + 500;
/** What is written at once at most. */
const WRITE_BYTES = 16 * 1024;
/** While nothing can be sent, time passes for the datalink in such steps. */
const BLOCKED_STEP_MS = 500;

const devices = new Set<SerialDevice>();

/**
 * Resolves when the other ends of all lines have what was written, at the latest after DRAIN_MS: for the end of the
 * process. A socket's last bytes are sent by the system; a serial line's only by us.
 */
export async function drainSerialPorts(): Promise<void> {
  await Promise.all([...devices].map((device) => device.drain()));
}

/**
 * A serial device that this process has open, with the datalink over it: one for all its servers and guests. It closes
 * by itself when nothing uses it any more. Unplugged, it is opened again when it is back; the datalink's own patience
 * decides which connections that is in time for.
 */
export class SerialDevice {
  readonly link: Datalink;
  readonly #name: string;
  /** While it is plugged in: where its name leads. */
  #key: string | undefined;
  readonly #baud: number;
  #port: OpenPort | undefined;
  #opening: Promise<void>;
  #closing: Promise<void> | undefined;
  #writing = false;
  #woken = false;
  #timer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;

  private constructor(name: string, key: string, baud: number) {
    this.#name = name;
    this.#key = key;
    this.#baud = baud;
    this.link = new Datalink({ baud, random: () => randomInt(2 ** 32) });
    this.#opening = this.#openFirst();
  }

  /**
   * The device, open. Use its link at once, in the same turn, and `wake` it. Rejects with the AppErrors of `openPort`, or
   * with `badArguments` if this process has it open at another speed.
   */
  static async acquire(name: string, baud: number): Promise<SerialDevice> {
    const key = await deviceKey(name);
    let known = SerialDevice.#find(name, key);
    // Until the last one has closed, the system would say that it is in use.
    while (known !== undefined && known.#closing !== undefined) {
      await known.#closing;
      known = SerialDevice.#find(name, key);
    }
    if (known !== undefined && known.#baud !== baud) {
      throw new AppError("badArguments", `${name} is in use here already, at ${known.#baud} baud.`, {
        hint: `Use baud=${known.#baud} here as well: one line has one speed.`,
      });
    }
    const device = known ?? new SerialDevice(name, key, baud);
    devices.add(device);
    try {
      await device.#opening;
    } catch (thrown) {
      // One that has users goes on trying.
      if (device !== known) devices.delete(device);
      throw thrown;
    }
    // It may just have begun to close, for want of users.
    return device.#closing === undefined ? device : SerialDevice.acquire(name, baud);
  }

  static #find(name: string, key: string): SerialDevice | undefined {
    return [...devices].find((device) => device.#key === key || device.#name === name);
  }

  /** Its link has something to send, or is no longer used. */
  wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    // What is written in one turn goes into one frame.
    setImmediate(() => {
      this.#woken = false;
      this.#run();
    });
  }

  /**
   * Resolves when the other side has what was written, at the latest after DRAIN_MS.
   */
  async drain(): Promise<void> {
    this.wake();
    const deadline = realClock.now() + DRAIN_MS;
    while ((this.link.pending || this.#writing) && realClock.now() < deadline) await delay(DRAIN_STEP_MS);
  }

  /** Closes it now, not after its time, if nothing uses it any more; resolves when it is closed. */
  async free(): Promise<void> {
    await this.drain();
    this.#close();
    await this.#closing;
  }

  async #openFirst(): Promise<void> {
    const deadline = realClock.now() + IN_USE_MS;
    for (;;) {
      try {
        return await this.#open();
      } catch (thrown) {
        if (AppError.from(thrown).code !== "addressInUse" || realClock.now() >= deadline) throw thrown;
      }
      await delay(FIRST_RETRY_MS);
    }
  }

  async #open(): Promise<void> {
    this.#port = await openPort(
      this.#name,
      this.#baud,
      (bytes) => {
        this.link.receive(bytes, realClock.now());
        this.#run();
      },
      () => this.#lost(),
    );
    // A name that is a link (/dev/serial/by-id/…) may lead elsewhere when the device is plugged in again.
    this.#key = await deviceKey(this.#name);
    this.wake();
  }

  #run(): void {
    if (this.#closing !== undefined) return;
    this.link.tick(realClock.now());
    this.#send();
    this.#lingerIfUnused();
    clearTimeout(this.#timer);
    const blocked = this.#writing || this.#port === undefined;
    const waitMs = this.link.deadline - realClock.now();
    if (waitMs === Infinity) return;
    this.#timer = setTimeout(
      () => this.#run(),
      blocked ? Math.max(waitMs, BLOCKED_STEP_MS) : Math.max(waitMs, 1),
    );
  }

  #send(): void {
    if (this.#writing || this.#port === undefined) return;
    const parts: Buffer[] = [];
    for (let size = 0; size < WRITE_BYTES;) {
      const bytes = this.link.transmit(realClock.now());
      if (bytes === undefined) break;
      parts.push(bytes);
      size += bytes.length;
    }
    if (parts.length === 0) return;
    this.#writing = true;
    void this.#port.write(Buffer.concat(parts)).then(() => {
      this.#writing = false;
      this.#run();
    });
  }

  /** Unplugged, or broken. */
  #lost(): void {
    this.#port = undefined;
    // What it was may be another device's soon.
    this.#key = undefined;
    this.link.interrupted();
    this.#retry(FIRST_RETRY_MS);
  }

  #retry(inMs: number): void {
    if (this.#closing !== undefined) return;
    this.#retryTimer = setTimeout(() => {
      const opening = this.#open();
      // A user of the device that comes meanwhile waits for this attempt, and hears why it fails.
      this.#opening = opening;
      opening.catch(() => this.#retry(Math.min(LAST_RETRY_MS, inMs * 2)));
    }, inMs);
  }

  #lingerIfUnused(): void {
    if (!this.link.unused) {
      clearTimeout(this.#lingerTimer);
      this.#lingerTimer = undefined;
    } else this.#lingerTimer ??= setTimeout(() => this.#close(), LINGER_MS);
  }

  #close(): void {
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = undefined;
    if (!this.link.unused || this.#closing !== undefined) return;
    clearTimeout(this.#timer);
    clearTimeout(this.#retryTimer);
    this.#closing = this.#opening
      .catch(() => undefined)
      .then(() => this.#port?.close())
      .finally(() => {
        devices.delete(this);
      });
  }
}
