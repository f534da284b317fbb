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
const REPEATS = 3;
const SETTLE_MS = 300;
/** One outbox: what a heap that is collected when it likes differs by is less. */
const GROWTH_MIB = 32;

interface Run {
  readonly result: StormResult;
  readonly before: Cost | undefined;
  readonly after: Cost | undefined;
}

/** Output as fast as the adapter can write it: how fast it arrives, what is left out, what the host's memory does. */
export async function storm(scripts: Scripts): Promise<Table> {
  const rows: (string | number)[][] = [];
  let grown = NaN;
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
      if (clients === 10 && stalled === 0) grown = growth(done) / MIB;
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
      "RSS before (MiB)",
      "peak of first",
      "peak of all",
      "RSS after",
      "outboxes' peak",
    ],
    rows,
    aims: [
      {
        text: `${REPEATS} further storms to 10 clients add at most ${GROWTH_MIB} MiB to the peak of the first, outboxes aside`,
        limit: GROWTH_MIB,
        measured: grown,
      },
    ],
  };
}

/**
 * The same storm again and again at one host. The first one lets the process grow to its working size (buffers,
 * heap, compiled code); what counts is whether the ones after it add to that.
 */
async function runs(lab: Lab, way: Way, events: number, stalled: number): Promise<Run[]> {
  const group = way.name;
  const done: Run[] = [];
  await lab.clients.call("connect", { group, port: way.port, count: way.clients });
  for (let repeat = 0; repeat <= REPEATS; repeat++) {
    const before = await way.host?.call("cost", { collect: true });
    const result = await lab.clients.call("storm", { group, events, stalled });
    await delay(SETTLE_MS);
    const after = await way.host?.call("cost", { collect: true });
    done.push({ result, before, after });
  }
  await lab.clients.call("close", { group });
  await way.host?.close();
  return done;
}

/** How much higher than the first storm's peak the later ones' was, less what the outboxes held. */
function growth(done: readonly Run[]): number {
  const [first, last] = [done[0]?.after, done.at(-1)?.after];
  if (first === undefined || last === undefined) return NaN;
  return last.peakRss - first.peakRss - (last.peakOutboxes - first.peakOutboxes);
}

function row(label: string, readers: number, done: readonly Run[]): (string | number)[] {
  const later = done.slice(1);
  const of = (pick: (run: Run) => number) => median(later.map(pick));
  const mib = (bytes: number | undefined) => (bytes ?? NaN) / MIB;
  const events = of(({ result }) => (result.received + result.lost) / readers);
  const ms = of(({ result }) => result.ms);
  const last = done.at(-1)?.after;
  return [
    label,
    ms,
    (events / ms) * 1000,
    of(({ result }) => (result.received / result.ms) * 1000),
    `${(of(({ result }) => result.lost / (result.received + result.lost)) * 100).toFixed(1)} %`,
    mib(done[0]?.before?.rss),
    mib(done[0]?.after?.peakRss),
    mib(last?.peakRss),
    mib(last?.rss),
    mib(last?.peakOutboxes),
  ];
}
