import { AppError } from "../../common/errors.ts";
import { Emitter } from "../../common/event.ts";
import type { Channel, Listener, WaitOptions } from "../channel.ts";
import { realClock } from "../clock.ts";
import { ChannelInbox } from "../inbox.ts";
import { abortable, CONNECT_TIMEOUT_MS, withDeadline } from "../deadline.ts";
import type { Connection } from "./connection.ts";
import { SerialDevice } from "./device.ts";
import { serialChannel } from "./stream.ts";
import { timingFor } from "./timing.ts";

export interface SerialOptions extends WaitOptions {
  /** `com2`, or the path of a device. */
  readonly device: string;
  readonly baud: number;
  /** 0 to 254: several servers share a device by it. */
  readonly channel: number;
}

/**
 * Serves one channel of a serial line; any number of guests, told apart by the datalink. Rejects with an AppError:
 * `addressInUse` (the device by another program, or the channel by this one), `notAvailable`, `notAllowed`,
 * `badArguments`. An unplugged device is no end: it is opened again when it is back.
 */
export async function listenSerial(options: SerialOptions): Promise<Listener> {
  const { device: name, baud, channel } = options;
  const inbox = new ChannelInbox();
  const device = await withDeadline(options, CONNECT_TIMEOUT_MS, `Opening ${name}`, (signal) =>
    abortable(SerialDevice.acquire(name, baud), signal),
  );
  device.wake();
  if (device.link.isTaken(channel)) {
    throw new AppError("addressInUse", `Channel ${channel} of ${name} is served already.`, {
      hint: "Choose another channel, from 0 to 254.",
    });
  }
  const listening = device.link.listen(channel, (connection) => {
    inbox.offer(serialChannel(device, connection, name));
  });
  return {
    onChannel: inbox.event,
    onError: new Emitter<Error>().event,
    close: async () => {
      listening.dispose();
      inbox.dispose();
      await device.free();
    },
  };
}

/**
 * Connects to the server of that channel at the other end. Rejects with an AppError: `connectFailed` (no server there,
 * or not on that channel), `timeout`, `aborted`, or as `listenSerial` does.
 */
export function connectSerial(options: SerialOptions): Promise<Channel> {
  const { device: name, baud, channel } = options;
  // A slow line has a right to its time.
  const defaultMs = Math.max(CONNECT_TIMEOUT_MS, timingFor(baud).openMs + CONNECT_TIMEOUT_MS / 2);
  return withDeadline(options, defaultMs, `Connecting to channel ${channel} of ${name}`, async (signal) => {
    const device = await abortable(SerialDevice.acquire(name, baud), signal);
    const connection = device.link.connect(channel, realClock.now());
    device.wake();
    try {
      await abortable(opened(connection), signal);
    } catch (thrown) {
      device.link.reset(connection);
      device.wake();
      const { code, message, hint } = AppError.from(thrown);
      if (code !== "connectFailed" || hint !== undefined) throw thrown;
      throw new AppError(code, `${name}: ${message}`, {
        hint: "Check the cable, that the server runs, and that both sides use the same speed (baud).",
        cause: thrown,
      });
    }
    return serialChannel(device, connection, name);
  });
}

function opened(connection: Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.listener = { opened: resolve, broken: reject };
  });
}
