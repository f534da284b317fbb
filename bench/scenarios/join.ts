import type { Scripts } from "../build.ts";
import { Lab } from "../lab.ts";
import type { Table } from "../report.ts";
import { median, medianRatio, quantile } from "../statistics.ts";
import { againstCell, againstColumn } from "./rounds.ts";

const ROUNDS = 15;
const JOINS = 10;
const WARM_UP = 50;
/** Fills the ring of past output. */
const PAST_EVENTS = 10_000;

/** From connecting to the variables of a stop; directly it is starting a session, with ours joining one. */
export async function join(scripts: Scripts): Promise<Table> {
  const lab = await Lab.open(scripts);
  try {
    const ways = await lab.ways([1, 10, 100]);
    const past = { ...(await lab.ours(10)), name: "ours, 10 clients, 1 MiB of past output" };
    ways.push(past);
    for (const way of ways) {
      if (way.host !== undefined) await lab.fill(way);
      if (way === past) await lab.clients.call("storm", { group: way.name, events: PAST_EVENTS, stalled: 0 });
    }
    const times = new Map<string, number[][]>(ways.map(({ name }) => [name, []]));
    for (let round = -1; round < ROUNDS; round++) {
      for (const { name, port, host } of ways) {
        const command = host === undefined ? "launch" : "attach";
        const samples: number[] = [];
        for (let i = 0; i < (round < 0 ? WARM_UP : JOINS); i++) {
          samples.push(await lab.clients.call("join", { port, command }));
        }
        if (round >= 0) times.get(name)?.push(samples);
      }
    }
    const medians = (name: string) => (times.get(name) ?? []).map(median);
    return {
      name: "join",
      title: "Join to variables: connect, seven requests, the snapshot (ms)",
      columns: ["way", "median", "p95", "/ direct", "/ socat", ...againstColumn(scripts)],
      rows: ways.map(({ name }) => [
        name,
        median(medians(name)),
        quantile((times.get(name) ?? []).flat(), 0.95),
        medianRatio(medians(name), medians("direct")),
        medianRatio(medians(name), medians("socat")),
        ...againstCell(scripts, name, medians),
      ]),
      aims: [],
    };
  } finally {
    await lab.close();
  }
}
