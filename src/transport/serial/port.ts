import { readdir, readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { SerialPort } from "serialport";
import { AppError } from "../../common/errors.ts";
import { errorCode } from "../errno.ts";
import { messageOf } from "../../common/values.ts";

/** The one place that knows the package `serialport`. It is loaded when the first device is opened, not before. */

/** A device that is open, for this process alone. */
export interface OpenPort {
  /** Resolves when the system has taken the bytes; also if the device has gone, which `closed` tells. */
  write(bytes: Buffer): Promise<void>;
  /** Resolves when it is closed. */
  close(): Promise<void>;
}

/** What the system tells of a device. */
export interface SerialPortInfo {
  /** What `port=` takes: `/dev/ttyUSB0`, `COM3`. */
  readonly path: string;
  /** Its maker or what it is, as far as it says. */
  readonly description?: string;
}

/** The name by which the system opens a device. Throws `badArguments` for `com2` where there are no such names. */
export function systemName(device: string): string {
  const number = /^com(\d+)$/i.exec(device)?.[1];
  if (number === undefined) return device;
  if (process.platform === "win32") return `COM${number}`;
  throw new AppError("badArguments", `${device} is a name of Windows.`, {
    hint: "Give the path of the device, such as /dev/ttyUSB0; debug-server list --ports shows which there are.",
  });
}

/** One name for each device: a link to it is the same one. */
export async function deviceKey(device: string): Promise<string> {
  const name = systemName(device);
  return process.platform === "win32" ? name : realpath(name).catch(() => name);
}

/**
 * Opens a device: eight bits, no parity, one stop bit, no flow control, for this process alone. `closed` is called once,
 * if it goes away (unplugged), not after `close()`. Rejects with an AppError: `notAvailable` (no such device, none that is
 * serial, not at this speed), `addressInUse`, `notAllowed`.
 */
export async function openPort(
  device: string,
  baud: number,
  received: (bytes: Buffer) => void,
  closed: () => void,
): Promise<OpenPort> {
  const name = systemName(device);
  const { SerialPort: Port } = await import("serialport").catch((thrown: unknown) => {
    throw new AppError("notAvailable", "Serial ports are not supported on this system.", { cause: thrown });
  });
  const port = new Port({ path: name, baudRate: baud, autoOpen: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error === null || error === undefined ? resolve() : reject(error)));
  }).catch(async (thrown: unknown) => {
    throw await cannotOpen(device, name, baud, thrown);
  });
  return wrap(port, received, closed);
}

function wrap(port: SerialPort, received: (bytes: Buffer) => void, closed: () => void): OpenPort {
  let over = false;
  const gone = new Promise<void>((resolve) => {
    port.once("close", () => {
      if (!over) closed();
      over = true;
      resolve();
    });
  });
  const abandon = () => {
    if (port.isOpen) port.close(() => {});
  };
  port.on("error", abandon);
  port.on("data", received);
  return {
    write: (bytes) => {
      const written = new Promise<void>((resolve) => {
        port.write(bytes, (error) => {
          if (error) abandon();
          resolve();
        });
      });
      return Promise.race([written, gone]);
    },
    close: async () => {
      over = true;
      abandon();
      await gone;
    },
  };
}

/** The serial devices of this machine, in the order of their names. Empty if the system does not tell. */
export async function listSerialPorts(): Promise<readonly SerialPortInfo[]> {
  const found = process.platform === "linux" ? await listLinux() : await listOthers();
  return [...found].sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
}

async function listOthers(): Promise<readonly SerialPortInfo[]> {
  const { SerialPort: Port } = await import("serialport");
  const found = (await Port.list()) as readonly { readonly path: string; readonly manufacturer?: string }[];
  return found.map(({ path: name, manufacturer }) =>
    manufacturer === undefined ? { path: name } : { path: name, description: manufacturer },
  );
}

/** Not by the package: its list runs `udevadm`, and throws where it cannot be caught if that is not there. */
async function listLinux(): Promise<readonly SerialPortInfo[]> {
  const folder = "/sys/class/tty";
  const names = await readdir(folder).catch((): string[] => []);
  const infos = await Promise.all(names.map((name) => describeLinux(path.join(folder, name), name)));
  return infos.filter((info) => info !== undefined);
}

async function describeLinux(folder: string, name: string): Promise<SerialPortInfo | undefined> {
  // Consoles and pseudo-terminals have no device behind them.
  const device = await realpath(path.join(folder, "device")).catch(() => undefined);
  if (device === undefined) return undefined;
  const read = async (...parts: string[]) =>
    (await readFile(path.join(...parts), "utf8").catch(() => "")).trim();
  // The driver makes as many ttyS as a machine could have; type 0 says that this one is not there.
  if ((await read(folder, "type")) === "0") return undefined;
  for (const above of [device, path.dirname(device), path.dirname(path.dirname(device))]) {
    const description = [await read(above, "manufacturer"), await read(above, "product")]
      .filter((word) => word !== "")
      .join(" ");
    if (description !== "") return { path: `/dev/${name}`, description };
  }
  return { path: `/dev/${name}` };
}

/** What to tell people. The package says what is wrong in words only: its own, and the system's in English. */
export async function cannotOpen(
  device: string,
  name: string,
  baud: number,
  thrown: unknown,
): Promise<AppError> {
  const message = messageOf(thrown);
  const missing = process.platform !== "win32" && (await stat(name).catch(errorCode)) === "ENOENT";
  if (missing || /no such file|file not found/i.test(message)) return notThere(device, thrown);
  if (/cannot lock|busy|access (is )?denied/i.test(message)) {
    return new AppError("addressInUse", `The serial port ${device} is in use by another program.`, {
      hint: "End that program (a terminal, a modem manager, another debug server), or use another port.",
      cause: thrown,
    });
  }
  if (/permission denied|not permitted/i.test(message)) {
    return new AppError("notAllowed", `This user may not use the serial port ${device}.`, {
      hint: await howToBeAllowed(name),
      cause: thrown,
    });
  }
  if (await isSerial(name, message)) {
    return new AppError("notAvailable", `The serial port ${device} does not do ${baud} baud.`, {
      hint: "Choose a usual speed that both sides have, such as baud=115200.",
      cause: thrown,
    });
  }
  return new AppError("notAvailable", `${device} is no serial port that can be opened: ${message}`, {
    hint: "debug-server list --ports shows which there are.",
    cause: thrown,
  });
}

async function isSerial(name: string, message: string): Promise<boolean> {
  if (!/baud/i.test(message) || /inappropriate ioctl/i.test(message)) return false;
  return process.platform === "win32" || (await stat(name)).isCharacterDevice();
}

async function notThere(device: string, cause: unknown): Promise<AppError> {
  const there = (await listSerialPorts().catch(() => [])).map((info) => info.path);
  return new AppError("notAvailable", `There is no serial port ${device}.`, {
    hint: there.length === 0 ? "This machine shows none at all." : `There are: ${there.join(", ")}.`,
    cause,
  });
}

/** Names the group that owns the device: `dialout` or `uucp`, mostly. */
async function howToBeAllowed(name: string): Promise<string> {
  if (process.platform === "win32") return "Ask an administrator of this machine.";
  const gid = await stat(name).then((found) => found.gid);
  const groups = await readFile("/etc/group", "utf8").catch(() => "");
  const group = groups.split("\n").find((line) => line.split(":")[2] === String(gid));
  const [own = "dialout"] = group?.split(":") ?? [];
  if (own === "root") return "Only root may: give it to a group that you are in.";
  return `Join the group ${own}: sudo usermod -aG ${own} "$USER", then log in again.`;
}
