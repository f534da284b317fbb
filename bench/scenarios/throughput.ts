import type { Scripts } from "../build.ts";
import { Lab } from "../lab.ts";
import type { Table } from "../report.ts";
import { median, medianRatio } from "../statistics.ts";
import { againstCell, againstColumn, resultsOf, rounds } from "./rounds.ts";

const ROUNDS = 7;
const REQUESTS = 3_000;
/** More questions than an editor has at one stop, fewer than a script. */
const PER_STOP = 500;
const WINDOW = 100;

/** Many requests under way: how much passes at most. */
export async function throughput(scripts: Scripts): Promise<Table> {
  const lab = await Lab.open(scripts);
  try {
    const ways = await lab.ways([1, 10, 100]);
    const run = (group: string) =>
      lab.clients.call("throughput", { group, count: REQUESTS, perStop: PER_STOP, window: WINDOW });
    for (const way of ways) {
      await lab.fill(way);
      await run(way.name);
    }
    const results = await rounds(lab, ways, ROUNDS, (way) => run(way.name));
    const rates = (name: string) => resultsOf(results, name);
    return {
      name: "throughput",
      title: `Requests a second, ${WINDOW} under way in all, answers of 1 kB`,
      columns: ["way", "requests/s", "/ direct", "/ socat", ...againstColumn(scripts)],
      rows: ways.map(({ name }) => [
        name,
        median(rates(name)),
        medianRatio(rates(name), rates("direct")),
        medianRatio(rates(name), rates("socat")),
        ...againstCell(scripts, name, rates),
      ]),
      aims: [],
    };
  } finally {
    await lab.close();
  }
}
