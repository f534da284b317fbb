import { setTimeout as delay } from "node:timers/promises";
import type { Scripts } from "../build.ts";
import type { FlooderMethods, FloodName } from "../flooder.ts";
import type { HostMethods } from "../host.ts";
import { Lab, type Way } from "../lab.ts";
import type { Table } from "../report.ts";
import type { Remote } from "../rpc.ts";
import { median, medianRatio, quantile } from "../statistics.ts";

const ROUNDS = 7;
const REQUESTS = 200;
/** What is slower than that has been seen to be. */
const MOST_MS = 1_500;
const WARM_UP = 1_500;
const PASSWORD = "zq7Kx";
const AIM = 5;

interface Kind {
  readonly flood: FloodName;
  readonly access: "view" | "full";
  readonly label: string;
}

const KINDS: readonly Kind[] = [
  { flood: "largest", access: "view", label: "requests of 64 KiB (view)" },
  { flood: "largest", access: "full", label: "requests of 4 MiB (full)" },
  { flood: "echo", access: "view", label: ".echo of 4 kB (view)" },
  { flood: "echo", access: "full", label: ".echo of 4 kB (full)" },
  { flood: "evaluate", access: "full", label: "evaluate of 60 kB (full)" },
  { flood: "small", access: "view", label: "small queries (view)" },
  { flood: "small", access: "full", label: "small queries (full)" },
  { flood: "stalled", access: "view", label: "32 that stop in 64 KiB (view)" },
  { flood: "stalled", access: "full", label: "32 that stop in 4 MiB (full)" },
  { flood: "deflate", access: "view", label: "deflate frames (view)" },
  { flood: "deflate", access: "full", label: "deflate frames (full)" },
  { flood: "guesses", access: "full", label: "wrong guesses" },
];

/** A session with one guest who works; another may flood it. */
interface Target {
  readonly way: Way;
  readonly host: Remote<HostMethods>;
  readonly ports: Readonly<Record<Kind["access"] | "locked", number>>;
}

/** One round: quantiles in microseconds. */
interface Measured {
  readonly quiet: readonly number[];
  readonly elsewhere: readonly number[];
  readonly flooded: readonly number[];
  readonly rate: number;
}

/**
 * The round trip of one guest while another floods the session, beside the quiet one, and beside the same flood at another
 * host on this machine: what the machine's other processors and processes take is in that, too.
 */
export async function floods(scripts: Scripts): Promise<Table> {
  const lab = await Lab.open(scripts);
  try {
    const [here, elsewhere] = [await target(lab, "here"), await target(lab, "elsewhere")];
    const flooder = lab.process<FlooderMethods>("flooder");
    const measure = async () => {
      await lab.clients.call("step", { group: here.way.name });
      return lab.clients.call("roundTrips", { group: here.way.name, count: REQUESTS, mostMs: MOST_MS });
    };
    const during = async ({ ports, host }: Target, { flood, access }: Kind) => {
      const port = flood === "guesses" ? ports.locked : ports[access];
      await flooder.call("start", { kind: flood, port, access });
      const times = await measure();
      const rate = await flooder.call("stop");
      // What it has sent is still being handled.
      while ((await host.call("cost", { collect: false })).clients > 1) await delay(10);
      return { times, rate };
    };
    await lab.clients.call("roundTrips", { group: here.way.name, count: WARM_UP });
    const results = new Map<Kind, Measured[]>(KINDS.map((kind) => [kind, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const kind of round % 2 === 0 ? KINDS : [...KINDS].reverse()) {
        const quiet = await measure();
        const { times, rate } = await during(here, kind);
        const other = await during(elsewhere, kind);
        results.get(kind)?.push({ quiet, flooded: times, elsewhere: other.times, rate });
      }
    }
    return table(results);
  } finally {
    await lab.close();
  }
}

async function target(lab: Lab, name: string): Promise<Target> {
  const way = { ...(await lab.ours(1)), name };
  const { host } = way;
  if (host === undefined) throw new Error("no host");
  await lab.fill(way);
  const listen = (access: string) => host.call("listen", { server: `tcp:port=0,access=${access}` });
  const ports = {
    view: await listen("view"),
    full: await listen("full"),
    locked: await host.call("listen", { server: `tcp:port=0,bind=127.0.0.1,password=${PASSWORD}` }),
  };
  return { way, host, ports };
}

function table(results: ReadonlyMap<Kind, readonly Measured[]>): Table {
  const rows = [...results].map(([{ label }, all]) => {
    const at = (what: "quiet" | "flooded" | "elsewhere", share: number) =>
      all.map((one) => quantile(one[what], share));
    return [
      label,
      median(all.map(({ rate }) => rate)),
      median(at("quiet", 0.5)),
      median(at("flooded", 0.5)),
      medianRatio(at("flooded", 0.5), at("quiet", 0.5)),
      medianRatio(at("flooded", 0.95), at("quiet", 0.95)),
      medianRatio(at("elsewhere", 0.5), at("quiet", 0.5)),
      medianRatio(at("elsewhere", 0.95), at("quiet", 0.95)),
    ] as const;
  });
  const worst = (column: 4 | 5) => Math.max(...rows.map((row) => row[column]));
  return {
    name: "floods",
    title: "Round trip of one guest while another floods the session (µs)",
    columns: [
      "flood",
      "a second",
      "quiet p50",
      "p50",
      "p50 / quiet",
      "p95 / quiet",
      "elsewhere p50 / quiet",
      "elsewhere p95 / quiet",
    ],
    rows,
    aims: [
      { text: `p50 within ${AIM} × of the quiet one, under each flood`, limit: AIM, measured: worst(4) },
      { text: `p95 within ${AIM} × of the quiet one, under each flood`, limit: AIM, measured: worst(5) },
    ],
  };
}
