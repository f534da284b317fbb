import { setTimeout as delay } from "node:timers/promises";
import type { Scripts } from "../build.ts";
import type { StormResult } from "../clients.ts";
import type { Cost } from "../host.ts";
import { Lab, type Way } from "../lab.ts";
import { MIB, type Table } from "../report.ts";
import { median } from "../statistics.ts";

const EVENTS = 100_000;
/** To a hundred clients that would be ten million messages. */
const EVENTS_TO_HUNDRED = 20_000;
const WARM_UP = 5_000;
const REPEATS = 3;
const SETTLE_MS = 300;

interface Run {
  readonly result: StormResult;
  readonly before: Cost | undefined;
  readonly after: Cost | undefined;
}

/** Output as fast as the adapter can write it: how fast it arrives, what is left out, what the host's memory does. */
export async function storm(scripts: Scripts): Promise<Table> {
  const rows: (string | number)[][] = [];
  let growth = NaN;
  const plans = [
    { clients: 1, stalled: 0 },
    { clients: 10, stalled: 0 },
    { clients: 10, stalled: 1 },
    { clients: 100, stalled: 0 },
  ];
  const lab = await Lab.open(scripts);
  try {
    const socat = await lab.socat();
    for (const way of [lab.direct(), ...(socat === undefined ? [] : [socat]), await lab.pipe()]) {
      rows.push(row(way.name, 1, await runs(lab, way, EVENTS, 0)));
    }
    for (const { clients, stalled } of plans) {
      const events = clients === 100 ? EVENTS_TO_HUNDRED : EVENTS;
      const way = await lab.ours(clients);
      const label = `${way.name}${stalled > 0 ? `, ${stalled} of them stalled` : ""}${events === EVENTS ? "" : `, ${events / 1000}k events`}`;
      const done = await runs(lab, way, events, stalled);
      rows.push(row(label, clients - stalled, done));
      if (clients === 10 && stalled === 0) growth = Math.max(...done.map(beyondOutboxes)) / MIB;
    }
  } finally {
    await lab.close();
  }
  return {
    name: "storm",
    title: `A storm of ${EVENTS / 1000}k output events of 0.2 kB`,
    columns: [
      "way",
      "ms",
      "events/s",
      "deliveries/s",
      "left out",
      "RSS before",
      "peak",
      "after",
      "outboxes' peak",
      "beyond them (MiB)",
    ],
    rows,
    aims: [{ text: "to 10 clients at most 32 MiB beyond the outboxes", limit: 32, measured: growth }],
  };
}

/** Every repetition in a process of its own, or the first would have grown for the second. */
async function runs(lab: Lab, first: Way, events: number, stalled: number): Promise<Run[]> {
  const done: Run[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const way = first.host === undefined || repeat === 0 ? first : await lab.ours(first.clients);
    const group = `${way.name} ${stalled} ${repeat}`;
    await lab.clients.call("connect", { group, port: way.port, count: way.clients });
    await lab.clients.call("storm", { group, events: WARM_UP, stalled: 0 });
    await delay(SETTLE_MS);
    const before = await way.host?.call("cost", { collect: true });
    const result = await lab.clients.call("storm", { group, events, stalled });
    await delay(SETTLE_MS);
    const after = await way.host?.call("cost", { collect: true });
    await lab.clients.call("close", { group });
    await way.host?.close();
    done.push({ result, before, after });
  }
  return done;
}

/** Never below the outboxes that were asked for: what grew besides them. */
function beyondOutboxes({ before, after }: Run): number {
  if (before === undefined || after === undefined) return NaN;
  return after.peakRss - before.peakRss - after.peakOutboxes;
}

function row(label: string, readers: number, done: readonly Run[]): (string | number)[] {
  const of = (pick: (run: Run) => number) => median(done.map(pick));
  const mib = (pick: (run: Run) => number | undefined) => of((run) => (pick(run) ?? NaN) / MIB);
  const events = of(({ result }) => (result.received + result.lost) / readers);
  const ms = of(({ result }) => result.ms);
  return [
    label,
    ms,
    (events / ms) * 1000,
    of(({ result }) => (result.received / result.ms) * 1000),
    `${(of(({ result }) => result.lost / (result.received + result.lost)) * 100).toFixed(1)} %`,
    mib(({ before }) => before?.rss),
    mib(({ after }) => after?.peakRss),
    mib(({ after }) => after?.rss),
    mib(({ after }) => after?.peakOutboxes),
    mib(beyondOutboxes),
  ];
}
