import { setTimeout as delay } from "node:timers/promises";
import type { Scripts } from "../build.ts";
import type { GuestsMethods } from "../guests.ts";
import { Lab } from "../lab.ts";
import type { Table } from "../report.ts";
import { median, medianRatio } from "../statistics.ts";

const ROUNDS = 7;
const GUESTS = 200;
const SILENT = 64;
/** Each of them works a quarter of a second for its password, in one process. */
const GUESTS_WITH_PASSWORD = 12;
const PASSWORD = "zq7Kx";

interface Joining {
  readonly label: string;
  readonly count: number;
  readonly silent: boolean;
  readonly password: boolean;
}

const JOININGS: readonly Joining[] = [
  { label: `${GUESTS} guests`, count: GUESTS, silent: false, password: false },
  { label: `${GUESTS} guests, ${SILENT} silent connections`, count: GUESTS, silent: true, password: false },
  { label: `${GUESTS_WITH_PASSWORD} guests`, count: GUESTS_WITH_PASSWORD, silent: false, password: false },
  {
    label: `${GUESTS_WITH_PASSWORD} guests with a password`,
    count: GUESTS_WITH_PASSWORD,
    silent: false,
    password: true,
  },
];

interface Joined {
  /** Milliseconds until the last is in, and the host's own work for each. */
  readonly ms: number;
  readonly cpuMs: number;
}

/** Guests of one address who join over the link at the same time. */
export async function crowd(scripts: Scripts): Promise<Table> {
  const lab = await Lab.open(scripts);
  try {
    const way = await lab.ours(1);
    const { host } = way;
    if (host === undefined) throw new Error("no host");
    await lab.fill(way);
    const guests = lab.process<GuestsMethods>("guests");
    const open = await host.call("listen", { server: "tcp:port=0,maxclients=256" });
    const locked = await host.call("listen", { server: `tcp:port=0,bind=127.0.0.1,password=${PASSWORD}` });
    const measure = async ({ count, silent, password }: Joining): Promise<Joined> => {
      const port = password ? locked : open;
      if (silent) await guests.call("hold", { port, count: SILENT });
      const server = `tcp:server=127.0.0.1,port=${port}${password ? `,password=${PASSWORD}` : ""}`;
      const before = await host.call("cost", { collect: false });
      const ms = await guests.call("join", { server, count });
      const after = await host.call("cost", { collect: false });
      await guests.call("leave");
      if (silent) await guests.call("letGo");
      while ((await host.call("cost", { collect: false })).participants > 1) await delay(10);
      return { ms, cpuMs: (after.cpuMs - before.cpuMs) / count };
    };
    const results = new Map<Joining, Joined[]>(JOININGS.map((joining) => [joining, []]));
    // The first round lets the process grow to its working size.
    for (let round = -1; round < ROUNDS; round++) {
      for (const joining of round % 2 === 0 ? JOININGS : [...JOININGS].reverse()) {
        const measured = await measure(joining);
        if (round >= 0) results.get(joining)?.push(measured);
      }
    }
    return table(results);
  } finally {
    await lab.close();
  }
}

function table(results: ReadonlyMap<Joining, readonly Joined[]>): Table {
  const of = (joining: Joining | undefined, what: keyof Joined) =>
    ((joining && results.get(joining)) ?? []).map((one) => one[what]);
  return {
    name: "crowd",
    title:
      "Guests of one address who join at once: until all are in (ms), the host's work for each (ms of CPU)",
    columns: ["guests", "all in", "/ without", "work for each", "/ without"],
    rows: JOININGS.map((joining, index) => {
      // The one before it is the same without silent connections, or without a password.
      const without = index % 2 === 0 ? joining : JOININGS[index - 1];
      return [
        joining.label,
        median(of(joining, "ms")),
        medianRatio(of(joining, "ms"), of(without, "ms")),
        median(of(joining, "cpuMs")),
        medianRatio(of(joining, "cpuMs"), of(without, "cpuMs")),
      ];
    }),
    aims: [],
  };
}
