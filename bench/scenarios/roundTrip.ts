import { Lab } from "../lab.ts";
import type { Scripts } from "../build.ts";
import type { Table } from "../report.ts";
import { median, medianRatio, quantile } from "../statistics.ts";
import { againstCell, againstColumn, resultsOf, rounds } from "./rounds.ts";

/** Each at a stop of its own. */
const ROUNDS = 40;
const REQUESTS = 100;
const WARM_UP = 1_500;

/** One request of 1 kB at a time: how long a person waits. */
export async function roundTrip(scripts: Scripts): Promise<Table> {
  const lab = await Lab.open(scripts);
  try {
    const ways = await lab.ways([1, 10, 100]);
    for (const way of ways) {
      await lab.fill(way);
      await lab.clients.call("roundTrips", { group: way.name, count: WARM_UP });
    }
    const results = await rounds(lab, ways, ROUNDS, (way) =>
      lab.clients.call("roundTrips", { group: way.name, count: REQUESTS }),
    );
    const p50 = (name: string) => resultsOf(results, name).map((times) => quantile(times, 0.5));
    // A round has too few for its rarest: this one is of all rounds together.
    const p99 = (name: string) => quantile(resultsOf(results, name).flat(), 0.99);
    const oursToSocat = medianRatio(p50("ours, 1 client"), p50("socat"));
    return {
      name: "round-trip",
      title: "Round trip of a request with an answer of 1 kB, one at a time (µs)",
      columns: ["way", "p50", "p99", "p50 / direct", "p50 / socat", "p99 / socat", ...againstColumn(scripts)],
      rows: ways.map(({ name }) => [
        name,
        median(p50(name)),
        p99(name),
        medianRatio(p50(name), p50("direct")),
        medianRatio(p50(name), p50("socat")),
        p99(name) / p99("socat"),
        ...againstCell(scripts, name, p50),
      ]),
      aims: [{ text: "ours with 1 client within 1.5 × of socat", limit: 1.5, measured: oursToSocat }],
    };
  } finally {
    await lab.close();
  }
}
