import { setTimeout as delay } from "node:timers/promises";
import type { Scripts } from "../build.ts";
import { Lab } from "../lab.ts";
import { MIB, type Table } from "../report.ts";

const SETTLE_MS = 300;
const GROUP = "guests";
const STEPS = 20;

/** What a host weighs with nobody, with some and with many clients, and once they have gone. */
export async function memory(scripts: Scripts): Promise<Table> {
  const lab = await Lab.open(scripts);
  try {
    const { host, port } = await lab.ours(0);
    const rows: (string | number)[][] = [];
    const weigh = async (label: string) => {
      await delay(SETTLE_MS);
      const cost = await host?.call("cost", { collect: true });
      rows.push([label, (cost?.rss ?? NaN) / MIB, (cost?.heap ?? NaN) / MIB, (cost?.outboxes ?? NaN) / MIB]);
    };
    const add = (count: number) => lab.clients.call("connect", { group: GROUP, port, count });
    await weigh("nobody");
    await add(1);
    await weigh("1 client at a stop");
    await add(9);
    await weigh("10 clients");
    await add(90);
    await weigh("100 clients");
    for (let i = 0; i < STEPS; i++) await lab.clients.call("step", { group: GROUP });
    await weigh(`100 clients, ${STEPS} steps later`);
    await lab.clients.call("close", { group: GROUP });
    await weigh("all have gone");
    return {
      name: "memory",
      title: "Memory of the host process, after a collection (MiB)",
      columns: ["state", "RSS", "heap", "outboxes"],
      rows,
      aims: [],
    };
  } finally {
    await lab.close();
  }
}
