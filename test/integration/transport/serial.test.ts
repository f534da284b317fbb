import assert from "node:assert/strict";
import { once } from "node:events";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { once as next } from "../../../src/common/event.ts";
import type { Channel, WaitOptions } from "../../../src/transport/channel.ts";
import { type OpenPort, openPort } from "../../../src/transport/serial/port.ts";
import { connectSerial, listenSerial } from "../../../src/transport/serial/serial.ts";
import { ROOT } from "../../support/fixtures.ts";
import { skipWithout } from "../../support/parts.ts";
import { TestProcess } from "../../support/process.ts";
import { noisyLine, type NoisyWire, serialLine, type SerialLine } from "../../support/serialLines.ts";
import {
  describeTransport,
  failsWith,
  readAll,
  type TransportFixture,
} from "../../support/transportContract.ts";

const MiB = 1024 * 1024;
const skip = skipWithout("socat");

interface Line extends SerialLine {
  readonly baud: number;
}

/** Both ends in this process: each has a device of its own. */
function fixture(make: () => Promise<Line>, sizes: Partial<TransportFixture>): TransportFixture {
  const lines: Line[] = [];
  let channels = 0;
  before(async () => {
    // The second one has nobody at its other end.
    if (skip === false) lines.push(await make(), await make());
  });
  after(() => Promise.all(lines.map((line) => line.dispose())));
  const line = (index: number) => {
    const one = lines[index];
    assert.ok(one !== undefined);
    return one;
  };
  const connect = (index: number, channel: number, wait?: WaitOptions) => {
    const { near, baud } = line(index);
    return connectSerial({ ...wait, device: near, baud, channel });
  };
  return {
    ...sizes,
    local: false,
    async listen() {
      const channel = channels++;
      const { far, baud } = line(0);
      const listener = await listenSerial({ device: far, baud, channel });
      return { listener, connect: (wait) => connect(0, channel, wait) };
    },
    connectToNothing: (wait) => connect(0, 254, wait),
    connectToSilence: (wait) => connect(1, 0, wait),
  };
}

const CLEAN = 4_000_000;
describeTransport(
  "serial",
  fixture(async () => ({ ...(await serialLine()), baud: CLEAN }), { manyChannels: 30, manyBytes: 2 * MiB }),
  skip,
);

const NOISY = 2_000_000;
const noise = {
  bitErrorRate: 0.0005,
  burstBytes: 32,
  dropRate: 0.00002,
  duplicateRate: 0.00002,
  jitterMs: 3,
};
describeTransport(
  "serial with noise",
  fixture(
    async () => ({
      ...(await noisyLine(NOISY, { ...noise, seed: 1 }, { ...noise, seed: 2 })),
      baud: NOISY,
    }),
    { manyChannels: 10, manyBytes: MiB / 2 },
  ),
  skip,
);

describe("serial devices", { skip, timeout: 60_000 }, () => {
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });
  const own = async <T extends SerialLine>(line: Promise<T>): Promise<T> => {
    const made = await line;
    cleanUps.push(() => made.dispose());
    return made;
  };
  const keep = <T extends Channel>(channel: T): T["stream"] => {
    cleanUps.push(() => channel.stream.destroy());
    return channel.stream;
  };
  const serve = async (device: string, channel: number, baud = 115_200) => {
    const listener = await listenSerial({ device, baud, channel });
    cleanUps.push(() => listener.close());
    return listener;
  };

  test("servers share a device by channel, guests share a channel, and both sides may serve", async () => {
    const line = await own(serialLine());
    const places = [
      [line.far, line.near, 0],
      [line.far, line.near, 254],
      [line.near, line.far, 0],
    ] as const;
    for (const [device, from, channel] of places) {
      const listener = await serve(device, channel);
      listener.onChannel((arrived) => {
        const stream = keep(arrived);
        stream.write(`${device} ${channel} `);
        stream.pipe(stream);
      });
      const guests = ["one", "two"].map(async (name) => {
        const near = keep(await connectSerial({ device: from, baud: 115_200, channel }));
        near.end(name);
        return (await readAll(near)).toString();
      });
      assert.deepEqual(await Promise.all(guests), [`${device} ${channel} one`, `${device} ${channel} two`]);
    }
    const error = await failsWith(
      "addressInUse",
      listenSerial({ device: line.far, baud: 115_200, channel: 0 }),
    );
    assert.match(error.message, /^Channel 0 of/);
    await failsWith("badArguments", listenSerial({ device: line.far, baud: 9600, channel: 1 }));
  });

  test("a line that is cut for some seconds goes on, and nothing is lost or comes twice", async () => {
    const line = await own(noisyLine(115_200, {}, {}));
    const listener = await serve(line.far, 3);
    const [nearChannel, farChannel] = await Promise.all([
      connectSerial({ device: line.near, baud: 115_200, channel: 3 }),
      next(listener.onChannel),
    ]);
    const near = keep(nearChannel);
    const far = keep(farChannel);
    const sent = Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
    const received = readAll(far);
    near.end(sent);
    // In the middle of it, and longer than the sender's whole window.
    await once(far, "data");
    line.cut(true);
    await carriedNothing(line.forth);
    line.cut(false);
    assert.deepEqual(await received, sent);
  });

  test("an unplugged device that is plugged in again goes on", async () => {
    const line = await own(serialLine());
    const listener = await serve(line.far, 3);
    const [nearChannel, farChannel] = await Promise.all([
      connectSerial({ device: line.near, baud: 115_200, channel: 3 }),
      next(listener.onChannel),
    ]);
    const near = keep(nearChannel);
    const far = keep(farChannel);
    const received = readAll(far);
    near.write("before ");
    await once(far, "data");
    await line.unplug();
    near.write("meanwhile ");
    await line.plugIn();
    near.end("after");
    assert.equal((await received).toString(), "before meanwhile after");
    // It is the same device, though the system has given it another number.
    await failsWith("addressInUse", listenSerial({ device: line.far, baud: 115_200, channel: 3 }));
  });

  test("a device is free again when its last user has gone", async () => {
    const line = await own(serialLine());
    const listener = await listenSerial({ device: line.far, baud: 115_200, channel: 3 });
    await listener.close();
    await (await openAlone(line.far)).close();
    const again = await serve(line.far, 3);
    const arrived = next(again.onChannel);
    keep(await connectSerial({ device: line.near, baud: 115_200, channel: 3 }));
    keep(await arrived);
  });

  test("what cannot be opened is told apart: not there, not serial, in use", async () => {
    const line = await own(serialLine());
    const open = (device: string) => serve(device, 3);
    const missing = await failsWith("notAvailable", open("/dev/no-such-port"));
    assert.match(missing.message, /^There is no serial port \/dev\/no-such-port\.$/);
    assert.match(missing.hint ?? "", /There are: |shows none/);
    for (const file of ["/dev/null", "/etc/passwd", "/tmp"]) {
      assert.match((await failsWith("notAvailable", open(file))).message, /is no serial port/);
    }
    await failsWith("badArguments", open("com2"));

    const other = await openElsewhere(line.far);
    cleanUps.push(() => other.kill());
    const error = await failsWith("addressInUse", open(line.far));
    assert.match(error.message, /in use by another program/);
    await other.kill();
    const listener = await open(line.far);
    await listener.close();
  });

  test("a device whose program is about to end is waited for: editors start a program anew before the old one is gone", async () => {
    const line = await own(serialLine());
    const held = await openAlone(line.far);
    const opening = serve(line.far, 3);
    for (let tries = 0; tries < 3; tries++) await failsWith("addressInUse", openAlone(line.far));
    await held.close();
    await opening;
  });
});

/** Resolves when what the sender has sent meets nothing but silence for a while: it has stopped. */
async function carriedNothing(wire: NoisyWire): Promise<void> {
  for (let before = -1; before !== wire.carried;) {
    before = wire.carried;
    await sleep(300);
  }
}

/** As another program would, which does not know what this one has open. */
function openAlone(device: string): Promise<OpenPort> {
  return openPort(
    device,
    115_200,
    () => {},
    () => {},
  );
}

/** Another program that has the device open, as we would. */
async function openElsewhere(device: string): Promise<TestProcess> {
  const script = `
    const { SerialPort } = require("serialport");
    new SerialPort({ path: ${JSON.stringify(device)}, baudRate: 115200 }, (error) => console.log(error ? error.message : "open"));
    // A port that nobody reads keeps no process alive.
    process.stdin.resume();`;
  const child = new TestProcess(process.execPath, ["-e", script], { cwd: ROOT });
  await child.waitLine(/^open$/);
  return child;
}
