import { parseServer } from "../src/address/parse.ts";
import { openAdapter } from "../src/host/adapters.ts";
import { DebugServer } from "../src/host/server.ts";
import { Sessions } from "../src/hub/sessions.ts";
import { offer } from "./rpc.ts";

/** A served session, as the product runs it, in a process of its own that also says what it costs. */
let sessions: Sessions | undefined;
let peakOutboxes = 0;

export interface Cost {
  readonly rss: number;
  /** The highest since the process began, by the system's account. */
  readonly peakRss: number;
  readonly heap: number;
  readonly outboxes: number;
  readonly peakOutboxes: number;
  readonly cpuMs: number;
  readonly clients: number;
}

const SAMPLE_MS = 5;

function outboxBytes(): number {
  let sum = 0;
  for (const client of sessions?.root.clients ?? []) sum += client.outboxBytes;
  peakOutboxes = Math.max(peakOutboxes, sum);
  return sum;
}

const methods = {
  async serve({ adapterPort }: { adapterPort: number }): Promise<number> {
    const upstream = await openAdapter({ kind: "tcp", host: "127.0.0.1", port: adapterPort });
    const address = parseServer("tcp:port=0,access=full");
    if (!address.ok) throw new Error(address.message);
    sessions = new Sessions(upstream, { name: "bench" });
    const server = await DebugServer.start(address.value, sessions);
    setInterval(outboxBytes, SAMPLE_MS).unref();
    return "ports" in server.address ? server.address.ports.first : 0;
  },

  /** With `collect`, garbage is collected first. */
  cost({ collect }: { collect: boolean }): Cost {
    if (collect) globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    return {
      rss,
      peakRss: maxRSS * 1024,
      heap: heapUsed,
      outboxes: outboxBytes(),
      peakOutboxes,
      cpuMs: (userCPUTime + systemCPUTime) / 1000,
      clients: sessions?.root.clients.size ?? 0,
    };
  },
};

export type HostMethods = typeof methods;

offer(methods);
