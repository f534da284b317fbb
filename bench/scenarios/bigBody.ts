import type { Scripts } from "../build.ts";
import { Lab, type Way } from "../lab.ts";
import type { Table } from "../report.ts";
import { median, medianRatio } from "../statistics.ts";
import { againstCell, againstColumn, resultsOf, rounds } from "./rounds.ts";

const ROUNDS = 9;
const AT_ONCE = 10;

/** One answer of 10 MB, parsed by the client: for one of all clients, and for ten who ask for the same at once. */
export async function bigBody(scripts: Scripts): Promise<Table> {
  const lab = await Lab.open(scripts);
  try {
    const ways = await lab.ways([1, 10, 100]);
    for (const way of ways) {
      await lab.fill(way);
      await lab.clients.call("bigBody", { group: way.name, all: false });
    }
    const one = await rounds(lab, ways, ROUNDS, (way) =>
      lab.clients.call("bigBody", { group: way.name, all: false }),
    );
    const many = await atOnce(lab, ways);
    const direct = resultsOf(one, "direct");
    const row = (results: ReadonlyMap<Way, readonly number[]>, name: string, base: string) => {
      const of = (way: string) => resultsOf(results, way);
      return [
        median(of(name)),
        medianRatio(of(name), of(`direct${base}`)),
        medianRatio(of(name), of(`socat${base}`)),
        ...againstCell(scripts, name, of),
      ];
    };
    const rows = [
      ...ways.map(({ name }) => [name, ...row(one, name, "")]),
      ...[...many.keys()].map(({ name }) => [`${name}, all at once`, ...row(many, name, ` × ${AT_ONCE}`)]),
    ];
    return {
      name: "big-body",
      title: "A variables response of 10 MB, until the client has parsed it (ms)",
      columns: ["way", "time", "/ direct", "/ socat", ...againstColumn(scripts)],
      rows,
      aims: [
        {
          text: "ours with 1 client within 1.2 × of direct",
          limit: 1.2,
          measured: medianRatio(resultsOf(one, "ours, 1 client"), direct),
        },
      ],
    };
  } finally {
    await lab.close();
  }
}

/** Everybody asks for the same: ours asks the adapter once, the others as often as there are clients. */
async function atOnce(lab: Lab, ways: readonly Way[]): Promise<Map<Way, number[]>> {
  const crowds: Way[] = [];
  for (const way of ways) {
    if (way.clients === AT_ONCE) crowds.push(way);
    if (way.name !== "direct" && way.name !== "socat") continue;
    const crowd = { ...way, name: `${way.name} × ${AT_ONCE}`, clients: AT_ONCE };
    await lab.clients.call("connect", { group: crowd.name, port: way.port, count: AT_ONCE, apart: true });
    crowds.push(crowd);
  }
  const results = new Map<Way, number[]>(crowds.map((way) => [way, []]));
  for (let round = 0; round < 3; round++) {
    for (const way of crowds) {
      results.get(way)?.push(await lab.clients.call("bigBody", { group: way.name, all: true }));
    }
  }
  return results;
}
