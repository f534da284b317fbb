import type { Connection } from "../../src/transport/serial/connection.ts";
import { SerialSimulation, type WireFaults } from "../../test/support/serialSimulation.ts";
import type { Table } from "../report.ts";

const BAUDS = [9_600, 115_200, 921_600];
const SECONDS = 600;
/** So long a burst is on average; within it every other bit is wrong. */
const BURST_BYTES = 32;
const NOISE: readonly (readonly [string, WireFaults])[] = [
  ["clean", {}],
  ["0.1 % of the bits wrong", { bitErrorRate: 0.001, burstBytes: BURST_BYTES }],
  ["1 % of the bits wrong", { bitErrorRate: 0.01, burstBytes: BURST_BYTES }],
];

/** What of a serial line's rate (ten bits a byte) is payload, both sides sending as fast as they may; in the line's time. */
export async function serial(): Promise<Table> {
  const rows = NOISE.flatMap(([name, faults]) =>
    BAUDS.map((baud) => {
      const one = share(baud, faults, false);
      const both = share(baud, faults, true);
      return [`${name}, ${baud} baud`, one * 100, both * 100];
    }),
  );
  const clean = Math.min(...BAUDS.map((baud) => share(baud, {}, true)));
  return {
    name: "serial",
    title: `Payload on a serial line, % of its rate, over ${SECONDS} s, errors in bursts of ${BURST_BYTES} bytes`,
    columns: ["line", "one way", "each way, both at once"],
    rows,
    aims: [{ text: "at most 10 % of a clean line is not payload", limit: 10, measured: (1 - clean) * 100 }],
  };
}

function share(baud: number, faults: WireFaults, bothWays: boolean): number {
  const sim = new SerialSimulation({ baud, forth: { ...faults, seed: 1 }, back: { ...faults, seed: 2 } });
  const received = { near: 0, far: 0 };
  const attend = (connection: Connection, side: keyof typeof received, sends: boolean) => {
    const listen = () => {
      for (let part = connection.read(); part !== undefined; part = connection.read())
        received[side] += part.length;
    };
    const feed = () => {
      while (sends && connection.write(Buffer.alloc(4096, "payload")));
    };
    connection.listener = { readable: listen, drained: feed, opened: feed };
    listen();
    if (connection.state === "open") feed();
  };
  sim.far.link.listen(0, (connection) => attend(connection, "far", bothWays));
  attend(sim.near.link.connect(0, sim.now), "near", true);
  sim.run(SECONDS * 1000);
  const most = (SECONDS * baud) / 10;
  return (bothWays ? Math.min(received.near, received.far) : received.far) / most;
}
